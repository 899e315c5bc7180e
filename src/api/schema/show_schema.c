#include "api/schema/show_schema.h"

#include "api/show/show_console.h"

static const struct show_schema *const groups[] = {
    show_schema_consoles,
    show_schema_people,
    show_schema_server,
    show_schema_alerts,
    NULL,
};

const struct show_schema *show_schema_at(size_t i)
{
    for (const struct show_schema *const *g = groups; *g != NULL; g++) {
        for (const struct show_schema *s = *g; s->name != NULL; s++) {
            if (i-- == 0)
                return s;
        }
    }
    return NULL;
}

bool show_schema_member(const struct show_schema *schema, size_t i,
                        struct show_member *ret)
{
    if (schema->member == NULL)
        ret->name = show_console_member(i, &ret->type, &ret->help);
    else
        *ret = schema->member[i];
    return ret->name != NULL;
}

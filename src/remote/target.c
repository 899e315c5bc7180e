#include "remote/target.h"

#include "proto/http/http_target.h"

#include <string.h>

void target_init(struct target *t, const char *path)
{
    t->text[0] = '\0';
    t->is_oversized = false;
    t->has_query = false;
    target_add(t, path);
}

void target_add(struct target *t, const char *path)
{
    size_t len = strlen(t->text);

    if (len + strlen(path) < sizeof t->text)
        memcpy(t->text + len, path, strlen(path) + 1);
    else
        t->is_oversized = true;
}

void target_add_segment(struct target *t, const char *segment)
{
    if (!http_target_encode(t->text, sizeof t->text, segment))
        t->is_oversized = true;
}

void target_add_query(struct target *t, const char *name, const char *value)
{
    if (value == NULL)
        return;
    target_add(t, t->has_query ? "&" : "?");
    t->has_query = true;
    target_add(t, name);
    target_add(t, "=");
    target_add_segment(t, value);
}

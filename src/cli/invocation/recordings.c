#include "cli/invocation/recordings.h"

#include "cli/common/say.h"

#include <stdio.h>
#include <string.h>

/* "20261130T140509.123Z-1a2b3c4d5e6f7a8b" */
static bool is_id(const char *name)
{
    static const char form[] = "########T######.###Z-xxxxxxxxxxxxxxxx";
    static const char digits[] = "0123456789abcdef";

    if (strlen(name) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i] != '\0'; i++) {
        const char *digit = strchr(digits, name[i]);
        bool fits = form[i] == '#'   ? digit != NULL && digit < digits + 10
                    : form[i] == 'x' ? digit != NULL
                                     : name[i] == form[i];

        if (!fits)
            return false;
    }
    return true;
}

static enum exits find_newest(struct invocation *in, const char *console,
                              struct recording_id *ret)
{
    const char *id;
    struct target target;
    json_t *list;
    enum exits exits;

    target_init(&target, "/api/v1/recordings");
    target_add_query(&target, "console", console);
    target_add_query(&target, "limit", "1");
    exits = ask_get(in, &target, &list);
    if (exits != EXITS_DONE)
        return exits;
    id = json_string_value(json_object_get(
        json_array_get(json_object_get(list, "items"), 0), "id"));
    if (id != NULL) {
        snprintf(ret->text, sizeof ret->text, "%s", id);
    } else {
        say_error("there is no recording of %.128s that you may see", console);
        say_news("vspc record list shows the recordings");
        exits = EXITS_NO_CONSOLE;
    }
    json_decref(list);
    return exits;
}

enum exits recordings_find(struct invocation *in, const char *name,
                           struct recording_id *ret)
{
    if (name[0] == '\0') /* a script's variable that is not set */
        return invocation_refuse(in, "a recording has an id");
    if (!is_id(name))
        return find_newest(in, name, ret);
    snprintf(ret->text, sizeof ret->text, "%s", name);
    return EXITS_DONE;
}

void recordings_target(struct target *t, const struct recording_id *id,
                       const char *behind)
{
    target_init(t, "/api/v1/recordings/");
    target_add_segment(t, id->text);
    target_add(t, behind);
}

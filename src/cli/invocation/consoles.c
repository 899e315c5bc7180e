#include "cli/invocation/consoles.h"

#include "cli/common/say.h"
#include "cli/invocation/names.h"

#include <stdio.h>
#include <string.h>

void consoles_found_done(struct console_found *found)
{
    json_decref(found->json);
    found->json = NULL;
}

void consoles_target(struct target *t, const struct console_found *found,
                     const char *behind)
{
    target_init(t, "/api/v1/consoles/");
    target_add_segment(t, found->id);
    target_add(t, behind);
}

/* The console of exactly this name; NO_CONSOLE: nothing was told yet. */
static enum exits find_exact(struct invocation *in, const char *name,
                             struct console_found *ret)
{
    struct target target;
    const struct ask ask = { .verb = HTTP_VERB_GET,
                             .target = &target,
                             .is_search = true };
    enum exits exits;

    target_init(&target, "/api/v1/consoles/");
    target_add_segment(&target, name);
    exits = ask_json(in, &ask, &ret->json);
    if (exits != EXITS_DONE)
        return exits;
    ret->id = json_string_value(json_object_get(ret->json, "id"));
    ret->name = json_string_value(json_object_get(ret->json, "name"));
    if (ret->id != NULL && ret->name != NULL)
        return EXITS_DONE;
    say_error("the server does not answer as vspcd does: no console");
    consoles_found_done(ret);
    return EXITS_FAILED;
}

static void tell_none(const json_t *items, const char *name)
{
    const char *near[NAMES_NEAR_MAX];
    size_t count = names_near(items, name, near);
    char text[512] = "";
    size_t len = 0;

    for (size_t i = 0; i < count && len < sizeof text; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
                                i == 0           ? ""
                                : i + 1 == count ? " or "
                                                 : ", ",
                                near[i]);
    say_error("there is no console %.128s that you may see", name);
    if (count > 0)
        say_news("did you mean %s?", text);
    else
        say_news("vspc list shows the consoles");
}

enum exits consoles_find(struct invocation *in, const char *name,
                         struct console_found *ret)
{
    json_t *list;
    const json_t *items;
    const char *only;
    enum exits exits;

    if (name[0] == '\0') /* a script's variable that is not set */
        return invocation_refuse(in, "a console has a name");
    exits = find_exact(in, name, ret);
    if (exits != EXITS_NO_CONSOLE)
        return exits;
    exits = consoles_match(in, NULL, NULL, &list);
    if (exits != EXITS_DONE)
        return exits;
    items = json_object_get(list, "items");
    only = json_string_value(
        json_object_get(names_only_prefix(items, name), "id"));
    exits = EXITS_NO_CONSOLE;
    if (only != NULL && invocation_is_interactive())
        exits = find_exact(in, only, ret);
    if (exits == EXITS_DONE)
        say_news("console %s", ret->name);
    else if (exits == EXITS_NO_CONSOLE)
        tell_none(items, name);
    json_decref(list);
    return exits;
}

enum exits consoles_match(struct invocation *in, const char *pattern,
                          const char *state, json_t **ret_list)
{
    struct target target;

    target_init(&target, "/api/v1/consoles");
    target_add_query(&target, "fields", "id,name,state");
    target_add_query(&target, "match", pattern);
    target_add_query(&target, "state", state);
    return ask_get(in, &target, ret_list);
}

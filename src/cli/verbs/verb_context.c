/* context: names for servers. */
#include "cli/common/say.h"
#include "cli/output/out.h"
#include "cli/verbs/form_options.h"
#include "cli/verbs/verbs.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct column columns[] = {
    { .heading = "CURRENT", .path = "current", .is_firm = true },
    { .heading = "NAME", .path = "name", .is_firm = true },
    { .heading = "SERVER", .path = "server" },
    { .heading = "TOKEN FILE", .path = "token-file" },
    { .heading = "CA", .path = "ca", .is_wide = true },
    { .heading = "CERT", .path = "cert", .is_wide = true },
    { .heading = "KEY", .path = "key", .is_wide = true },
    { .heading = "THUMBPRINT", .path = "thumbprint", .is_wide = true },
    { .heading = NULL },
};
/* clang-format on */

static const struct listing listing = { columns, "name" };

/* The person's file. DONE: it is to be closed. */
static enum exits read_own(struct contexts *contexts)
{
    char path[sizeof contexts->path];
    struct err err;

    contexts_own_path(path, sizeof path);
    if (contexts_read(contexts, path, &err) == 0)
        return EXITS_DONE;
    contexts_done(contexts);
    say_error("%s", err.text);
    return EXITS_FAILED;
}

static enum exits write_own(struct contexts *contexts)
{
    struct err err;
    int r = contexts_write(contexts, &err);

    contexts_done(contexts);
    if (r == 0)
        return EXITS_DONE;
    say_error("%s", err.text);
    return EXITS_FAILED;
}

static enum exits tell_missing(struct contexts *contexts, const char *name)
{
    contexts_done(contexts);
    say_error("there is no context %.64s (vspc context list shows them)", name);
    return EXITS_FAILED;
}

static enum exits run_list(struct invocation *in)
{
    json_t *items = json_array();
    struct contexts contexts;
    enum listing_form form;
    const char *current;
    const char *name;
    json_t *context;
    json_t *shown;
    enum exits exits = form_options_read(in, &form);

    if (exits == EXITS_DONE)
        exits = read_own(&contexts);
    if (exits != EXITS_DONE) {
        json_decref(items);
        return exits;
    }
    current = contexts_current(&contexts);
    json_object_foreach (json_object_get(contexts.root, "contexts"), name,
                         context) {
        json_t *item = json_pack("{sb ss}", "current",
                                 current != NULL && strcmp(current, name) == 0,
                                 "name", name);

        (void)json_object_update(item, context);
        (void)json_array_append_new(items, item);
    }
    shown = json_pack("{so}", "items", items);
    listing_print(&listing, shown, form,
                  !arguments_has(&in->arguments, "no-headers"));
    json_decref(shown);
    contexts_done(&contexts);
    return EXITS_DONE;
}

static enum exits run_use(struct invocation *in)
{
    const char *name = invocation_word(in, 0);
    struct contexts contexts;
    enum exits exits = read_own(&contexts);

    if (exits != EXITS_DONE)
        return exits;
    if (!contexts_use(&contexts, name))
        return tell_missing(&contexts, name);
    return write_own(&contexts);
}

static enum exits run_delete(struct invocation *in)
{
    const char *name = invocation_word(in, 0);
    struct contexts contexts;
    enum exits exits = read_own(&contexts);

    if (exits != EXITS_DONE)
        return exits;
    if (!contexts_delete(&contexts, name))
        return tell_missing(&contexts, name);
    return write_own(&contexts);
}

/* A file's name that means the same in every folder. */
static void set_value(struct contexts *contexts, const char *name,
                      const char *key, const char *value)
{
    bool is_file = strcmp(key, "server") != 0 && strcmp(key, "thumbprint") != 0;
    char *whole = is_file && value[0] != '\0' ? realpath(value, NULL) : NULL;

    contexts_set(contexts, name, key, whole != NULL ? whole : value);
    free(whole);
}

/* The options of every verb say what the context has. */
static enum exits run_set(struct invocation *in)
{
    const char *name = invocation_word(in, 0);
    const char *server = arguments_text(&in->arguments, "server");
    struct contexts contexts;
    struct place place;
    struct err err;
    enum exits exits;

    if (!contexts_is_name(name))
        return invocation_refuse(in,
                                 "%.64s: a context's name has letters, "
                                 "digits, -, _ and .",
                                 name);
    if (server != NULL && place_parse(&place, server, &err) < 0)
        return invocation_refuse(in, "%s", err.text);
    exits = read_own(&contexts);
    if (exits != EXITS_DONE)
        return exits;
    if (server == NULL && contexts_find(&contexts, name) == NULL) {
        contexts_done(&contexts);
        return invocation_refuse(in, "a new context needs --server");
    }
    for (size_t i = 0; contexts_keys[i] != NULL; i++) {
        const char *value = arguments_text(&in->arguments, contexts_keys[i]);

        if (value != NULL)
            set_value(&contexts, name, contexts_keys[i], value);
    }
    if (contexts_current(&contexts) == NULL)
        (void)contexts_use(&contexts, name);
    return write_own(&contexts);
}

const struct verb verb_context_list = {
    .name = "context list",
    .group = VERB_GROUP_HERE,
    .words = "",
    .summary = "list contexts: servers that have a name",
    .example = "vspc context list\n",
    .option = form_options_list,
    .run = run_list,
};

const struct verb verb_context_use = {
    .name = "context use",
    .group = VERB_GROUP_HERE,
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONTEXT,
    .summary = "use a context from now on",
    .example = "vspc context use prod\n",
    .run = run_use,
};

const struct verb verb_context_set = {
    .name = "context set",
    .group = VERB_GROUP_HERE,
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONTEXT,
    .summary = "make or change a context, of --server, --token-file, --ca, "
               "--cert, --key, --thumbprint",
    .text = "An option with the value '' removes what the context has. The "
            "first context is used at once.",
    .example = "vspc context set prod --server https://vspcd.example.org:8443 "
               "--token-file ~/.vspc-token\n",
    .run = run_set,
};

const struct verb verb_context_delete = {
    .name = "context delete",
    .group = VERB_GROUP_HERE,
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONTEXT,
    .summary = "delete a context",
    .example = "vspc context delete prod\n",
    .run = run_delete,
};

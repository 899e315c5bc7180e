/* lock, unlock, forget: what a console is for others. */
#include "cli/invocation/consoles.h"
#include "cli/output/value.h"
#include "cli/verbs/verbs.h"

/* clang-format off */
static const struct option_row lock_options[] = {
    { "reason", 0, "TEXT", "what others are told" },
    { "for", 0, "DURATION", "it ends by itself then: 30s, 10m, 2h" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static enum exits run_lock(struct invocation *in)
{
    const char *duration = arguments_text(&in->arguments, "for");
    const char *reason = arguments_text(&in->arguments, "reason");
    json_t *body = json_object();
    struct console_found found;
    struct target target;
    uint64_t seconds;
    enum exits exits;

    if (duration != NULL) {
        if (!value_parse_duration(duration, &seconds)) {
            json_decref(body);
            return invocation_refuse(in,
                                     "--for %.40s: expected 30s, 10m or "
                                     "2h",
                                     duration);
        }
        (void)json_object_set_new(body, "seconds",
                                  json_integer((json_int_t)seconds));
    }
    if (reason != NULL)
        (void)json_object_set_new(body, "reason", json_string(reason));
    exits = consoles_find(in, invocation_word(in, 0), &found);
    if (exits != EXITS_DONE) {
        json_decref(body);
        return exits;
    }
    consoles_target(&target, &found, "/lock");
    exits = ask_change(in, HTTP_VERB_POST, &target, body);
    consoles_found_done(&found);
    return exits;
}

static enum exits run_unlock(struct invocation *in)
{
    struct console_found found;
    struct target target;
    enum exits exits = consoles_find(in, invocation_word(in, 0), &found);

    if (exits != EXITS_DONE)
        return exits;
    consoles_target(&target, &found, "/unlock");
    exits = ask_change(in, HTTP_VERB_POST, &target, NULL);
    consoles_found_done(&found);
    return exits;
}

static enum exits run_forget(struct invocation *in)
{
    struct console_found found;
    struct target target;
    enum exits exits = consoles_find(in, invocation_word(in, 0), &found);

    if (exits != EXITS_DONE)
        return exits;
    consoles_target(&target, &found, "");
    exits = ask_change(in, HTTP_VERB_DELETE, &target, NULL);
    consoles_found_done(&found);
    return exits;
}

const struct verb verb_lock = {
    .name = "lock",
    .group = VERB_GROUP_ACTING,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "keep the keyboard of a console: nobody else may type",
    .text = "The lock is yours wherever you type from. It lasts until vspc "
            "unlock, the end of --for, or a restart of vspcd.",
    .example = "vspc lock web-01 --reason 'firmware update' --for 2h\n",
    .option = lock_options,
    .by_ssh = "reason for",
    .run = run_lock,
};

const struct verb verb_unlock = {
    .name = "unlock",
    .group = VERB_GROUP_ACTING,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "give the keyboard back",
    .example = "vspc unlock web-01\n",
    .by_ssh = "",
    .run = run_unlock,
};

const struct verb verb_forget = {
    .name = "forget",
    .group = VERB_GROUP_ACTING,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "forget a console without VM and clients, and its port",
    .example = "vspc forget old-vm\n",
    .by_ssh = "",
    .run = run_forget,
};

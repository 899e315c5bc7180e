/* attach, as the command line has it. */
#include "cli/attach/attach.h"
#include "cli/attach/keys.h"
#include "cli/common/say.h"

#include <string.h>

/* clang-format off */
static const struct option_row options[] = {
    { "read-only", 'r', NULL, "only read" },
    { "take", 't', NULL, "take the keyboard over from whoever has it" },
    { "force", 'f', NULL, "disconnect all others, and take the keyboard" },
    { "history", 'n', "LINES", "begin with so many lines of earlier output" },
    { "escape", 'e', "KEY", "the escape key: ^A, #, or none [^]]" },
    { "raw", 0, NULL, "bytes alone: no words between them, line ends of a pipe "
      "as they are" },
    { "record", 0, "FILE", "record what is shown (asciicast v2); the file must "
      "not be there" },
    { "linger", 0, "SECONDS", "without a terminal: end after input has ended "
      "and the console was silent so long [1]" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static enum exits read_options(struct invocation *in, struct attach_settings *s)
{
    enum { LINES_MAX = 1000000, LINGER_MAX_S = 86400 };
    const struct arguments *a = &in->arguments;
    const char *escape = arguments_text(a, "escape");
    unsigned long lines, linger_s;
    struct err err;

    if (!arguments_number(a, "history", LINES_MAX, 0, &lines, &err) ||
        !arguments_number(a, "linger", LINGER_MAX_S, 1, &linger_s, &err))
        return invocation_refuse(in, "%s", err.text);
    *s = (struct attach_settings){
        .history = arguments_has(a, "history") ? (long)lines : -1,
        .escape = KEYS_ESCAPE,
        .linger_ms = (unsigned)linger_s * 1000,
        .is_read_only = arguments_has(a, "read-only"),
        .takes = arguments_has(a, "take") || arguments_has(a, "force"),
        .is_raw = arguments_has(a, "raw"),
        .is_quiet = arguments_has(a, "quiet"),
        .is_by_ssh = in->is_by_ssh,
        .record = arguments_text(a, "record"),
    };
    if (escape != NULL && !keys_parse_escape(escape, &s->escape))
        return invocation_refuse(in,
                                 "--escape %.20s: expected ^A, a character, "
                                 "or none",
                                 escape);
    if (s->is_read_only && s->takes)
        return invocation_refuse(in, "--read-only takes no keyboard");
    return EXITS_DONE;
}

/* Others, if there are any. */
static enum exits disconnect_others(struct invocation *in,
                                    const struct console_found *found)
{
    struct target target;

    if (json_integer_value(json_object_get(found->json, "clients")) == 0)
        return EXITS_DONE;
    consoles_target(&target, found, "/disconnect");
    return ask_post(in, &target, json_pack("{s:b}", "all", 1), NULL);
}

static enum exits attach(struct invocation *in, struct attach_settings *s,
                         const struct console_found *found)
{
    enum exits exits = EXITS_DONE;
    struct turns turns;
    struct tty tty;
    int r;

    if (arguments_has(&in->arguments, "force"))
        exits = disconnect_others(in, found);
    if (exits != EXITS_DONE)
        return exits;
    s->id = found->id;
    s->name = found->name;
    turns_init(&turns, in->remote);
    r = tty_init(&tty, remote_loop(in->remote));
    if (r < 0) {
        say_error("cannot start: %s", strerror(-r));
        return EXITS_FAILED;
    }
    return attach_run(&turns, &tty, s);
}

static enum exits run_attach(struct invocation *in)
{
    struct attach_settings settings;
    struct console_found found;
    enum exits exits = read_options(in, &settings);

    if (exits == EXITS_DONE)
        exits = consoles_find(in, invocation_word(in, 0), &found);
    if (exits != EXITS_DONE)
        return exits;
    exits = attach(in, &settings, &found);
    consoles_found_done(&found);
    return exits;
}

const struct verb verb_attach = {
    .name = "attach",
    .alias = "console",
    .group = VERB_GROUP_CONSOLES,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "use a console on this terminal",
    .text =
        "Keys go to the VM as they are typed. ^] is for vspc: ^] and then . "
        "leaves, ? lists the others. A connection that is lost is made again, "
        "and goes on where it was; what is missing is told. Without a terminal "
        "it is a pipe: lines of standard input are typed, each with Enter; "
        "when they have ended, and the console has been silent for a second, "
        "it is over.",
    .example = "vspc attach web-01\n"
               "vspc attach web-01 --read-only --history 100\n"
               "vspc attach web-01 --escape '#' --record session.cast\n"
               "echo uptime | vspc attach web-01\n",
    .option = options,
    .by_ssh = "read-only take force history escape raw linger",
    .run = run_attach,
};

/* logs: what a console has printed, from its log or else from memory. */
#include "base/buf.h"
#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/consoles.h"
#include "cli/output/out.h"
#include "cli/verbs/verbs.h"

#include <regex.h>
#include <string.h>

enum { LINE_MAX_BYTES = 64 * 1024 }; /* a longer line is taken in pieces */

/* clang-format off */
static const struct option_row options[] = {
    { "follow", 'f', NULL, "then what it prints from now on, until ^C" },
    { "tail", 'n', "LINES", "only the last lines" },
    { "since", 0, "TIME", "from then on: 10m, 2h, 7d ago, or 2026-01-31T12:00:00Z" },
    { "until", 0, "TIME", "up to then" },
    { "timestamps", 't', NULL, "each line with its time" },
    { "grep", 0, "RE", "only lines that match an extended regular expression" },
    { "raw", 0, NULL, "every byte as it came; else control characters are "
      "left out" },
    { "previous", 'p', NULL, "begin with the rotated log files" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

struct logs {
    bool greps;
    regex_t pattern;
    struct buf line;
    char text[LINE_MAX_BYTES + 1]; /* the line, for regexec */
};

/* The line without its end; a NUL in it is a character like any other. */
static bool matches(struct logs *l, struct slice line)
{
    while (line.len > 0 &&
           (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
        line.len--;
    for (size_t i = 0; i < line.len; i++)
        l->text[i] = line.data[i] != '\0' ? (char)line.data[i] : '\1';
    l->text[line.len] = '\0';
    return regexec(&l->pattern, l->text, 0, NULL, 0) == 0;
}

static void end_line(struct logs *l)
{
    struct slice line = buf_bytes(&l->line);

    if (line.len > 0 && matches(l, line))
        out_bytes(line);
    buf_take(&l->line, line.len);
}

static bool logs_on_bytes(void *owner, struct slice bytes)
{
    struct logs *l = owner;

    if (!l->greps)
        out_bytes(bytes);
    while (l->greps && bytes.len > 0) {
        const uint8_t *end = memchr(bytes.data, '\n', bytes.len);
        size_t room = LINE_MAX_BYTES - l->line.len;
        size_t len = end != NULL ? (size_t)(end - bytes.data) + 1 : bytes.len;
        bool is_whole = end != NULL && len <= room;

        len = len < room ? len : room;
        if (buf_append(&l->line, slice_of(bytes.data, len)) < 0)
            mem_end();
        bytes = slice_after(bytes, len);
        if (is_whole || l->line.len == LINE_MAX_BYTES)
            end_line(l);
    }
    out_flush();
    return true;
}

static void make_target(const struct invocation *in,
                        const struct console_found *found, const char *what,
                        struct target *target)
{
    const struct arguments *a = &in->arguments;

    consoles_target(target, found, what);
    target_add_query(target, "format",
                     arguments_has(a, "raw")          ? "raw"
                     : arguments_has(a, "timestamps") ? "timed"
                                                      : "text");
    target_add_query(target, "tail", arguments_text(a, "tail"));
    target_add_query(target, "since", arguments_text(a, "since"));
    target_add_query(target, "until", arguments_text(a, "until"));
    if (arguments_has(a, "follow"))
        target_add_query(target, "follow", "true");
    if (arguments_has(a, "previous"))
        target_add_query(target, "previous", "true");
}

/* Only what a log has was asked for. */
static bool needs_log(const struct arguments *a)
{
    return arguments_has(a, "since") || arguments_has(a, "until") ||
           arguments_has(a, "previous");
}

static enum exits show(struct invocation *in, const struct console_found *found,
                       struct logs *l)
{
    bool needs = needs_log(&in->arguments);
    struct target target;
    struct ask_stream ask = {
        .target = &target,
        .is_followed = arguments_has(&in->arguments, "follow"),
        .is_search = !needs,
        .on_bytes = logs_on_bytes,
        .owner = l,
    };
    enum exits exits;

    make_target(in, found, "/log", &target);
    exits = ask_stream(in, &ask);
    if (exits != EXITS_NO_CONSOLE || needs)
        return exits;
    say_news("%s has no console log: this is what vspcd has in memory",
             found->name);
    make_target(in, found, "/history", &target);
    ask.is_search = false;
    return ask_stream(in, &ask);
}

static enum exits run_logs(struct invocation *in)
{
    const char *grep = arguments_text(&in->arguments, "grep");
    struct logs l = { .greps = grep != NULL };
    struct console_found found;
    char why[200];
    enum exits exits;
    int r =
        grep != NULL ? regcomp(&l.pattern, grep, REG_EXTENDED | REG_NOSUB) : 0;

    if (r != 0) {
        (void)regerror(r, &l.pattern, why, sizeof why);
        return invocation_refuse(in, "--grep %.100s: %s", grep, why);
    }
    buf_init(&l.line, LINE_MAX_BYTES);
    exits = consoles_find(in, invocation_word(in, 0), &found);
    if (exits == EXITS_DONE) {
        exits = show(in, &found, &l);
        if (l.greps)
            end_line(&l);
        out_flush();
        consoles_found_done(&found);
    }
    buf_done(&l.line);
    if (l.greps)
        regfree(&l.pattern);
    return exits;
}

const struct verb verb_logs = {
    .name = "logs",
    .alias = "log",
    .group = VERB_GROUP_CONSOLES,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "print what a console has printed",
    .text = "From its console log; without one, what vspcd has in memory.",
    .example = "vspc logs web-01 --tail 100\n"
               "vspc logs -f web-01\n"
               "vspc logs web-01 --since 10m --grep 'panic|oops'\n"
               "vspc logs web-01 --raw > web-01.log\n",
    .option = options,
    .by_ssh = "follow tail since until timestamps raw previous",
    .run = run_logs,
};

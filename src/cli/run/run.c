/*
 * run: a console's steps, one after the other. Output is the transcript, on
 * standard output; an expression is looked for in what has come behind the one
 * before it.
 */
#include "cli/run/run.h"

#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/consoles.h"
#include "cli/output/out.h"
#include "cli/run/matcher.h"
#include "cli/run/script.h"
#include "remote/link/console_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXPECT_S = 30 };

/* clang-format off */
static const struct option_row options[] = {
    { "expect", 0, "RE", "wait for output that matches (POSIX extended)" },
    { "send", 0, "TEXT", "type the text, and Enter; \\r \\n \\t \\e \\\\ \\xHH "
      "are characters" },
    { "type", 0, "TEXT", "type the text, without Enter" },
    { "break", 0, NULL, "send a break" },
    { "sysrq", 0, "KEY", "send a break and the key" },
    { "script", 'f', "FILE", "steps of a file, one a line; -: standard input" },
    { "expect-timeout", 0, "SECONDS", "how long each of --expect waits [30]" },
    { "timeout", 0, "SECONDS", "how long all of it may take [no limit]" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

struct run {
    const char *name;
    struct loop *loop;
    struct script script;
    regex_t *pattern; /* of each EXPECT, by its step */
    size_t patterns;  /* steps whose pattern is there */
    struct console_link_settings settings;
    struct console_link link;
    struct matcher matcher;
    struct timer expect;
    struct timer total;
    size_t at;    /* the step */
    size_t typed; /* bytes of it */
    unsigned expect_ms;
    enum exits exits;
    bool is_waiting; /* for the expression of the step */
    bool is_ended;
};

static void end_run(struct run *r, enum exits exits)
{
    if (r->is_ended)
        return;
    r->is_ended = true;
    r->exits = exits;
    timer_stop(&r->expect);
    timer_stop(&r->total);
    console_link_leave(&r->link);
}

/* ---- steps ---------------------------------------------------------------
 */

static bool expect(struct run *r, const struct script_step *step)
{
    (void)step;
    if (matcher_find(&r->matcher, &r->pattern[r->at])) {
        timer_stop(&r->expect);
        r->is_waiting = false;
        return true;
    }
    if (!r->is_waiting && r->expect_ms > 0)
        timer_start(&r->expect, r->expect_ms);
    r->is_waiting = true;
    return false;
}

static bool type(struct run *r, const struct script_step *step)
{
    struct slice rest = slice_after(slice_of(step->text, step->len), r->typed);

    r->typed += console_link_type(&r->link, rest);
    if (r->typed < step->len)
        return false;
    r->typed = 0;
    return true;
}

/* A command goes before input that waits: so it waits for that. */
static bool say(struct run *r, json_t *command)
{
    if (console_link_is_typed(&r->link) && console_link_is_served(&r->link))
        return console_link_say(&r->link, command);
    json_decref(command);
    return false;
}

/* False: it is not done yet. */
static bool take_step(struct run *r, const struct script_step *step)
{
    switch (step->verb) {
    case SCRIPT_EXPECT:
        return expect(r, step);
    case SCRIPT_SEND:
    case SCRIPT_TYPE:
        return type(r, step);
    case SCRIPT_BREAK:
        return say(r, json_pack("{s:s}", "break", "pulse"));
    case SCRIPT_SYSRQ:
        return say(r, json_pack("{s:s}", "sysrq", step->text));
    case SCRIPT_TIMEOUT:
        r->expect_ms = step->seconds * 1000;
        return true;
    }
    return true;
}

static void go_on(struct run *r)
{
    while (!r->is_ended && r->at < r->script.count &&
           take_step(r, &r->script.step[r->at]))
        r->at++;
    if (!r->is_ended && r->at == r->script.count &&
        console_link_is_typed(&r->link))
        end_run(r, EXITS_DONE);
}

/* ---- the console ---------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static void run_on_hello(void *owner, const json_t *hello)
{
    struct run *r = owner;
    const json_t *console = json_object_get(hello, "console");
    const json_t *you = json_object_get(hello, "you");
    bool types = script_types(&r->script);

    if (types && strcmp(text_of(console, "state"), "none") == 0) {
        say_error("the VM of %s is not connected", r->name);
        end_run(r, EXITS_VM_DISCONNECTED);
    } else if (types && strcmp(text_of(you, "right"), "read") == 0) {
        say_error("you may only read %s", r->name);
        end_run(r, EXITS_NOT_ALLOWED);
    }
}

static void run_on_output(void *owner, struct slice bytes)
{
    struct run *r = owner;

    out_bytes(bytes);
    out_flush();
    console_link_took(&r->link, bytes.len);
    matcher_feed(&r->matcher, bytes);
    go_on(r);
}

static void run_on_text(void *owner, const char *type, const json_t *text)
{
    struct run *r = owner;
    const char *by = text_of(text, "by");

    if (strcmp(type, "notice") == 0) {
        say_news("%s", text_of(text, "text"));
    } else if (strcmp(type, "gap") == 0) {
        say_news("output is missing in the transcript");
    } else if (strcmp(type, "error") == 0) {
        say_error("%s", text_of(text, "text"));
        end_run(r, strcmp(text_of(text, "code"), "forbidden") == 0
                       ? EXITS_NOT_ALLOWED
                       : EXITS_FAILED);
    } else if (strcmp(type, "lock") == 0 && by[0] != '\0' &&
               !json_is_true(json_object_get(text, "may_type")) &&
               script_types(&r->script)) {
        say_error("%s has the keyboard of %s", by, r->name);
        end_run(r, EXITS_BUSY);
    }
}

static void run_on_change(void *owner, enum console_link_change change,
                          const char *why)
{
    struct run *r = owner;

    switch (change) {
    case CONSOLE_LINK_LOST:
        say_news("connection lost (%s), will retry", why);
        break;
    case CONSOLE_LINK_BACK:
        say_news("reconnected");
        break;
    case CONSOLE_LINK_UNCERTAIN:
        say_error("what was typed last may not have arrived");
        end_run(r, EXITS_FAILED);
        break;
    }
}

static void run_on_room(void *owner)
{
    go_on(owner);
}

static void run_on_over(void *owner, enum exits exits, const char *why)
{
    struct run *r = owner;

    if (!r->is_ended) {
        r->exits = exits != EXITS_DONE ? exits : EXITS_FAILED;
        say_error("%s", why[0] != '\0' ? why : "the connection has ended");
    }
    r->is_ended = true;
    loop_stop(r->loop);
}

static const struct console_link_ops run_link = {
    .on_hello = run_on_hello,
    .on_output = run_on_output,
    .on_text = run_on_text,
    .on_change = run_on_change,
    .on_room = run_on_room,
    .on_over = run_on_over,
};

static void run_on_expect_due(void *owner)
{
    struct run *r = owner;
    const struct script_step *step = &r->script.step[r->at];

    if (step->line > 0)
        say_error("line %u: not seen within %u s: %s", step->line,
                  r->expect_ms / 1000, step->text);
    else
        say_error("not seen within %u s: %s", r->expect_ms / 1000, step->text);
    end_run(r, EXITS_NO_PATTERN);
}

static void run_on_total_due(void *owner)
{
    struct run *r = owner;

    say_error("time is over");
    end_run(r, EXITS_TIMEOUT);
}

/* ---- what is asked for ---------------------------------------------------
 */

static int read_file(struct script *s, const char *path, struct err *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *content;
    size_t len;
    int r;

    if (file == NULL) {
        err_set(err, "%.200s: %s", path, strerror(errno));
        return -EINVAL;
    }
    content = xmalloc(SCRIPT_FILE_MAX + 1);
    len = fread(content, 1, SCRIPT_FILE_MAX + 1, file);
    if (ferror(file) != 0 || len > SCRIPT_FILE_MAX) {
        err_set(err, "%.200s: %s", path,
                len > SCRIPT_FILE_MAX ? "it is too long" : strerror(errno));
        r = -EINVAL;
    } else {
        r = script_parse(s, slice_of(content, len), err);
    }
    if (file != stdin)
        (void)fclose(file);
    explicit_bzero(content, len);
    free(content);
    return r;
}

/* In the order of the command line. */
static int read_steps(struct script *s, const struct arguments *a,
                      struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->option_count; i++) {
        const char *name = a->option[i].row->name;
        const char *text = a->option[i].text;

        if (strcmp(name, "script") == 0)
            r = read_file(s, text, err);
        else if (strcmp(name, "expect") == 0 || strcmp(name, "send") == 0 ||
                 strcmp(name, "type") == 0 || strcmp(name, "break") == 0 ||
                 strcmp(name, "sysrq") == 0)
            r = script_add(s, name, text, 0, err);
    }
    if (r == 0 && s->count == 0) {
        err_set(err, "there are no steps: --expect, --send, --script");
        r = -EINVAL;
    }
    return r;
}

static int compile_patterns(struct run *r, struct err *err)
{
    r->pattern = xcalloc(r->script.count, sizeof *r->pattern);
    for (; r->patterns < r->script.count; r->patterns++) {
        const struct script_step *step = &r->script.step[r->patterns];

        if (step->verb == SCRIPT_EXPECT &&
            matcher_compile(&r->pattern[r->patterns], step->text, err) < 0)
            return -EINVAL;
    }
    return 0;
}

static void free_patterns(struct run *r)
{
    for (size_t i = 0; i < r->patterns; i++)
        if (r->script.step[i].verb == SCRIPT_EXPECT)
            regfree(&r->pattern[i]);
    free(r->pattern);
}

static enum exits play(struct invocation *in, struct run *r,
                       const struct console_found *found, unsigned total_ms)
{
    struct turns turns;

    turns_init(&turns, in->remote);
    r->loop = remote_loop(in->remote);
    r->name = found->name;
    r->settings = (struct console_link_settings){
        .id = found->id,
        .mode = script_types(&r->script) ? NULL : "read-only",
        .history = 0,
    };
    matcher_init(&r->matcher);
    timer_init(&r->expect, r->loop, run_on_expect_due, r);
    timer_init(&r->total, r->loop, run_on_total_due, r);
    console_link_init(&r->link, &turns, &r->settings, &run_link, r);
    if (total_ms > 0)
        timer_start(&r->total, total_ms);
    console_link_open(&r->link);
    while (r->link.state != CONSOLE_LINK_OVER)
        loop_run(r->loop);
    console_link_done(&r->link);
    timer_done(&r->expect);
    timer_done(&r->total);
    matcher_done(&r->matcher);
    return r->exits;
}

static enum exits run_run(struct invocation *in)
{
    const struct arguments *a = &in->arguments;
    struct run r = { .exits = EXITS_DONE };
    struct console_found found;
    unsigned long expect_s, total_s;
    enum exits exits;
    struct err err;

    if (!arguments_number(a, "expect-timeout", SCRIPT_TIMEOUT_MAX_S, EXPECT_S,
                          &expect_s, &err) ||
        !arguments_number(a, "timeout", SCRIPT_TIMEOUT_MAX_S, 0, &total_s,
                          &err) ||
        read_steps(&r.script, a, &err) < 0 || compile_patterns(&r, &err) < 0) {
        exits = invocation_refuse(in, "%s", err.text);
    } else {
        r.expect_ms = (unsigned)expect_s * 1000;
        exits = consoles_find(in, invocation_word(in, 0), &found);
        if (exits == EXITS_DONE) {
            exits = play(in, &r, &found, (unsigned)total_s * 1000);
            consoles_found_done(&found);
        }
    }
    free_patterns(&r);
    script_done(&r.script);
    return exits;
}

const struct verb verb_run = {
    .name = "run",
    .group = VERB_GROUP_ACTING,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "expect output and type, step by step",
    .text = "Steps are done in their order, each --expect in what has come "
            "behind the one before it; output goes to standard output. What "
            "is not seen in time is exit code 8; --timeout is 124. A script "
            "has a step a line: expect RE, send TEXT, type TEXT, break, "
            "sysrq KEY, timeout SECONDS for what follows, # a comment.",
    .example = "vspc run web-01 --send '' --expect 'login:' --send root "
               "--expect 'assword:' --send secret --expect '# $'\n"
               "vspc run web-01 --script boot.vspc --timeout 600\n",
    .option = options,
    .run = run_run,
};

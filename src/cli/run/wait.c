/* wait: until a console's VM is there, or gone, or has printed something. */
#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/consoles.h"
#include "cli/run/matcher.h"
#include "cli/run/run.h"
#include "remote/link/console_link.h"

#include <poll.h>
#include <string.h>

enum { TIMEOUT_MAX_S = 7 * 86400, LOOK_MS = 1000 };

/* clang-format off */
static const struct option_row options[] = {
    { "for", 0, "WHAT", "connected, disconnected, or 'output RE': what it "
      "prints from now on matches (POSIX extended) [connected]" },
    { "timeout", 0, "SECONDS", "how long [no limit]" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

enum wait_for { WAIT_CONNECTED, WAIT_DISCONNECTED, WAIT_OUTPUT };

struct wait {
    enum wait_for what;
    struct loop *loop;
    regex_t pattern;
    struct console_link_settings settings;
    struct console_link link;
    struct matcher matcher;
    struct timer total;
    enum exits exits;
    bool is_ended;
};

static void end_wait(struct wait *w, enum exits exits)
{
    if (w->is_ended)
        return;
    w->is_ended = true;
    w->exits = exits;
    console_link_leave(&w->link);
}

static void look_at_state(struct wait *w, const json_t *object)
{
    const char *state = json_string_value(json_object_get(object, "state"));
    bool is_there = state != NULL && strcmp(state, "none") != 0;

    if (state != NULL &&
        w->what == (is_there ? WAIT_CONNECTED : WAIT_DISCONNECTED))
        end_wait(w, EXITS_DONE);
}

static void wait_on_hello(void *owner, const json_t *hello)
{
    look_at_state(owner, json_object_get(hello, "console"));
}

static void wait_on_output(void *owner, struct slice bytes)
{
    struct wait *w = owner;

    console_link_took(&w->link, bytes.len);
    if (w->what != WAIT_OUTPUT)
        return;
    matcher_feed(&w->matcher, bytes);
    if (matcher_find(&w->matcher, &w->pattern))
        end_wait(w, EXITS_DONE);
}

static void wait_on_text(void *owner, const char *type, const json_t *text)
{
    if (strcmp(type, "notice") == 0)
        look_at_state(owner, text);
}

static void wait_on_change(void *owner, enum console_link_change change,
                           const char *why)
{
    (void)owner;
    if (change == CONSOLE_LINK_LOST)
        say_news("connection lost (%s), will retry", why);
}

static void wait_on_room(void *owner)
{
    (void)owner;
}

static void wait_on_over(void *owner, enum exits exits, const char *why)
{
    struct wait *w = owner;

    if (!w->is_ended) {
        w->exits = exits != EXITS_DONE ? exits : EXITS_FAILED;
        say_error("%s", why[0] != '\0' ? why : "the connection has ended");
    }
    w->is_ended = true;
    loop_stop(w->loop);
}

static const struct console_link_ops wait_link = {
    .on_hello = wait_on_hello,
    .on_output = wait_on_output,
    .on_text = wait_on_text,
    .on_change = wait_on_change,
    .on_room = wait_on_room,
    .on_over = wait_on_over,
};

static void wait_on_total_due(void *owner)
{
    say_error("time is over");
    end_wait(owner, EXITS_TIMEOUT);
}

static enum exits await(struct invocation *in, struct wait *w,
                        const struct console_found *found, unsigned total_ms)
{
    struct turns turns;

    turns_init(&turns, in->remote);
    w->loop = remote_loop(in->remote);
    w->settings = (struct console_link_settings){
        .id = found->id, .mode = "read-only", .history = 0, .is_onlooker = true
    };
    matcher_init(&w->matcher);
    timer_init(&w->total, w->loop, wait_on_total_due, w);
    console_link_init(&w->link, &turns, &w->settings, &wait_link, w);
    if (total_ms > 0)
        timer_start(&w->total, total_ms);
    console_link_open(&w->link);
    while (w->link.state != CONSOLE_LINK_OVER)
        loop_run(w->loop);
    console_link_done(&w->link);
    timer_done(&w->total);
    matcher_done(&w->matcher);
    return w->exits;
}

/* A console comes with its VM's first connection. left_ms is what is left of
 * the time; NULL: it has no limit. */
static enum exits await_console(struct invocation *in, unsigned *left_ms)
{
    const char *name = invocation_word(in, 0);
    struct target target;
    const struct ask ask = { .verb = HTTP_VERB_GET,
                             .target = &target,
                             .is_search = true };
    bool was_told = false;
    enum exits exits;

    target_init(&target, "/api/v1/consoles/");
    target_add_segment(&target, name);
    while ((exits = ask_json(in, &ask, NULL)) == EXITS_NO_CONSOLE) {
        unsigned look_ms = LOOK_MS;

        if (!was_told)
            say_news("there is no console %s yet", name);
        was_told = true;
        if (left_ms != NULL && *left_ms < look_ms)
            look_ms = *left_ms;
        if (look_ms == 0) {
            say_error("time is over");
            return EXITS_TIMEOUT;
        }
        (void)poll(NULL, 0, (int)look_ms);
        if (left_ms != NULL)
            *left_ms -= look_ms;
    }
    return exits;
}

/* 0, or -EINVAL with err filled. */
static int read_what(struct wait *w, const char *what, struct err *err)
{
    static const char output[] = "output ";

    w->what = WAIT_OUTPUT;
    if (what == NULL || strcmp(what, "connected") == 0)
        w->what = WAIT_CONNECTED;
    else if (strcmp(what, "disconnected") == 0)
        w->what = WAIT_DISCONNECTED;
    else if (strncmp(what, output, sizeof output - 1) == 0)
        return matcher_compile(&w->pattern, what + sizeof output - 1, err);
    else {
        err_set(err,
                "--for %.60s: expected connected, disconnected or "
                "'output RE'",
                what);
        return -1;
    }
    return 0;
}

static enum exits run_wait(struct invocation *in)
{
    const struct arguments *a = &in->arguments;
    struct wait w = { .exits = EXITS_DONE };
    struct console_found found;
    unsigned long total_s;
    enum exits exits = EXITS_DONE;
    unsigned left_ms;
    struct err err;

    if (!arguments_number(a, "timeout", TIMEOUT_MAX_S, 0, &total_s, &err) ||
        read_what(&w, arguments_text(a, "for"), &err) < 0)
        return invocation_refuse(in, "%s", err.text);
    left_ms = (unsigned)total_s * 1000;
    if (w.what == WAIT_CONNECTED)
        exits = await_console(in, total_s > 0 ? &left_ms : NULL);
    if (exits == EXITS_DONE)
        exits = consoles_find(in, invocation_word(in, 0), &found);
    if (exits == EXITS_DONE) {
        /* 0 would be no limit. */
        exits =
            await(in, &w, &found, total_s > 0 && left_ms == 0 ? 1 : left_ms);
        consoles_found_done(&found);
    }
    if (w.what == WAIT_OUTPUT)
        regfree(&w.pattern);
    return exits;
}

const struct verb verb_wait = {
    .name = "wait",
    .group = VERB_GROUP_CONSOLES,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "wait for a console's VM, or for what it prints",
    .text = "For a VM to be connected, its console need not be there yet. "
            "Time-out is exit code 124.",
    .example = "vspc wait web-01 --for connected --timeout 60\n"
               "vspc wait web-01 --for 'output login:' --timeout 300\n",
    .option = options,
    .run = run_wait,
};

#include "cli/attach/attach.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/attach/attach_private.h"
#include "proto/enter.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- output --------------------------------------------------------------
 */

/* Words may be among the bytes, so it may count some too many as taken: no
 * more than have come. */
void attach_flush(struct attach *a)
{
    while (a->out.len > 0) {
        struct slice bytes = buf_bytes(&a->out);
        ssize_t n = stream_write(a->output, bytes.data, bytes.len);

        if (n < 0 && n != -EAGAIN) {
            buf_take(&a->out, a->out.len);
            /* As a program that SIGPIPE ends, without a word. */
            attach_leave(a, (enum exits)(128 + SIGPIPE));
            return;
        }
        if (n <= 0)
            break;
        buf_take(&a->out, (size_t)n);
        console_link_took(&a->link, (size_t)n);
    }
}

void attach_put(struct attach *a, struct slice bytes)
{
    if (bytes.len == 0)
        return;
    a->is_in_line = bytes.data[bytes.len - 1] != '\n';
    if (buf_append(&a->out, bytes) < 0)
        mem_end();
    attach_update(a);
}

/* Left out while a terminal takes nothing, whatever others say meanwhile: the
 * rest of the room is the console's. */
void attach_put_words(struct attach *a, struct slice words)
{
    if (a->out.len + words.len <= ATTACH_OUT_MAX / 2)
        attach_put(a, words);
}

static void attach_on_output(void *owner, struct slice bytes)
{
    struct attach *a = owner;

    attach_say_back(a, NULL);
    recording_output(&a->recording, bytes, clock_now_us());
    if (a->log_fd >= 0 &&
        write(a->log_fd, bytes.data, bytes.len) != (ssize_t)bytes.len) {
        attach_close_log(a);
        attach_say_error(a, "the log could not be written, and has ended");
    }
    ring_write(&a->replay, bytes);
    a->has_escapes |= memchr(bytes.data, '\033', bytes.len) != NULL;
    if (timer_is_running(&a->linger))
        timer_start(&a->linger, a->settings->linger_ms);
    attach_put(a, bytes);
    attach_flush(a);
    attach_update(a);
}

static void attach_on_output_ready(void *owner, unsigned ready)
{
    struct attach *a = owner;

    if (ready & STREAM_BROKEN && a->out.len == 0) {
        attach_leave(a, (enum exits)(128 + SIGPIPE));
        return;
    }
    attach_flush(a);
    attach_update(a);
    if (a->link.state == CONSOLE_LINK_OVER && a->out.len == 0)
        loop_stop(a->loop); /* drain */
}

/* ---- input ---------------------------------------------------------------
 */

/* Enter is CR, in place; with --raw every byte is as it is. */
static struct slice typed_in(struct attach *a, uint8_t *bytes, size_t len)
{
    struct slice in = slice_of(bytes, len);

    return a->settings->is_raw ? in : enter_next(&a->was_cr, &in, bytes, len);
}

static void look_for_end(struct attach *a)
{
    if (a->has_ended && !timer_is_running(&a->linger) && !a->is_over &&
        console_link_is_served(&a->link) && console_link_is_typed(&a->link))
        timer_start(&a->linger, a->settings->linger_ms);
}

static void end_input(struct attach *a, ssize_t error)
{
    stream_close(a->input);
    a->input = NULL;
    a->has_ended = true;
    if (a->is_terminal)
        attach_leave(a, EXITS_DONE); /* the terminal is gone */
    else if (error < 0)
        attach_say_error(a, "standard input: %s", strerror((int)-error));
    look_for_end(a);
}

/* How much is read now. What waits for the VM stays in the terminal or the
 * pipe, so a long paste arrives whole. Keys that are not sent are read
 * nevertheless, so that the escape key works. */
static size_t input_room(const struct attach *a)
{
    bool is_sent = !a->is_spying && !a->settings->is_read_only &&
                   !a->link.is_loss_told && !a->is_full;
    size_t room;

    if (a->is_terminal && !is_sent)
        return LIMIT_READ;
    if (!a->is_terminal && !console_link_is_served(&a->link))
        return 0;
    room = console_link_room(&a->link);
    /* A printable escape key may turn out to be none, one read later. */
    return a->is_terminal && room > 0 ? room - 1 : room;
}

static void attach_on_input_ready(void *owner, unsigned ready)
{
    struct attach *a = owner;
    uint8_t *to = loop_read_buffer(a->loop);
    size_t room = input_room(a);
    ssize_t n;

    (void)ready;
    if (room > LIMIT_READ)
        room = LIMIT_READ;
    if (room == 0) {
        attach_update(a);
        return;
    }
    n = stream_read(a->input, to, room);
    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        end_input(a, n);
        return;
    }
    if (a->is_terminal)
        attach_take_keys(a, slice_of(to, (size_t)n));
    else
        (void)console_link_type(&a->link, typed_in(a, to, (size_t)n));
    explicit_bzero(to, (size_t)n); /* it may be a password */
    attach_update(a);
}

/* A VM that takes nothing for long may never do so again, and nobody can wait
 * for that without the escape key. */
static void attach_on_stuck(void *owner)
{
    struct attach *a = owner;

    a->is_full = true;
    attach_say(a, "the VM takes no input now; what you type is not sent");
    attach_update(a);
}

static void watch_progress(struct attach *a)
{
    if (!a->is_terminal || a->is_over || !console_link_is_served(&a->link) ||
        input_room(a) > 0) {
        timer_stop(&a->stuck);
        return;
    }
    /* Asks: vspcd tells steps that a slow line takes long for. */
    (void)console_link_is_typed(&a->link);
    if (!timer_is_running(&a->stuck))
        timer_start(&a->stuck, ATTACH_STUCK_MS);
}

void attach_update(struct attach *a)
{
    bool wants_input = !a->is_over && input_room(a) > 0;

    if (a->input != NULL)
        stream_want(a->input, wants_input ? STREAM_READ : 0u);
    watch_progress(a);
    if (a->output != NULL)
        stream_want(a->output, a->out.len > 0 ? STREAM_WRITE : 0u);
}

/* ---- the console ---------------------------------------------------------
 */

void attach_tell_window(struct attach *a)
{
    struct tty_window window = tty_window();

    if (!a->is_terminal)
        return;
    console_link_set_window(&a->link, window.rows, window.columns);
    recording_window(&a->recording, window.columns, window.rows,
                     clock_now_us());
}

static void attach_on_hello(void *owner, const json_t *hello)
{
    struct attach *a = owner;

    if (!a->has_greeted)
        attach_greet(a, hello);
    a->has_greeted = true;
    attach_tell_window(a);
    attach_update(a);
}

static void attach_on_text(void *owner, const char *type, const json_t *text)
{
    struct attach *a = owner;

    attach_say_back(a, strcmp(type, "gap") == 0 ? text : NULL);
    if (strcmp(type, "who") == 0) {
        json_decref(a->people);
        a->people = json_deep_copy(text);
    } else {
        attach_say_text(a, type, text);
    }
    attach_update(a);
}

static void attach_on_change(void *owner, enum console_link_change change,
                             const char *why)
{
    struct attach *a = owner;

    switch (change) {
    case CONSOLE_LINK_LOST:
        attach_say(a, "connection lost (%s); %s", why,
                   a->is_terminal ? "keys are not sent until it is back"
                                  : "will retry");
        break;
    case CONSOLE_LINK_BACK:
        a->is_back = true;
        break;
    case CONSOLE_LINK_UNCERTAIN:
        attach_say_back(a, NULL);
        attach_say_error(a, "what was typed last may not have arrived");
        a->is_uncertain = true;
        break;
    }
    attach_update(a);
}

static void attach_on_room(void *owner)
{
    struct attach *a = owner;

    /* Not before the VM has taken all: a paste ends at one place, instead of
     * having holes. */
    if (a->is_full && console_link_is_typed(&a->link)) {
        a->is_full = false;
        attach_say(a, "the VM takes input again");
    }
    look_for_end(a);
    attach_update(a);
}

static void attach_on_over(void *owner, enum exits exits, const char *why)
{
    struct attach *a = owner;

    if (a->exits == EXITS_DONE)
        a->exits = exits;
    a->is_over = true;
    if (why[0] != '\0')
        attach_say_error(a, "%s", why);
    loop_stop(a->loop);
}

static const struct console_link_ops link_ops = {
    .on_hello = attach_on_hello,
    .on_output = attach_on_output,
    .on_text = attach_on_text,
    .on_change = attach_on_change,
    .on_room = attach_on_room,
    .on_over = attach_on_over,
};

void attach_leave(struct attach *a, enum exits exits)
{
    if (a->is_over)
        return;
    a->exits = exits;
    a->is_over = true;
    console_link_leave(&a->link);
    attach_update(a);
}

/* ---- its life ------------------------------------------------------------
 */

static void attach_on_tty(void *owner, enum tty_event event, int number)
{
    struct attach *a = owner;

    switch (event) {
    case TTY_END:
        attach_leave(a, (enum exits)(128 + number));
        break;
    case TTY_WINDOW:
        attach_tell_window(a);
        break;
    case TTY_BACK:
        attach_tell_window(a);
        attach_say(a, "here again");
        break;
    }
}

static void attach_on_linger(void *owner)
{
    struct attach *a = owner;

    loop_stop(a->loop); /* drain */
    /* Without a connection there is silence anyway: on_room starts it anew. */
    if (console_link_is_served(&a->link))
        attach_leave(a, a->is_uncertain ? EXITS_FAILED : EXITS_DONE);
}

static int open_streams(struct attach *a)
{
    int r = standard_stream_open(&a->standard[1], &a->output);

    if (r < 0)
        return r;
    stream_set_owner(a->output, attach_on_output_ready, a);
    if (!a->has_input)
        return 0;
    r = standard_stream_open(&a->standard[0], &a->input);
    if (r == 0)
        stream_set_owner(a->input, attach_on_input_ready, a);
    return r;
}

/* What the console has left the terminal in is of no use to a shell. */
static void leave_terminal(struct attach *a)
{
    if (a->shows_words && a->has_escapes)
        attach_put(a, slice_of_text("\033[0m\033[?25h"));
    if (a->is_terminal && a->has_greeted &&
        a->exits < (enum exits)(128 + SIGHUP))
        attach_say(a, "left %s", a->settings->name);
    if (a->shows_words && a->is_in_line)
        attach_put(a, slice_of_text("\r\n"));
}

/* What is shown last, while the terminal takes it. */
static void drain(struct attach *a)
{
    enum { DRAIN_MS = 2000 };

    leave_terminal(a);
    if (a->exits >= (enum exits)128)
        return;
    timer_start(&a->linger, DRAIN_MS);
    while (a->output != NULL && a->out.len > 0 &&
           timer_is_running(&a->linger)) {
        attach_flush(a);
        attach_update(a);
        if (a->out.len > 0)
            loop_run(a->loop);
    }
}

static void attach_open(struct attach *a, struct turns *turns)
{
    const struct attach_settings *s = a->settings;

    a->link_settings = (struct console_link_settings){
        .id = s->id,
        .mode = s->is_read_only ? "read-only" : NULL,
        .history = s->history,
        .takes = s->takes,
        .is_person = a->is_terminal,
    };
    console_link_init(&a->link, turns, &a->link_settings, &link_ops, a);
    for (int fd = 0; fd < 2; fd++)
        standard_stream_init(&a->standard[fd], a->loop, fd);
    timer_init(&a->linger, a->loop, attach_on_linger, a);
    timer_init(&a->stuck, a->loop, attach_on_stuck, a);
    keys_init(&a->keys, s->escape);
    buf_init(&a->out, ATTACH_OUT_MAX);
    ring_init(&a->replay);
    if (ring_resize(&a->replay, ATTACH_REPLAY) < 0)
        mem_end();
}

static void attach_done(struct attach *a)
{
    if (a->input != NULL)
        stream_close(a->input);
    if (a->output != NULL)
        stream_close(a->output);
    console_link_done(&a->link);
    for (int fd = 0; fd < 2; fd++)
        standard_stream_done(&a->standard[fd]);
    timer_done(&a->linger);
    timer_done(&a->stuck);
    buf_done(&a->out);
    ring_done(&a->replay);
    json_decref(a->people);
    attach_close_log(a);
}

static bool start(struct attach *a)
{
    const struct attach_settings *s = a->settings;
    struct tty_window window = tty_window();
    struct err err;
    int r;

    if (s->record != NULL &&
        recording_open(&a->recording, s->record, window.columns, window.rows,
                       clock_utc_s(), clock_now_us(), &err) < 0) {
        attach_say_error(a, "%s", err.text);
        return false;
    }
    r = open_streams(a);
    if (r == 0 && a->is_terminal)
        r = tty_open(a->tty, NULL);
    if (r < 0)
        attach_say_error(a, "standard input or output: %s", strerror(-r));
    return r == 0;
}

enum exits attach_run(struct turns *turns, struct tty *tty,
                      const struct attach_settings *settings)
{
    bool is_terminal = isatty(STDIN_FILENO) == 1;
    struct attach a = {
        .settings = settings,
        .loop = remote_loop(turns->remote),
        .tty = tty,
        .log_fd = -1,
        .is_terminal = is_terminal,
        .shows_words = is_terminal && isatty(STDOUT_FILENO) == 1,
        /* who only reads needs no pipe's end */
        .has_input = is_terminal || !settings->is_read_only,
        .exits = EXITS_DONE,
    };

    tty->on_event = attach_on_tty;
    tty->owner = &a;
    attach_open(&a, turns);
    if (start(&a)) {
        console_link_open(&a.link);
        attach_update(&a);
        while (a.link.state != CONSOLE_LINK_OVER)
            loop_run(a.loop);
        drain(&a);
    } else {
        a.exits = EXITS_FAILED;
    }
    tty->owner = NULL;
    attach_done(&a);
    tty_close(tty);
    if (!recording_close(&a.recording)) {
        attach_say_error(&a, "%s could not be written whole", settings->record);
        a.exits = EXITS_FAILED;
    }
    return a.exits;
}

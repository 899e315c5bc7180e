#include "cli/play/play.h"

#include "base/clock.h"
#include "cli/attach/tty.h"
#include "cli/common/say.h"
#include "cli/output/out.h"
#include "cli/play/play_keys.h"
#include "cli/play/screen_filter.h"
#include "net/standard/standard_stream.h"
#include "net/timer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    AT_ONCE = 64 * 1024, /* bytes shown before keys are looked at again */
    OUT_MAX = 4 * CAST_LINE_MAX,
    JUMP_US = 5 * 1000 * 1000,
    US_PER_MS = 1000,
    WAIT_MAX_MS = 60 * 1000,
    SPEED_MIN = PLAY_SPEED_ONE / 16,
};

struct player {
    struct loop *loop;
    struct cast_file *file;
    struct play_settings settings;
    struct screen_filter filter;
    struct buf out;
    struct cast_event next;
    bool has_next;
    uint64_t at_us;    /* of the recording: what was shown last */
    uint64_t since_us; /* clock_now_us: when it was */
    uint64_t until_us; /* of the recording: up to there, at once */
    bool seeks_marker; /* up to the next one, at once */
    bool is_paused;
    bool is_over;
    enum exits exits;
    struct timer timer;
    struct tty tty;
    struct play_keys keys;
    struct standard_stream standard;
    struct stream *input; /* NULL: no keys */
};

static void leave(struct player *p, enum exits exits)
{
    if (!p->is_over)
        p->exits = exits;
    p->is_over = true;
    loop_stop(p->loop);
}

/* ---- showing ------------------------------------------------------------
 */

static void flush(struct player *p)
{
    out_bytes(buf_bytes(&p->out));
    out_flush();
    buf_take(&p->out, p->out.len);
}

/* What was typed, and markers, are not shown. */
static void show_next(struct player *p)
{
    if (p->next.code == CAST_OUTPUT)
        (void)screen_filter_put(&p->filter, p->next.text, &p->out);
    else if (p->next.code == CAST_MARKER && p->seeks_marker) {
        p->seeks_marker = false;
        p->is_paused = true;
    }
    if (p->next.time_us > p->at_us)
        p->at_us = p->next.time_us;
    p->has_next = false;
}

/* How long the recording waits for the next event, as it is played. */
static uint64_t wait_us(const struct player *p)
{
    uint64_t us = p->next.time_us > p->at_us ? p->next.time_us - p->at_us : 0;

    if (p->settings.idle_us > 0 && us > p->settings.idle_us)
        us = p->settings.idle_us;
    return us * PLAY_SPEED_ONE / p->settings.speed;
}

static bool is_at_once(const struct player *p)
{
    return p->seeks_marker || p->next.time_us <= p->until_us;
}

/* False: it is not due yet, and the timer runs; or nothing is. */
static bool is_due(struct player *p, uint64_t now_us)
{
    uint64_t due_us = p->since_us + wait_us(p);
    uint64_t ms;

    if (is_at_once(p)) {
        p->since_us = now_us;
        return true;
    }
    if (p->is_paused)
        return false;
    if (now_us >= due_us) {
        p->since_us = due_us;
        return true;
    }
    ms = (due_us - now_us) / US_PER_MS + 1;
    timer_start(&p->timer, ms < WAIT_MAX_MS ? (unsigned)ms : WAIT_MAX_MS);
    return false;
}

static bool find_next(struct player *p)
{
    if (!p->has_next)
        p->has_next = cast_file_next(p->file, &p->next);
    return p->has_next;
}

static void go_on(struct player *p)
{
    uint64_t now_us = clock_now_us();

    timer_stop(&p->timer);
    while (!p->is_over && p->out.len < AT_ONCE) {
        if (!find_next(p)) {
            p->seeks_marker = false;
            if (!p->is_paused)
                leave(p, EXITS_DONE);
            break;
        }
        if (!is_due(p, now_us))
            break;
        show_next(p);
    }
    if (p->out.len >= AT_ONCE)
        timer_start(&p->timer, 0); /* keys first */
    flush(p);
}

static void play_on_due(void *owner)
{
    go_on(owner);
}

/* ---- keys ---------------------------------------------------------------
 */

/* Where it is now, between two events. */
static uint64_t position_us(const struct player *p, uint64_t now_us)
{
    uint64_t us = (now_us - p->since_us) * p->settings.speed / PLAY_SPEED_ONE;
    uint64_t most = p->has_next && p->next.time_us > p->at_us
                        ? p->next.time_us - p->at_us
                        : 0;

    return p->at_us + (p->is_paused || us > most ? 0 : us);
}

static void begin_again(struct player *p)
{
    cast_file_rewind(p->file);
    screen_filter_init(&p->filter);
    p->has_next = false;
    p->at_us = 0;
    (void)buf_append(&p->out,
                     slice_of_text(SCREEN_FILTER_RESET "\033[H\033[2J"));
}

static void jump_to(struct player *p, uint64_t to_us)
{
    if (to_us < p->at_us)
        begin_again(p);
    p->until_us = to_us;
    p->at_us = to_us > p->at_us ? to_us : p->at_us;
    p->since_us = clock_now_us();
}

static void toggle_pause(struct player *p)
{
    uint64_t now_us = clock_now_us();

    if (!p->is_paused)
        p->at_us = position_us(p, now_us);
    p->is_paused = !p->is_paused;
    p->since_us = now_us;
}

static void set_speed(struct player *p, unsigned speed)
{
    uint64_t now_us = clock_now_us();

    p->at_us = position_us(p, now_us);
    p->since_us = now_us;
    if (speed >= SPEED_MIN && speed <= PLAY_SPEED_MAX)
        p->settings.speed = speed;
}

/* The next piece of output, and then it waits. */
static void step(struct player *p)
{
    p->is_paused = true;
    while (find_next(p)) {
        bool is_output = p->next.code == CAST_OUTPUT;

        show_next(p);
        if (is_output)
            break;
    }
    p->since_us = clock_now_us();
}

static void take_key(struct player *p, enum play_key key)
{
    uint64_t at_us = position_us(p, clock_now_us());

    switch (key) {
    case PLAY_KEY_NONE:
        break;
    case PLAY_KEY_LEAVE:
        leave(p, EXITS_DONE);
        break;
    case PLAY_KEY_INTERRUPT:
        leave(p, EXITS_INTERRUPTED);
        break;
    case PLAY_KEY_SUSPEND:
        tty_suspend(&p->tty);
        break;
    case PLAY_KEY_PAUSE:
        toggle_pause(p);
        break;
    case PLAY_KEY_STEP:
        step(p);
        break;
    case PLAY_KEY_MARKER:
        p->seeks_marker = true;
        break;
    case PLAY_KEY_BACK:
        jump_to(p, at_us > JUMP_US ? at_us - JUMP_US : 0);
        break;
    case PLAY_KEY_FORWARD:
        jump_to(p, at_us + JUMP_US);
        break;
    case PLAY_KEY_FASTER:
        set_speed(p, p->settings.speed * 2);
        break;
    case PLAY_KEY_SLOWER:
        set_speed(p, p->settings.speed / 2);
        break;
    case PLAY_KEY_HOME:
        begin_again(p);
        jump_to(p, 0);
        break;
    }
}

static void play_on_input_ready(void *owner, unsigned ready)
{
    struct player *p = owner;
    uint8_t typed[256];
    ssize_t n = stream_read(p->input, typed, sizeof typed);
    struct slice rest;

    (void)ready;
    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        leave(p, EXITS_DONE); /* the terminal is gone */
        return;
    }
    rest = slice_of(typed, (size_t)n);
    while (rest.len > 0 && !p->is_over)
        take_key(p, play_keys_next(&p->keys, &rest));
    if (!p->is_over)
        go_on(p);
}

/* Whatever another program has put on the screen meanwhile. */
static void play_on_tty(void *owner, enum tty_event event, int number)
{
    struct player *p = owner;
    uint64_t at_us = p->at_us;

    switch (event) {
    case TTY_END:
        leave(p, (enum exits)(128 + number));
        break;
    case TTY_BACK:
        begin_again(p);
        jump_to(p, at_us);
        go_on(p);
        break;
    case TTY_WINDOW:
        break;
    }
}

/* ---- its life -----------------------------------------------------------
 */

static int open_keys(struct player *p)
{
    int r;

    if (!p->settings.has_keys)
        return 0;
    r = standard_stream_open(&p->standard, &p->input);
    if (r < 0)
        return r;
    stream_set_owner(p->input, play_on_input_ready, p);
    stream_want(p->input, STREAM_READ);
    return tty_open(&p->tty, SCREEN_FILTER_RESET);
}

static void close_keys(struct player *p)
{
    if (p->input != NULL)
        stream_close(p->input);
    p->input = NULL;
    p->tty.owner = NULL;
    tty_close(&p->tty);
}

static int run(struct player *p)
{
    int r = tty_init(&p->tty, p->loop);

    if (r < 0)
        return r;
    p->tty.on_event = play_on_tty;
    p->tty.owner = p;
    r = open_keys(p);
    if (r == 0) {
        p->since_us = clock_now_us();
        jump_to(p, p->settings.from_us);
        timer_start(&p->timer, 0);
        while (!p->is_over)
            loop_run(p->loop);
    }
    close_keys(p);
    return r;
}

enum exits play_run(struct loop *loop, struct cast_file *file,
                    const struct play_settings *settings)
{
    struct player p = {
        .loop = loop,
        .file = file,
        .settings = *settings,
        .exits = EXITS_FAILED,
    };
    int r;

    cast_file_rewind(file);
    screen_filter_init(&p.filter);
    buf_init(&p.out, OUT_MAX);
    timer_init(&p.timer, loop, play_on_due, &p);
    standard_stream_init(&p.standard, loop, STDIN_FILENO);
    r = run(&p);
    if (!settings->has_keys)
        out_text(SCREEN_FILTER_RESET);
    out_flush();
    if (r < 0)
        say_error("the terminal cannot be used: %s", strerror(-r));
    timer_done(&p.timer);
    standard_stream_done(&p.standard);
    buf_done(&p.out);
    return p.exits;
}

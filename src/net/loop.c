#include "net/loop.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/loop_private.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

/*
 * A turn of libuv: timers, then the end of turn (prepare), then waiting for
 * descriptors and their handlers, then freeing what was closed.
 *
 * So the end of turn comes after the due deadlines and after the descriptor
 * handlers of the turn before, and sweeps up after both. The alarm is set
 * behind it, because sweeping up starts and stops deadlines too. libuv keeps a
 * watched struct until its close callback, behind all handlers of the turn: a
 * handler may therefore close something that has an event waiting in that turn.
 *
 * One timer serves all queues. A timer for each queue would be set far more
 * often: a queue's first deadline is mostly stopped and restarted, and seldom
 * falls due.
 */

/* From what nobody notices to what loses a vMotion. */
static const struct histogram_bounds turn_bounds = {
    { 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
      500000, 1000000, 2500000, 5000000 },
};

static void loop_on_alarm(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    struct list unfired;
    uint64_t now_us;

    loop_turn_begins(loop);
    now_us = clock_now_us();
    loop->alarm_us = 0;
    /* Each queue is back among the watched ones when its handler is called, so
     * a handler may close any queue, and have the loop watch others. */
    list_init(&unfired);
    list_move_all(&loop->watches, &unfired);
    while (!list_is_empty(&unfired)) {
        struct list *node = unfired.next;

        list_remove(node);
        list_add_tail(&loop->watches, node);
        deadline_queue_fire(CONTAINER_OF(node, struct deadline_queue, watched),
                            now_us);
    }
}

/* Sets the timer for the first deadline of all queues. */
static void set_alarm(struct loop *loop)
{
    uint64_t first_us = 0;
    uint64_t now_us;
    uint64_t wait_us;

    LIST_EACH (node, after, &loop->watches) {
        struct deadline *d =
            deadline_first(CONTAINER_OF(node, struct deadline_queue, watched));

        if (d != NULL && (first_us == 0 || d->due_us < first_us))
            first_us = d->due_us;
    }
    /* An alarm that rings too early does no harm, so the alarm of a deadline
     * that was stopped stays set. */
    if (first_us == 0 || (loop->alarm_us != 0 && loop->alarm_us <= first_us))
        return;
    now_us = clock_now_us();
    wait_us = first_us > now_us ? first_us - now_us : 0;
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->alarm, loop_on_alarm, (wait_us + 999) / 1000, 0);
    loop->alarm_us = first_us;
}

/* Reads the clock and nothing else: libuv's own measure of idle time costs a
 * system call in each turn. A turn without a handler was none. */
static void note_turn(struct loop *loop)
{
    if (loop->turn_began_us != 0)
        histogram_add(&loop->turn_times, clock_now_us() - loop->turn_began_us);
    loop->turn_began_us = 0;
}

static void loop_on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;

    if (loop->on_turn_end != NULL)
        loop->on_turn_end(loop->turn_end_owner);
    set_alarm(loop);
    note_turn(loop);
}

int loop_open(struct loop **ret_loop)
{
    struct loop *loop = xcalloc(1, sizeof *loop);
    int r = uv_loop_init(&loop->uv);

    if (r < 0) {
        free(loop);
        return r;
    }
    list_init(&loop->watches);
    histogram_init(&loop->turn_times, &turn_bounds);
    r = stream_fd_loop_open(loop);
    if (r < 0) {
        uv_loop_close(&loop->uv);
        free(loop);
        return r;
    }
    /* A write to a connection that is gone must fail with an error code, not
     * kill the process. */
    signal(SIGPIPE, SIG_IGN);
    /* A write above the limit of file sizes must fail with an error. */
    signal(SIGXFSZ, SIG_IGN);
    descriptors_init(&loop->descriptors);
    loop_watch(loop, &loop->descriptors.retries);
    loop->read_buffer = xmalloc(LIMIT_READ);
    uv_prepare_init(&loop->uv, &loop->turn_end);
    loop->turn_end.data = loop;
    uv_prepare_start(&loop->turn_end, loop_on_prepare);
    uv_unref((uv_handle_t *)&loop->turn_end);
    uv_timer_init(&loop->uv, &loop->alarm);
    loop->alarm.data = loop;
    *ret_loop = loop;
    return 0;
}

/* The program is already ending. With the handler gone, another signal would
 * kill it before it has finished; so signals are blocked, then ignored. */
static void close_signals(struct loop *loop)
{
    sigset_t watched;

    sigemptyset(&watched);
    for (int i = 0; i < loop->signal_count; i++)
        sigaddset(&watched, loop->signals[i].number);
    pthread_sigmask(SIG_BLOCK, &watched, NULL);
    for (int i = 0; i < loop->signal_count; i++) {
        uv_close((uv_handle_t *)&loop->signals[i].uv, NULL);
        signal(loop->signals[i].number, SIG_IGN);
    }
    pthread_sigmask(SIG_UNBLOCK, &watched, NULL);
}

void loop_close(struct loop *loop)
{
    int r;

    if (loop == NULL)
        return;
    resolver_close(loop->names);
    stream_fd_loop_close(loop);
    uv_close((uv_handle_t *)&loop->turn_end, NULL);
    uv_close((uv_handle_t *)&loop->alarm, NULL);
    close_signals(loop);
    /* Called twice if loop_stop was called outside loop_run: the first call
     * then returns at once. */
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        continue;
    r = uv_loop_close(&loop->uv);
    assert(r == 0);
    (void)r;
    descriptors_done(&loop->descriptors);
    free(loop->read_buffer);
    free(loop);
}

void loop_run(struct loop *loop)
{
    loop->is_stopped = false;
    /* libuv checks whether anything is left before our end of turn sets the
     * alarm: a deadline alone would not keep the loop running. */
    do {
        uv_run(&loop->uv, UV_RUN_DEFAULT);
        set_alarm(loop);
    } while (!loop->is_stopped && uv_loop_alive(&loop->uv));
}

void loop_stop(struct loop *loop)
{
    loop->is_stopped = true;
    uv_stop(&loop->uv);
}

void loop_on_turn_end(struct loop *loop, void (*handler)(void *owner),
                      void *owner)
{
    loop->on_turn_end = handler;
    loop->turn_end_owner = owner;
}

void loop_watch(struct loop *loop, struct deadline_queue *queue)
{
    assert(queue->on_due != NULL);
    /* Adding a queue that is in a list already would tear that list. */
    assert(list_is_empty(&queue->watched));
    list_add_tail(&loop->watches, &queue->watched);
}

static void loop_signal_due(uv_signal_t *uv, int number)
{
    struct loop_signal *s = uv->data;

    loop_turn_begins(CONTAINER_OF(uv->loop, struct loop, uv));
    s->handler(s->owner, number);
}

int loop_on_signal(struct loop *loop, int number,
                   void (*handler)(void *owner, int number), void *owner)
{
    struct loop_signal *s;
    int r;

    assert(loop->signal_count < LOOP_SIGNAL_MAX);
    s = &loop->signals[loop->signal_count];
    r = uv_signal_init(&loop->uv, &s->uv);
    if (r < 0)
        return r;
    loop->signal_count++;
    s->uv.data = s;
    s->number = number;
    s->handler = handler;
    s->owner = owner;
    uv_unref((uv_handle_t *)&s->uv);
    return uv_signal_start(&s->uv, loop_signal_due, number);
}

uint8_t *loop_read_buffer(struct loop *loop)
{
    return loop->read_buffer;
}

const struct histogram *loop_turn_times(const struct loop *loop)
{
    return &loop->turn_times;
}

uint64_t loop_turn_began_us(const struct loop *loop)
{
    return loop->turn_began_us;
}

uint64_t loop_starved_count(const struct loop *loop)
{
    return loop->descriptors.lack_count;
}

/*
 * A VM has moved, and some of its output may still be on its way from its
 * former host: the source leaves. Input is the destination's already; what
 * that prints waits for the last byte of the source.
 *
 * When is that here? The guest was stopped before the destination said
 * COMPLETE, so the source says nothing new, and its host closes it soon: its
 * end is the best answer. A host may leave it open, though. Then:
 *
 * - What a source has printed since BEGIN has come when nothing more is there,
 *   if it is no more than a host sends without waiting for an answer. It came
 *   straight, and COMPLETE a longer way: over the destination's host, which
 *   had to hear PEER-OK first.
 * - Of more than that some may have waited for us to read, and takes its time
 *   to come: a silence says that there is none.
 *
 * Clients are waited for as ever, within LIMIT_LEAVE_MAX_US: a source that goes
 * on and on has not stopped, and must not silence the destination.
 */
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

/* The one that leaves is nobody's from now on. */
static struct vm_link *release(struct console *c)
{
    struct vm_link *link = c->leaving;

    c->leaving = NULL;
    link->leaves = NULL;
    deadline_stop(&c->leave);
    console_stop_hold(c);
    return link;
}

/* What the console's link has to say comes next. */
static void let_go(struct console *c, const char *reason)
{
    struct vm_link *link = release(c);

    link->ops->dismiss(link, reason);
    console_mark(c, CONSOLE_DUE_RESUME);
}

void console_start_leaving(struct console *c, uint64_t from, uint64_t now_us)
{
    c->leave_from = from;
    c->leave_until_us = now_us + LIMIT_LEAVE_MAX_US;
    deadline_start(&c->directory->leaves, &c->leave, now_us);
    console_mark(c, CONSOLE_DUE_LEAVE);
}

/* All that has come, if it is no more than a MiB: a host that sends without end
 * must not keep the others waiting. Returns how much is lost, at least. */
static size_t drain(struct console *c)
{
    enum { READS_MAX = 16 };
    struct vm_link *link = c->leaving;

    for (int i = 0; i < READS_MAX; i++) {
        if (!link->ops->drain(link))
            return 0;
        console_pull_readers(c);
    }
    return link->ops->discard(link);
}

void console_dismiss_leaving(struct console *c, const char *reason)
{
    struct fact fact = { .kind = FACT_OUTPUT_LOST, .console = c };

    memcpy(fact.output_lost.peer, c->leaving->peer,
           sizeof fact.output_lost.peer);
    fact.output_lost.bytes = drain(c);
    if (fact.output_lost.bytes > 0)
        fact_add(&c->directory->facts, fact);
    let_go(c, reason);
}

void console_finish_leaving(struct console *c)
{
    if (c->leaving != NULL)
        console_dismiss_leaving(c, "its VM has moved to another host");
}

void console_leaving_goes_on(struct vm_link *link, uint64_t now_us)
{
    struct console *c = link->leaves;

    if (now_us >= c->leave_until_us)
        console_finish_leaving(c);
    else
        deadline_start(&c->directory->leaves, &c->leave, now_us);
}

void console_leaving_is_empty(struct vm_link *link)
{
    struct console *c = link->leaves;

    if (c->output.head - c->leave_from <= LIMIT_FIRST_FLIGHT)
        let_go(c, "its VM has moved to another host");
}

void console_leaving_has_ended(struct vm_link *link)
{
    struct console *c = link->leaves;

    if (c == NULL)
        return;
    release(c);
    console_mark(c, CONSOLE_DUE_RESUME);
}

void console_leave_due(struct console *c, uint64_t now_us)
{
    /* Clients are slow, and it was not read: that is no silence. */
    if (deadline_is_running(&c->hold) && now_us < c->leave_until_us)
        deadline_start(&c->directory->leaves, &c->leave, now_us);
    else
        console_finish_leaving(c);
}

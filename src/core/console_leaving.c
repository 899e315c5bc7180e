/*
 * A VM has moved, and some of its output may still be on its way from its
 * former host: the source leaves. Input is the destination's already; what the
 * destination prints waits for the last byte of the source.
 *
 * When has that come? The guest was stopped before the destination said
 * COMPLETE, so the source says nothing new, and its host closes it soon: its
 * end is the best answer. But a host may leave it open. Then:
 *
 *  - If the source has printed no more since BEGIN than a host sends without
 *    waiting for an answer (LIMIT_FIRST_FLIGHT), all of it has come when
 *    nothing more is there. It came straight, and COMPLETE took a longer way:
 *    over the destination's host, which had to hear PEER-OK first.
 *  - Of more than that, a part may have waited in the host until vspcd read,
 *    and takes its time to come. A silence (LIMIT_LEAVE_SILENCE_US) says that
 *    there is none.
 *
 * Clients are waited for as ever, within LIMIT_LEAVE_MAX_US: a source that goes
 * on and on has not stopped, and must not silence the destination.
 *
 * Refused: to read at COMPLETE what is there and to close. Output beyond one
 * read was lost, and clients that had paused for a moment lost output by a
 * move.
 *
 * Whatever ends the leaving early (the destination is lost, starts over, or is
 * replaced) drains the source: it is read for what has come, and counted where
 * that is too much.
 */
#include "base/mem.h"
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

#include <assert.h>
#include <stdlib.h>

/* The link that leaves is nobody's from now on. The hold goes with it: it was
 * the hold of a reader against this link's output, and the next link asks for
 * room itself. */
static struct vm_link *release(struct console *c)
{
    struct vm_link *link = c->leaving;

    c->leaving = NULL;
    link->leaves = NULL;
    if (c->leave != NULL)
        deadline_stop(&c->leave->silence);
    free(c->leave);
    c->leave = NULL;
    console_stop_hold(c);
    return link;
}

/* The console's own link prints next. Released before it is dismissed: in its
 * dismissal the link must not find a console to print to. */
static void let_go(struct console *c, const char *reason)
{
    struct vm_link *link = release(c);

    link->ops->dismiss(link, reason);
    console_mark(c, CONSOLE_DUE_RESUME);
}

void console_start_leaving(struct console *c, uint64_t from, uint64_t now_us)
{
    assert(c->leave == NULL);
    c->leave = xmalloc(sizeof *c->leave);
    *c->leave = (struct console_leave){
        .console = c,
        .from = from,
        .until_us = now_us + LIMIT_LEAVE_MAX_US,
    };
    deadline_init(&c->leave->silence);
    deadline_start(&c->directory->leaves, &c->leave->silence, now_us);
    console_mark(c, CONSOLE_DUE_LEAVE);
}

/*
 * Reads all that has come, up to a MiB: a host that sends without end must not
 * keep the others waiting. Returns how many bytes are lost, at least.
 *
 * Readers are pulled before each read, although this is the middle of core's
 * work: one read after the other, or behind the output that the link had kept,
 * would push out of the ring what clients that keep up have not had yet. It is
 * safe: the console is whole here, and an operation attaches and detaches
 * nothing.
 */
static size_t drain(struct console *c)
{
    enum { READS_MAX = 16 };
    struct vm_link *link = c->leaving;

    link->ops->begin_drain(link);
    console_pull_readers(c);
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
        console_dismiss_leaving(c, "its VM moved to another host");
}

void console_leaving_goes_on(struct vm_link *link, uint64_t now_us)
{
    struct console *c = link->leaves;

    if (c->leave == NULL)
        return;
    if (now_us >= c->leave->until_us)
        console_finish_leaving(c);
    else
        deadline_start(&c->directory->leaves, &c->leave->silence, now_us);
}

/* Only with little output since BEGIN is "nothing is there" an answer;
 * otherwise the silence decides, and the deadline runs. */
void console_leaving_is_empty(struct vm_link *link)
{
    struct console *c = link->leaves;

    if (c->leave != NULL &&
        c->output.head - c->leave->from <= LIMIT_FIRST_FLIGHT)
        let_go(c, "its VM moved to another host");
}

/* A link that was let go before its end came has no console any more. */
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
    struct console_leave *leave = c->leave;

    /* While clients are slow the source is not read: that is no silence of its
     * own. Only LIMIT_LEAVE_MAX_US ends that. */
    if (deadline_is_running(&c->hold) && now_us < leave->until_us)
        deadline_start(&c->directory->leaves, &leave->silence, now_us);
    else
        console_finish_leaving(c);
}

/*
 * Nothing ends in the middle of somebody else's work: the operations of links
 * and readers that may write, read and enter core again are called here, when
 * core's own state is whole.
 *
 * They are called here and nowhere else, one after the other, from the loop
 * below. So an operation finds every console whole. What it causes is a mark
 * again, on this console or (null modem) on another one, and the loop finds it.
 *
 * Refused: calling them where the change happens, which core once did. A
 * client's write failed and ended its session; the break that this client held
 * ended at the VM; the VM's flush failed and ended the VM's session; that end
 * was told to all clients, within a walk over just these clients, whose next
 * node was gone. Guards ("it may have ended", flags against re-entrance) mended
 * one path and left the next. A VM and four clients that were reset at one
 * moment were enough for an endless loop.
 *
 * The order of the steps:
 *
 *  1. JUDGE: nobody does or sees more of a console that has become another one
 *     for the rules.
 *  2. SERVE: the other steps are about the console's link, so the link has to
 *     be the right one.
 *  3. LEAVE: the source that leaves is read before anything is shown, because
 *     its output comes before the destination's.
 *  4. INPUT, INPUT_END: input goes out before lines and output, because people
 *     wait for it.
 *  5. VM_SEES: what the VM is told of its lines stands behind the input.
 *  6. PULL, CLIENTS_SEE, TAKES_INPUT: the clients' side, output first, so that
 *     a change of lines is told behind the output that came before it.
 *  7. PEOPLE: nobody waits for that.
 *  8. RESUME: the VM is read again behind the pull, when the readers have made
 *     the room that they make.
 *
 * The lowest mark is taken first, each time anew: a step may leave an earlier
 * one to do, and that one goes first.
 *
 * The loop ends. Each byte of output is poured once, a link that takes no more
 * says so and is not asked again, and a session that breaks in an operation is
 * only marked: it attaches and detaches nothing here.
 */
#include "core/console_private.h"
#include "core/directory.h"

#include <assert.h>

void console_mark(struct console *c, enum console_due what)
{
    struct directory *d = c->directory;

    if (c->due == 0) {
        c->next_unsettled = NULL;
        *d->last_unsettled = c;
        d->last_unsettled = &c->next_unsettled;
    }
    c->due |= (uint16_t)what;
}

/* The list of unsettled consoles is short: a walk costs less than a
 * second pointer in each of them. */
void console_forget_due(struct console *c)
{
    struct directory *d = c->directory;
    struct console **at = &d->unsettled;

    if (c->due == 0)
        return;
    while (*at != c)
        at = &(*at)->next_unsettled;
    *at = c->next_unsettled;
    if (*at == NULL)
        d->last_unsettled = at;
    c->due = 0;
}

/* By a judgement a client is only marked to end: the list stays as it is. */
static void console_settle_judge(struct console *c)
{
    LIST_EACH (node, after, &c->clients) {
        if (client_at(node)->ops->judge != NULL)
            client_at(node)->ops->judge(client_at(node));
    }
}

/* Between mark and step the link may have gone, or be another one; each step
 * looks at what is there now. */
static void console_settle_serve(struct console *c)
{
    if (c->link != NULL)
        c->link->ops->serve(c->link);
}

static void console_settle_leave(struct console *c)
{
    if (c->leaving != NULL)
        c->leaving->ops->leave(c->leaving);
}

static void console_settle_end_input(struct console *c)
{
    if (c->link != NULL)
        c->link->ops->input_end(c->link);
}

static void console_settle_tell_link(struct console *c)
{
    if (c->link != NULL)
        c->link->ops->lines_changed(c->link);
}

void console_pull_readers(struct console *c)
{
    LIST_EACH (node, after, &c->readers)
        reader_at(node)->kind->pull(reader_at(node));
}

static void console_settle_tell_clients(struct console *c)
{
    LIST_EACH (node, after, &c->clients)
        client_at(node)->ops->lines_changed(client_at(node));
}

static void console_settle_change_input(struct console *c)
{
    LIST_EACH (node, after, &c->clients)
        client_at(node)->ops->input_changed(client_at(node));
}

static void console_settle_tell_people(struct console *c)
{
    LIST_EACH (node, after, &c->clients) {
        if (client_at(node)->ops->people_changed != NULL)
            client_at(node)->ops->people_changed(client_at(node));
    }
}

static void console_settle_resume(struct console *c)
{
    struct vm_link *link = c->leaving != NULL ? c->leaving : c->link;

    if (link != NULL)
        link->ops->resume(link);
}

/* In the order of enum console_due, which numbers them. */
static void (*const steps[])(struct console *c) = {
    console_settle_judge,        console_settle_serve,
    console_settle_leave,        console_pass_on_input,
    console_settle_end_input,    console_settle_tell_link,
    console_pull_readers,        console_settle_tell_clients,
    console_settle_change_input, console_settle_tell_people,
    console_settle_resume,
};

_Static_assert(CONSOLE_DUE_END == 1 << (sizeof steps / sizeof steps[0]),
               "a step for each enum console_due");

/* Takes the first step that is due off the console's marks. The mark is cleared
 * before the step is done: what the step leaves to do is a new mark. */
static unsigned next_step(struct console *c)
{
    unsigned step = 0;

    while (!(c->due & 1u << step))
        step++;
    c->due &= (uint16_t) ~(1u << step);
    return step;
}

static void unlink_first(struct directory *d)
{
    d->unsettled = d->unsettled->next_unsettled;
    if (d->unsettled == NULL)
        d->last_unsettled = &d->unsettled;
}

void directory_settle(struct directory *d)
{
    /* An operation that calls this would run steps within a step. */
    assert(!d->is_settling);
    d->is_settling = true;
    while (d->unsettled != NULL) {
        /* The first of the list each time, and no walk: a step may put other
         * consoles on it, and this one again. */
        struct console *c = d->unsettled;
        unsigned step = next_step(c);

        if (c->due == 0)
            unlink_first(d);
        steps[step](c);
    }
    d->is_settling = false;
}

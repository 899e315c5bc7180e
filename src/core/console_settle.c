/*
 * What core has left to do when its own state is whole: the operations of links
 * and readers that may write, read, and enter core again.
 *
 * They are called here and nowhere else, one after the other, from the loop
 * below and from no function that is at work. So an operation finds every
 * console whole, and what it causes is a mark again, on this console or (null
 * modem) on another one. Called in the middle instead, a write that failed
 * would end its session, whose break ends at the VM, whose flush fails, whose
 * end is told to the clients: in the middle of a walk over just these clients.
 *
 * The order. Who serves is settled first, for the rest is about the console's
 * link. A source that leaves is read before anything is shown, because its
 * words come before the destination's. Input goes out before lines and output:
 * it is what people wait for. Readers are pulled before the VM is read on, so
 * that it is asked for more when there is room.
 */
#include "core/console_private.h"
#include "core/directory.h"

#include <assert.h>

static struct reader *reader_at(struct list *node)
{
    return CONTAINER_OF(node, struct reader, node);
}

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

/* Of consoles that are settled the list is short: a walk costs less than a
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

static void console_settle_resume(struct console *c)
{
    struct vm_link *link = c->leaving != NULL ? c->leaving : c->link;

    if (link != NULL)
        link->ops->resume(link);
}

/* In the order of enum console_due. */
static void (*const steps[])(struct console *c) = {
    console_settle_serve,        console_settle_leave,
    console_pass_on_input,       console_settle_end_input,
    console_settle_tell_link,    console_pull_readers,
    console_settle_tell_clients, console_settle_change_input,
    console_settle_resume,
};

_Static_assert(CONSOLE_DUE_END == 1 << (sizeof steps / sizeof steps[0]),
               "a step for each enum console_due");

/* The step that comes first of those that are due. */
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
    assert(!d->is_settling);
    d->is_settling = true;
    while (d->unsettled != NULL) {
        struct console *c = d->unsettled;
        unsigned step = next_step(c);

        if (c->due == 0)
            unlink_first(d);
        steps[step](c);
    }
    d->is_settling = false;
}

/*
 * A console's input: to the link, as fast as the link takes it, and kept while
 * the link takes nothing or must get nothing. A break keeps its place among the
 * bytes.
 *
 * Input waits in one queue, held_input, for either reason: the VM moves (or has
 * switched the extension off), or its connection is full. It is kept raw,
 * without telnet's doubling, because the link that gets it may be another one
 * than the link it was meant for, and because a purge must find it.
 *
 * Three rules keep the order:
 *
 *  - While anything waits, nothing passes it (keeps_input). New input is
 *    appended, also when the link takes some again.
 *  - A break is a mark with a position in the input. Bytes in front of it go
 *    first, next_held_input cuts there.
 *  - The link is given input in two ways only: give_to_link for what may be
 *    refused in part, queue_input for what has to be in its stream before the
 *    message that follows (GOAHEAD).
 *
 * From held_input_max on, clients are no longer read for input. Nothing is ever
 * dropped for being too much, except where there is no memory at all, which
 * ends the client that sent it.
 */
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

/* Called behind every change of held_input. Clients are told by a mark, and
 * only when the answer changes: it would be one call for each client and each
 * byte otherwise. */
static void update_takes_input(struct console *c)
{
    bool takes = c->held_input.len < c->directory->settings.held_input_max;

    if (c->takes_input == takes)
        return;
    c->takes_input = takes;
    console_mark(c, CONSOLE_DUE_TAKES_INPUT);
}

/* Whether the VM must not get input now. Four reasons with one effect; each
 * ends by its own event, and that event marks CONSOLE_DUE_INPUT
 * (console_release_input, console_set_link_full, console_move_over). */
static bool is_input_held(const struct console *c)
{
    return c->is_input_held || c->is_link_full || c->move != NULL ||
           c->link == NULL;
}

/* New input is kept also when the link could take it, as long as older input
 * waits in front of it. */
static bool keeps_input(const struct console *c)
{
    return is_input_held(c) || c->held_input.len > 0;
}

bool console_passes_input(const struct console *c)
{
    return !keeps_input(c);
}

/* Held input has gone on, or is dropped. */
static void let_go(struct console *c, size_t len)
{
    buf_take(&c->held_input, len);
    c->directory->held_bytes -= len;
}

void console_purge_input(struct console *c)
{
    let_go(c, c->held_input.len);
    break_mark_take(&c->held_break);
    update_takes_input(c);
}

/* How many bytes the link took. */
static size_t give_to_link(struct console *c, struct slice bytes)
{
    size_t taken = c->link->ops->input(c->link, bytes);

    if (taken < bytes.len)
        c->is_link_full = true;
    console_mark(c, CONSOLE_DUE_INPUT_END);
    return taken;
}

/* Collected as input is, for a client may send as many as it likes. A link that
 * has collected enough writes, and says so if it is full: then the next break
 * waits. */
static void give_break(struct console *c)
{
    c->link->ops->line_break(c->link, true);
    if (break_mark_take(&c->held_break))
        c->link->ops->line_break(c->link, false);
    console_mark(c, CONSOLE_DUE_INPUT_END);
}

/* Up to the break that waits, if one does; empty: the break is next. The
 * position of the first byte that waits is what has come (input_bytes) less
 * what waits. */
static struct slice next_held_input(const struct console *c)
{
    struct slice held = buf_bytes(&c->held_input);
    uint64_t before =
        break_mark_before(&c->held_break, c->input_bytes - held.len);

    if (before < held.len)
        held.len = (size_t)before;
    return held;
}

static bool keeps_anything(const struct console *c)
{
    return c->held_input.len > 0 || c->held_break.is_there;
}

/* For move_begin. All or nothing does not hold here: a link that refuses has
 * got a part of the input, in order, and the rest stays kept. Nothing is lost
 * or doubled, and BEGIN is answered with NOTNOW. */
bool console_queue_input(struct console *c)
{
    while (keeps_anything(c)) {
        struct slice held = next_held_input(c);

        if (held.len == 0) {
            give_break(c);
        } else if (c->link->ops->queue_input(c->link, held)) {
            let_go(c, held.len);
        } else {
            return false;
        }
    }
    update_takes_input(c);
    return true;
}

/*
 * A read's worth at a time, while the link takes it, and written each time:
 * what a link collects is bounded (vm_input.c), and what is held may be more.
 *
 * give_to_link sets is_link_full when the link takes less than all, and
 * input_end may set it; the loop's condition sees both. So the loop ends with
 * an empty queue or with a link that will call console_set_link_full(c, false).
 */
void console_pass_on_input(struct console *c)
{
    while (keeps_anything(c) && !is_input_held(c)) {
        struct slice held = next_held_input(c);

        if (held.len == 0) {
            give_break(c);
            continue;
        }
        if (held.len > LIMIT_READ)
            held.len = LIMIT_READ;
        let_go(c, give_to_link(c, held));
        c->link->ops->input_end(c->link);
    }
    update_takes_input(c);
}

bool console_input(struct console *c, struct slice bytes)
{
    int r;

    /* Counted before anything else: a break that comes next has its place
     * behind these bytes, whether or not they wait. */
    c->input_bytes += bytes.len;
    c->directory->input_bytes += bytes.len;
    if (!keeps_input(c))
        bytes = slice_after(bytes, give_to_link(c, bytes));
    if (bytes.len == 0)
        return true;
    /* Never too much: one client's read fits above the mark, and then a little
     * of others. So a failure is a want of memory. */
    r = buf_append(&c->held_input, bytes);
    if (r == 0)
        c->directory->held_bytes += bytes.len;
    update_takes_input(c);
    return r == 0;
}

/* Becoming full marks nothing: input that comes is kept from now on, and that
 * is all. */
void console_set_link_full(struct console *c, bool is_full)
{
    c->is_link_full = is_full;
    if (!is_full && keeps_anything(c))
        console_mark(c, CONSOLE_DUE_INPUT);
}

/* A flag and no counter: only the extension switched off sets it, and a new
 * link has it cleared (unlink_vm). */
void console_hold_input(struct console *c)
{
    c->is_input_held = true;
}

void console_release_input(struct console *c)
{
    c->is_input_held = false;
    console_mark(c, CONSOLE_DUE_INPUT);
}

/*
 * A break that begins waits for its place, behind the input so far, and goes on
 * at once if nothing waits. The end of a break that has not gone on yet goes
 * with it. The end of a break that has gone on goes at once: it has no place
 * that could be in the way of it.
 */
void console_break_input(struct console *c, bool is_on)
{
    if (!console_has_vm(c))
        return;
    if (break_mark_put(&c->held_break, is_on, c->input_bytes)) {
        console_pass_on_input(c);
    } else if (c->link != NULL) {
        c->link->ops->line_break(c->link, false);
        console_mark(c, CONSOLE_DUE_INPUT_END);
    }
}

bool console_has_input_room(const struct console *c, size_t len)
{
    return c->held_input.len + len <= c->held_input.max;
}

bool console_takes_input(const struct console *c)
{
    return c->takes_input;
}

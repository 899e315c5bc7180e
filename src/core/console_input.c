/*
 * A console's input: to the link, as fast as that takes it, and kept while it
 * takes nothing or must get nothing. A break keeps its place among the bytes.
 */
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

/* Whether clients are to be read. */
static void update_takes_input(struct console *c)
{
    bool takes = c->held_input.len < c->directory->settings.held_input_max;

    if (c->takes_input == takes)
        return;
    c->takes_input = takes;
    console_mark(c, CONSOLE_DUE_TAKES_INPUT);
}

/* Whether the VM must not get input now. */
static bool is_input_held(const struct console *c)
{
    return c->is_input_held || c->is_link_full || c->move != NULL ||
           c->link == NULL;
}

/* Also behind what was kept and is still on its way. */
static bool keeps_input(const struct console *c)
{
    return is_input_held(c) || c->held_input.len > 0;
}

void console_purge_input(struct console *c)
{
    buf_take(&c->held_input, c->held_input.len);
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

/* Written at once: a link that takes nothing more is known before the next
 * break, of which a client may send as many as it likes. */
static void give_break(struct console *c)
{
    c->link->ops->line_break(c->link, true);
    if (break_mark_take(&c->held_break))
        c->link->ops->line_break(c->link, false);
    c->link->ops->input_end(c->link);
}

/* Up to a break that waits there; NULL-length: the break is next. */
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

bool console_queue_input(struct console *c)
{
    while (keeps_anything(c)) {
        struct slice held = next_held_input(c);

        if (held.len == 0) {
            give_break(c);
        } else if (c->link->ops->queue_input(c->link, held)) {
            buf_take(&c->held_input, held.len);
        } else {
            return false;
        }
    }
    update_takes_input(c);
    return true;
}

/*
 * A read's worth at a time, while the link takes it; written each time, for
 * what is collected is bounded, and what is held may be more.
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
        buf_take(&c->held_input, give_to_link(c, held));
        c->link->ops->input_end(c->link);
    }
    update_takes_input(c);
}

bool console_input(struct console *c, struct slice bytes)
{
    int r;

    c->input_bytes += bytes.len;
    if (!keeps_input(c))
        bytes = slice_after(bytes, give_to_link(c, bytes));
    if (bytes.len == 0)
        return true;
    /* One client's read fits above the mark, and then a little of others. */
    r = buf_append(&c->held_input, bytes);
    update_takes_input(c);
    return r == 0;
}

void console_set_link_full(struct console *c, bool is_full)
{
    c->is_link_full = is_full;
    if (!is_full && keeps_anything(c))
        console_mark(c, CONSOLE_DUE_INPUT);
}

void console_hold_input(struct console *c)
{
    c->is_input_held = true;
}

void console_release_input(struct console *c)
{
    c->is_input_held = false;
    console_mark(c, CONSOLE_DUE_INPUT);
}

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

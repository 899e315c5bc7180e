/*
 * A console's serial line: modem lines across the null modem, and what else is
 * told there. A break in the input is in console_input.c: it keeps its place.
 */
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

uint8_t console_client_lines(const struct console *c)
{
    unsigned driven = 0;

    LIST_EACH (node, after, &c->clients)
        driven |= client_at(node)->lines;
    return (uint8_t)driven;
}

static uint8_t across(unsigned driven)
{
    return (uint8_t)((driven & LINE_DTR ? LINE_DSR | LINE_DCD : 0) |
                     (driven & LINE_RTS ? LINE_CTS : 0));
}

static uint8_t seen_by_vm(const struct console *c)
{
    unsigned always = c->directory->settings.is_dcd_always_on ? LINE_DCD : 0;

    /* The concentrator takes the output, whether or not anybody reads it. */
    if (c->client_count == 0)
        return (uint8_t)(LINE_DSR | LINE_CTS | always);
    return (uint8_t)(across(console_client_lines(c)) | always);
}

uint8_t console_lines(const struct console *c, enum line_side seen_by)
{
    if (seen_by == LINE_VM)
        return seen_by_vm(c);
    return console_has_vm(c) ? across(c->line.vm_lines) : 0;
}

void console_tell_vm_lines(struct console *c)
{
    console_mark(c, CONSOLE_DUE_CLIENTS_SEE);
}

void console_tell_client_lines(struct console *c)
{
    console_mark(c, CONSOLE_DUE_VM_SEES);
}

void console_set_vm_lines(struct console *c, uint8_t driven)
{
    if (c->line.vm_lines == driven)
        return;
    c->line.vm_lines = driven;
    console_tell_vm_lines(c);
}

void console_break_output(struct console *c, bool is_on)
{
    c->is_in_break = is_on;
    LIST_EACH (node, after, &c->clients)
        view_note_break(&client_at(node)->view, is_on, c->output.head);
    console_mark(c, CONSOLE_DUE_PULL);
}

void console_purge_output(struct console *c, uint64_t now_us)
{
    LIST_EACH (node, after, &c->clients)
        client_skip(client_at(node), now_us);
}

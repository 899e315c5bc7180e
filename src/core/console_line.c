/*
 * A console's modem lines, breaks of the output, and the size of its window.
 * The console is a null modem: what one side drives (DTR, RTS), the other side
 * sees (DSR and DCD, CTS). Nothing is stored of what a side sees; it is
 * computed from who is there and what they drive, so it cannot be wrong after
 * somebody has left, moved or come.
 *
 * Changes are marked, and each side is asked to look (lines_changed): several
 * changes in a turn are one message, and a session compares with what it has
 * told.
 *
 * The window is the size that a VM gets which wants one. A serial line has one
 * size, and clients have many: it is that of the client that typed last; while
 * nobody has typed, the last one that came.
 *
 * A break in the input is in console_input.c: it keeps its place among the
 * bytes.
 */
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

uint8_t console_client_lines(const struct console *c)
{
    return (uint8_t)((c->dtr_clients > 0 ? LINE_DTR : 0) |
                     (c->rts_clients > 0 ? LINE_RTS : 0));
}

/* Counted, because a VM asks for its lines as often as it likes. */
void console_count_lines(struct console *c, uint8_t driven, int by)
{
    if (driven & LINE_DTR)
        c->dtr_clients += (uint32_t)by;
    if (driven & LINE_RTS)
        c->rts_clients += (uint32_t)by;
    console_tell_client_lines(c);
}

/* The crossing of docs/rfc2217.md. DTR is both DSR and DCD at the other end, as
 * in a full null modem: guests look at DCD to see whether somebody is there. */
static uint8_t across(unsigned driven)
{
    return (uint8_t)((driven & LINE_DTR ? LINE_DSR | LINE_DCD : 0) |
                     (driven & LINE_RTS ? LINE_CTS : 0));
}

/*
 * Without clients the VM sees a concentrator that takes its output (DSR, CTS),
 * but nobody at the other end (no DCD), unless dcd-always-on says so. CTS off
 * would stop a guest with hardware flow control for good, and its output is
 * wanted in history and log.
 */
static uint8_t seen_by_vm(const struct console *c)
{
    unsigned always = c->directory->settings.is_dcd_always_on ? LINE_DCD : 0;

    /* The concentrator takes the output, whether or not anybody reads it. */
    if (c->client_count == 0)
        return (uint8_t)(LINE_DSR | LINE_CTS | always);
    return (uint8_t)(across(console_client_lines(c)) | always);
}

/* Clients see what the VM drives while there is one, also on its way to another
 * host; then its lines are those of the console's line. */
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

/* Only changes are told: a VM repeats its lines as often as it likes. */
void console_set_vm_lines(struct console *c, uint8_t driven)
{
    if (c->line.vm_lines == driven)
        return;
    c->line.vm_lines = driven;
    console_tell_vm_lines(c);
}

/* Each client has its own mark: they are at different places in the output.
 * is_in_break is for a client that took no answers when the break ended, and
 * looks later (client_line_catch_up). */
void console_break_output(struct console *c, bool is_on)
{
    c->is_in_break = is_on;
    LIST_EACH (node, after, &c->clients)
        view_note_break(&client_at(node)->view, is_on, c->output.head);
    if (is_on)
        reader_tell_break(c, NULL);
    console_mark(c, CONSOLE_DUE_PULL);
}

/* For clients only. A console log keeps what a VM has printed: a purge is about
 * what waits in the line, and not about what was said. */
void console_purge_output(struct console *c, uint64_t now_us)
{
    LIST_EACH (node, after, &c->clients)
        client_skip(client_at(node), now_us);
}

/* ---- the window --------------------------------------------------------- */

/* A client that leaves takes no size with it: the guest must not be resized by
 * that. One whose size is not known changes nothing. */
static void set_window(struct console *c, struct window window)
{
    if (!window_is_known(window) || window_is_equal(c->window, window))
        return;
    c->window = window;
    console_mark(c, CONSOLE_DUE_VM_SEES);
}

void console_note_typist(struct console *c, const struct client *client)
{
    c->typist = client->number;
    set_window(c, client->window);
}

/* Who may only read has a window as well, and the VM none of it. */
void console_note_window(struct console *c, const struct client *client)
{
    if (client->right < RIGHT_WRITE)
        return;
    if (c->typist == 0 || c->typist == client->number)
        set_window(c, client->window);
}

void console_forget_typist(struct console *c, const struct client *client)
{
    if (c->typist == client->number)
        c->typist = 0;
}

void console_set_takes_window(struct vm_link *link, bool takes)
{
    link->takes_window = takes;
    if (link->console == NULL || !takes)
        return;
    console_mark(link->console, CONSOLE_DUE_VM_SEES);
    console_mark(link->console, CONSOLE_DUE_CLIENTS_SEE);
}

bool console_wants_window(const struct console *c)
{
    return c->link != NULL && c->link->takes_window;
}

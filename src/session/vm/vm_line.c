/*
 * A VM's side of its console's serial line: docs/rfc2217.md.
 *
 * Where the settings are depends on the phase: in the console once it is known,
 * in struct identity before. line_of is the one place that knows; a move's
 * destination begins with the settings of the console that it joins, because
 * its host renegotiates the option but sends no settings.
 */
#include "base/clock.h"
#include "core/move.h"
#include "proto/naws.h"
#include "session/vm/vm_session_private.h"

/* Without a console yet the VM sees a concentrator that is there. A move's
 * destination sees what the source saw: a DCD that goes off for a moment hangs
 * up the guest's terminal. */
static uint8_t lines_seen(const struct vm_session *s)
{
    const struct console *c = s->link.console;

    if (c == NULL && s->link.move != NULL)
        c = s->link.move->console;
    return c != NULL ? console_lines(c, LINE_VM) : LINE_DSR | LINE_CTS;
}

int vm_line_tell(struct vm_session *s)
{
    return comport_peer_tell_lines(&s->comport, lines_seen(s),
                                   &s->telnet.wire.out);
}

int vm_line_tell_break(struct vm_session *s, bool is_on)
{
    return comport_peer_tell_break(&s->comport, is_on, &s->telnet.wire.out);
}

void vm_line_join(struct vm_session *s)
{
    vm_session_new_identity(s);
    s->identity->line = s->link.move->console->line;
}

/* A VM that speaks no RFC 2217 drives both lines. A destination that has
 * negotiated the option drives what the console's VM drove (vm_line_join): that
 * it has said nothing about its lines is no reason to raise them. */
void vm_line_take_early(struct vm_session *s)
{
    struct console *c = s->link.console;
    uint8_t driven = LINE_BOTH;

    if (s->comport.is_on && s->identity != NULL) {
        driven = s->identity->line.vm_lines;
        line_take(&c->line, &s->identity->line, LINE_VM);
    }
    console_set_vm_lines(c, driven);
}

/* A request to purge concerns the console; without one nothing waits. */
static void purge(struct vm_session *s, bool input, bool output)
{
    struct console *c = s->link.console;

    if (c == NULL)
        return;
    if (input)
        console_purge_input(c);
    if (output && vm_session_affords(s))
        console_purge_output(c, clock_now_us());
}

/* Where its settings are kept. */
static struct line *line_of(struct vm_session *s)
{
    if (s->link.console != NULL)
        return &s->link.console->line;
    vm_session_new_identity(s);
    return &s->identity->line;
}

static void set_driven(struct vm_session *s, uint8_t driven)
{
    if (s->link.console != NULL)
        console_set_vm_lines(s->link.console, driven);
    else
        line_of(s)->vm_lines = driven;
}

/*
 * Of several breaks that wait in one client's output the last one counts.
 * Settled at once, each of them is shown to clients that have caught up: those
 * of a person and a guest. Not all of a flood, of which each costs two walks
 * over all clients, for two bytes that it takes the VM: what holds at its end
 * is shown (vm_line_catch_up).
 */
static void break_output(struct vm_session *s, bool is_on)
{
    if (s->link.console == NULL || !vm_session_affords(s))
        return;
    console_break_output(s->link.console, is_on);
    vm_session_settle(s);
}

void vm_line_catch_up(struct vm_session *s)
{
    struct console *c = s->link.console;

    if (s->costly >= VM_COSTLY_MAX && c != NULL &&
        c->is_in_break != s->comport.is_break)
        console_break_output(c, s->comport.is_break);
}

static void fulfil(struct vm_session *s, enum comport_wish wish, uint8_t driven)
{
    switch (wish) {
    case COMPORT_WISH_NOTHING:
    case COMPORT_WISH_NO_BREAK: /* a VM may make any */
        break;
    case COMPORT_WISH_LINES:
        set_driven(s, driven);
        break;
    case COMPORT_WISH_BREAK:
        break_output(s, s->comport.is_break);
        break;
    case COMPORT_WISH_SUSPEND:
        vm_input_update(s);
        break;
    case COMPORT_WISH_PURGE_TO:
        purge(s, true, false);
        break;
    case COMPORT_WISH_PURGE_FROM:
        purge(s, false, true);
        break;
    case COMPORT_WISH_PURGE_BOTH:
        purge(s, true, true);
        break;
    }
}

int vm_line_handle_message(struct vm_session *s, struct slice body)
{
    struct line *line = line_of(s);
    uint8_t driven = line->vm_lines;
    struct comport_request request = {
        .may_set = true,
        .may_break = true,
        .line = line,
        .driven = &driven,
        .seen = lines_seen(s),
        .peer = s->link.peer,
        .console = s->link.console,
    };
    enum comport_wish wish;
    int r = comport_peer_handle(&s->comport, &request, body,
                                &s->telnet.wire.out, &wish);

    fulfil(s, wish, driven);
    return r;
}

/* The option goes off: a break, lines and a suspension that the VM had set by
 * it end with it. Nothing that a peer has not ended lasts for ever for the
 * other side. */
/* Where TLS is required, no line is told before it. */
int vm_line_begin(struct vm_session *s)
{
    if (s->comport.is_on || secure_is_missing(&s->telnet.secure) ||
        telpeer_state(&s->telnet.wire.peer, TELPEER_PEER,
                      TELNET_OPTION_COM_PORT) != TELOPT_ON)
        return 0;
    return comport_peer_start(&s->comport, lines_seen(s), &s->telnet.wire.out);
}

int vm_line_handle_option(struct vm_session *s, bool is_on)
{
    if (is_on)
        return vm_line_begin(s);
    if (s->comport.is_break)
        break_output(s, false);
    comport_peer_init(&s->comport, LINE_VM);
    set_driven(s, LINE_BOTH);
    /* The option may have suspended the input. */
    vm_input_update(s);
    return 0;
}

/* IAC BRK has no length: the break begins and ends at once. */
void vm_line_handle_break(struct vm_session *s)
{
    break_output(s, true);
    break_output(s, false);
}

/* A message for each read of a client at most: lines_changed is called once for
 * all that it has caused. */
int vm_line_tell_window(struct vm_session *s)
{
    const struct console *c = s->link.console;

    if (c == NULL || !s->link.takes_window || !window_is_known(c->window) ||
        window_is_equal(c->window, s->told_window))
        return 0;
    s->told_window = c->window;
    return naws_put(&s->telnet.wire.out, c->window);
}

void vm_line_handle_window_option(struct vm_session *s, bool is_on)
{
    s->told_window = (struct window){ 0 };
    console_set_takes_window(&s->link, is_on);
}

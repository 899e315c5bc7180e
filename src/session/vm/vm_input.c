/*
 * What goes to a VM: its clients' input, and what it sees of the lines. The
 * operations here write and note, and call nothing of core/ but
 * console_set_link_full: core is in the middle of its work (core/console.h).
 *
 * Little input is collected in the wire's queue and written once, at the end of
 * a client's read or of all that is held (vm_input_end), breaks among it; much
 * is written straight from where it lies. A VM whose socket takes nothing gets
 * nothing queued either: the console keeps input, raw, where a purge finds it
 * and another link can have it.
 */
#include "session/vm/vm_session_private.h"

/* From this size on, input is worth a system call of its own. */
enum { VM_DIRECT_INPUT_MIN = 2 * KIB };

/* A suspended VM (RFC 2217) and a full socket are one thing to the console. */
void vm_input_update(struct vm_session *s)
{
    if (s->link.console != NULL)
        console_set_link_full(s->link.console,
                              telnet_link_is_blocked(&s->telnet) ||
                                  s->comport.is_suspended);
}

/* A write that fails has taken everything: the connection is a cable with
 * nothing at its end from now on, and what waits for it would wait for ever. */
static size_t write_input(struct vm_session *s, struct slice bytes)
{
    struct slice data[2] = { bytes, { 0 } };
    size_t taken;
    int r = wire_write(&s->telnet.wire, data, &s->telnet.ctx->batch, &taken);

    if (r < 0)
        telnet_link_write_failed(&s->telnet, r);
    else
        telnet_link_update_interest(&s->telnet, r == WIRE_BLOCKED);
    return r < 0 ? bytes.len : taken;
}

/* A session that ends, or a link that cannot be written any more, takes
 * everything: a cable with nothing at its end. */
static size_t vm_input_take(struct vm_link *link, struct slice bytes)
{
    struct vm_session *s = vm_session_of_link(link);
    struct wire *w = &s->telnet.wire;
    int r;

    if (s->phase == VM_PHASE_ENDING || s->telnet.is_mute)
        return bytes.len;
    if (telnet_link_is_blocked(&s->telnet) || s->comport.is_suspended)
        return 0;
    if (w->out.len + bytes.len >= VM_DIRECT_INPUT_MIN)
        return write_input(s, bytes);
    r = telnet_encode_append(&w->encoder, bytes, &w->out);
    if (r < 0)
        telnet_link_break(&s->telnet, r);
    return bytes.len;
}

/* For what has to stand before GOAHEAD. The queue is bounded by VM_OUT_MAX;
 * false is NOTNOW. */
static bool vm_input_queue(struct vm_link *link, struct slice bytes)
{
    struct vm_session *s = vm_session_of_link(link);
    struct wire *w = &s->telnet.wire;

    return s->phase != VM_PHASE_ENDING && !s->telnet.is_mute &&
           telnet_encode_append(&w->encoder, bytes, &w->out) == 0;
}

/* The console is told only if the link is full; that it takes input again is
 * told when it can be written (vm_session_on_written). */
static void vm_input_end(struct vm_link *link)
{
    struct vm_session *s = vm_session_of_link(link);

    if (s->telnet.wire.out.len > 0)
        telnet_link_flush_if_writable(&s->telnet);
    if (telnet_link_is_blocked(&s->telnet))
        vm_input_update(s);
}

static void vm_input_break(struct vm_link *link, bool is_on)
{
    struct vm_session *s = vm_session_of_link(link);
    int r;

    if (s->phase == VM_PHASE_ENDING || s->telnet.is_mute)
        return;
    r = vm_line_tell_break(s, is_on);
    if (r < 0)
        telnet_link_break(&s->telnet, r);
    else if (s->telnet.wire.out.len >= VM_DIRECT_INPUT_MIN)
        vm_input_end(link);
}

/* A VM that takes no answers is not told now, but when it takes something
 * again: what counts is what holds then, and its queue stays bounded. */
void vm_input_tell_lines(struct vm_session *s)
{
    int r;

    if (s->phase == VM_PHASE_ENDING || s->telnet.wire.out.len > LIMIT_QUEUED)
        return;
    r = vm_line_tell(s);
    if (r == 0)
        r = vm_line_tell_window(s);
    if (r < 0)
        telnet_link_break(&s->telnet, r);
    else if (s->telnet.wire.out.len > 0)
        telnet_link_flush_if_writable(&s->telnet);
}

static void vm_input_lines_changed(struct vm_link *link)
{
    vm_input_tell_lines(vm_session_of_link(link));
}

static void vm_input_serve(struct vm_link *link)
{
    vm_session_serve(vm_session_of_link(link));
}

static void vm_input_dismiss(struct vm_link *link, const char *reason)
{
    vm_session_dismiss(vm_session_of_link(link), reason);
}

const struct vm_link_ops vm_input_link_ops = {
    .input = vm_input_take,
    .queue_input = vm_input_queue,
    .line_break = vm_input_break,
    .input_end = vm_input_end,
    .begin_drain = vm_output_begin_drain,
    .drain = vm_output_drain,
    .discard = vm_output_discard,
    .dismiss = vm_input_dismiss,
    .serve = vm_input_serve,
    .leave = vm_output_leave,
    .resume = vm_output_resume,
    .lines_changed = vm_input_lines_changed,
};

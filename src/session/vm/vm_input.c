/*
 * What goes to a VM: its clients' input, and what it sees of the lines. The
 * operations here write and note, and call nothing of core/ but
 * console_set_link_full (core/console.h says why).
 */
#include "session/vm/vm_session_private.h"

/* From this size on, input is worth a system call of its own. */
enum { VM_DIRECT_INPUT_MIN = 2 * KIB };

void vm_input_update(struct vm_session *s)
{
    if (s->link.console != NULL)
        console_set_link_full(s->link.console,
                              telnet_link_is_blocked(&s->telnet) ||
                                  s->comport.is_suspended);
}

/* Straight from where it lies: the client's read, or what was kept. */
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

/* Little input is collected and written once, at its end. One that ends, or
 * cannot be written any more, is a cable with nothing at its end. */
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

static bool vm_input_queue(struct vm_link *link, struct slice bytes)
{
    struct vm_session *s = vm_session_of_link(link);
    struct wire *w = &s->telnet.wire;

    return s->phase != VM_PHASE_ENDING && !s->telnet.is_mute &&
           telnet_encode_append(&w->encoder, bytes, &w->out) == 0;
}

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
}

/* A VM that takes no answers is told when it takes something again. */
void vm_input_tell_lines(struct vm_session *s)
{
    int r;

    if (s->phase == VM_PHASE_ENDING || s->telnet.wire.out.len > LIMIT_QUEUED)
        return;
    r = vm_line_tell(s);
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
    .drain = vm_output_drain,
    .discard = vm_output_discard,
    .dismiss = vm_input_dismiss,
    .serve = vm_input_serve,
    .leave = vm_output_leave,
    .resume = vm_output_resume,
    .lines_changed = vm_input_lines_changed,
};

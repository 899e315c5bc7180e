/*
 * What a VM prints, on its way into the console's ring. It goes there straight
 * from the read buffer, in one copy, if it is this connection's turn and there
 * is room. Else it waits: what came before the console was known, what a move's
 * destination has printed before the source has said its last byte, and what
 * has no room in the ring, in that order, in vm_session.early.
 */
#include "base/clock.h"
#include "session/vm/vm_session_private.h"

#include <errno.h>

/* Whose output it has. */
static struct console *output_console(const struct vm_session *s)
{
    return s->link.leaves != NULL ? s->link.leaves : s->link.console;
}

static bool is_newcomer(const struct vm_session *s)
{
    return s->identity != NULL && gate_is_newcomer(&s->identity->newcomer);
}

/* Nobody has input for a newcomer yet, and there may be thousands of them that
 * take no answers. */
static bool takes_answers(const struct vm_session *s)
{
    size_t most = is_newcomer(s) ? LIMIT_ANSWERS_MARK : LIMIT_QUEUED;

    return s->telnet.wire.out.len <= most;
}

/* A VM that is held back is read again when its readers make room, or when the
 * hold is due. */
enum telnet_link_pace vm_output_pace(const struct vm_session *s)
{
    if (!takes_answers(s))
        return TELNET_LINK_RESTS;
    return s->is_held ? TELNET_LINK_WAITS : TELNET_LINK_READS;
}

/* Whether what it prints is what the console's clients get next. */
static bool has_its_turn(const struct vm_session *s)
{
    return s->phase == VM_PHASE_LEAVING ||
           (s->phase == VM_PHASE_SERVING && s->link.console->leaving == NULL);
}

/* Else it waits behind what is there, or for what comes before it. */
static bool is_direct(const struct vm_session *s)
{
    return s->has_room && s->early.len == 0 &&
           (s->phase == VM_PHASE_SERVING || s->phase == VM_PHASE_LEAVING);
}

static bool may_keep(struct vm_session *s, size_t len)
{
    return s->identity == NULL ||
           gate_keep_for_newcomer(&s->telnet.ctx->gate, &s->identity->newcomer,
                                  len);
}

void vm_output_take(struct vm_session *s, struct slice bytes)
{
    bool is_known =
        s->phase == VM_PHASE_SERVING || s->phase == VM_PHASE_LEAVING;

    if (is_direct(s))
        console_output(output_console(s), bytes);
    else if (!is_known && s->early.len + bytes.len > LIMIT_EARLY_DATA)
        vm_session_end(s, VM_END_EARLY_DATA);
    else if (!is_known && !may_keep(s, bytes.len))
        vm_session_end(s, VM_END_EARLY_DATA_OF_ALL);
    else if (buf_append(&s->early, bytes) < 0)
        vm_session_end(s, VM_END_NO_MEMORY);
}

/* Then there is nothing to copy, and a ring without need of memory gets none.
 */
static bool is_command_next(struct slice in)
{
    return in.len >= 2 && in.data[0] == TELNET_IAC && in.data[1] != TELNET_IAC;
}

void vm_output_copy(struct vm_session *s, struct slice *in)
{
    size_t room = 1;
    size_t copied = 1;

    while (is_direct(s) && copied > 0 && in->len > 0 && !is_command_next(*in)) {
        struct console *c = output_console(s);
        uint8_t *to = console_output_reserve(c, in->len, &room);

        copied = room > 0
                     ? telpeer_copy_data(&s->telnet.wire.peer, in, to, room)
                     : 0;
        console_output_wrote(c, copied);
    }
}

static size_t hold(struct vm_session *s)
{
    s->is_held = true;
    telnet_link_update_interest(&s->telnet, telnet_link_is_blocked(&s->telnet));
    return 0;
}

/* How much may be output now; 0: the VM is held back until there is room. */
static size_t output_room(struct vm_session *s)
{
    size_t room = console_output_room(output_console(s));

    if (room == 0) {
        console_hold(output_console(s), clock_now_us());
        return hold(s);
    }
    return room < LIMIT_READ ? room : LIMIT_READ;
}

/* How much may be read now. Whose turn it is not, is read some way ahead:
 * a command may lie behind its output. */
static size_t read_room(struct vm_session *s)
{
    s->has_room = has_its_turn(s);
    if (s->has_room)
        return output_room(s);
    if (s->phase == VM_PHASE_SERVING && s->early.len > LIMIT_EARLY_DATA)
        return hold(s);
    return is_newcomer(s) ? LIMIT_NEWCOMER_READ : LIMIT_READ;
}

/* For what came early no room was asked: it goes as clients make some, and the
 * VM is not read before. */
void vm_output_pour(struct vm_session *s)
{
    while (s->early.len > 0 && !s->is_held && has_its_turn(s)) {
        struct slice bytes = buf_bytes(&s->early);
        size_t room = output_room(s);

        if (bytes.len > room)
            bytes.len = room;
        console_output(output_console(s), bytes);
        buf_take(&s->early, bytes.len);
    }
}

void vm_output_end(struct vm_session *s)
{
    struct console *c = output_console(s);

    if (c == NULL)
        return;
    /* Somebody else's may be first. */
    if (c->leaving != &s->link)
        console_finish_leaving(c);
    if (s->early.len == 0)
        return;
    console_make_room(c, s->early.len, clock_now_us());
    console_output(c, buf_bytes(&s->early));
    buf_take(&s->early, s->early.len);
}

static void read_serving(struct vm_session *s)
{
    size_t room = read_room(s);

    if (room == 0 ||
        telnet_link_read(&s->telnet, s->telnet.ctx->read_buffer, room) <= 0)
        return;
    telnet_link_flush_if_writable(&s->telnet);
    vm_output_pour(s);
}

/* Its end has come while it was read: its console goes on at once, for what the
 * destination says next may be the next move. */
static void leave_now(struct vm_session *s)
{
    if (s->link.leaves == NULL)
        return;
    vm_output_end(s);
    console_leaving_has_ended(&s->link);
}

/* Another session's bytes may lie in the read buffer: to may be another one. */
static void read_leaving(struct vm_session *s, uint8_t *to)
{
    enum { READS_MAX = 4 };

    for (int i = 0; i < READS_MAX && s->phase == VM_PHASE_LEAVING; i++) {
        size_t room = read_room(s);
        ssize_t n;

        if (room == 0)
            return;
        n = telnet_link_read(&s->telnet, to, room);
        if (n == -EAGAIN)
            console_leaving_is_empty(&s->link);
        if (s->phase == VM_PHASE_ENDING)
            leave_now(s);
        if (n <= 0)
            return;
        telnet_link_flush_if_writable(&s->telnet);
        if (s->link.leaves != NULL)
            console_leaving_goes_on(&s->link, clock_now_us());
    }
}

void vm_output_on_readable(struct vm_session *s)
{
    if (s->phase == VM_PHASE_LEAVING)
        read_leaving(s, s->telnet.ctx->read_buffer);
    else
        read_serving(s);
}

void vm_output_resume(struct vm_link *link)
{
    struct vm_session *s = vm_session_of_link(link);

    if (s->phase == VM_PHASE_ENDING)
        return;
    s->is_held = false;
    vm_output_pour(s);
    telnet_link_update_interest(&s->telnet, telnet_link_is_blocked(&s->telnet));
}

void vm_output_leave(struct vm_link *link)
{
    struct vm_session *s = vm_session_of_link(link);

    /* Its end has come already, and is told at the end of the turn. */
    if (s->phase == VM_PHASE_ENDING)
        return;
    vm_session_enter(s, VM_PHASE_LEAVING);
    vm_session_drop_identity(s);
    vm_output_resume(link);
    read_leaving(s, s->telnet.ctx->copy_buffer);
}

/* What it has kept goes first, and then it has nothing but its output. */
static bool begin_draining(struct vm_session *s)
{
    vm_output_end(s);
    if (s->phase == VM_PHASE_ENDING)
        return false;
    vm_session_enter(s, VM_PHASE_LEAVING);
    s->has_room = true;
    return true;
}

/*
 * Room is made for what was read, and not before: how much that is, is not
 * known, and who has to lag for it should lag for no more. The reader's handler
 * that this is in the middle of may have its bytes in the read buffer.
 */
bool vm_output_drain(struct vm_link *link)
{
    struct vm_session *s = vm_session_of_link(link);
    uint8_t *to = s->telnet.ctx->copy_buffer;
    ssize_t n;

    if (!begin_draining(s))
        return false;
    n = stream_read(s->telnet.wire.stream, to, LIMIT_READ);
    if (n <= 0)
        return false;
    console_make_room(link->leaves, (size_t)n, clock_now_us());
    (void)telnet_link_feed(&s->telnet, slice_of(to, (size_t)n));
    /* Nobody hears the answers, and they must not become too many. */
    buf_take(&s->telnet.wire.out, s->telnet.wire.out.len);
    return true;
}

/* What has come and is not read after so much is counted, up to a point. */
size_t vm_output_discard(struct vm_link *link)
{
    enum { READS_MAX = 64 };
    struct vm_session *s = vm_session_of_link(link);
    size_t discarded = 0;
    ssize_t n = 1;

    for (int i = 0; i < READS_MAX && n > 0 && s->phase != VM_PHASE_ENDING;
         i++) {
        n = stream_read(s->telnet.wire.stream, s->telnet.ctx->copy_buffer,
                        LIMIT_READ);
        if (n > 0)
            discarded += (size_t)n;
    }
    return discarded;
}

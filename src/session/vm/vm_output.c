/*
 * What a VM prints, on its way into the console's ring. It goes there straight
 * from the read buffer, in one copy, if it is this connection's turn and there
 * is room. Else it waits in vm_session.early.
 *
 * early is one queue for three reasons, in the order in which they can apply:
 * the console is not known yet; a move's destination prints before the source
 * has had its last byte; the ring has no room. Being one queue is what keeps
 * the order: while it has anything, everything else goes behind it (is_direct).
 *
 * Bounds: before the console is known LIMIT_EARLY_DATA, and for all newcomers
 * together LIMIT_EARLY_TOTAL; more ends the connection. Afterwards a VM whose
 * early is above LIMIT_EARLY_DATA is not read.
 */
#include "base/clock.h"
#include "session/vm/vm_session_private.h"

#include <assert.h>
#include <errno.h>

/* The console that gets the output of this session; NULL: none. */
static struct console *output_console(const struct vm_session *s)
{
    return s->link.leaves != NULL ? s->link.leaves : s->link.console;
}

static bool is_newcomer(const struct vm_session *s)
{
    return s->identity != NULL && gate_is_newcomer(&s->identity->newcomer);
}

static bool takes_answers(const struct vm_session *s)
{
    return s->telnet.wire.out.len <= LIMIT_QUEUED;
}

/* A newcomer gets less: nobody has input for it yet, and there may be thousands
 * of them. A host takes its few answers as they come; who asks on without
 * taking them wants the memory, ours or the kernel's. */
static bool is_greedy(const struct vm_session *s)
{
    return is_newcomer(s) &&
           s->telnet.wire.out.len + stream_owed(s->telnet.wire.stream) >
               LIMIT_NEWCOMER_ANSWERS;
}

/*
 * A VM that takes no answers RESTS: nothing of ours makes it take them. A VM
 * that is held only WAITS: it is read again when its readers make room, and at
 * the end of the hold at the latest, so its last output is not lost if it
 * breaks meanwhile. So does a VM that prints while it waits for its console: a
 * guest that boots could say more than is kept for it.
 */
enum telnet_link_pace vm_output_pace(const struct vm_session *s)
{
    bool is_probing = s->phase == VM_PHASE_PROBING && s->early.len > 0;

    if (!takes_answers(s))
        return TELNET_LINK_RESTS;
    return s->is_held || is_probing ? TELNET_LINK_WAITS : TELNET_LINK_READS;
}

/* Whether what it prints is what the console's clients get next. */
static bool has_its_turn(const struct vm_session *s)
{
    if (s->phase != VM_PHASE_SERVING)
        return s->phase == VM_PHASE_LEAVING;
    assert(s->link.console != NULL); /* as long as it serves */
    return s->link.console->leaving == NULL;
}

/* has_room is of the read at hand (read_room): room that was asked for before a
 * read is there for its bytes, and only for them. */
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

/* Then there is nothing to copy, and a ring without need of memory gets none: a
 * VM that only negotiates, or moves, costs no ring. */
static bool is_command_next(struct slice in)
{
    return in.len >= 2 && in.data[0] == TELNET_IAC && in.data[1] != TELNET_IAC;
}

/* Straight from the read buffer into the ring, with doubled 255s undone on the
 * way. A loop, because the ring's free space may be in two parts. */
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

/* How much may be output now; 0: the VM is held until there is room, and then
 * core calls resume. */
static size_t output_room(struct vm_session *s)
{
    size_t room = console_output_room(output_console(s));

    if (room == 0) {
        console_hold(output_console(s), clock_now_us());
        return hold(s);
    }
    return room < LIMIT_READ ? room : LIMIT_READ;
}

/* How much may be read now. A connection whose turn it is not is read some way
 * ahead, and not held at once: a command may lie behind its output. */
static size_t read_room(struct vm_session *s)
{
    s->has_room = has_its_turn(s);
    if (s->has_room)
        return output_room(s);
    if (s->phase == VM_PHASE_SERVING && s->early.len > LIMIT_EARLY_DATA)
        return hold(s);
    return is_newcomer(s) ? LIMIT_NEWCOMER_READ : LIMIT_READ;
}

/* No room was asked for what came early: it goes as readers make some, and the
 * VM is not read before. In a loop, because the room of one step may be less
 * than what waits. */
void vm_output_pour(struct vm_session *s)
{
    while (s->early.len > 0 && !s->is_held && has_its_turn(s)) {
        struct slice bytes = buf_bytes(&s->early);
        size_t room = output_room(s);

        if (bytes.len > room)
            bytes.len = room;
        console_output(output_console(s), bytes);
        console_note_output(output_console(s), clock_now_us());
        buf_take(&s->early, bytes.len);
    }
}

/* What has come early must be output now. Another link's last output may have
 * to come first. Room is made at the cost of readers, because there is no
 * later: the session ends, or begins anew as another VM. */
void vm_output_end(struct vm_session *s)
{
    struct console *c = output_console(s);

    if (c == NULL)
        return;
    if (c->leaving != &s->link)
        console_finish_leaving(c);
    if (s->early.len == 0)
        return;
    console_make_room(c, s->early.len, clock_now_us());
    console_output(c, buf_bytes(&s->early));
    console_note_output(c, clock_now_us());
    buf_take(&s->early, s->early.len);
}

/* When there was output last, for people who look for a console. The console
 * may be another one than before the read, which is not worth a time. */
static void note_output(const struct vm_session *s, struct console *c,
                        uint64_t head)
{
    if (c != NULL && output_console(s) == c && c->output.head != head)
        console_note_output(c, clock_now_us());
}

/* Answers are written after the read and not one by one: a read may cause
 * many. */
static void read_serving(struct vm_session *s)
{
    struct console *c = output_console(s);
    uint64_t head = c != NULL ? c->output.head : 0;
    size_t room;
    ssize_t n;

    if (is_greedy(s)) {
        vm_session_end(s, VM_END_NO_ANSWERS_TAKEN);
        return;
    }
    room = read_room(s);
    if (room == 0)
        return;
    n = telnet_link_read(&s->telnet, s->telnet.ctx->read_buffer, room);
    if (n > 0)
        telnet_link_flush_if_writable(&s->telnet);
    vm_extension_note_answers(s);
    if (n <= 0)
        return;
    vm_output_pour(s);
    note_output(s, c, head);
}

/* Its end has come while it was read. The console goes on at once and not at
 * the end of the turn: what the destination says next, in this turn, may be the
 * next BEGIN, which is refused while a source leaves. */
static void leave_now(struct vm_session *s)
{
    if (s->link.leaves == NULL)
        return;
    vm_output_end(s);
    console_leaving_has_ended(&s->link);
}

/*
 * to: a buffer that is not in use. Where the leaving begins within the read of
 * another session, that session's bytes lie in the read buffer
 * (vm_output_leave).
 *
 * A few reads and not one: the destination's output waits behind them. EAGAIN
 * says that nothing is there now, which may be the end of it all.
 */
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

/* directory_settle calls this when the destination has said COMPLETE, so in the
 * middle of the destination's read: the copy buffer is the free one. */
void vm_output_leave(struct vm_link *link)
{
    struct vm_session *s = vm_session_of_link(link);

    /* The link has ended already, and its console is told at the end of the
     * turn. */
    if (s->phase == VM_PHASE_ENDING)
        return;
    vm_session_enter(s, VM_PHASE_LEAVING);
    vm_session_drop_identity(s);
    vm_output_resume(link);
    read_leaving(s, s->telnet.ctx->copy_buffer);
}

/* What it has kept goes first. From here on it has nothing but its output
 * (LEAVING): a DO-PROXY in its last bytes must not attach it anywhere. */
void vm_output_begin_drain(struct vm_link *link)
{
    struct vm_session *s = vm_session_of_link(link);

    vm_output_end(s);
    if (s->phase == VM_PHASE_ENDING)
        return;
    vm_session_enter(s, VM_PHASE_LEAVING);
    s->has_room = true;
}

/*
 * Room is made for what was read, and not before: how much that is is not
 * known, and readers that have to lag for it should lag for no more than that.
 * The copy buffer, because the handler that this is in the middle of may have
 * its bytes in the read buffer.
 *
 * Answers are dropped: nobody hears them, and they must not become too many for
 * the queue.
 */
bool vm_output_drain(struct vm_link *link)
{
    struct vm_session *s = vm_session_of_link(link);
    uint8_t *to = s->telnet.ctx->copy_buffer;
    ssize_t n;

    if (s->phase == VM_PHASE_ENDING)
        return false;
    n = stream_read(s->telnet.wire.stream, to, LIMIT_READ);
    if (n <= 0)
        return false;
    console_make_room(link->leaves, (size_t)n, clock_now_us());
    (void)telnet_link_feed(&s->telnet, slice_of(to, (size_t)n));
    buf_take(&s->telnet.wire.out, s->telnet.wire.out.len);
    return true;
}

/* What has come beyond the drain is read only to be counted, for the log line;
 * bounded, because a host may send without end. */
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

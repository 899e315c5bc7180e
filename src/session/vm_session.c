#include "session/vm_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/stream_tls.h"
#include "proto/tls_hello.h"
#include "session/vm_session_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
    /* Towards the VM go our answers and a little input. Above LIMIT_QUEUED it
     * has not taken our answers: its own output is not read then. One read can
     * cause answers of four times its size (WILL 232, WONT 232, ...). */
    VM_OUT_MAX = LIMIT_QUEUED + 5 * LIMIT_READ,
    /* From this size on, input is worth a system call of its own. */
    VM_DIRECT_INPUT_MIN = 2 * KIB,
    /* Hosts have said who they are long before, also those that wait to be
     * greeted (SECURE_FIRST_BYTE_US). */
    VM_NEWCOMER_GRACE_US = 3000 * 1000,
};

/* The last one only where TLS is offered. */
#define VM_OPTIONS                                                             \
    { TELNET_OPTION_BINARY, true, true }, { TELNET_OPTION_SGA, true, true },   \
        { TELNET_OPTION_ECHO, true, false },                                   \
        { TELNET_OPTION_COM_PORT, false, true },                               \
        { TELNET_OPTION_VMWARE, false, true },                                 \
    {                                                                          \
        TELNET_OPTION_AUTHENTICATION, false, true                              \
    }

static const struct telpeer_policy vm_policy = {
    .options = { VM_OPTIONS },
    .count = 5,
    .nvt_lines = TELNET_LINES_PRINTER,
};

static const struct telpeer_policy vm_policy_with_tls = {
    .options = { VM_OPTIONS },
    .count = 6,
    .nvt_lines = TELNET_LINES_PRINTER,
};

static const char tls_is_required[] =
    "TLS is required on this port: use telnets:// in the proxy URI";

static struct vm_session *session_of(struct vm_link *link)
{
    return CONTAINER_OF(link, struct vm_session, link);
}

static struct vm_session *session_at(struct session *session)
{
    return CONTAINER_OF(session, struct vm_session, session);
}

void vm_session_enter(struct vm_session *s, enum vm_phase phase)
{
    assert(s->phase != PHASE_ENDING);
    s->phase = (uint8_t)phase;
}

void vm_session_settle(struct vm_session *s)
{
    directory_settle(s->ctx->directory);
}

void vm_session_drop_identity(struct vm_session *s)
{
    if (s->identity == NULL)
        return;
    deadline_stop(&s->identity->deadline);
    deadline_stop(&s->identity->first_byte);
    newcomers_remove(&s->ctx->gate.newcomers, &s->identity->newcomer);
    free(s->identity->service_uri);
    free(s->identity);
    s->identity = NULL;
}

void vm_session_new_identity(struct vm_session *s)
{
    if (s->identity != NULL)
        return;
    s->identity = xcalloc(1, sizeof *s->identity);
    s->identity->session = s;
    deadline_init(&s->identity->deadline);
    deadline_init(&s->identity->first_byte);
    line_init(&s->identity->line);
}

void vm_session_expect_identity(struct vm_session *s)
{
    vm_session_new_identity(s);
    if (!deadline_is_running(&s->identity->deadline))
        deadline_start(&s->ctx->identities, &s->identity->deadline,
                       clock_now_us());
}

/* Whose output it has. */
static struct console *output_console(const struct vm_session *s)
{
    return s->link.leaves != NULL ? s->link.leaves : s->link.console;
}

/* Nobody waits for it any more; its memory stays. */
static void stop_waiting(struct vm_session *s)
{
    if (s->identity == NULL)
        return;
    deadline_stop(&s->identity->deadline);
    deadline_stop(&s->identity->first_byte);
    newcomers_remove(&s->ctx->gate.newcomers, &s->identity->newcomer);
}

/* level: whether who reads the log knows it already from another line. */
static void mark_ending(struct vm_session *s, enum log_level level,
                        const char *reason, bool gently)
{
    if (s->phase == PHASE_ENDING)
        return;
    vm_session_enter(s, PHASE_ENDING);
    s->end_level = (uint8_t)level;
    s->end_reason = reason;
    s->ends_gently = gently;
    stop_waiting(s);
    stream_want(s->wire.stream, 0);
    session_mark_ending(s->ctx, &s->session);
}

void vm_session_close(struct vm_session *s, const char *reason, bool gently)
{
    mark_ending(s, LOG_INFO, reason, gently);
}

static void end_session(struct session *session)
{
    struct vm_session *s = session_at(session);

    vm_session_end_output(s);
    if (s->link.leaves != NULL)
        console_leaving_has_ended(&s->link);
    else if (s->link.console != NULL)
        console_detach_vm(&s->link, s->end_reason, clock_now_us());
    else
        log_line((enum log_level)s->end_level,
                 "connection closed peer=%s reason=%s", s->link.peer,
                 LOG_TEXT(s->end_reason));
    move_leave(&s->link, clock_now_us());
    wire_done(&s->wire, s->ends_gently);
    secure_done(&s->secure);
}

static void free_session(struct session *session)
{
    struct vm_session *s = session_at(session);

    vm_session_drop_identity(s);
    buf_done(&s->early);
    free(s);
}

static void close_now(struct session *session, const char *reason)
{
    vm_session_close(session_at(session), reason, false);
}

static void shut_down(struct session *session, const char *reason)
{
    (void)reason; /* for people */
    vm_session_close(session_at(session), "shutting down", false);
}

static const struct session_ops session_ops = {
    .shut_down = shut_down,
    .close = close_now,
    .end = end_session,
    .free = free_session,
    .is_source = true,
};

void vm_session_turn_away(struct vm_session *s, const char *reason)
{
    static const char port_purpose[] =
        "[vspcd: this port is for the serial ports of VMs (VMware's telnet "
        "extension); a console has a port of its own]\r\n";

    (void)buf_append(&s->wire.out, slice_of_text(port_purpose));
    (void)wire_flush(&s->wire);
    vm_session_close(s, reason, true);
}

/* What errno says. Words of the connection's own do not last, but where there
 * is no console they need not. */
static const char *why_broken(const struct vm_session *s, int error)
{
    const struct stream *stream = s->wire.stream;

    if (error == -ENOBUFS)
        return "it does not take our answers";
    if (error == -ECONNABORTED && s->link.console != NULL)
        return "the connection was cut (TLS has not ended in order)";
    if (stream_is_tls(stream) && s->link.console == NULL &&
        stream_tls_problem(stream)[0] != '\0')
        return stream_tls_problem(stream);
    if (error == -EPROTO)
        return "the host has broken the rules of TLS";
    if (error == -ETIMEDOUT)
        return "the host does not answer any more";
    return "the connection was reset by the host";
}

static void close_broken(struct vm_session *s, int error)
{
    vm_session_close(s, why_broken(s, error), false);
}

static bool is_newcomer(const struct vm_session *s)
{
    return s->identity != NULL && s->identity->newcomer.is_counted;
}

/* Nobody has input for it yet, and there may be thousands of them that take no
 * answers. */
static bool may_read(const struct vm_session *s)
{
    size_t most = is_newcomer(s) ? LIMIT_ANSWERS_MARK : LIMIT_QUEUED;

    return !s->is_held && s->wire.out.len <= most;
}

static bool is_blocked(const struct vm_session *s)
{
    return s->wire.stream->interest & STREAM_WRITE;
}

static void update_interest(struct vm_session *s, bool blocked)
{
    if (s->phase != PHASE_ENDING)
        stream_want(s->wire.stream, (may_read(s) ? STREAM_READ : 0u) |
                                        (blocked ? STREAM_WRITE : 0u));
}

/* Writes what is queued for the VM. */
static void flush(struct vm_session *s)
{
    int r = wire_flush(&s->wire);

    if (r < 0)
        close_broken(s, r);
    else
        update_interest(s, r == WIRE_BLOCKED);
}

void vm_session_update_input(struct vm_session *s)
{
    if (s->link.console != NULL)
        console_set_link_full(s->link.console,
                              is_blocked(s) || s->comport.is_suspended);
}

/* While it waits to be writable, another try would only cost a call. */
static void flush_if_writable(struct vm_session *s)
{
    if (s->phase == PHASE_ENDING)
        return;
    if (is_blocked(s))
        update_interest(s, true);
    else
        flush(s);
}

/* Straight from where it lies: the client's read, or what was kept. */
static size_t write_input(struct vm_session *s, struct slice bytes)
{
    struct slice data[2] = { bytes, { 0 } };
    size_t taken;
    int r = wire_write(&s->wire, data, &s->ctx->batch, &taken);

    if (r < 0)
        close_broken(s, r);
    else
        update_interest(s, r == WIRE_BLOCKED);
    return taken;
}

/* Little input is collected and written once, at its end. */
static size_t link_input(struct vm_link *link, struct slice bytes)
{
    struct vm_session *s = session_of(link);
    int r;

    if (s->phase == PHASE_ENDING)
        return bytes.len; /* into a cable that ends nowhere */
    if (is_blocked(s) || s->comport.is_suspended)
        return 0;
    if (s->wire.out.len + bytes.len >= VM_DIRECT_INPUT_MIN)
        return write_input(s, bytes);
    r = telnet_encode_append(&s->wire.encoder, bytes, &s->wire.out);
    if (r < 0)
        close_broken(s, r);
    return bytes.len;
}

static bool link_queue_input(struct vm_link *link, struct slice bytes)
{
    struct vm_session *s = session_of(link);

    return s->phase != PHASE_ENDING &&
           telnet_encode_append(&s->wire.encoder, bytes, &s->wire.out) == 0;
}

static void link_input_end(struct vm_link *link)
{
    struct vm_session *s = session_of(link);

    if (s->wire.out.len > 0)
        flush_if_writable(s);
    if (is_blocked(s))
        vm_session_update_input(s);
}

static void link_lines_changed(struct vm_link *link)
{
    struct vm_session *s = session_of(link);
    int r;

    /* Who takes no answers is told when it takes something again. */
    if (s->phase == PHASE_ENDING || s->wire.out.len > LIMIT_QUEUED)
        return;
    r = vm_line_tell(s);
    if (r < 0)
        close_broken(s, r);
    else if (s->wire.out.len > 0)
        flush_if_writable(s);
}

static void link_line_break(struct vm_link *link, bool is_on)
{
    struct vm_session *s = session_of(link);
    int r;

    if (s->phase == PHASE_ENDING)
        return;
    r = vm_line_tell_break(s, is_on);
    if (r < 0)
        close_broken(s, r);
}

/* r: what came of a step towards TLS, or away from it. */
static int handle_authentication(struct vm_session *s, int r)
{
    if (r == 0 && secure_is_missing(&s->secure) &&
        s->secure.state == SECURE_NOT)
        vm_session_close(s, tls_is_required, false);
    return r;
}

static int handle_option(struct vm_session *s, const struct telpeer_item *item)
{
    bool is_peer = item->side == TELPEER_PEER;

    if (item->option == TELNET_OPTION_AUTHENTICATION)
        return handle_authentication(
            s, secure_handle_option(&s->secure, &s->wire, item->is_on));
    if (item->option == TELNET_OPTION_BINARY && !is_peer)
        s->wire.encoder.is_nvt = !item->is_on;
    if (s->phase == PHASE_LEAVING)
        return 0;
    if (item->option == TELNET_OPTION_VMWARE && is_peer)
        return vm_extension_handle_option(s, item->is_on);
    if (item->option == TELNET_OPTION_COM_PORT && is_peer)
        return vm_line_handle_option(s, item->is_on);
    return 0;
}

static int handle_suboption(struct vm_session *s,
                            const struct telpeer_item *item)
{
    if (item->option == TELNET_OPTION_VMWARE)
        return vm_extension_handle_message(s, item->body);
    if (item->option == TELNET_OPTION_COM_PORT)
        return vm_line_handle_message(s, item->body);
    if (item->option == TELNET_OPTION_AUTHENTICATION)
        return handle_authentication(
            s, secure_handle_message(&s->secure, &s->wire, item->body));
    return 0;
}

/* Else it waits behind what is there, or for what comes before it. */
static bool is_direct(const struct vm_session *s)
{
    return s->has_room && s->early.len == 0 &&
           (s->phase == PHASE_SERVING || s->phase == PHASE_LEAVING);
}

static bool may_keep(struct vm_session *s, size_t len)
{
    return s->identity == NULL ||
           newcomers_keep(&s->ctx->gate.newcomers, &s->identity->newcomer, len,
                          LIMIT_EARLY_TOTAL);
}

static void handle_data(struct vm_session *s, struct slice bytes)
{
    bool is_known = s->phase == PHASE_SERVING || s->phase == PHASE_LEAVING;

    if (is_direct(s))
        console_output(output_console(s), bytes);
    else if (!is_known && s->early.len + bytes.len > LIMIT_EARLY_DATA)
        vm_session_close(s,
                         "it sends more data than can be kept before it has "
                         "said which VM it is",
                         false);
    else if (!is_known && !may_keep(s, bytes.len))
        vm_session_close(s,
                         "connections that have not said which VM they are "
                         "send more data than can be kept for all of them",
                         false);
    else if (buf_append(&s->early, bytes) < 0)
        vm_session_close(s, "there is no memory for its output", false);
}

/*
 * Whether this is about the serial port, and not on the way to TLS. NULL: that
 * may be said now; else what is wrong with it.
 */
static const char *why_too_early(const struct vm_session *s,
                                 enum telpeer_event event,
                                 const struct telpeer_item *item)
{
    const struct secure *e = &s->secure;
    bool is_vmware =
        event != TELPEER_DATA && item->option == TELNET_OPTION_VMWARE;

    if (e->policy == TLS_REQUIRED && e->state == SECURE_NOT)
        return tls_is_required;
    if (event == TELPEER_SUBOPTION && is_vmware &&
        (e->state == SECURE_ASKED || e->state == SECURE_ACCEPTED))
        return "it has begun AUTHENTICATION and goes on without an end of it";
    if (secure_is_missing(e) &&
        (event == TELPEER_DATA ||
         (event == TELPEER_OPTION && is_vmware && item->is_on)))
        return tls_is_required;
    return NULL;
}

static int handle_event(struct vm_session *s, enum telpeer_event event,
                        const struct telpeer_item *item)
{
    const char *why = NULL;

    if (s->phase != PHASE_SERVING && event != TELPEER_NEED_MORE)
        why = why_too_early(s, event, item);
    if (why != NULL) {
        vm_session_close(s, why, false);
        return 0;
    }
    switch (event) {
    case TELPEER_DATA:
        handle_data(s, item->body);
        return 0;
    case TELPEER_OPTION:
        return handle_option(s, item);
    case TELPEER_SUBOPTION:
        /* Of one that leaves, the output is all that still counts. */
        return s->phase == PHASE_LEAVING ? 0 : handle_suboption(s, item);
    case TELPEER_OVERSIZED:
        vm_session_close(s, "a subnegotiation of more than 16 KiB", false);
        return 0;
    case TELPEER_COMMAND:
        if (item->verb == TELNET_BRK && s->phase != PHASE_LEAVING)
            vm_line_handle_break(s);
        return 0;
    case TELPEER_NEED_MORE:
        return 0;
    }
    return 0;
}

/* Then there is nothing to copy, and a ring without need of memory gets none.
 */
static bool is_command_next(struct slice in)
{
    return in.len >= 2 && in.data[0] == TELNET_IAC && in.data[1] != TELNET_IAC;
}

/* Serial data goes from the read buffer into the console's ring in one copy,
 * up to whatever else comes. */
static void copy_data(struct vm_session *s, struct slice *in)
{
    size_t room = 1;
    size_t copied = 1;

    while (is_direct(s) && copied > 0 && in->len > 0 && !is_command_next(*in)) {
        struct console *c = output_console(s);
        uint8_t *to = console_output_reserve(c, in->len, &room);

        copied = room > 0 ? telpeer_copy_data(&s->wire.peer, in, to, room) : 0;
        console_output_wrote(c, copied);
    }
}

static int greet(struct vm_session *s)
{
    int r = wire_greet(&s->wire);

    if (r == 0)
        r = telpeer_enable(&s->wire.peer, TELPEER_PEER, TELNET_OPTION_VMWARE,
                           &s->wire.out);
    return r;
}

/* In TLS or in the clear. True: in TLS, and all of in has gone there; or the
 * session has ended. */
static bool begin_with(struct vm_session *s, struct slice in)
{
    bool is_first = s->secure.state == SECURE_FIRST;
    bool is_tls = secure_is_hello(&s->secure, in);
    int r =
        is_tls ? secure_begin(&s->secure, &s->wire, &s->ctx->tls, in, NULL) : 0;

    /* Then there is nothing that AUTHENTICATION could still lead to, and who
     * is told DO would wait for what comes of it. */
    if (is_tls && is_first)
        s->wire.peer.policy = &vm_policy;
    if (r == 0 && is_first)
        r = greet(s);
    if (r == 0 && !is_tls)
        r = handle_authentication(s, secure_go_on_clear(&s->secure, &s->wire));
    if (r < 0)
        close_broken(s, r);
    return is_tls || s->phase == PHASE_ENDING;
}

void vm_session_first_byte_due(struct deadline *d, void *owner)
{
    struct identity *id = CONTAINER_OF(d, struct identity, first_byte);
    struct vm_session *s = id->session;

    (void)owner;
    (void)begin_with(s, slice_of(NULL, 0));
    flush_if_writable(s);
    vm_session_settle(s);
}

static void handle_bytes(struct vm_session *s, struct slice in)
{
    enum telpeer_event event = TELPEER_DATA;
    struct telpeer_item item;
    int r;

    while (s->phase != PHASE_ENDING && event != TELPEER_NEED_MORE) {
        if (secure_is_due(&s->secure, in) && begin_with(s, in))
            return;
        copy_data(s, &in);
        r = telpeer_next(&s->wire.peer, &in, &s->wire.out, &event, &item);
        if (r == 0)
            r = handle_event(s, event, &item);
        if (r < 0)
            close_broken(s, r);
    }
}

/* What starts neither as telnet does nor as TLS is somebody who took the wrong
 * port. */
static bool is_telnet(struct vm_session *s, uint8_t first)
{
    if (s->has_read || first == TELNET_IAC)
        return true;
    if (tls_hello_look(slice_of(&first, 1)) != TLS_HELLO_NOT) {
        vm_session_close(s,
                         s->secure.policy != TLS_OFF
                             ? "a TLS hello, but too late: it was greeted in "
                               "the clear after a second without a byte"
                             : "a TLS hello, and this port has no TLS (--tls): "
                               "use telnet:// in the proxy URI",
                         false);
        return false;
    }
    vm_session_turn_away(s, "it does not speak telnet: no VM");
    return false;
}

/* Whether what it prints is what the console's clients get next. */
static bool has_its_turn(const struct vm_session *s)
{
    return s->phase == PHASE_LEAVING ||
           (s->phase == PHASE_SERVING && s->link.console->leaving == NULL);
}

static size_t hold(struct vm_session *s)
{
    s->is_held = true;
    update_interest(s, is_blocked(s));
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
    if (s->phase == PHASE_SERVING && s->early.len > LIMIT_EARLY_DATA)
        return hold(s);
    return is_newcomer(s) ? LIMIT_NEWCOMER_READ : LIMIT_READ;
}

/* For what came early no room was asked: it goes as clients make some, and the
 * VM is not read before. */
static void pour_early(struct vm_session *s)
{
    while (s->early.len > 0 && !s->is_held && has_its_turn(s)) {
        struct console *c = output_console(s);
        struct slice bytes = buf_bytes(&s->early);
        size_t room = output_room(s);

        if (bytes.len > room)
            bytes.len = room;
        console_output(c, bytes);
        buf_take(&s->early, bytes.len);
    }
}

void vm_session_end_output(struct vm_session *s)
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

/* False: nothing has, and the session may end by it. */
static bool has_come(struct vm_session *s, ssize_t n)
{
    if (n == 0)
        vm_session_close(s, "closed by the host", false);
    else if (n < 0 && n != -EAGAIN)
        close_broken(s, (int)n);
    return n > 0;
}

static void read_vm(struct vm_session *s)
{
    uint8_t *to = s->ctx->read_buffer;
    size_t room = read_room(s);
    ssize_t n;

    if (room == 0)
        return;
    n = stream_read(s->wire.stream, to, room);
    if (!has_come(s, n))
        return;
    if (s->secure.state == SECURE_FIRST) {
        deadline_stop(&s->identity->first_byte);
        if (begin_with(s, slice_of(to, (size_t)n))) {
            flush_if_writable(s);
            return;
        }
    }
    if (!is_telnet(s, to[0]))
        return;
    s->has_read = true;
    handle_bytes(s, slice_of(to, (size_t)n));
    flush_if_writable(s);
    pour_early(s);
}

/* Another session's bytes may lie in the read buffer now: to may be another. */
static void read_leaving(struct vm_session *s, uint8_t *to)
{
    enum { READS_MAX = 4 };

    for (int i = 0; i < READS_MAX && s->phase == PHASE_LEAVING; i++) {
        size_t room = read_room(s);
        ssize_t n;

        if (room == 0)
            return;
        n = stream_read(s->wire.stream, to, room);
        if (n == -EAGAIN)
            console_leaving_is_empty(&s->link);
        if (!has_come(s, n))
            return;
        handle_bytes(s, slice_of(to, (size_t)n));
        flush_if_writable(s);
        if (s->link.leaves != NULL)
            console_leaving_goes_on(&s->link, clock_now_us());
    }
}

static void link_resume(struct vm_link *link)
{
    struct vm_session *s = session_of(link);

    if (s->phase == PHASE_ENDING)
        return;
    s->is_held = false;
    pour_early(s);
    update_interest(s, is_blocked(s));
}

static void link_leave(struct vm_link *link)
{
    struct vm_session *s = session_of(link);

    /* Its end has come already, and is told at the end of the turn. */
    if (s->phase == PHASE_ENDING)
        return;
    vm_session_enter(s, PHASE_LEAVING);
    vm_session_drop_identity(s);
    link_resume(link);
    read_leaving(s, s->ctx->copy_buffer);
}

/* What it has kept goes first, and then it has nothing but its output. */
static bool begin_draining(struct vm_session *s)
{
    vm_session_end_output(s);
    if (s->phase == PHASE_ENDING)
        return false;
    vm_session_enter(s, PHASE_LEAVING);
    s->has_room = true;
    return true;
}

/* Another session's bytes may lie in the read buffer. */
static bool link_drain(struct vm_link *link)
{
    struct vm_session *s = session_of(link);
    uint8_t *to = s->ctx->copy_buffer;
    ssize_t n;

    if (!begin_draining(s))
        return false;
    n = stream_read(s->wire.stream, to, LIMIT_READ);
    if (n <= 0)
        return false;
    console_make_room(link->leaves, (size_t)n, clock_now_us());
    handle_bytes(s, slice_of(to, (size_t)n));
    /* Nobody hears the answers, and they must not become too many. */
    buf_take(&s->wire.out, s->wire.out.len);
    return true;
}

static size_t link_discard(struct vm_link *link)
{
    enum { READS_MAX = 64 };
    struct vm_session *s = session_of(link);
    size_t discarded = 0;
    ssize_t n = 1;

    for (int i = 0; i < READS_MAX && n > 0 && s->phase != PHASE_ENDING; i++) {
        n = stream_read(s->wire.stream, s->ctx->copy_buffer, LIMIT_READ);
        if (n > 0)
            discarded += (size_t)n;
    }
    return discarded;
}

static void link_serve(struct vm_link *link)
{
    vm_session_serve(session_of(link));
}

static void link_dismiss(struct vm_link *link, const char *reason)
{
    mark_ending(session_of(link), LOG_DEBUG, reason, false);
}

static const struct vm_link_ops link_ops = {
    .input = link_input,
    .queue_input = link_queue_input,
    .input_end = link_input_end,
    .resume = link_resume,
    .lines_changed = link_lines_changed,
    .line_break = link_line_break,
    .leave = link_leave,
    .drain = link_drain,
    .discard = link_discard,
    .serve = link_serve,
    .dismiss = link_dismiss,
};

void vm_session_serve(struct vm_session *s)
{
    if (s->phase == PHASE_ENDING)
        return;
    /* From now on nothing can wait for an exchange that leads to TLS. */
    secure_give_up(&s->secure);
    if (s->secure.state != SECURE_DONE)
        s->wire.peer.policy = &vm_policy;
    vm_session_enter(s, PHASE_SERVING);
    vm_line_take_early(s);
    vm_session_drop_identity(s);
    link_lines_changed(&s->link);
    pour_early(s);
}

static void on_ready(void *owner, unsigned ready)
{
    struct vm_session *s = owner;

    if (ready & STREAM_WRITE) {
        flush(s);
        vm_session_update_input(s);
        link_lines_changed(&s->link);
    }
    /* A broken connection tells so even while it is not to be read; it tells
     * again when it is. */
    if ((ready & STREAM_READ) && s->phase != PHASE_ENDING && may_read(s)) {
        if (s->phase == PHASE_LEAVING)
            read_leaving(s, s->ctx->read_buffer);
        else
            read_vm(s);
    }
    vm_session_settle(s);
}

static void push_out(struct session_context *ctx, struct newcomer *n)
{
    struct identity *id = CONTAINER_OF(n, struct identity, newcomer);

    gate_tell_pushed_out(&ctx->gate, n, id->session->link.peer);
    mark_ending(id->session, LOG_DEBUG,
                "it had to make room for newer connections", false);
}

bool vm_session_make_room(struct session_context *ctx)
{
    struct newcomer *n = newcomers_find_old(
        &ctx->gate.newcomers, VM_NEWCOMER_GRACE_US, clock_now_us());

    struct vm_session *s;

    if (n == NULL)
        return false;
    s = CONTAINER_OF(n, struct identity, newcomer)->session;
    push_out(ctx, n);
    /* Its descriptor is needed now. */
    session_end_now(ctx, &s->session);
    return true;
}

/* There may be too many of its kind now. */
static void count_newcomer(struct vm_session *s)
{
    struct newcomer *oldest;
    struct ip ip;

    if (!address_ip(&s->wire.stream->peer, &ip))
        return;
    oldest = newcomers_add(&s->ctx->gate.newcomers, &s->identity->newcomer, ip,
                           clock_now_us());
    if (oldest != NULL)
        push_out(s->ctx, oldest);
}

void vm_session_start(struct session_context *ctx, struct stream *stream,
                      enum tls_policy policy)
{
    struct vm_session *s = xcalloc(1, sizeof *s);
    struct address_text peer = address_format(&stream->peer);
    int r;

    s->ctx = ctx;
    s->link.ops = &link_ops;
    memcpy(s->link.peer, peer.text, sizeof s->link.peer);
    session_start(ctx, &s->session, &session_ops);
    buf_init(&s->early, LIMIT_EARLY_DATA + LIMIT_READ);
    comport_peer_init(&s->comport, LINE_VM);
    secure_init(&s->secure, policy, ctx->vm_tls, false, false);
    wire_init(&s->wire, stream,
              secure_offers(policy) ? &vm_policy_with_tls : &vm_policy,
              VM_OUT_MAX, on_ready, s);
    vm_session_expect_identity(s);
    count_newcomer(s);
    log_debug("connection accepted on the VM port peer=%s", s->link.peer);
    if (s->secure.state == SECURE_FIRST) {
        deadline_start(&ctx->vm_first_bytes, &s->identity->first_byte,
                       clock_now_us());
        update_interest(s, false);
        return;
    }
    r = greet(s);
    if (r < 0)
        close_broken(s, r);
    else
        flush(s);
}

void vm_session_identity_due(struct deadline *d, void *owner)
{
    struct identity *id = CONTAINER_OF(d, struct identity, deadline);
    struct vm_session *s = id->session;

    /* Another UUID than the one it would have answered with would make it
     * another console; only the name can be done without. */
    (void)owner;
    if (s->phase == PHASE_ASKED && id->open == 1u << QUESTION_NAME)
        vm_extension_attach(s);
    else
        vm_session_close(s, "it did not say which VM it is in time", false);
    vm_session_settle(s);
}

/*
 * The life of a VM session. vm_session_private.h has the phases and their
 * picture; this file has what moves the session from one to the next, but for
 * the messages of the extension (vm_extension.c).
 *
 * Three things bound a connection that is not a VM, or does not say so:
 *
 *  - identity-timeout, from accept (vm_session_identity_due). A TLS handshake
 *    or AUTHENTICATION that stops halfway falls under it too: no step on the
 *    way restarts the deadline.
 *  - first_byte, where a hello may come: then the greeting goes out in the
 *    clear.
 *  - The gate: as long as the VM is not identified the connection is a
 *    newcomer, of which only so many are kept, with little memory each.
 *
 * An ending session stays attached to console and move until the end of the
 * turn (session.h). Therefore every operation that core or the link calls looks
 * at the phase first.
 */
#include "session/vm/vm_session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "log/log_words.h"
#include "proto/first/first_bytes.h"
#include "proto/first/tls_hello.h"
#include "session/vm/vm_session_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Towards the VM go our answers and a little input. Above LIMIT_QUEUED it has
 * not taken our answers: its own output is not read then. One read can cause
 * answers of four times its size (WILL 232, WONT 232, ...). */
enum { VM_OUT_MAX = LIMIT_QUEUED + 5 * LIMIT_READ };

/* The last one only where TLS is offered. */
#define VM_OPTIONS                                                             \
    { TELNET_OPTION_BINARY, true, true }, { TELNET_OPTION_SGA, true, true },   \
        { TELNET_OPTION_ECHO, true, false },                                   \
        { TELNET_OPTION_COM_PORT, false, true },                               \
        { TELNET_OPTION_VMWARE, false, true },                                 \
        { TELNET_OPTION_NAWS, true, false },                                   \
    {                                                                          \
        TELNET_OPTION_AUTHENTICATION, false, true                              \
    }

static const struct telpeer_policy vm_policy = {
    .options = { VM_OPTIONS },
    .count = 6,
    .nvt_lines = TELNET_LINES_PRINTER,
};

static const struct telpeer_policy vm_policy_with_tls = {
    .options = { VM_OPTIONS },
    .count = 7,
    .nvt_lines = TELNET_LINES_PRINTER,
};

static const struct telnet_link_policies vm_policies = {
    .clear = &vm_policy,
    .with_tls = &vm_policy_with_tls,
};

const char *vm_phase_name(enum vm_phase phase)
{
    static const char *const names[VM_PHASE_COUNT] = {
        [VM_PHASE_GREETED] = "greeted", [VM_PHASE_EXTENDED] = "extended",
        [VM_PHASE_ASKED] = "asked",     [VM_PHASE_PROBING] = "probing",
        [VM_PHASE_JOINED] = "joined",   [VM_PHASE_SERVING] = "serving",
        [VM_PHASE_LEAVING] = "leaving", [VM_PHASE_ENDING] = "ending",
    };

    return (unsigned)phase < VM_PHASE_COUNT ? names[phase] : "?";
}

/* The one place that sets the phase. Nothing leads out of ENDING: a caller that
 * would go on with an ended session is a mistake of ours. */
void vm_session_enter(struct vm_session *s, enum vm_phase phase)
{
    assert(s->phase != VM_PHASE_ENDING);
    s->phase = (uint8_t)phase;
}

void vm_session_settle(struct vm_session *s)
{
    directory_settle(s->telnet.ctx->directory);
}

bool vm_session_affords(struct vm_session *s)
{
    if (s->costly >= VM_COSTLY_MAX)
        return false;
    s->costly++;
    return true;
}

/* The first thing of the end of a session, and of its being identified: a
 * newcomer that ends counts no more, whenever its memory goes. */
void vm_session_stop_waiting(struct vm_session *s)
{
    if (s->identity == NULL)
        return;
    deadline_stop(&s->identity->deadline);
    deadline_stop(&s->identity->first_byte);
    deadline_stop(&s->identity->probe.look);
    gate_remove_newcomer(&s->telnet.ctx->gate, &s->identity->newcomer);
}

/* Some KiB, needed only until the VM is attached: an idle VM must not keep
 * them. */
void vm_session_drop_identity(struct vm_session *s)
{
    if (s->identity == NULL)
        return;
    vm_session_stop_waiting(s);
    free(s->identity->service_uri);
    explicit_bzero(&s->identity->key, sizeof s->identity->key);
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
    deadline_init(&s->identity->probe.look);
    line_init(&s->identity->line);
}

/* A deadline that runs goes on: DO-PROXY again and again buys no time. */
void vm_session_expect_identity(struct vm_session *s)
{
    vm_session_new_identity(s);
    if (!deadline_is_running(&s->identity->deadline))
        deadline_start(&s->telnet.ctx->vms->identities, &s->identity->deadline,
                       clock_now_us());
}

static void vm_session_identity_due(struct deadline *d, void *owner)
{
    struct identity *id = CONTAINER_OF(d, struct identity, deadline);
    struct vm_session *s = id->session;

    /* It is identified, and the probe ends by itself. */
    (void)owner;
    if (s->phase == VM_PHASE_PROBING)
        return;
    /* With the VC UUID, everything else can be done without. While that is
     * still open, the VM could be attached by another UUID, and would be
     * another console the next time. */
    if (s->phase == VM_PHASE_ASKED && (id->text[QUESTION_VC_UUID][0] != '\0' ||
                                       id->open == 1u << QUESTION_NAME))
        vm_attach(s);
    else
        vm_session_end(s, VM_END_NO_IDENTITY);
    vm_session_settle(s);
}

static void vm_session_first_byte_due(struct deadline *d, void *owner)
{
    struct identity *id = CONTAINER_OF(d, struct identity, first_byte);
    struct vm_session *s = id->session;

    (void)owner;
    telnet_link_hello_overdue(&s->telnet);
    vm_session_settle(s);
}

/* ---- its end ------------------------------------------------------------ */

/*
 * level: LOG_DEBUG where the log has it already from another line. The reason
 * is a static text or the stream's own, which lasts until the stream is closed.
 *
 * Marked, unhooked, and no more: core may be in the middle of an operation.
 * Console and move are left in vm_session_on_end.
 */
static void mark_ending(struct vm_session *s, enum log_level level,
                        const char *reason, bool gently)
{
    if (s->phase == VM_PHASE_ENDING)
        return;
    vm_session_enter(s, VM_PHASE_ENDING);
    s->end_level = (uint8_t)level;
    s->end_detail = reason;
    s->ends_gently = gently;
    vm_session_stop_waiting(s);
    telnet_link_end(&s->telnet);
    session_mark_ending(&s->telnet.ctx->all, &s->session);
}

void vm_session_end(struct vm_session *s, enum vm_end end)
{
    mark_ending(s, LOG_INFO, vm_end_text(end), false);
}

void vm_session_dismiss(struct vm_session *s, const char *reason)
{
    mark_ending(s, LOG_DEBUG, reason, false);
}

/* A person who took the wrong port reads the line; whether it goes out does not
 * matter. */
void vm_session_turn_away(struct vm_session *s, enum vm_end end)
{
    static const char port_purpose[] =
        "[vspcd: this port is for VMs; each console has a telnet port of its "
        "own]\r\n";

    (void)buf_append(&s->telnet.wire.out, slice_of_text(port_purpose));
    (void)wire_flush(&s->telnet.wire);
    mark_ending(s, LOG_INFO, vm_end_text(end), true);
}

/* The peer has closed or reset the connection. */
static void end_left(struct vm_session *s, enum vm_end end)
{
    bool was_check = telnet_link_was_check(&s->telnet);

    mark_ending(s, was_check ? LOG_DEBUG : LOG_INFO, vm_end_text(end), false);
}

/* The fact of a detached VM is handled when the stream is gone, so with a
 * console only static texts do. Without one, the log has the stream's own words
 * at the end of this turn, before the stream goes. */
static void vm_session_on_broken(struct telnet_link *l, int error)
{
    struct vm_session *s = vm_session_of_telnet(l);
    const char *problem = stream_security(l->wire.stream).problem;
    bool has_console = s->link.console != NULL;

    if (error == -ENOBUFS)
        vm_session_end(s, VM_END_NO_ANSWERS_TAKEN);
    else if (error == -ENOMEM)
        vm_session_end(s, VM_END_NO_MEMORY);
    else if (error == -ECONNABORTED && has_console)
        vm_session_end(s, VM_END_CUT);
    else if (!has_console && problem[0] != '\0')
        mark_ending(s, LOG_INFO, problem, false);
    else if (error == -EPROTO)
        vm_session_end(s, VM_END_TLS_RULES);
    else if (error == -ETIMEDOUT)
        vm_session_end(s, VM_END_TIMEOUT);
    else
        end_left(s, VM_END_RESET);
}

static struct vm_session *session_at(struct session *session)
{
    return CONTAINER_OF(session, struct vm_session, session);
}

/*
 * The order: what the session still keeps is the console's output, also when
 * nothing serves the console afterwards, so vm_output_end is first. Then the
 * console is left (whose clients are told at this place of the output), then
 * the move, then the stream goes: end_detail may be the stream's own text.
 */
static void vm_session_on_end(struct session *session)
{
    struct vm_session *s = session_at(session);

    vm_output_end(s);
    if (s->link.leaves != NULL)
        console_leaving_has_ended(&s->link);
    else if (s->link.console != NULL)
        console_detach_vm(&s->link, s->end_detail, clock_now_us());
    else
        log_limited((enum log_level)s->end_level, s->link.peer, NULL,
                    LOG_CONNECTION_CLOSED " peer=%s reason=%s", s->link.peer,
                    LOG_TEXT(s->end_detail));
    move_leave(&s->link, clock_now_us());
    telnet_link_done(&s->telnet, s->ends_gently);
}

static void vm_session_free(struct session *session)
{
    struct vm_session *s = session_at(session);

    vm_session_drop_identity(s);
    buf_done(&s->early);
    free(s);
}

static void vm_session_close(struct session *session, const char *reason)
{
    vm_session_dismiss(session_at(session), reason);
}

static void vm_session_shut_down(struct session *session, const char *reason)
{
    (void)reason; /* for people */
    vm_session_end(session_at(session), VM_END_SHUT_DOWN);
}

static bool vm_session_judge(struct session *session)
{
    struct vm_session *s = session_at(session);

    if (s->phase == VM_PHASE_ENDING)
        return false;
    (void)secure_follow(&s->telnet.secure, s->telnet.wire.stream,
                        s->telnet.ctx->vm_tls);
    if (gate_allows(&s->telnet.ctx->gate, ADMISSION_VM,
                    &s->telnet.wire.stream->peer))
        return false;
    vm_session_end(s, VM_END_NOT_ALLOWED);
    return true;
}

static const struct session_ops vm_session_ops = {
    .shut_down = vm_session_shut_down,
    .close = vm_session_close,
    .judge = vm_session_judge,
    .end = vm_session_on_end,
    .free = vm_session_free,
    .is_vm = true,
};

/* ---- what it hears ------------------------------------------------------ */

static const struct telnet_link_policies *vm_session_policies(
    const struct telnet_link *l)
{
    (void)l;
    return &vm_policies;
}

static int vm_session_greet(struct telnet_link *l)
{
    int r = wire_greet(&l->wire);

    if (r == 0)
        r = telpeer_enable(&l->wire.peer, TELPEER_PEER, TELNET_OPTION_VMWARE,
                           &l->wire.out);
    return r;
}

static void vm_session_on_secured(struct telnet_link *l)
{
    struct vm_session *s = vm_session_of_telnet(l);

    if (secure_is_missing(&l->secure) && l->secure.state == SECURE_NOT)
        vm_session_end(s, VM_END_TLS_REQUIRED);
    if (l->secure.state == SECURE_DONE && vm_line_begin(s) < 0)
        telnet_link_break(l, -ENOBUFS);
}

/* Of a link that leaves, the output is all that still counts: an option or a
 * message of the former host would change what the new one has agreed on. */
static int handle_option(struct vm_session *s, const struct telpeer_item *item)
{
    if (s->phase == VM_PHASE_LEAVING)
        return 0;
    if (item->option == TELNET_OPTION_NAWS)
        vm_line_handle_window_option(s, item->is_on);
    if (item->side != TELPEER_PEER)
        return 0;
    if (item->option == TELNET_OPTION_VMWARE)
        return vm_extension_handle_option(s, item->is_on);
    if (item->option == TELNET_OPTION_COM_PORT)
        return vm_line_handle_option(s, item->is_on);
    return 0;
}

static int handle_suboption(struct vm_session *s,
                            const struct telpeer_item *item)
{
    if (s->phase == VM_PHASE_LEAVING)
        return 0;
    if (item->option == TELNET_OPTION_VMWARE)
        return vm_extension_handle_message(s, item->body);
    if (item->option == TELNET_OPTION_COM_PORT)
        return vm_line_handle_message(s, item->body);
    return 0;
}

/*
 * Whether this is about the serial port, and not on the way to TLS.
 * VM_END_COUNT: that may be said now; else what is wrong with it.
 */
static enum vm_end why_too_early(const struct vm_session *s,
                                 enum telpeer_event event,
                                 const struct telpeer_item *item)
{
    const struct secure *e = &s->telnet.secure;
    bool is_vmware =
        event != TELPEER_DATA && item->option == TELNET_OPTION_VMWARE;

    if (s->phase == VM_PHASE_SERVING || event == TELPEER_NEED_MORE)
        return VM_END_COUNT;
    if (e->policy == TLS_REQUIRED && e->state == SECURE_NOT)
        return VM_END_TLS_REQUIRED;
    if (event == TELPEER_SUBOPTION && is_vmware &&
        (e->state == SECURE_ASKED || e->state == SECURE_ACCEPTED))
        return VM_END_HALF_AUTHENTICATED;
    if (secure_is_missing(e) &&
        (event == TELPEER_DATA || event == TELPEER_SUBOPTION ||
         (event == TELPEER_COMMAND && item->verb == TELNET_BRK) ||
         (event == TELPEER_OPTION && is_vmware && item->is_on)))
        return VM_END_TLS_REQUIRED;
    return VM_END_COUNT;
}

static int vm_session_on_event(struct telnet_link *l, enum telpeer_event event,
                               const struct telpeer_item *item)
{
    struct vm_session *s = vm_session_of_telnet(l);
    enum vm_end why = why_too_early(s, event, item);

    if (why != VM_END_COUNT) {
        vm_session_end(s, why);
        return 0;
    }
    switch (event) {
    case TELPEER_DATA:
        vm_output_take(s, item->body);
        return 0;
    case TELPEER_OPTION:
        return handle_option(s, item);
    case TELPEER_SUBOPTION:
        return handle_suboption(s, item);
    case TELPEER_OVERSIZED:
        vm_session_end(s, VM_END_SUBNEGOTIATION);
        return 0;
    case TELPEER_COMMAND:
        if (item->verb == TELNET_BRK && s->phase != VM_PHASE_LEAVING)
            vm_line_handle_break(s);
        return 0;
    case TELPEER_NEED_MORE:
        return 0;
    }
    return 0;
}

/* A telnet peer starts with IAC, a TLS hello with a byte of its own; a peer
 * that starts otherwise took the wrong port. Asked for the first bytes alone:
 * later, any byte is data. */
static bool is_telnet(struct vm_session *s, struct slice in)
{
    if (s->has_read || in.data[0] == TELNET_IAC)
        return true;
    if (tls_hello_look(slice_of(in.data, 1)) != TLS_HELLO_NOT)
        vm_session_end(s, s->telnet.secure.policy != TLS_OFF
                              ? VM_END_HELLO_LATE
                              : VM_END_HELLO_WITHOUT_TLS);
    else if (first_bytes_look(in, FIRST_BYTES_BIT(FIRST_BYTES_PROXY)) ==
             FIRST_BYTES_PROXY)
        vm_session_end(s, VM_END_PROXY);
    else
        vm_session_turn_away(s, VM_END_NO_TELNET);
    return false;
}

static void vm_session_on_bytes(struct telnet_link *l, struct slice in)
{
    struct vm_session *s = vm_session_of_telnet(l);

    if (s->identity != NULL)
        deadline_stop(&s->identity->first_byte);
    if (!is_telnet(s, in))
        return;
    s->has_read = true;
    (void)telnet_link_feed(l, in);
}

static bool vm_session_take_data(struct telnet_link *l, struct slice *in)
{
    vm_output_copy(vm_session_of_telnet(l), in);
    return false;
}

static enum telnet_link_pace vm_session_pace(const struct telnet_link *l)
{
    return vm_output_pace(CONTAINER_OF(l, const struct vm_session, telnet));
}

static void vm_session_on_readable(struct telnet_link *l)
{
    struct vm_session *s = vm_session_of_telnet(l);

    s->costly = 0;
    vm_output_on_readable(s);
    vm_line_catch_up(s);
}

/* What the VM sees of the lines was not told while it took no answers; now it
 * may be. */
static void vm_session_on_written(struct telnet_link *l)
{
    struct vm_session *s = vm_session_of_telnet(l);

    vm_input_update(s);
    vm_input_tell_lines(s);
}

static void vm_session_on_closed(struct telnet_link *l)
{
    end_left(vm_session_of_telnet(l), VM_END_CLOSED);
}

/* With a console only static texts do, as in vm_session_on_broken. */
static void vm_session_on_distrusted(struct telnet_link *l, const char *reason)
{
    struct vm_session *s = vm_session_of_telnet(l);

    if (s->link.console != NULL)
        vm_session_end(s, VM_END_CERTIFICATE);
    else
        mark_ending(s, LOG_INFO, reason, false);
}

static const struct telnet_link_ops vm_session_telnet_ops = {
    .policies = vm_session_policies,
    .greet = vm_session_greet,
    .on_secured = vm_session_on_secured,
    .on_bytes = vm_session_on_bytes,
    .take_data = vm_session_take_data,
    .on_event = vm_session_on_event,
    .pace = vm_session_pace,
    .on_readable = vm_session_on_readable,
    .on_written = vm_session_on_written,
    .on_end = vm_session_on_closed,
    .on_broken = vm_session_on_broken,
    .on_distrusted = vm_session_on_distrusted,
};

/* Beside "VM connected" and "VM moved", which core has a part in: it knows of
 * no certificates, and an idle VM's memory has none. */
static void log_certificate(const struct vm_session *s)
{
    const struct console *c = s->link.console;
    struct stream_certificate certificate =
        stream_certificate(s->telnet.wire.stream);

    if (certificate.serial[0] == '\0')
        return;
    log_audit(LOG_INFO, s->link.peer, console_id(c).text,
              LOG_VM_CERTIFICATE
              " console=%s id=%s peer=%s subject=%s issuer=%s serial=%s",
              LOG_TEXT(console_name(c).text), LOG_TEXT(console_id(c).text),
              s->link.peer, LOG_TEXT(certificate.subject),
              LOG_TEXT(certificate.issuer), certificate.serial);
}

/* The order: the line's settings come before the identity, which has them, is
 * dropped. Lines are told before the output: what waited since before the
 * attaching is poured last, and may hold the VM. */
void vm_session_serve(struct vm_session *s)
{
    if (s->phase == VM_PHASE_ENDING)
        return;
    /* From now on nothing can wait for an exchange that leads to TLS. */
    telnet_link_stay_clear(&s->telnet);
    vm_session_enter(s, VM_PHASE_SERVING);
    log_certificate(s);
    vm_line_take_early(s);
    vm_session_drop_identity(s);
    console_set_takes_window(&s->link, s->link.takes_window);
    vm_input_tell_lines(s);
    /* A hold by the console that it had before: nothing would resume it. */
    s->is_held = false;
    vm_output_pour(s);
}

void vm_session_start(struct session_context *ctx, struct stream *stream,
                      enum tls_policy policy)
{
    const struct telnet_link_setup setup = {
        .ops = &vm_session_telnet_ops,
        .policy = policy,
        .tls = ctx->vm_tls,
        .out_max = VM_OUT_MAX,
    };
    struct vm_session *s = xcalloc(1, sizeof *s);
    struct address_text peer = address_format(&stream->peer);

    s->link.ops = &vm_input_link_ops;
    memcpy(s->link.peer, peer.text, sizeof s->link.peer);
    (void)address_ip(&stream->peer, &s->link.ip);
    session_start(&ctx->all, &s->session, &vm_session_ops);
    buf_init(&s->early, LIMIT_EARLY_DATA + LIMIT_READ);
    comport_peer_init(&s->comport, LINE_VM);
    telnet_link_init(&s->telnet, ctx, stream, &setup);
    /* The identity holds the deadlines and the newcomer, so it comes first.
     * gate_add_newcomer may mark an older session. */
    vm_session_expect_identity(s);
    gate_add_newcomer(&ctx->gate, ADMISSION_VM, &s->identity->newcomer,
                      &s->session, s->link.peer, &stream->peer);
    if (s->phase == VM_PHASE_ENDING)
        return;
    log_limited(LOG_DEBUG, s->link.peer, NULL,
                LOG_CONNECTION_ACCEPTED " peer=%s", s->link.peer);
    if (s->telnet.secure.state == SECURE_FIRST)
        deadline_start(&ctx->vms->first_bytes, &s->identity->first_byte,
                       clock_now_us());
    telnet_link_start(&s->telnet);
    if (s->telnet.secure.state != SECURE_FIRST)
        telnet_link_flush(&s->telnet);
}

void vm_session_open_all(struct session_context *ctx)
{
    static const struct histogram_bounds bounds = {
        { 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
          500000, 1000000, 2500000, 5000000 },
    };

    ctx->vms = xcalloc(1, sizeof *ctx->vms);
    for (int i = 0; i < VM_ANSWER_COUNT; i++)
        histogram_init(&ctx->vms->answer_times[i], &bounds);
    session_context_open_queue(ctx, &ctx->vms->identities,
                               ctx->settings.identity_timeout_us,
                               vm_session_identity_due);
    session_context_open_queue(ctx, &ctx->vms->first_bytes,
                               SECURE_FIRST_BYTE_US, vm_session_first_byte_due);
    session_context_open_queue(ctx, &ctx->vms->probes, VM_TAKEOVER_LOOK_US,
                               vm_takeover_look_due);
}

void vm_session_close_all(struct session_context *ctx)
{
    deadline_queue_close(&ctx->vms->identities);
    deadline_queue_close(&ctx->vms->first_bytes);
    deadline_queue_close(&ctx->vms->probes);
    free(ctx->vms);
    ctx->vms = NULL;
}

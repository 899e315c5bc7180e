#include "session/vm_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "proto/uri.h"
#include "proto/vmext.h"
#include "session/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Where the session is in the guide's progression (VMware Telnet Session). */
enum vm_phase {
    PHASE_GREETED,  /* waiting for WILL 232 */
    PHASE_EXTENDED, /* 232 is on; waiting for DO-PROXY */
    PHASE_ASKED,    /* WILL-PROXY and GET-* are out; waiting for answers */
    PHASE_SERVING,  /* attached to its console */
    PHASE_ENDED,
};

/* What a VM can be asked about itself; a bit each in struct identity. */
enum question {
    QUESTION_VC_UUID,
    QUESTION_NAME,
    QUESTION_BIOS_UUID,
    QUESTION_LOCATION_UUID,
    QUESTION_COUNT,
};

static const struct {
    uint8_t get;
    uint8_t answer;
} questions[QUESTION_COUNT] = {
    [QUESTION_VC_UUID] = { VMEXT_GET_VM_VC_UUID, VMEXT_VM_VC_UUID },
    [QUESTION_NAME] = { VMEXT_GET_VM_NAME, VMEXT_VM_NAME },
    [QUESTION_BIOS_UUID] = { VMEXT_GET_VM_BIOS_UUID, VMEXT_VM_BIOS_UUID },
    [QUESTION_LOCATION_UUID] = { VMEXT_GET_VM_LOCATION_UUID,
                                 VMEXT_VM_LOCATION_UUID },
};

/* Needed only until the VM is attached; then its memory goes. */
struct identity {
    struct vm_session *session;
    struct deadline deadline;
    char text[QUESTION_COUNT][TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1];
    struct buf early; /* data that came before the console is known */
    uint8_t known;    /* bits: the VM listed the question's code */
    uint8_t open;     /* bits: asked and not answered */
    bool has_listed;  /* KNOWN-SUBOPTIONS-1 came */
};

struct vm_session {
    struct session_entry entry; /* in ctx->vm_sessions */
    struct session_context *ctx;
    struct wire wire;
    struct vm_link link;
    struct identity *identity; /* NULL while serving */
    uint8_t phase;             /* enum vm_phase */
    bool is_held;              /* the console has no room */
    bool has_read;
};

enum {
    /* Towards the VM go its input and our answers. Above LIMIT_INPUT it has
     * not taken our answers: its own output is not read then. One read can
     * cause answers of four times its size (WILL 232, WONT 232, ...). */
    VM_OUT_MAX = LIMIT_INPUT + 5 * LIMIT_READ,
    /* From this size on, input is worth a system call of its own. */
    VM_DIRECT_INPUT_MIN = 2 * KIB,
};

static const struct telpeer_policy vm_policy = {
    .options = {
        { TELNET_OPTION_BINARY, true, true },
        { TELNET_OPTION_SGA, true, true },
        { TELNET_OPTION_ECHO, true, false },
        { TELNET_OPTION_VMWARE, false, true },
    },
    .count = 4,
    .nvt_lines = TELNET_LINES_PRINTER,
};

/* The codes that this session handles: the same list each time. */
static const uint8_t known_suboptions[] = {
    VMEXT_KNOWN_SUBOPTIONS_1,
    VMEXT_KNOWN_SUBOPTIONS_2,
    VMEXT_UNKNOWN_SUBOPTION_RCVD_1,
    VMEXT_UNKNOWN_SUBOPTION_RCVD_2,
    VMEXT_DO_PROXY,
    VMEXT_WILL_PROXY,
    VMEXT_WONT_PROXY,
    VMEXT_VM_VC_UUID,
    VMEXT_GET_VM_VC_UUID,
    VMEXT_VM_BIOS_UUID,
    VMEXT_GET_VM_BIOS_UUID,
    VMEXT_VM_LOCATION_UUID,
    VMEXT_GET_VM_LOCATION_UUID,
    VMEXT_VM_NAME,
    VMEXT_GET_VM_NAME,
};

static const char port_purpose[] =
    "[vspcd: this port is for the serial ports of VMs (VMware's telnet "
    "extension); a console has a port of its own]\r\n";

static struct vm_session *session_of(struct vm_link *link)
{
    return CONTAINER_OF(link, struct vm_session, link);
}

static struct vm_session *session_at(struct list *node)
{
    return CONTAINER_OF(CONTAINER_OF(node, struct session_entry, node),
                        struct vm_session, entry);
}

static void drop_identity(struct vm_session *s)
{
    if (s->identity == NULL)
        return;
    deadline_stop(&s->identity->deadline);
    buf_done(&s->identity->early);
    free(s->identity);
    s->identity = NULL;
}

static void new_identity(struct vm_session *s)
{
    if (s->identity != NULL)
        return;
    s->identity = xcalloc(1, sizeof *s->identity);
    s->identity->session = s;
    deadline_init(&s->identity->deadline);
    buf_init(&s->identity->early, LIMIT_EARLY_DATA);
}

/* From now on the VM has its time to say who it is. */
static void expect_identity(struct vm_session *s)
{
    new_identity(s);
    if (!deadline_is_running(&s->identity->deadline))
        deadline_start(&s->ctx->identities, &s->identity->deadline,
                       clock_now_us());
}

static void bury(struct session_entry *entry)
{
    struct vm_session *s = CONTAINER_OF(entry, struct vm_session, entry);

    drop_identity(s);
    free(s);
}

/*
 * Ends the session; may be called twice. The log line for a VM that had a
 * console comes from the fact that it was detached.
 */
static void close_session(struct vm_session *s, const char *reason, bool gently)
{
    if (s->phase == PHASE_ENDED)
        return;
    s->phase = PHASE_ENDED;
    if (s->link.console != NULL)
        console_detach_vm(&s->link, reason, clock_now_us());
    else
        log_info("connection closed peer=%s reason=%s", s->link.peer,
                 LOG_TEXT(reason));
    wire_done(&s->wire, gently);
    if (s->identity != NULL)
        deadline_stop(&s->identity->deadline);
    list_remove(&s->entry.node);
    session_bury_later(s->ctx, &s->entry, bury);
}

/* For a connection that broke: what errno says, in words that last. */
static void close_broken(struct vm_session *s, int error)
{
    if (error == -ENOBUFS)
        close_session(s, "it does not take our answers", false);
    else if (error == -ETIMEDOUT)
        close_session(s, "the host does not answer any more", false);
    else
        close_session(s, "the connection was reset by the host", false);
}

static bool may_read(const struct vm_session *s)
{
    return !s->is_held && s->wire.out.len <= LIMIT_INPUT;
}

static bool is_blocked(const struct vm_session *s)
{
    return s->wire.stream->interest & STREAM_WRITE;
}

static void update_interest(struct vm_session *s, bool blocked)
{
    if (s->phase != PHASE_ENDED)
        stream_want(s->wire.stream, (may_read(s) ? STREAM_READ : 0u) |
                                        (blocked ? STREAM_WRITE : 0u));
}

/* Whether the clients of its console are to be read. */
static void update_input(struct vm_session *s)
{
    struct console *c = s->link.console;
    uint32_t queued = s->wire.out.len;

    if (c == NULL)
        return;
    if (queued >= LIMIT_INPUT_HIGH)
        console_set_link_full(c, true);
    else if (queued < LIMIT_INPUT_LOW)
        console_set_link_full(c, false);
}

/* Writes what is queued for the VM. False: the session has ended. */
static bool flush(struct vm_session *s)
{
    int r = wire_flush(&s->wire);

    if (r < 0) {
        close_broken(s, r);
        return false;
    }
    update_input(s);
    update_interest(s, r == WIRE_BLOCKED);
    return true;
}

/* While it waits to be writable, another try would only cost a call. */
static void flush_if_writable(struct vm_session *s)
{
    if (s->phase == PHASE_ENDED)
        return;
    if (is_blocked(s)) {
        update_input(s);
        update_interest(s, true);
    } else {
        flush(s);
    }
}

/* Input straight from the client's read buffer; what is not taken is queued. */
static void write_input(struct vm_session *s, struct slice bytes)
{
    struct slice data[2] = { bytes, { 0 } };
    size_t taken;
    int r = wire_write(&s->wire, data, &s->ctx->batch, &taken);

    if (r >= 0)
        r = telnet_encode_append(&s->wire.encoder, slice_after(bytes, taken),
                                 &s->wire.out);
    if (r < 0)
        close_broken(s, r);
}

static void link_input(struct vm_link *link, struct slice bytes)
{
    struct vm_session *s = session_of(link);
    int r;

    if (s->wire.out.len == 0 && bytes.len >= VM_DIRECT_INPUT_MIN) {
        write_input(s, bytes);
        return;
    }
    r = telnet_encode_append(&s->wire.encoder, bytes, &s->wire.out);
    if (r < 0)
        close_broken(s, r);
}

static void link_input_end(struct vm_link *link)
{
    struct vm_session *s = session_of(link);

    flush_if_writable(s);
}

static void link_resume(struct vm_link *link)
{
    struct vm_session *s = session_of(link);

    s->is_held = false;
    update_interest(s, is_blocked(s));
}

static void link_replaced(struct vm_link *link)
{
    struct vm_session *s = session_of(link);

    close_session(s, "its console has a newer connection", false);
}

static const struct vm_link_ops link_ops = {
    .input = link_input,
    .input_end = link_input_end,
    .resume = link_resume,
    .replaced = link_replaced,
};

/* The identity is as complete as it gets: attach the VM to its console. */
static void attach(struct vm_session *s)
{
    struct identity *id = s->identity;
    struct vm_identity who = { .label = id->label };
    static const enum question uuids[] = {
        QUESTION_VC_UUID,
        QUESTION_BIOS_UUID,
        QUESTION_LOCATION_UUID,
    };

    for (size_t i = 0; i < 3 && who.uuid == NULL; i++) {
        if (id->text[uuids[i]][0] != '\0')
            who.uuid = id->text[uuids[i]];
    }
    if (who.uuid == NULL) {
        close_session(s, "the VM did not say its UUID", false);
        return;
    }
    who.name = id->text[QUESTION_NAME];
    if (who.name[0] == '\0')
        who.name = who.uuid;
    if (directory_attach_vm(s->ctx->directory, &s->link, &who,
                            clock_now_us()) == NULL) {
        close_session(s, "too many consoles: no room for a new one", false);
        return;
    }
    s->phase = PHASE_SERVING;
    if (id->early.len > 0)
        console_output(s->link.console, buf_bytes(&id->early));
    drop_identity(s);
    console_release_input(s->link.console);
    if (s->phase == PHASE_SERVING)
        console_output_end(s->link.console);
}

static void attach_if_answered(struct vm_session *s)
{
    if (s->phase == PHASE_ASKED && s->identity->open == 0)
        attach(s);
}

static int ask(struct vm_session *s)
{
    struct identity *id = s->identity;

    id->open = 0;
    for (int i = 0; i < QUESTION_COUNT; i++) {
        int r;

        /* Who did not list anything is asked what everybody knows. */
        if (id->has_listed ? !(id->known & 1u << i) : i > QUESTION_NAME)
            continue;
        r = vmext_put_code(&s->wire.out, (enum vmext_code)questions[i].get);
        if (r < 0)
            return r;
        id->open |= (uint8_t)(1u << i);
    }
    return 0;
}

/* Why we do not serve this request; NULL: we do, and *label is set. */
static const char *refusal(const struct vm_session *s,
                           const struct vmext_message *m, struct slice *label)
{
    struct uri uri;

    if (m->direction == 'C')
        return "direction 'C' (client): this concentrator connects to no "
               "remote systems; set the port's direction to server";
    if (m->direction != 'S')
        return "unknown direction: expected 'S' (server)";
    uri_parse(m->text, &uri);
    if (uri.kind == URI_INVALID)
        return uri.problem;
    if (uri.has_userinfo)
        return "a service URI must not have a user or password";
    if (uri.kind == URI_LABEL) {
        *label = uri.label;
        return NULL;
    }
    if (uri.port != s->ctx->settings.proxy_port)
        return "the service URI asks for a listener at an address of its own, "
               "which is not allowed; use a name such as s0";
    *label = m->text;
    return NULL;
}

static int handle_do_proxy(struct vm_session *s, const struct vmext_message *m)
{
    struct slice label = { 0 };
    const char *why = refusal(s, m, &label);
    char uri[TEXT_ID_MAX + 1];
    char name[TEXT_ID_MAX + 1];
    int r;

    text_clean(uri, sizeof uri, m->text);
    if (why == NULL && text_clean(name, sizeof name, label) == 0)
        why = "the service URI has no name in it; use one such as s0";
    if (why != NULL) {
        log_warning("VM refused (WONT-PROXY) peer=%s uri=%s reason=%s",
                    s->link.peer, LOG_TEXT(uri), LOG_TEXT(why));
        return vmext_put_code(&s->wire.out, VMEXT_WONT_PROXY);
    }
    expect_identity(s);
    memcpy(s->identity->label, name, sizeof name);
    r = vmext_put_code(&s->wire.out, VMEXT_WILL_PROXY);
    if (r == 0)
        r = ask(s);
    if (r == 0) {
        s->phase = PHASE_ASKED;
        attach_if_answered(s);
    }
    return r;
}

static void handle_known_suboptions(struct vm_session *s, struct slice codes)
{
    if (s->identity == NULL)
        return;
    s->identity->has_listed = true;
    s->identity->known = 0;
    for (int i = 0; i < QUESTION_COUNT; i++) {
        if (vmext_knows(codes, (enum vmext_code)questions[i].get))
            s->identity->known |= (uint8_t)(1u << i);
    }
}

static void handle_answer(struct vm_session *s, const struct vmext_message *m)
{
    struct identity *id = s->identity;
    char name[LIMIT_NAME + 1];

    if (id == NULL) {
        /* Known already; only the name may change while a VM runs. */
        if (m->code == VMEXT_VM_NAME && s->link.console != NULL &&
            text_clean(name, sizeof name, m->text) > 0)
            directory_rename(s->link.console, name);
        return;
    }
    for (int i = 0; i < QUESTION_COUNT; i++) {
        if (questions[i].answer != m->code)
            continue;
        if (i == QUESTION_NAME)
            text_clean(id->text[i], sizeof id->text[i], m->text);
        else
            text_uuid(id->text[i], m->text);
        id->open &= (uint8_t) ~(1u << i);
    }
    attach_if_answered(s);
}

static void handle_unknown(struct vm_session *s, uint8_t code)
{
    if (s->identity == NULL)
        return;
    for (int i = 0; i < QUESTION_COUNT; i++) {
        if (questions[i].get == code)
            s->identity->open &= (uint8_t) ~(1u << i);
    }
    attach_if_answered(s);
}

static int handle_message(struct vm_session *s, struct slice body)
{
    struct vmext_message m;

    switch (vmext_parse(VMEXT_PROXY, body, &m)) {
    case VMEXT_OK:
        break;
    case VMEXT_UNKNOWN:
        return vmext_put_unknown(&s->wire.out, VMEXT_PROXY, m.unknown);
    case VMEXT_MALFORMED:
        log_debug("malformed message ignored peer=%s code=%s", s->link.peer,
                  vmext_code_name(body.len > 0 ? body.data[0] : 255));
        return 0;
    }
    switch (m.code) {
    case VMEXT_KNOWN_SUBOPTIONS_1:
        handle_known_suboptions(s, m.codes);
        return 0;
    case VMEXT_UNKNOWN_SUBOPTION_RCVD_1:
        handle_unknown(s, m.unknown);
        return 0;
    case VMEXT_DO_PROXY:
        return handle_do_proxy(s, &m);
    case VMEXT_VM_VC_UUID:
    case VMEXT_VM_NAME:
    case VMEXT_VM_BIOS_UUID:
    case VMEXT_VM_LOCATION_UUID:
        handle_answer(s, &m);
        return 0;
    default:
        /* vMotion is not among the codes that we say we know. */
        return vmext_put_unknown(&s->wire.out, VMEXT_PROXY, (uint8_t)m.code);
    }
}

/* The extension went on, off, or was refused. */
static int handle_extension(struct vm_session *s, bool is_on)
{
    struct vmext_message known = {
        .code = VMEXT_KNOWN_SUBOPTIONS_2,
        .codes = slice_of(known_suboptions, sizeof known_suboptions),
    };

    if (is_on) {
        expect_identity(s);
        s->phase = PHASE_EXTENDED;
        return vmext_put(&s->wire.out, &known);
    }
    if (s->phase == PHASE_GREETED && s->link.console == NULL) {
        (void)buf_append(&s->wire.out, slice_of_text(port_purpose));
        (void)wire_flush(&s->wire);
        close_session(s, "it does not speak VMware's telnet extension: no VM",
                      true);
        return 0;
    }
    /* Forwarding rests until the VM switches it on again. */
    log_info("VM stopped forwarding (WONT 232) peer=%s", s->link.peer);
    new_identity(s);
    s->phase = PHASE_GREETED;
    if (s->link.console != NULL)
        console_hold_input(s->link.console);
    return 0;
}

static int handle_option(struct vm_session *s, const struct telpeer_item *item)
{
    if (item->option == TELNET_OPTION_BINARY && item->side == TELPEER_US)
        s->wire.encoder.is_nvt = !item->is_on;
    if (item->option == TELNET_OPTION_VMWARE && item->side == TELPEER_PEER)
        return handle_extension(s, item->is_on);
    return 0;
}

static void handle_data(struct vm_session *s, struct slice bytes)
{
    if (s->phase == PHASE_SERVING) {
        console_output(s->link.console, bytes);
        return;
    }
    new_identity(s);
    if (buf_append(&s->identity->early, bytes) < 0)
        close_session(s,
                      "it sends more data than can be kept before it has said "
                      "which VM it is",
                      false);
}

static int handle_event(struct vm_session *s, enum telpeer_event event,
                        const struct telpeer_item *item)
{
    switch (event) {
    case TELPEER_DATA:
        handle_data(s, item->body);
        return 0;
    case TELPEER_OPTION:
        return handle_option(s, item);
    case TELPEER_SUBOPTION:
        return item->option == TELNET_OPTION_VMWARE
                   ? handle_message(s, item->body)
                   : 0;
    case TELPEER_OVERSIZED:
        close_session(s, "a subnegotiation of more than 16 KiB", false);
        return 0;
    case TELPEER_COMMAND:
    case TELPEER_NEED_MORE:
        return 0;
    }
    return 0;
}

/* Serial data goes from the read buffer into the console's ring in one copy,
 * up to whatever else comes. */
static void copy_data(struct vm_session *s, struct slice *in)
{
    size_t room = 1;
    size_t copied = 1;

    while (s->phase == PHASE_SERVING && copied > 0 && in->len > 0) {
        struct console *c = s->link.console;
        uint8_t *to = console_output_reserve(c, in->len, &room);

        copied = room > 0 ? telpeer_copy_data(&s->wire.peer, in, to, room) : 0;
        console_output_wrote(c, copied);
    }
}

static void handle_bytes(struct vm_session *s, struct slice in)
{
    enum telpeer_event event = TELPEER_DATA;
    struct telpeer_item item;
    int r;

    while (s->phase != PHASE_ENDED && event != TELPEER_NEED_MORE) {
        copy_data(s, &in);
        r = telpeer_next(&s->wire.peer, &in, &s->wire.out, &event, &item);
        if (r == 0)
            r = handle_event(s, event, &item);
        if (r < 0)
            close_broken(s, r);
    }
}

/*
 * A telnet peer starts with IAC, a TLS hello with 0x16 (RFC 8446, 5.1); what
 * starts otherwise is somebody who took the wrong port.
 */
static bool is_telnet(struct vm_session *s, uint8_t first)
{
    if (s->has_read || first == TELNET_IAC)
        return true;
    if (first == 0x16) {
        close_session(s,
                      "a TLS hello, and this port has no TLS: use telnet:// in "
                      "the proxy URI",
                      false);
        return false;
    }
    (void)buf_append(&s->wire.out, slice_of_text(port_purpose));
    (void)wire_flush(&s->wire);
    close_session(s, "it does not speak telnet: no VM", true);
    return false;
}

/* How much may be read now; 0: the VM is held back. */
static size_t read_room(struct vm_session *s)
{
    size_t room;

    if (s->phase != PHASE_SERVING)
        return LIMIT_READ;
    room = console_output_room(s->link.console);
    if (room == 0) {
        s->is_held = true;
        console_hold(s->link.console, clock_now_us());
        update_interest(s, is_blocked(s));
    }
    return room < LIMIT_READ ? room : LIMIT_READ;
}

static void read_vm(struct vm_session *s)
{
    struct console *before = s->link.console;
    uint8_t *to = s->ctx->read_buffer;
    size_t room = read_room(s);
    ssize_t n;

    if (room == 0)
        return;
    n = stream_read(s->wire.stream, to, room);
    if (n == -EAGAIN)
        return;
    if (n == 0) {
        close_session(s, "closed by the host", false);
        return;
    }
    if (n < 0) {
        close_broken(s, (int)n);
        return;
    }
    if (!is_telnet(s, to[0]))
        return;
    s->has_read = true;
    handle_bytes(s, slice_of(to, (size_t)n));
    flush_if_writable(s);
    /* What came before the end of the session is its clients' all the same. */
    if (before != NULL)
        console_output_end(before);
    if (s->link.console != NULL && s->link.console != before)
        console_output_end(s->link.console);
}

static void on_ready(void *owner, unsigned ready)
{
    struct vm_session *s = owner;

    if ((ready & STREAM_WRITE) && !flush(s))
        return;
    /* A broken connection tells so even while it is not to be read; it tells
     * again when it is. */
    if ((ready & STREAM_READ) && s->phase != PHASE_ENDED && may_read(s))
        read_vm(s);
}

void vm_session_start(struct session_context *ctx, struct stream *stream)
{
    struct vm_session *s = xcalloc(1, sizeof *s);
    struct address_text peer = address_format(&stream->peer);
    int r;

    s->ctx = ctx;
    s->link.ops = &link_ops;
    memcpy(s->link.peer, peer.text, sizeof s->link.peer);
    list_init(&s->entry.node);
    list_add_tail(&ctx->vm_sessions, &s->entry.node);
    wire_init(&s->wire, stream, &vm_policy, VM_OUT_MAX, on_ready, s);
    expect_identity(s);
    log_debug("connection accepted on the VM port peer=%s", s->link.peer);
    r = wire_greet(&s->wire);
    if (r == 0)
        r = telpeer_enable(&s->wire.peer, TELPEER_PEER, TELNET_OPTION_VMWARE,
                           &s->wire.out);
    if (r < 0)
        close_broken(s, r);
    else
        flush(s);
}

void vm_session_close_all(struct session_context *ctx, const char *reason)
{
    LIST_EACH (node, after, &ctx->vm_sessions)
        close_session(session_at(node), reason, false);
}

void vm_session_identity_due(struct deadline *d, void *owner)
{
    struct identity *id = CONTAINER_OF(d, struct identity, deadline);

    /* Another UUID than the one it would have answered with would make it
     * another console; only the name can be done without. */
    (void)owner;
    if (id->session->phase == PHASE_ASKED && id->open == 1u << QUESTION_NAME)
        attach(id->session);
    else
        close_session(id->session, "it did not say which VM it is in time",
                      false);
}

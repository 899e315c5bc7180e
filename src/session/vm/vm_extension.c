/*
 * What a VM and the proxy say to each other in VMware's telnet extension:
 * docs/telnet.md has every message, and the guide section it follows.
 *
 * Hosts may repeat, reorder and leave out messages, and some do: they list
 * questions that they never answer (GET-VM-BIOS-UUID), so VC UUID and name are
 * enough (is_known). Each message is handled in every phase; one that cannot be
 * meant is ignored or refused, and the connection stays.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rates.h"
#include "log/log.h"
#include "log/log_words.h"
#include "proto/uri/uri.h"
#include "proto/uri/uri_format.h"
#include "proto/uri/uri_key.h"
#include "proto/vmext.h"
#include "session/service/service.h"
#include "session/vm/vm_session_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A host asks once for each connection. */
static const struct rate proxy_requests = { .interval_ns = 100 * 1000 * 1000,
                                            .burst = 8 };

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

/*
 * VC UUID and name are all that a console needs, and a name that was answered
 * with nothing is an answer. Hosts list questions that they never answer: the
 * other UUIDs are waited for only if there is no VC UUID.
 */
static bool is_known(const struct identity *id)
{
    bool has_name =
        id->text[QUESTION_NAME][0] != '\0' || !(id->open & 1u << QUESTION_NAME);

    return id->open == 0 || (id->text[QUESTION_VC_UUID][0] != '\0' && has_name);
}

static void attach_if_known(struct vm_session *s)
{
    if (s->phase == VM_PHASE_ASKED && is_known(s->identity))
        vm_attach(s);
}

/* A question is open until its answer or UNKNOWN-SUBOPTION-RCVD-1 comes. A host
 * that did not list anything is asked what every host knows. */
static int ask(struct vm_session *s)
{
    struct identity *id = s->identity;

    id->open = 0;
    for (int i = 0; i < QUESTION_COUNT; i++) {
        int r;

        if (id->has_listed ? !(id->known & 1u << i) : i > QUESTION_NAME)
            continue;
        r = vmext_put_code(&s->telnet.wire.out,
                           (enum vmext_code)questions[i].get);
        if (r < 0)
            return r;
        id->open |= (uint8_t)(1u << i);
    }
    return 0;
}

/* What the VM has said so far is output now, because it becomes another one, or
 * none. False: the session has ended by that, since a client that ends may let
 * go of input that cannot be written. */
static bool end_output(struct vm_session *s)
{
    if (s->phase == VM_PHASE_SERVING)
        vm_output_end(s);
    return s->phase != VM_PHASE_ENDING;
}

/* A console is named by the address, not by certificates behind it. */
static struct slice without_parameters(struct slice text)
{
    const uint8_t *hash = memchr(text.data, '#', text.len);

    if (hash != NULL)
        text.len = (size_t)(hash - text.data);
    return text;
}

/* Whether this request is served: then *label is set, and *is_plain if a name
 * is all that it asks for; else *why. Asked before anything changes: a request
 * that is refused leaves the connection as it was. */
static bool is_served(struct vm_session *s, const struct vmext_message *m,
                      struct slice *label, bool *is_plain, struct err *why)
{
    enum uri_problem problem;
    struct uri uri;
    size_t at;

    if (!rate_take(&s->asked_ns, &proxy_requests, clock_now_us())) {
        err_set(why, "the connection asks more than 10 times a second");
        return false;
    }
    if (m->direction != 'S' && m->direction != 'C') {
        err_set(why,
                "unknown direction: expected 'S' (server) or 'C' (client)");
        return false;
    }
    problem = uri_parse(m->text, m->direction == 'C' ? URI_CLIENT : URI_SERVER,
                        s->telnet.ctx->settings.proxy_port, &uri, &at);
    if (problem != URI_OK) {
        uri_describe_problem(problem, at, why);
        return false;
    }
    *is_plain = uri.kind == URI_LABEL;
    *label = *is_plain ? uri.label : without_parameters(m->text);
    return *is_plain ||
           service_is_allowed(s->telnet.ctx, &uri, (char)m->direction, why);
}

/* A key of another length is kept as one that is never right. */
static struct vm_key read_key(struct slice text)
{
    struct vm_key key = { "" };

    if (text.data == NULL)
        return key;
    if (text.len == VM_KEY_LEN)
        memcpy(key.text, text.data, VM_KEY_LEN);
    else
        key.text[0] = '-';
    return key;
}

/*
 * DO-PROXY is possible in every phase, and asks anew in each. m is without the
 * key.
 *
 * The order: output that waits is the former console's (vm_output_end). A
 * connection that identifies itself is no move's destination any more
 * (move_leave). Answers given before do not count for this request. The phase
 * is last: only then may the answers of this very list complete it.
 */
static int ask_for_proxy(struct vm_session *s, const struct vmext_message *m,
                         struct slice key)
{
    struct slice label = { 0 };
    bool is_plain = false;
    char name[TEXT_ID_MAX + 1];
    struct err why;
    int r;

    if (!is_served(s, m, &label, &is_plain, &why)) {
        struct uri_shown uri = uri_show(m->text);

        log_limited(LOG_WARNING, s->link.peer, uri.text,
                    LOG_VM_REFUSED " peer=%s uri=%s reason=%s", s->link.peer,
                    LOG_TEXT(uri.text), LOG_TEXT(why.text));
        return vmext_put_code(&s->telnet.wire.out, VMEXT_WONT_PROXY);
    }
    text_clean(name, sizeof name, label);
    if (!end_output(s))
        return 0;
    move_leave(&s->link, clock_now_us());
    vm_session_expect_identity(s);
    /* The VM is asked once more: its earlier answers do not count. */
    if (s->phase == VM_PHASE_ASKED || s->phase == VM_PHASE_PROBING)
        memset(s->identity->text, 0, sizeof s->identity->text);
    memcpy(s->identity->label, name, sizeof name);
    free(s->identity->service_uri);
    s->identity->service_uri =
        is_plain ? NULL : xstrndup((const char *)m->text.data, m->text.len);
    s->identity->direction = (char)m->direction;
    s->identity->key = read_key(key);
    r = vmext_put_code(&s->telnet.wire.out, VMEXT_WILL_PROXY);
    if (r == 0)
        r = ask(s);
    if (r == 0) {
        vm_session_enter(s, VM_PHASE_ASKED);
        attach_if_known(s);
    }
    return r;
}

/* Everything that is kept, parsed, compared or logged of the URI is without its
 * key. */
static int handle_do_proxy(struct vm_session *s, const struct vmext_message *m)
{
    struct slice key = uri_find_key(m->text);
    struct vmext_message bare = *m;
    uint8_t *text;
    int r;

    if (key.data == NULL)
        return ask_for_proxy(s, m, key);
    text = xmalloc(m->text.len);
    bare.text = slice_of(text, uri_remove_keys(m->text, text));
    r = ask_for_proxy(s, &bare, key);
    free(text);
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

/* While it serves, a VM may only change its name; its UUID is its identity, and
 * stays. */
static void handle_answer(struct vm_session *s, const struct vmext_message *m)
{
    struct identity *id = s->identity;
    char name[LIMIT_NAME + 1];

    if (id == NULL) {
        /* Known already; only the name may change while a VM runs. */
        if (m->code == VMEXT_VM_NAME && s->link.console != NULL &&
            text_clean(name, sizeof name, m->text) > 0)
            directory_rename(s->link.console, name, clock_now_us());
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
    attach_if_known(s);
}

/* A question that the host does not know counts as answered. */
static void handle_unknown(struct vm_session *s, uint8_t code)
{
    if (s->identity == NULL)
        return;
    for (int i = 0; i < QUESTION_COUNT; i++) {
        if (questions[i].get == code)
            s->identity->open &= (uint8_t) ~(1u << i);
    }
    attach_if_known(s);
}

static const char too_much[] = "too many requests at once";

/*
 * NULL: GOAHEAD with this secret; else NOTNOW, and why. The reasons that need
 * no secret come first. GRND_NONBLOCK, because the loop must not wait for the
 * kernel; without random bytes there is no move, since a secret that can be
 * guessed would hand over a console.
 */
static const char *begin_move(struct vm_session *s, struct slice sequence,
                              uint8_t secret[MOVE_SECRET_LEN])
{
    const char *why_not = move_why_not(&s->link, sequence);

    if (!vm_session_affords(s))
        return too_much;
    if (why_not != NULL)
        return why_not;
    /* Attached, and asked for its identity once more? It is unsettled. */
    if (s->phase != VM_PHASE_SERVING)
        return "the connection has not identified its VM";
    if (getrandom(secret, MOVE_SECRET_LEN, GRND_NONBLOCK) != MOVE_SECRET_LEN)
        return "the system has no random bytes yet";
    return move_begin(&s->link, sequence, secret, clock_now_us());
}

static int handle_begin(struct vm_session *s, struct slice sequence)
{
    uint8_t secret[MOVE_SECRET_LEN];
    struct vmext_message answer = {
        .code = VMEXT_VMOTION_GOAHEAD,
        .sequence = sequence,
        .secret = slice_of(secret, sizeof secret),
    };
    const char *why_not = begin_move(s, sequence, secret);

    s->telnet.ctx->vms->answers[VM_ANSWER_GOAHEAD] |= why_not == NULL;
    if (why_not != NULL) {
        struct console_name name = console_name(s->link.console);

        answer.code = VMEXT_VMOTION_NOTNOW;
        s->telnet.ctx->directory->move_counts.refused++;
        log_limited(LOG_WARNING, s->link.peer, console_id(s->link.console).text,
                    LOG_VM_MOVE_NOT_BEGUN " console=%s peer=%s reason=%s",
                    LOG_ANY(name.text), s->link.peer, LOG_TEXT(why_not));
    }
    return vmext_put(&s->telnet.wire.out, &answer);
}

/*
 * One answer for every refusal (UNKNOWN-SUBOPTION-RCVD-2 44), which changes
 * nothing; the reason is in the log alone.
 *
 * The identity is not waited for any more: a destination says none, its console
 * comes with COMPLETE.
 */
static int handle_peer(struct vm_session *s, const struct vmext_message *m)
{
    /* The two lie behind each other; it is the secret whose length is known. */
    struct slice key =
        slice_of(m->sequence.data, m->sequence.len + m->secret.len);
    struct vmext_message answer = { .code = VMEXT_VMOTION_PEER_OK };
    struct directory *d = s->telnet.ctx->directory;
    const char *why_not;

    vm_session_note_tls(s);
    why_not = vm_session_affords(s)
                  ? move_join(d, &s->link, key, clock_now_us())
                  : too_much;
    if (why_not != NULL) {
        const struct console *c = move_find_console(d, key);

        d->move_counts.refused++;
        log_limited(LOG_WARNING, s->link.peer,
                    c != NULL ? console_id(c).text : NULL,
                    LOG_VM_MOVE_NOT_JOINED " console=%s peer=%s reason=%s",
                    c != NULL ? LOG_TEXT(console_name(c).text) : "none",
                    s->link.peer, LOG_TEXT(why_not));
        return vmext_put_unknown(&s->telnet.wire.out, VMEXT_PROXY,
                                 VMEXT_VMOTION_PEER);
    }
    vm_session_enter(s, VM_PHASE_JOINED);
    vm_session_stop_waiting(s);
    vm_line_join(s);
    s->telnet.ctx->vms->answers[VM_ANSWER_PEER_OK] = true;
    answer.sequence = slice_of(key.data, key.len - MOVE_SECRET_LEN);
    return vmext_put(&s->telnet.wire.out, &answer);
}

/* Settled before the next byte of this read: that is the destination's output,
 * or its next message, and has to find it serving. */
static void handle_complete(struct vm_session *s, struct slice sequence)
{
    if (move_complete(&s->link, sequence, clock_now_us()))
        vm_session_settle(s);
    else
        log_limited(LOG_DEBUG, s->link.peer, NULL,
                    LOG_VM_MOVE_STRAY_COMPLETE " peer=%s", s->link.peer);
}

/* The message has come before its turn began. A read that was made outside of
 * a turn, in a test, took no time. */
void vm_extension_note_answers(struct vm_session *s)
{
    struct vm_sessions *vms = s->telnet.ctx->vms;
    struct loop *loop = s->telnet.ctx->loop;

    for (int i = 0; i < VM_ANSWER_COUNT; i++) {
        uint64_t now_us;
        uint64_t came_us;

        if (!vms->answers[i])
            continue;
        vms->answers[i] = false;
        now_us = clock_now_us();
        came_us = loop != NULL ? loop_turn_began_us(loop) : 0;
        histogram_add(&vms->answer_times[i],
                      came_us != 0 ? now_us - came_us : 0);
    }
}

int vm_extension_handle_message(struct vm_session *s, struct slice body)
{
    struct vmext_message m;

    switch (vmext_parse(VMEXT_PROXY, body, &m)) {
    case VMEXT_OK:
        break;
    case VMEXT_UNKNOWN:
        return vmext_put_unknown(&s->telnet.wire.out, VMEXT_PROXY, m.unknown);
    case VMEXT_MALFORMED:
        log_limited(LOG_DEBUG, s->link.peer, NULL,
                    LOG_VM_MESSAGE_MALFORMED " peer=%s code=%s", s->link.peer,
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
    case VMEXT_VMOTION_BEGIN:
        return handle_begin(s, m.sequence);
    case VMEXT_VMOTION_PEER:
        return handle_peer(s, &m);
    case VMEXT_VMOTION_COMPLETE:
        handle_complete(s, m.sequence);
        return 0;
    case VMEXT_VMOTION_ABORT:
        if (!move_abort(&s->link, clock_now_us()))
            log_limited(LOG_DEBUG, s->link.peer, NULL,
                        LOG_VM_MOVE_STRAY_ABORT " peer=%s", s->link.peer);
        return 0;
    default:
        /* Messages of the proxy: vmext_parse does not let them through. */
        return 0;
    }
}

/*
 * 232 off, and it was never on: the peer is no VM, or its host has no
 * extension; it is told what the port is for.
 *
 * 232 off while it serves: the console keeps the connection, its input is held,
 * and output is kept (early). Which VM it is has to be said again, so a new
 * identity is made; a move it was the destination of loses it.
 */
int vm_extension_handle_option(struct vm_session *s, bool is_on)
{
    struct console_name name;

    if (is_on) {
        vm_session_expect_identity(s);
        vm_session_enter(s, VM_PHASE_EXTENDED);
        return vmext_put_known(&s->telnet.wire.out, VMEXT_PROXY);
    }
    if (s->phase == VM_PHASE_GREETED && s->link.console == NULL) {
        vm_session_turn_away(s, VM_END_NO_EXTENSION);
        return 0;
    }
    name = console_name(s->link.console);
    log_limited(LOG_INFO, s->link.peer, console_id(s->link.console).text,
                LOG_VM_PAUSED " console=%s peer=%s", LOG_ANY(name.text),
                s->link.peer);
    if (!end_output(s))
        return 0;
    vm_session_new_identity(s);
    vm_session_enter(s, VM_PHASE_GREETED);
    if (s->link.console != NULL)
        console_hold_input(s->link.console);
    else
        vm_session_expect_identity(s);
    move_leave(&s->link, clock_now_us());
    return 0;
}

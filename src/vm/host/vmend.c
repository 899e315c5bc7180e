#include "vm/host/vmend.h"

#include "proto/naws.h"
#include "proto/telopt.h"
#include "vm/host/identity.h"

/* The condition under which we agree to a DO, whenever it came. */
enum gate {
    GATE_NEVER, /* we do not perform this option */
    GATE_OPEN,
    GATE_AUTHENTICATED, /* AUTHENTICATION has ended, with or without TLS */
    GATE_PROXIED,       /* WILL-PROXY came, or VMOTION-PEER was sent */
};

enum row_name { BINARY, SGA, ECHO, AUTHENTICATION, COM_PORT, VMWARE, NAWS };

struct vmend_row {
    uint8_t option;
    uint8_t us;    /* enum gate */
    bool may_peer; /* we agree to a WILL */
};

static const struct vmend_row rows[VMEND_OPTIONS] = {
    [BINARY] = { TELNET_OPTION_BINARY, GATE_OPEN, true },
    [SGA] = { TELNET_OPTION_SGA, GATE_OPEN, true },
    [ECHO] = { TELNET_OPTION_ECHO, GATE_NEVER, true },
    /* Agreed only after our own offer: see handle_do_authentication. */
    [AUTHENTICATION] = { TELNET_OPTION_AUTHENTICATION, GATE_NEVER, false },
    [COM_PORT] = { TELNET_OPTION_COM_PORT, GATE_PROXIED, false },
    [VMWARE] = { TELNET_OPTION_VMWARE, GATE_AUTHENTICATED, false },
    /* Agreed only if the identity wants it: see agrees_to. */
    [NAWS] = { TELNET_OPTION_NAWS, GATE_NEVER, true },
};

void vmend_init(struct vmend *v, const struct vmend_identity *identity,
                const struct uart *uart, const struct vmend_ticket *ticket,
                enum auth_policy policy)
{
    *v = (struct vmend){
        .encoder.is_nvt = true,
        .identity = identity,
        .ticket = ticket,
    };
    if (ticket != NULL)
        memcpy(v->sequence, ticket->sequence, sizeof v->sequence);
    telnet_decoder_init(&v->decoder, TELNET_LINES_KEYBOARD);
    auth_client_init(&v->auth, policy);
    comport_client_init(&v->comport, uart,
                        ticket != NULL ? &ticket->told : NULL);
}

void vmend_done(struct vmend *v)
{
    telnet_decoder_done(&v->decoder);
}

static int find_row(uint8_t option)
{
    for (int i = 0; i < VMEND_OPTIONS; i++)
        if (rows[i].option == option)
            return i;
    return -1;
}

static bool is_gate_open(const struct vmend *v, enum gate gate)
{
    switch (gate) {
    case GATE_OPEN:
        return true;
    case GATE_AUTHENTICATED:
        return auth_client_is_free(&v->auth);
    case GATE_PROXIED:
        return v->is_open || (v->ticket != NULL && v->has_introduced);
    case GATE_NEVER:
        break;
    }
    return false;
}

/* Data is binary in a direction once both sides have agreed to BINARY. */
static void follow_binary(struct vmend *v)
{
    v->encoder.is_nvt = v->options[BINARY].us != TELOPT_ON;
    v->decoder.lines = v->options[BINARY].peer == TELOPT_ON
                           ? TELNET_LINES_BINARY
                           : TELNET_LINES_KEYBOARD;
}

static int follow_com_port(struct vmend *v, struct buf *out)
{
    bool is_on = v->options[COM_PORT].us == TELOPT_ON;

    if (is_on == v->comport.is_on)
        return 0;
    if (is_on)
        return comport_client_start(&v->comport, out);
    comport_client_stop(&v->comport);
    return 0;
}

/* Moves our side of an option on, and appends the answer. */
static int step_us(struct vmend *v, int i, enum telopt_input input,
                   struct buf *out)
{
    struct telopt_step next = telopt_step(v->options[i].us, input);
    int r = 0;

    v->options[i].us = next.state;
    follow_binary(v);
    if (next.reply != TELOPT_SAY_NOTHING)
        r = telnet_put_negotiation(
            out, next.reply == TELOPT_SAY_YES ? TELNET_WILL : TELNET_WONT,
            rows[i].option);
    return r < 0 ? r : follow_com_port(v, out);
}

static int step_peer(struct vmend *v, int i, enum telopt_input input,
                     struct buf *out)
{
    struct telopt_step next = telopt_step(v->options[i].peer, input);

    v->options[i].peer = next.state;
    follow_binary(v);
    if (next.reply == TELOPT_SAY_NOTHING)
        return 0;
    return telnet_put_negotiation(
        out, next.reply == TELOPT_SAY_YES ? TELNET_DO : TELNET_DONT,
        rows[i].option);
}

/* Answers each DO that waited for a gate which is now open. */
static int answer_held(struct vmend *v, struct buf *out)
{
    int r = 0;

    for (int i = 0; i < VMEND_OPTIONS && r == 0; i++) {
        if (!v->options[i].is_asked || !is_gate_open(v, rows[i].us))
            continue;
        v->options[i].is_asked = false;
        r = step_us(v, i, TELOPT_PEER_YES_AGREED, out);
    }
    return r;
}

/* An answer that was settled is not asked for again. */
static int handle_do_authentication(struct vmend *v, struct buf *out)
{
    bool agrees = v->auth.state == TELAUTH_STATE_OFFERED;

    auth_client_note_option(&v->auth, true);
    return step_us(v, AUTHENTICATION,
                   agrees ? TELOPT_PEER_YES_AGREED : TELOPT_PEER_YES_REFUSED,
                   out);
}

static int handle_do(struct vmend *v, int i, struct buf *out)
{
    if (i == AUTHENTICATION)
        return handle_do_authentication(v, out);
    if (rows[i].us == GATE_NEVER)
        return step_us(v, i, TELOPT_PEER_YES_REFUSED, out);
    v->options[i].is_asked = true;
    return answer_held(v, out);
}

static int handle_dont(struct vmend *v, int i, struct buf *out)
{
    v->options[i].is_asked = false;
    if (i == AUTHENTICATION)
        auth_client_note_option(&v->auth, false);
    return step_us(v, i, TELOPT_PEER_NO, out);
}

/* Whether the peer may perform this option. */
static bool agrees_to(const struct vmend *v, int i)
{
    return rows[i].may_peer && (i != NAWS || v->identity->wants_window);
}

static int negotiate(struct vmend *v, const struct telnet_item *said,
                     struct buf *out)
{
    int i = find_row(said->option);

    switch (said->verb) {
    case TELNET_DO:
        return i >= 0 ? handle_do(v, i, out)
                      : telnet_put_negotiation(out, TELNET_WONT, said->option);
    case TELNET_DONT:
        return i >= 0 ? handle_dont(v, i, out) : 0;
    case TELNET_WILL:
        return i >= 0 ? step_peer(v, i,
                                  agrees_to(v, i) ? TELOPT_PEER_YES_AGREED
                                                  : TELOPT_PEER_YES_REFUSED,
                                  out)
                      : telnet_put_negotiation(out, TELNET_DONT, said->option);
    default:
        return i >= 0 ? step_peer(v, i, TELOPT_PEER_NO, out) : 0;
    }
}

/* The options of a serial port: the port's settings, and the window's size. */
static int offer_options(struct vmend *v, struct buf *out)
{
    int r = answer_held(v, out);

    if (r == 0)
        r = step_us(v, COM_PORT, TELOPT_ENABLE, out);
    if (r == 0 && v->identity->wants_window)
        r = step_peer(v, NAWS, TELOPT_ENABLE, out);
    return r;
}

static int request_port(struct vmend *v, struct buf *out)
{
    return vmext_put(out, &(struct vmext_message){
                              .code = VMEXT_DO_PROXY,
                              .direction = (uint8_t)v->identity->direction,
                              .text = slice_of_text(v->identity->uri),
                          });
}

static struct slice sequence_of(const struct vmend *v)
{
    return slice_of(v->sequence, sizeof v->sequence);
}

static int take_over_port(struct vmend *v, struct buf *out)
{
    const struct vmend_ticket *ticket = v->ticket;
    int r = vmext_put(
        out, &(struct vmext_message){
                 .code = VMEXT_VMOTION_PEER,
                 .sequence = sequence_of(v),
                 .secret = slice_of(ticket->secret, ticket->secret_len),
             });

    return r < 0 ? r : offer_options(v, out);
}

/* Lists our codes and sends our request: once, however often the peer lists its
 * codes. Only the extension's end allows it again. */
static int introduce(struct vmend *v, struct buf *out)
{
    int r;

    if (v->has_introduced)
        return 0;
    v->has_introduced = true;
    r = vmext_put_known(out, VMEXT_VM);
    if (r < 0)
        return r;
    return v->ticket != NULL ? take_over_port(v, out) : request_port(v, out);
}

/* The codes that a proxy must accept for a VM to move. */
static bool lists_moves(struct slice codes)
{
    return vmext_knows(codes, VMEXT_VMOTION_BEGIN) &&
           vmext_knows(codes, VMEXT_VMOTION_PEER) &&
           vmext_knows(codes, VMEXT_VMOTION_COMPLETE) &&
           vmext_knows(codes, VMEXT_VMOTION_ABORT);
}

static int put_text(struct buf *out, enum vmext_code code, const char *text)
{
    return vmext_put(out, &(struct vmext_message){
                              .code = code,
                              .text = slice_of_text(text),
                          });
}

static int put_uuid(struct vmend *v, struct buf *out, enum vmext_code code)
{
    char text[TEXT_ID_MAX + 1];

    identity_format_uuid(text, v->identity->uuid);
    return put_text(out, code, text);
}

static int open_forwarding(struct vmend *v, struct buf *out,
                           enum vmend_event *ret_event)
{
    /* A destination is opened by VMOTION-PEER-OK only: it has not requested a
     * port, but one that the VM has already. */
    if (v->is_open || v->ticket != NULL)
        return 0;
    v->is_open = true;
    *ret_event = VMEND_OPENED;
    return offer_options(v, out);
}

/*
 * The answer to VMOTION-BEGIN or VMOTION-PEER; VMEND_NEED_MORE: none that we
 * wait for. An answer may come late, after its move was called off: only
 * has_begun and the sequence together show that it is ours.
 */
static enum vmend_event move_event(const struct vmend *v,
                                   const struct vmext_message *m)
{
    bool is_ours = slice_is_equal(m->sequence, sequence_of(v));
    bool has_asked = v->ticket != NULL && v->has_introduced && !v->is_open;

    switch (m->code) {
    case VMEXT_VMOTION_GOAHEAD:
        return v->has_begun && is_ours ? VMEND_GOAHEAD : VMEND_NEED_MORE;
    case VMEXT_VMOTION_NOTNOW:
        return v->has_begun && is_ours ? VMEND_NOTNOW : VMEND_NEED_MORE;
    case VMEXT_VMOTION_PEER_OK:
        return has_asked && is_ours ? VMEND_PEER_OK : VMEND_NEED_MORE;
    case VMEXT_UNKNOWN_SUBOPTION_RCVD_2:
        if (m->unknown == VMEXT_VMOTION_BEGIN && v->has_begun)
            return VMEND_BEGIN_UNKNOWN;
        if (m->unknown == VMEXT_VMOTION_PEER && has_asked)
            return VMEND_PEER_REFUSED;
        return VMEND_NEED_MORE;
    default:
        return VMEND_NEED_MORE;
    }
}

static void handle_move(struct vmend *v, const struct vmext_message *m,
                        enum vmend_event *ret_event, struct slice *ret_body)
{
    *ret_event = move_event(v, m);
    switch (*ret_event) {
    case VMEND_GOAHEAD:
        *ret_body = m->secret;
        v->has_begun = false;
        break;
    case VMEND_NOTNOW:
    case VMEND_BEGIN_UNKNOWN:
        v->has_begun = false;
        break;
    case VMEND_PEER_OK:
        v->is_open = true;
        break;
    default:
        break;
    }
}

/* *ret_event is unchanged if there is no event. */
static int handle_message(struct vmend *v, struct slice body, struct buf *out,
                          enum vmend_event *ret_event, struct slice *ret_body)
{
    struct vmext_message m;
    enum vmext_result result = vmext_parse(VMEXT_VM, body, &m);

    if (result == VMEXT_UNKNOWN)
        return vmext_put_unknown(out, VMEXT_VM, m.unknown);
    if (result == VMEXT_MALFORMED)
        return 0;
    switch (m.code) {
    case VMEXT_KNOWN_SUBOPTIONS_2:
        v->knows_moves = lists_moves(m.codes);
        return introduce(v, out);
    case VMEXT_WILL_PROXY:
        return open_forwarding(v, out, ret_event);
    case VMEXT_WONT_PROXY:
        *ret_event = v->ticket != NULL ? VMEND_PEER_REFUSED : VMEND_REFUSED;
        return 0;
    case VMEXT_GET_VM_NAME:
        return put_text(out, VMEXT_VM_NAME, v->identity->name);
    case VMEXT_GET_VM_VC_UUID:
        return put_uuid(v, out, VMEXT_VM_VC_UUID);
    case VMEXT_GET_VM_BIOS_UUID:
        return put_uuid(v, out, VMEXT_VM_BIOS_UUID);
    case VMEXT_GET_VM_LOCATION_UUID:
        return put_uuid(v, out, VMEXT_VM_LOCATION_UUID);
    default:
        handle_move(v, &m, ret_event, ret_body);
        return 0;
    }
}

/* True if the extension went off, or the peer refused it. */
static bool note_extension_off(struct vmend *v, const struct telnet_item *said)
{
    if (said->option != TELNET_OPTION_VMWARE || said->verb != TELNET_DONT)
        return false;
    v->has_introduced = false;
    v->is_open = false;
    v->has_begun = false;
    return true;
}

int vmend_greet(struct vmend *v, struct buf *out)
{
    if (v->auth.state != TELAUTH_STATE_OFFERED)
        return 0;
    return step_us(v, AUTHENTICATION, TELOPT_ENABLE, out);
}

static int put_sequence(struct vmend *v, enum vmext_code code, struct buf *out)
{
    return vmext_put(out, &(struct vmext_message){
                              .code = code,
                              .sequence = sequence_of(v),
                          });
}

static bool is_extension_on(const struct vmend *v)
{
    return v->options[VMWARE].us == TELOPT_ON;
}

int vmend_put_begin(struct vmend *v, const uint8_t sequence[VMEXT_SEQUENCE_LEN],
                    struct buf *out)
{
    if (!is_extension_on(v))
        return 0;
    memcpy(v->sequence, sequence, sizeof v->sequence);
    v->has_begun = true;
    return put_sequence(v, VMEXT_VMOTION_BEGIN, out);
}

int vmend_put_abort(struct vmend *v, struct buf *out)
{
    v->has_begun = false;
    return is_extension_on(v) ? vmext_put_code(out, VMEXT_VMOTION_ABORT) : 0;
}

int vmend_put_complete(struct vmend *v, struct buf *out)
{
    int r = 0;

    v->ticket = NULL;
    if (is_extension_on(v))
        r = put_sequence(v, VMEXT_VMOTION_COMPLETE, out);
    /* Sends settings that changed during the move. */
    v->comport.may_tell = true;
    return r < 0 ? r : comport_client_tell(&v->comport, out);
}

int vmend_put_uart(struct vmend *v, struct buf *out)
{
    return comport_client_tell(&v->comport, out);
}

int vmend_put_break(const struct vmend *v, struct buf *out)
{
    return comport_client_put_break(&v->comport, out);
}

static enum vmend_event line_event(enum comport_news news)
{
    switch (news) {
    case COMPORT_NEWS_LINES:
        return VMEND_LINES;
    case COMPORT_NEWS_BREAK_ON:
        return VMEND_BREAK_ON;
    case COMPORT_NEWS_BREAK_OFF:
        return VMEND_BREAK_OFF;
    case COMPORT_NEWS_RESUMED:
        return VMEND_RESUMED;
    case COMPORT_NEWS_SETTING:
        return VMEND_SETTING;
    case COMPORT_NEWS_NONE:
        break;
    }
    return VMEND_NEED_MORE;
}

int vmend_go_on_secure(struct vmend *v, struct buf *out)
{
    auth_client_note_secure(&v->auth);
    return answer_held(v, out);
}

/*
 * Call after AUTHENTICATION may have left its state was.
 *
 * Whether held messages may be sent is asked after each step and never decided
 * here: between ACCEPT and the end of the handshake auth_client_is_free is
 * false, so nothing of ours comes between ACCEPT and our hello.
 */
static int follow_authentication(struct vmend *v, uint8_t was, struct buf *out,
                                 enum vmend_event *ret_event)
{
    if (v->auth.state == was)
        return 0;
    if (v->auth.state == TELAUTH_STATE_ACCEPTED)
        *ret_event = VMEND_SECURE;
    else if (auth_client_has_failed(&v->auth))
        *ret_event = VMEND_INSECURE;
    return answer_held(v, out);
}

static int handle_authentication(struct vmend *v, struct slice body,
                                 struct buf *out, enum vmend_event *ret_event)
{
    uint8_t was = v->auth.state;
    int r;

    if (v->options[AUTHENTICATION].us != TELOPT_ON)
        return 0;
    r = auth_client_handle(&v->auth, body, out);
    return r < 0 ? r : follow_authentication(v, was, out, ret_event);
}

static void note_window(struct vmend *v, struct slice body,
                        enum vmend_event *ret_event)
{
    if (v->options[NAWS].peer == TELOPT_ON && naws_parse(body, &v->window))
        *ret_event = VMEND_WINDOW;
}

static int handle_suboption(struct vmend *v, struct telnet_item *item,
                            struct buf *out, enum vmend_event *ret_event)
{
    enum comport_news news;
    int r;

    if (item->option == TELNET_OPTION_AUTHENTICATION)
        return handle_authentication(v, item->body, out, ret_event);
    if (item->option == TELNET_OPTION_VMWARE && is_extension_on(v))
        return handle_message(v, item->body, out, ret_event, &item->body);
    if (item->option == TELNET_OPTION_NAWS)
        note_window(v, item->body, ret_event);
    if (item->option != TELNET_OPTION_COM_PORT)
        return 0;
    r = comport_client_handle(&v->comport, item->body, out, &news);
    *ret_event = line_event(news);
    return r;
}

static int handle_negotiation(struct vmend *v, struct telnet_item *item,
                              struct buf *out, enum vmend_event *ret_event)
{
    /* When COM-PORT goes off, its FLOWCONTROL-SUSPEND ends. */
    bool was_suspended = v->comport.is_suspended;
    uint8_t was = v->auth.state;
    int r = negotiate(v, item, out);

    if (r == 0)
        r = follow_authentication(v, was, out, ret_event);
    if (note_extension_off(v, item))
        *ret_event = VMEND_CLOSED;
    else if (was_suspended && !v->comport.is_suspended)
        *ret_event = VMEND_RESUMED;
    return r;
}

static int handle(struct vmend *v, enum telnet_event event,
                  struct telnet_item *item, struct buf *out,
                  enum vmend_event *ret_event)
{
    switch (event) {
    case TELNET_DATA:
        *ret_event = VMEND_DATA;
        return 0;
    case TELNET_COMMAND:
        if (item->verb == TELNET_BRK)
            *ret_event = VMEND_BREAK;
        return 0;
    case TELNET_NEGOTIATION:
        return handle_negotiation(v, item, out, ret_event);
    case TELNET_SUBOPTION:
        return handle_suboption(v, item, out, ret_event);
    case TELNET_OVERSIZED:
        *ret_event = VMEND_MISBEHAVED;
        return 0;
    case TELNET_NEED_MORE:
        break;
    }
    return 0;
}

int vmend_next(struct vmend *v, struct slice *in, struct buf *out,
               enum vmend_event *ret_event, struct slice *body)
{
    struct telnet_item item = { 0 };
    enum telnet_event event;
    int r = 0;

    *ret_event = VMEND_NEED_MORE;
    /* At most one event, because the owner may close the connection on it, or
     * switch to TLS with the rest of in. */
    do {
        event = telnet_next(&v->decoder, in, &item);
        if (event != TELNET_NEED_MORE)
            r = handle(v, event, &item, out, ret_event);
    } while (r == 0 && event != TELNET_NEED_MORE &&
             *ret_event == VMEND_NEED_MORE);
    *body = item.body;
    return r;
}

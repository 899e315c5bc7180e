#include "telnet.h"

#include "measure.h"

#include <stdio.h>
#include <string.h>

enum {
    SE = 240,
    SB = 250,
    WILL = 251,
    WONT = 252,
    DO = 253,
    DONT = 254,
    IAC = 255,
};

enum {
    BINARY = 0,
    ECHO = 1,
    SGA = 3,
    AUTHENTICATION = 37,
    COM_PORT = 44,
    VMWARE_EXT = 232,
};

/* Codes of option 232. */
enum {
    KNOWN_SUBOPTIONS_1 = 0,
    KNOWN_SUBOPTIONS_2 = 1,
    UNKNOWN_SUBOPTION_RCVD_1 = 2,
    UNKNOWN_SUBOPTION_RCVD_2 = 3,
    VMOTION_BEGIN = 40,
    VMOTION_GOAHEAD = 41,
    VMOTION_NOTNOW = 43,
    VMOTION_PEER = 44,
    VMOTION_PEER_OK = 45,
    VMOTION_COMPLETE = 46,
    DO_PROXY = 70,
    WILL_PROXY = 71,
    WONT_PROXY = 73,
    VM_VC_UUID = 80,
    GET_VM_VC_UUID = 81,
    VM_NAME = 82,
    GET_VM_NAME = 83,
    VM_BIOS_UUID = 84,
    GET_VM_BIOS_UUID = 85,
    VM_LOCATION_UUID = 86,
    GET_VM_LOCATION_UUID = 87,
};

void vm_name(char name[VM_NAME_LEN], unsigned n)
{
    snprintf(name, VM_NAME_LEN, VM_NAME_FORMAT, n);
}

static void reply(struct telnet *t, const void *bytes, size_t len)
{
    if (len > sizeof t->reply - t->reply_len)
        die("the server asks faster than it takes answers");
    memcpy(t->reply + t->reply_len, bytes, len);
    t->reply_len += (uint16_t)len;
}

static void reply_option(struct telnet *t, uint8_t verb, uint8_t option)
{
    reply(t, (uint8_t[]){ IAC, verb, option }, 3);
}

void telnet_put_data(struct telnet *t, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        reply(t, (uint8_t[]){ bytes[i], IAC }, bytes[i] == IAC ? 2 : 1);
}

static void reply_ext(struct telnet *t, uint8_t code, const void *body,
                      size_t len)
{
    reply(t, (uint8_t[]){ IAC, SB, VMWARE_EXT, code }, 4);
    telnet_put_data(t, body, len);
    reply(t, (uint8_t[]){ IAC, SE }, 2);
}

/* ESXi's way to write one: "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af b0 c1 d2 e3" */
static void reply_uuid(struct telnet *t, uint8_t code)
{
    char text[64];
    int len =
        snprintf(text, sizeof text,
                 "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af %02x %02x %02x %02x",
                 t->vm >> 24 & 0xff, t->vm >> 16 & 0xff, t->vm >> 8 & 0xff,
                 t->vm & 0xff);

    reply_ext(t, code, text, (size_t)len);
}

static bool is_vm(const struct telnet *t)
{
    return t->role == TELNET_VM || t->role == TELNET_DESTINATION;
}

void telnet_init(struct telnet *t, enum telnet_role role, unsigned vm)
{
    *t = (struct telnet){ .role = role, .vm = vm };
    t->is_silent = role == TELNET_DESTINATION;
    if (is_vm(t))
        reply_option(t, WILL, AUTHENTICATION);
}

static void offer_extension(struct telnet *t)
{
    if (!t->auth_settled || !t->ext_asked || t->ext_offered)
        return;
    t->ext_offered = true;
    reply_option(t, WILL, VMWARE_EXT);
}

/* Says verb once: a yes that was said is not said again. */
static void agree(struct telnet *t, bool *agreed, uint8_t verb, uint8_t option)
{
    if (*agreed)
        return;
    *agreed = true;
    reply_option(t, verb, option);
}

static void take_will(struct telnet *t, uint8_t option)
{
    if (option == BINARY)
        agree(t, &t->do_binary, DO, option);
    else if (option == SGA)
        agree(t, &t->do_sga, DO, option);
    else if (option == ECHO)
        agree(t, &t->do_echo, DO, option);
    else
        reply_option(t, DONT, option);
}

static void take_do(struct telnet *t, uint8_t option)
{
    if (option == BINARY) {
        agree(t, &t->will_binary, WILL, option);
    } else if (option == SGA) {
        agree(t, &t->will_sga, WILL, option);
    } else if (is_vm(t) && option == VMWARE_EXT) {
        t->ext_asked = true;
        offer_extension(t);
    } else if (option == COM_PORT && (t->proxied || t->has_said_peer)) {
        t->comport_settled = true;
    } else {
        reply_option(t, WONT, option);
        t->auth_settled |= option == AUTHENTICATION;
        offer_extension(t);
    }
}

static void take_dont(struct telnet *t, uint8_t option)
{
    if (option == AUTHENTICATION)
        t->auth_settled = true;
    if (option == COM_PORT)
        t->comport_settled = true;
    if (is_vm(t))
        offer_extension(t);
}

static void take_option(struct telnet *t, uint8_t option)
{
    if (t->verb == WILL)
        take_will(t, option);
    else if (t->verb == DO)
        take_do(t, option);
    else if (t->verb == DONT)
        take_dont(t, option);
}

/* ---- moves ------------------------------------------------------------ */

void telnet_begin_move(struct telnet *t,
                       const uint8_t sequence[TELNET_SEQUENCE_LEN])
{
    if (!t->knows_moves)
        die("the server does not do vMotion: VMOTION-BEGIN (40) is not among "
            "its KNOWN-SUBOPTIONS-2");
    t->has_goahead = false;
    t->key.len = TELNET_SEQUENCE_LEN;
    memcpy(t->key.bytes, sequence, TELNET_SEQUENCE_LEN);
    reply_ext(t, VMOTION_BEGIN, sequence, TELNET_SEQUENCE_LEN);
}

void telnet_set_key(struct telnet *t, const struct telnet_key *key)
{
    t->key = *key;
}

void telnet_complete_move(struct telnet *t)
{
    t->is_silent = false;
    reply_ext(t, VMOTION_COMPLETE, t->key.bytes, TELNET_SEQUENCE_LEN);
}

static bool is_sequence_ours(const struct telnet *t)
{
    return t->sb_len >= 2 + TELNET_SEQUENCE_LEN &&
           memcmp(t->sb + 2, t->key.bytes, TELNET_SEQUENCE_LEN) == 0;
}

static void take_goahead(struct telnet *t)
{
    size_t len = t->sb_len - 2u;

    if (t->key.len != TELNET_SEQUENCE_LEN || !is_sequence_ours(t))
        die("VM %u: GOAHEAD for a move that was not begun", t->vm);
    if (len == TELNET_SEQUENCE_LEN || len > sizeof t->key.bytes)
        die("VM %u: GOAHEAD with a secret of %zu bytes", t->vm,
            len - TELNET_SEQUENCE_LEN);
    t->key.len = (uint8_t)len;
    memcpy(t->key.bytes, t->sb + 2, len);
    t->has_goahead = true;
    t->is_silent = true;
}

static void take_peer_ok(struct telnet *t)
{
    if (!t->has_said_peer || t->has_peer_ok || !is_sequence_ours(t))
        die("VM %u: PEER-OK for a move that it does not take part in", t->vm);
    t->has_peer_ok = true;
}

/* ---- the extension ---------------------------------------------------- */

/* The codes of the server are known: what is next, is ours to say. */
static void take_known_suboptions(struct telnet *t)
{
    static const uint8_t known[] = {
        0,  1,  2,  3,  40, 41, 43, 44, 45, 46, 48,
        70, 71, 73, 80, 81, 84, 85, 86, 87, 82, 83
    };

    t->knows_moves = memchr(t->sb + 2, VMOTION_BEGIN, t->sb_len - 2u);
    reply_ext(t, KNOWN_SUBOPTIONS_1, known, sizeof known);
    if (t->role == TELNET_VM) {
        reply_ext(t, DO_PROXY, "SvSPC.py", strlen("SvSPC.py"));
        return;
    }
    reply_ext(t, VMOTION_PEER, t->key.bytes, t->key.len);
    reply_option(t, WILL, COM_PORT);
    t->has_said_peer = true;
}

static void take_extension(struct telnet *t, uint8_t code)
{
    char name[VM_NAME_LEN];

    switch (code) {
    case KNOWN_SUBOPTIONS_2:
        take_known_suboptions(t);
        return;
    case VMOTION_GOAHEAD:
        take_goahead(t);
        return;
    case VMOTION_PEER_OK:
        take_peer_ok(t);
        return;
    case VMOTION_NOTNOW:
        die("VM %u: the server refused VMOTION-BEGIN (NOTNOW)", t->vm);
    case UNKNOWN_SUBOPTION_RCVD_2:
        if (t->sb_len > 2 && t->sb[2] == VMOTION_PEER)
            die("VM %u: the server refused VMOTION-PEER", t->vm);
        return;
    case WILL_PROXY:
        t->proxied = true;
        reply_option(t, WILL, COM_PORT);
        return;
    case WONT_PROXY:
        die("VM %u: the server refused DO-PROXY", t->vm);
    case GET_VM_VC_UUID:
        t->uuid_given = true;
        reply_uuid(t, VM_VC_UUID);
        return;
    case GET_VM_NAME:
        t->name_given = true;
        vm_name(name, t->vm);
        reply_ext(t, VM_NAME, name, strlen(name));
        return;
    case GET_VM_BIOS_UUID:
        reply_uuid(t, VM_BIOS_UUID);
        return;
    case GET_VM_LOCATION_UUID:
        reply_uuid(t, VM_LOCATION_UUID);
        return;
    default:
        reply_ext(t, UNKNOWN_SUBOPTION_RCVD_1, &code, 1);
        return;
    }
}

/* A parameter cut off at TELNET_SB_MAX does no harm: codes are all we read. */
static void take_subnegotiation(struct telnet *t)
{
    if (is_vm(t) && t->sb_len >= 2 && t->sb[0] == VMWARE_EXT)
        take_extension(t, t->sb[1]);
}

static void take_verb(struct telnet *t, uint8_t byte)
{
    t->state = TELNET_DATA;
    if (byte >= WILL && byte <= DONT) {
        t->verb = byte;
        t->state = TELNET_OPTION;
    } else if (byte == SB) {
        t->sb_len = 0;
        t->state = TELNET_SB;
    }
}

static void take_sb_byte(struct telnet *t, uint8_t byte)
{
    if (t->sb_len < sizeof t->sb)
        t->sb[t->sb_len++] = byte;
}

/* One byte; true if it turned out to be data. */
static bool take_byte(struct telnet *t, uint8_t byte)
{
    switch (t->state) {
    case TELNET_DATA:
        if (byte != IAC)
            return true;
        t->state = TELNET_IAC;
        break;
    case TELNET_IAC:
        if (byte == IAC) {
            t->state = TELNET_DATA;
            return true;
        }
        take_verb(t, byte);
        break;
    case TELNET_OPTION:
        t->state = TELNET_DATA;
        take_option(t, byte);
        break;
    case TELNET_SB:
        if (byte == IAC)
            t->state = TELNET_SB_IAC;
        else
            take_sb_byte(t, byte);
        break;
    case TELNET_SB_IAC:
        t->state = TELNET_SB;
        if (byte == IAC) {
            take_sb_byte(t, byte);
        } else if (byte == SE) {
            t->state = TELNET_DATA;
            take_subnegotiation(t);
        }
        break;
    }
    return false;
}

size_t telnet_decode(struct telnet *t, const uint8_t *in, size_t len,
                     uint8_t *out)
{
    size_t count = 0;

    if (t->role == TELNET_NONE) {
        memmove(out, in, len);
        return len;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = in[i];

        if (!take_byte(t, byte))
            continue;
        if (t->is_silent)
            die("VM %u: data %s", t->vm,
                t->has_goahead ? "after GOAHEAD" : "before COMPLETE");
        out[count++] = byte;
    }
    return count;
}

bool telnet_is_ready(const struct telnet *t)
{
    switch (t->role) {
    case TELNET_NONE:
        return true;
    case TELNET_CLIENT:
        return t->will_binary && t->do_binary;
    case TELNET_VM:
        return t->will_binary && t->do_binary && t->proxied && t->uuid_given &&
               t->name_given && t->comport_settled;
    case TELNET_DESTINATION:
        return t->will_binary && t->do_binary && t->has_peer_ok;
    }
    return false;
}

/*
 * vmext.h - VMware's telnet extension, option 232 (guide, tables 2-1 to 2-6).
 *
 * Translates between subnegotiation bodies and struct vmext_message, for both
 * ends: the VM (an ESXi host) and the proxy (us). No state and no I/O: the
 * session decides which message may come when. vmext.c opens with the layout.
 */
#ifndef PROTO_VMEXT_H
#define PROTO_VMEXT_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

enum vmext_code {
    VMEXT_KNOWN_SUBOPTIONS_1 = 0,
    VMEXT_KNOWN_SUBOPTIONS_2 = 1,
    VMEXT_UNKNOWN_SUBOPTION_RCVD_1 = 2,
    VMEXT_UNKNOWN_SUBOPTION_RCVD_2 = 3,
    VMEXT_VMOTION_BEGIN = 40,
    VMEXT_VMOTION_GOAHEAD = 41,
    VMEXT_VMOTION_NOTNOW = 43,
    VMEXT_VMOTION_PEER = 44,
    VMEXT_VMOTION_PEER_OK = 45,
    VMEXT_VMOTION_COMPLETE = 46,
    VMEXT_VMOTION_ABORT = 48,
    VMEXT_DO_PROXY = 70,
    VMEXT_WILL_PROXY = 71,
    VMEXT_WONT_PROXY = 73,
    VMEXT_VM_VC_UUID = 80,
    VMEXT_GET_VM_VC_UUID = 81,
    VMEXT_VM_NAME = 82,
    VMEXT_GET_VM_NAME = 83,
    VMEXT_VM_BIOS_UUID = 84,
    VMEXT_GET_VM_BIOS_UUID = 85,
    VMEXT_VM_LOCATION_UUID = 86,
    VMEXT_GET_VM_LOCATION_UUID = 87,
};

enum vmext_end { VMEXT_VM, VMEXT_PROXY };

enum {
    /* Both are opaque, and the guide does not promise their lengths. So a few
     * more bytes than were seen on the wire are accepted. */
    VMEXT_SEQUENCE_LEN = 4, /* what ESXi sends */
    VMEXT_SECRET_LEN = 8,   /* what we send */
};

/* The code decides which members are set; the slices are borrowed. */
struct vmext_message {
    enum vmext_code code;
    struct slice codes;    /* KNOWN_SUBOPTIONS_*: a byte per code */
    uint8_t unknown;       /* UNKNOWN_SUBOPTION_RCVD_* */
    struct slice sequence; /* VMOTION_*, except ABORT */
    struct slice secret;   /* VMOTION_GOAHEAD, VMOTION_PEER */
    uint8_t direction; /* DO_PROXY: 'S' or 'C', or any other byte that came */
    /* DO_PROXY: the URI; VM_*: the value. Not terminated; may contain any
     * byte */
    struct slice text;
};

enum vmext_result {
    VMEXT_OK = 0,
    /* a code that this end does not receive: the answer is vmext_put_unknown
     * with ret->unknown */
    VMEXT_UNKNOWN,
    VMEXT_MALFORMED, /* a known code with impossible parameters: ignore it */
};

/*
 * Reads a subnegotiation's body that end has received. The sequence of BEGIN,
 * NOTNOW, PEER-OK and COMPLETE is everything after the code. In GOAHEAD and
 * PEER its length cannot be seen: the first VMEXT_SEQUENCE_LEN bytes are the
 * sequence, the rest is the secret. The two slices are adjacent, so both can be
 * compared as one with what was sent, whatever the sequence's true length was.
 *
 * Malformed: a body without a code, or without a code, sequence or secret that
 * the message needs. DO-PROXY and PEER are never malformed, because their
 * senders wait for a refusal: a missing direction or secret is 0 or empty.
 * Surplus bytes are ignored.
 */
enum vmext_result vmext_parse(enum vmext_end end, struct slice body,
                              struct vmext_message *ret);

/* Appends IAC SB 232 ... IAC SE; fails as buf_append does. The code must be one
 * of enum vmext_code. */
int vmext_put(struct buf *out, const struct vmext_message *message);

/* Append a code alone; end's KNOWN-SUBOPTIONS with all its codes; end's answer
 * that it does not know code. */
int vmext_put_code(struct buf *out, enum vmext_code code);
int vmext_put_known(struct buf *out, enum vmext_end end);
int vmext_put_unknown(struct buf *out, enum vmext_end end, uint8_t code);

/* True if codes (of a KNOWN-SUBOPTIONS) contains code. */
bool vmext_knows(struct slice codes, enum vmext_code code);

/* "DO-PROXY", ... as in the guide; "?" for a code that it does not have. */
const char *vmext_code_name(uint8_t code);

#endif

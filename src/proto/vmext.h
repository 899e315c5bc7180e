/*
 * vmext.h - VMware's telnet extension, option 232 (guide, tables 2-1 to 2-6).
 *
 * Translates between subnegotiation bodies and struct vmext_message, for both
 * ends: the VM (an ESXi host) and the proxy (us). No state and no I/O: what
 * may come when is the session's business. vmext.c opens with the layout.
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
    /* Seen on the wire: both are opaque, length not promised
     * by the guide, so a few more bytes than seen are taken. */
    VMEXT_SEQUENCE_LEN = 4, /* what ESXi sends */
    VMEXT_SECRET_LEN = 8,   /* what we send */
};

/* Which members are set depends on the code; the slices are borrowed. */
struct vmext_message {
    enum vmext_code code;
    struct slice codes;    /* KNOWN_SUBOPTIONS_*: a byte per code */
    uint8_t unknown;       /* UNKNOWN_SUBOPTION_RCVD_* */
    struct slice sequence; /* VMOTION_*, but for ABORT */
    struct slice secret;   /* VMOTION_GOAHEAD, VMOTION_PEER */
    uint8_t direction;     /* DO_PROXY: 'S' or 'C', or what else was sent */
    struct slice text;     /* DO_PROXY: the URI; VM_*: the value; not
                            * terminated, any byte may be in it */
};

enum vmext_result {
    VMEXT_OK = 0,
    VMEXT_UNKNOWN,   /* a code that this end does not receive: answer it with
                      * vmext_put_unknown; ret->unknown has the code */
    VMEXT_MALFORMED, /* a known code with parameters that cannot be; ignore */
};

/*
 * Reads a subnegotiation's body as received by end. Sequence is everything
 * after the code for BEGIN, NOTNOW, PEER-OK, COMPLETE; for GOAHEAD and PEER
 * its length cannot be told from the bytes: the first VMEXT_SEQUENCE_LEN are
 * the sequence, the rest is the secret. The two slices are neighbours, so that
 * both can be compared as one with what was sent, whatever the sequence's
 * length was.
 *
 * Malformed: no code at all; no code, sequence or secret where one belongs. But
 * DO-PROXY and PEER never are, because their sender waits for a refusal: a
 * direction or secret that is missing is 0 or empty. Bytes that a message has
 * too many are ignored.
 */
enum vmext_result vmext_parse(enum vmext_end end, struct slice body,
                              struct vmext_message *ret);

/* Appends IAC SB 232 ... IAC SE; the failures of buf_append. The code must be
 * one of enum vmext_code. */
int vmext_put(struct buf *out, const struct vmext_message *message);

/* The shorthands: a code alone; as said by that end, that it handles all codes
 * there are (its KNOWN-SUBOPTIONS), and that this one is unknown to it. */
int vmext_put_code(struct buf *out, enum vmext_code code);
int vmext_put_known(struct buf *out, enum vmext_end end);
int vmext_put_unknown(struct buf *out, enum vmext_end end, uint8_t code);

/* True if codes (of a KNOWN-SUBOPTIONS) has this one. */
bool vmext_knows(struct slice codes, enum vmext_code code);

/* "DO-PROXY", ... as in the guide; "?" for what it does not have. */
const char *vmext_code_name(uint8_t code);

#endif

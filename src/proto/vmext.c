/*
 * Option 232 on the wire. A message is one subnegotiation,
 *
 *     IAC SB 232 code parameters IAC SE
 *
 * and its parameters are plain bytes up to the end, without lengths or
 * terminators, 255 doubled:
 *
 *     none               nothing
 *     codes              a byte for each code that the sender handles
 *     code               the one code that was not understood
 *     sequence           opaque, to the end; ESXi sends 4 bytes
 *     sequence secret    both opaque; nothing on the wire separates them
 *     direction uri      'C' or 'S', then text to the end
 *     text               to the end
 *
 * Both ends number their messages in one space; the table below says which end
 * receives which. A few surplus bytes are ignored.
 */
#include "proto/vmext.h"

#include "proto/telnet_encode.h"

#include <assert.h>

enum parameters {
    PARAMETERS_NONE,
    PARAMETERS_CODES,
    PARAMETERS_CODE,
    PARAMETERS_SEQUENCE,
    PARAMETERS_SEQUENCE_SECRET,
    PARAMETERS_PROXY,
    PARAMETERS_TEXT,
};

struct row {
    const char *name; /* NULL: no such code */
    uint8_t receiver; /* enum vmext_end */
    uint8_t parameters;
};

/* The guide also writes WON'T-PROXY. */
/* clang-format off */
#define ROW(name, receiver, parameters) \
    { name, VMEXT_##receiver, PARAMETERS_##parameters }

static const struct row rows[] = {
    /* Table 2-2, option subnegotiation */
    [VMEXT_KNOWN_SUBOPTIONS_1] = ROW("KNOWN-SUBOPTIONS-1", PROXY, CODES),
    [VMEXT_KNOWN_SUBOPTIONS_2] = ROW("KNOWN-SUBOPTIONS-2", VM, CODES),
    /* Table 2-3, unknown suboptions */
    [VMEXT_UNKNOWN_SUBOPTION_RCVD_1] =
        ROW("UNKNOWN-SUBOPTION-RCVD-1", PROXY, CODE),
    [VMEXT_UNKNOWN_SUBOPTION_RCVD_2] =
        ROW("UNKNOWN-SUBOPTION-RCVD-2", VM, CODE),
    /* Table 2-5, vMotion notification */
    [VMEXT_VMOTION_BEGIN] = ROW("VMOTION-BEGIN", PROXY, SEQUENCE),
    [VMEXT_VMOTION_GOAHEAD] = ROW("VMOTION-GOAHEAD", VM, SEQUENCE_SECRET),
    [VMEXT_VMOTION_NOTNOW] = ROW("VMOTION-NOTNOW", VM, SEQUENCE),
    [VMEXT_VMOTION_PEER] = ROW("VMOTION-PEER", PROXY, SEQUENCE_SECRET),
    [VMEXT_VMOTION_PEER_OK] = ROW("VMOTION-PEER-OK", VM, SEQUENCE),
    [VMEXT_VMOTION_COMPLETE] = ROW("VMOTION-COMPLETE", PROXY, SEQUENCE),
    [VMEXT_VMOTION_ABORT] = ROW("VMOTION-ABORT", PROXY, NONE),
    /* Table 2-4, proxy operation */
    [VMEXT_DO_PROXY] = ROW("DO-PROXY", PROXY, PROXY),
    [VMEXT_WILL_PROXY] = ROW("WILL-PROXY", VM, NONE),
    [VMEXT_WONT_PROXY] = ROW("WONT-PROXY", VM, NONE),
    /* Table 2-6, virtual machine identification */
    [VMEXT_VM_VC_UUID] = ROW("VM-VC-UUID", PROXY, TEXT),
    [VMEXT_GET_VM_VC_UUID] = ROW("GET-VM-VC-UUID", VM, NONE),
    [VMEXT_VM_NAME] = ROW("VM-NAME", PROXY, TEXT),
    [VMEXT_GET_VM_NAME] = ROW("GET-VM-NAME", VM, NONE),
    [VMEXT_VM_BIOS_UUID] = ROW("VM-BIOS-UUID", PROXY, TEXT),
    [VMEXT_GET_VM_BIOS_UUID] = ROW("GET-VM-BIOS-UUID", VM, NONE),
    [VMEXT_VM_LOCATION_UUID] = ROW("VM-LOCATION-UUID", PROXY, TEXT),
    [VMEXT_GET_VM_LOCATION_UUID] = ROW("GET-VM-LOCATION-UUID", VM, NONE),
};
/* clang-format on */

static const struct row *find_row(unsigned code)
{
    if (code >= sizeof rows / sizeof rows[0] || rows[code].name == NULL)
        return NULL;
    return &rows[code];
}

static enum vmext_result parse_parameters(enum parameters kind, struct slice in,
                                          struct vmext_message *ret)
{
    switch (kind) {
    case PARAMETERS_NONE:
        return VMEXT_OK;
    case PARAMETERS_CODES:
        ret->codes = in;
        return VMEXT_OK;
    case PARAMETERS_CODE:
        if (in.len < 1)
            return VMEXT_MALFORMED;
        ret->unknown = in.data[0];
        return VMEXT_OK;
    case PARAMETERS_SEQUENCE:
        /* The sender of a BEGIN without a sequence waits for NOTNOW too. */
        if (in.len < 1 && ret->code != VMEXT_VMOTION_BEGIN)
            return VMEXT_MALFORMED;
        ret->sequence = in;
        return VMEXT_OK;
    case PARAMETERS_SEQUENCE_SECRET:
        /* The sender of a PEER without a secret waits for a refusal too. */
        if (in.len <= VMEXT_SEQUENCE_LEN) {
            ret->sequence = in;
            return ret->code == VMEXT_VMOTION_PEER ? VMEXT_OK : VMEXT_MALFORMED;
        }
        ret->sequence = slice_of(in.data, VMEXT_SEQUENCE_LEN);
        ret->secret = slice_after(in, VMEXT_SEQUENCE_LEN);
        return VMEXT_OK;
    case PARAMETERS_PROXY:
        /* The sender of a DO-PROXY without a direction waits for WONT-PROXY
         * too. */
        if (in.len > 0) {
            ret->direction = in.data[0];
            ret->text = slice_after(in, 1);
        }
        return VMEXT_OK;
    case PARAMETERS_TEXT:
        ret->text = in;
        return VMEXT_OK;
    }
    return VMEXT_MALFORMED;
}

enum vmext_result vmext_parse(enum vmext_end end, struct slice body,
                              struct vmext_message *ret)
{
    const struct row *row;

    *ret = (struct vmext_message){ 0 };
    if (body.len == 0)
        return VMEXT_MALFORMED;
    row = find_row(body.data[0]);
    if (row == NULL || row->receiver != end) {
        ret->unknown = body.data[0];
        return VMEXT_UNKNOWN;
    }
    ret->code = (enum vmext_code)body.data[0];
    return parse_parameters((enum parameters)row->parameters,
                            slice_after(body, 1), ret);
}

int vmext_put(struct buf *out, const struct vmext_message *message)
{
    const struct row *row = find_row((unsigned)message->code);
    uint8_t code = (uint8_t)message->code;
    struct slice pieces[3] = { { &code, 1 } };

    assert(row != NULL);
    switch ((enum parameters)row->parameters) {
    case PARAMETERS_NONE:
        break;
    case PARAMETERS_CODES:
        pieces[1] = message->codes;
        break;
    case PARAMETERS_CODE:
        pieces[1] = slice_of(&message->unknown, 1);
        break;
    case PARAMETERS_SEQUENCE_SECRET:
        pieces[1] = message->sequence;
        pieces[2] = message->secret;
        break;
    case PARAMETERS_SEQUENCE:
        pieces[1] = message->sequence;
        break;
    case PARAMETERS_PROXY:
        pieces[1] = slice_of(&message->direction, 1);
        pieces[2] = message->text;
        break;
    case PARAMETERS_TEXT:
        pieces[1] = message->text;
        break;
    }
    return telnet_put_suboption_pieces(out, TELNET_OPTION_VMWARE, pieces, 3);
}

int vmext_put_code(struct buf *out, enum vmext_code code)
{
    uint8_t byte = (uint8_t)code;

    return telnet_put_suboption(out, TELNET_OPTION_VMWARE, slice_of(&byte, 1));
}

int vmext_put_known(struct buf *out, enum vmext_end end)
{
    /* In the order in which ESXi lists them. */
    static const uint8_t all[] = {
        VMEXT_KNOWN_SUBOPTIONS_1,
        VMEXT_KNOWN_SUBOPTIONS_2,
        VMEXT_UNKNOWN_SUBOPTION_RCVD_1,
        VMEXT_UNKNOWN_SUBOPTION_RCVD_2,
        VMEXT_VMOTION_BEGIN,
        VMEXT_VMOTION_GOAHEAD,
        VMEXT_VMOTION_NOTNOW,
        VMEXT_VMOTION_PEER,
        VMEXT_VMOTION_PEER_OK,
        VMEXT_VMOTION_COMPLETE,
        VMEXT_VMOTION_ABORT,
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
    const struct vmext_message message = {
        .code = end == VMEXT_VM ? VMEXT_KNOWN_SUBOPTIONS_1
                                : VMEXT_KNOWN_SUBOPTIONS_2,
        .codes = slice_of(all, sizeof all),
    };

    return vmext_put(out, &message);
}

int vmext_put_unknown(struct buf *out, enum vmext_end end, uint8_t code)
{
    const struct vmext_message message = {
        .code = end == VMEXT_VM ? VMEXT_UNKNOWN_SUBOPTION_RCVD_1
                                : VMEXT_UNKNOWN_SUBOPTION_RCVD_2,
        .unknown = code,
    };

    return vmext_put(out, &message);
}

bool vmext_knows(struct slice codes, enum vmext_code code)
{
    return codes.len > 0 && memchr(codes.data, (int)code, codes.len) != NULL;
}

const char *vmext_code_name(uint8_t code)
{
    const struct row *row = find_row(code);

    return row != NULL ? row->name : "?";
}

/* What can be read can be written, and reads the same again. The first byte
 * of the input chooses the end. */
#include "proto/telnet_decode.h"
#include "proto/vmext.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_same(const struct vmext_message *a,
                       const struct vmext_message *b)
{
    require(a->code == b->code);
    require(a->unknown == b->unknown);
    require(a->direction == b->direction);
    require(slice_is_equal(a->codes, b->codes));
    require(slice_is_equal(a->sequence, b->sequence));
    require(slice_is_equal(a->secret, b->secret));
    require(slice_is_equal(a->text, b->text));
}

static void check_round_trip(enum vmext_end end, const struct vmext_message *m)
{
    struct vmext_message again;
    struct telnet_decoder d;
    struct telnet_item item;
    struct slice in;
    struct buf out;

    buf_init(&out, 1 << 24);
    require(vmext_put(&out, m) == 0);
    in = buf_bytes(&out);
    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    require(telnet_next(&d, &in, &item) == TELNET_SUBOPTION);
    require(item.option == TELNET_OPTION_VMWARE);
    require(vmext_parse(end, item.body, &again) == VMEXT_OK);
    check_same(m, &again);
    require(telnet_next(&d, &in, &item) == TELNET_NEED_MORE);
    telnet_decoder_done(&d);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct vmext_message m;
    enum vmext_end end;

    if (len < 1 || len > TELNET_SUBOPTION_MAX / 2)
        return 0;
    end = bytes[0] % 2 == 0 ? VMEXT_PROXY : VMEXT_VM;
    if (vmext_parse(end, slice_of(bytes + 1, len - 1), &m) == VMEXT_OK)
        check_round_trip(end, &m);
    return 0;
}

/* Any body of a subnegotiation is one of the kit's messages, or wrong; an id is
 * never empty, and lies in the body. */
#include "proto/admin/option233.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct option233_message m = option233_parse(slice_of(bytes, len));

    if (m.kind == OPTION233_CONNECT) {
        require(m.id.len == len - 2 && m.id.len > 0);
        require(m.id.data == bytes + 2 && m.mode == bytes[1]);
    } else {
        require(m.kind == OPTION233_WRONG || len == 1);
    }
    return 0;
}

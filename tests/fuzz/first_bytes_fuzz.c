/*
 * Whatever comes first: an answer stays what it is when more bytes come, and
 * there is one after FIRST_BYTES_LEN bytes. The first byte of an input is the
 * set of protocols that are looked for.
 */
#include "proto/first/first_bytes.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    enum first_bytes before = FIRST_BYTES_OPEN;
    unsigned protocols;

    if (len < 1)
        return 0;
    protocols = bytes[0] & FIRST_BYTES_ALL;
    for (size_t cut = 0; cut < len; cut++) {
        enum first_bytes answer =
            first_bytes_look(slice_of(bytes + 1, cut), protocols);

        require(before == FIRST_BYTES_OPEN || answer == before ||
                (cut == FIRST_BYTES_ENTER && bytes[1] == '\r'));
        require(answer != FIRST_BYTES_OPEN || cut < FIRST_BYTES_LEN);
        require(answer == FIRST_BYTES_OTHER || answer == FIRST_BYTES_OPEN ||
                (protocols & FIRST_BYTES_BIT(answer)) != 0);
        before = answer;
    }
    return 0;
}

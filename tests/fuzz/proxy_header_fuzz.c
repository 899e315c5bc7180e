/*
 * Whatever a balancer says first: a header means the same however it is cut, is
 * as long as it says, and never longer than PROXY_HEADER_MAX. The first byte of
 * an input is where it is cut.
 */
#include "proto/first/proxy_header.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_same(const struct proxy_header *a,
                         const struct proxy_header *b)
{
    require(a->state == b->state);
    if (a->state == PROXY_HEADER_PEER)
        require(a->peer.high == b->peer.high && a->peer.low == b->peer.low &&
                a->port == b->port);
    if (a->state == PROXY_HEADER_WRONG)
        require(a->problem == b->problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct proxy_header whole = { 0 };
    struct proxy_header cut = { 0 };
    struct slice in;
    size_t piece;
    size_t taken;
    size_t at = 0;

    if (len < 1)
        return 0;
    piece = bytes[0] + 1u;
    in = slice_of(bytes + 1, len - 1);
    taken = proxy_header_take(&whole, in);
    require(taken <= in.len && taken <= PROXY_HEADER_MAX);
    require(whole.state != PROXY_HEADER_OPEN || taken == in.len);
    while (at < in.len && cut.state == PROXY_HEADER_OPEN) {
        size_t rest = in.len - at;

        at += proxy_header_take(
            &cut, slice_of(in.data + at, rest < piece ? rest : piece));
    }
    require_same(&whole, &cut);
    require(at == taken);
    return 0;
}

/* What is found lies in the text, and an address can be used as one. */
#include "proto/uri.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_inside(struct slice part, struct slice text)
{
    if (part.len == 0)
        return;
    require(part.data >= text.data);
    require(part.len <= (size_t)(text.data + text.len - part.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice text = slice_of(bytes, len);
    struct uri uri;

    uri_parse(text, &uri);
    check_inside(uri.label, text);
    check_inside(uri.scheme, text);
    check_inside(uri.host, text);
    check_inside(uri.fragment, text);
    require((uri.kind == URI_LABEL) == (uri.label.len > 0));
    require((uri.kind == URI_INVALID) == (uri.problem != NULL));
    require((uri.kind == URI_ADDRESS) == (uri.port > 0 && uri.host.len > 0));
    for (size_t i = 0; i < uri.host.len; i++)
        require(uri.host.data[i] > ' ' && uri.host.data[i] < 0x7f);
    return 0;
}

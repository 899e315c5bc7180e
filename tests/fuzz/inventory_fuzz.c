/*
 * Whatever a file or a program has for an inventory: it is read alike however
 * it is cut, its texts are clean and within their bounds, and each VM is found.
 * The first byte of an input is where it is cut.
 */
#include "base/text.h"
#include "inventory/inventory_private.h"
#include "inventory/inventory_reader.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct inventory *read_pieces(struct inventory_reader *r,
                                     struct slice in, size_t piece)
{
    static const uint64_t seed[2] = { 1, 2 };
    bool goes_on = true;

    inventory_reader_init(r, seed);
    while (goes_on && in.len > 0) {
        size_t len = in.len < piece ? in.len : piece;

        goes_on = inventory_reader_feed(r, slice_of(in.data, len));
        in = slice_after(in, len);
    }
    return inventory_reader_end(r);
}

static void require_text(const char *text, size_t max)
{
    require(strlen(text) <= max && text_is_visible(text));
}

static void check(const struct inventory *table)
{
    for (size_t i = 0; table != NULL && i < table->count; i++) {
        const uint8_t *u = table->row[i].uuid;
        struct inventory_vm vm;
        const char *tag = NULL;
        unsigned tags = 0;
        char uuid[TEXT_UUID_LEN + 1] = "";
        size_t len = 0;

        for (size_t at = 0; at < INVENTORY_UUID_LEN; at++)
            len += (size_t)snprintf(
                uuid + len, sizeof uuid - len, "%s%02x",
                at == 4 || at == 6 || at == 8 || at == 10 ? "-" : "", u[at]);
        vm = inventory_find(table, uuid);
        require(inventory_vm_is_known(&vm) != vm.is_unknown);
        if (vm.is_unknown)
            continue;
        require_text(vm.name, INVENTORY_TEXT_MAX);
        require_text(vm.folder, INVENTORY_TEXT_MAX);
        require_text(vm.host, INVENTORY_TEXT_MAX);
        require_text(vm.owner, INVENTORY_TEXT_MAX);
        for (; (tag = inventory_next_tag(&vm, tag)) != NULL; tags++)
            require_text(tag, INVENTORY_TAG_MAX);
        require(tags <= INVENTORY_TAGS_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct inventory_reader whole, cut;
    struct inventory *table, *other;
    struct slice in;

    if (len < 1)
        return 0;
    in = slice_of(bytes + 1, len - 1);
    table = read_pieces(&whole, in, len);
    other = read_pieces(&cut, in, bytes[0] + 1u);
    require((table == NULL) == (other == NULL));
    require(whole.line == cut.line && whole.why == cut.why);
    require(whole.build.doubts.left_out == cut.build.doubts.left_out);
    require(inventory_differences(table, other) == 0);
    check(table);
    inventory_free(table);
    inventory_free(other);
    inventory_reader_done(&whole);
    inventory_reader_done(&cut);
    return 0;
}

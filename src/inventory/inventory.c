#include "inventory/inventory_private.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

bool inventory_uuid(const char *text, uint8_t ret[INVENTORY_UUID_LEN])
{
    size_t at = 0;

    if (!text_is_uuid(text))
        return false;
    for (size_t i = 0; i < INVENTORY_UUID_LEN; i++) {
        at += text[at] == '-';
        ret[i] = (uint8_t)(digit(text[at]) << 4 | digit(text[at + 1]));
        at += 2;
    }
    return true;
}

static const struct inventory_row *find_row(
    const struct inventory *table, const uint8_t uuid[INVENTORY_UUID_LEN])
{
    size_t from = 0;
    size_t to = table->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = memcmp(table->row[middle].uuid, uuid, INVENTORY_UUID_LEN);

        if (order == 0)
            return &table->row[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

struct inventory_vm inventory_find(const struct inventory *table,
                                   const char *uuid)
{
    struct inventory_vm vm = { .name = NULL };
    const struct inventory_row *row;
    uint8_t key[INVENTORY_UUID_LEN];

    if (table == NULL) {
        vm.is_unknown = true;
        return vm;
    }
    vm.is_unknown = table->is_unknown;
    if (table->count == 0 || uuid == NULL || !inventory_uuid(uuid, key))
        return vm;
    row = find_row(table, key);
    if (row == NULL)
        return vm;
    vm.is_unknown = row->name == INVENTORY_LEFT_OUT;
    if (vm.is_unknown)
        return vm;
    vm.name = table->texts + row->name;
    vm.folder = table->texts + row->folder;
    vm.host = table->texts + row->host;
    vm.owner = table->texts + row->owner;
    vm.tags = table->texts + row->tags;
    return vm;
}

const struct inventory *inventory_unknown(void)
{
    static const struct inventory unknown = { .is_unknown = true };

    return &unknown;
}

bool inventory_is_unknown(const struct inventory *table)
{
    return table != NULL && table->is_unknown;
}

const char *inventory_next_tag(const struct inventory_vm *vm, const char *tag)
{
    if (tag == NULL)
        tag = vm->tags;
    else
        tag += strlen(tag) + 1;
    return tag != NULL && *tag != '\0' ? tag : NULL;
}

size_t inventory_count(const struct inventory *table)
{
    return table != NULL ? table->count - table->left_out : 0;
}

size_t inventory_size(const struct inventory *table)
{
    return table != NULL ? sizeof *table + table->count * sizeof *table->row +
                               table->texts_len
                         : 0;
}

/* ---- two of them --------------------------------------------------------- */

static bool is_same_text(const struct inventory *a, uint32_t at,
                         const struct inventory *b, uint32_t other)
{
    return strcmp(a->texts + at, b->texts + other) == 0;
}

static bool has_same_tags(const struct inventory *a, uint32_t at,
                          const struct inventory *b, uint32_t other)
{
    const char *left = a->texts + at;
    const char *right = b->texts + other;

    while (*left != '\0' && strcmp(left, right) == 0) {
        left += strlen(left) + 1;
        right += strlen(right) + 1;
    }
    return *left == '\0' && *right == '\0';
}

static bool is_same(const struct inventory *a, const struct inventory_row *row,
                    const struct inventory *b,
                    const struct inventory_row *other)
{
    if (row->name == INVENTORY_LEFT_OUT || other->name == INVENTORY_LEFT_OUT)
        return row->name == other->name;
    return is_same_text(a, row->name, b, other->name) &&
           is_same_text(a, row->folder, b, other->folder) &&
           is_same_text(a, row->host, b, other->host) &&
           is_same_text(a, row->owner, b, other->owner) &&
           has_same_tags(a, row->tags, b, other->tags);
}

static size_t rows_of(const struct inventory *table)
{
    return table != NULL ? table->count : 0;
}

size_t inventory_differences(const struct inventory *a,
                             const struct inventory *b)
{
    size_t left = 0;
    size_t right = 0;
    size_t count = 0;

    while (left < rows_of(a) && right < rows_of(b)) {
        const struct inventory_row *row = &a->row[left];
        const struct inventory_row *other = &b->row[right];
        int order = memcmp(row->uuid, other->uuid, INVENTORY_UUID_LEN);

        if (order != 0 || !is_same(a, row, b, other))
            count++;
        left += order <= 0;
        right += order >= 0;
    }
    return count + (rows_of(a) - left) + (rows_of(b) - right);
}

void inventory_free(struct inventory *table)
{
    if (table == NULL)
        return;
    free(table->row);
    free(table->texts);
    free(table);
}

#include "inventory/inventory_build.h"

#include "base/mem.h"
#include "inventory/inventory_private.h"

#include <stdlib.h>
#include <string.h>

void inventory_build_init(struct inventory_build *b, const uint64_t seed[2])
{
    *b = (struct inventory_build){ .row = NULL };
    map_init(&b->shared, seed);
}

void inventory_build_done(struct inventory_build *b)
{
    free(b->row);
    free(b->text);
    map_done(&b->shared);
    b->row = NULL;
    b->text = NULL;
}

void inventory_build_doubt(struct inventory_build *b, unsigned line,
                           const char *what)
{
    struct inventory_doubts *d = &b->doubts;

    if (d->left_out < INVENTORY_DOUBTS_MAX)
        d->first[d->left_out] = (struct inventory_doubt){ line, what };
    d->left_out++;
}

/* ---- texts --------------------------------------------------------------- */

/* What is looked for among the texts that are there. */
struct wanted {
    const struct inventory_build *build;
    struct slice text; /* with its last NUL */
};

static bool is_wanted(const void *value, const void *key)
{
    size_t at = (size_t)(uintptr_t)value - 1;
    const struct wanted *wanted = key;
    const struct inventory_build *b = wanted->build;

    return b->text_len - at >= wanted->text.len &&
           memcmp(b->text + at, wanted->text.data, wanted->text.len) == 0;
}

/* False: there is no memory. Offsets have 32 bits: what is read has 26. */
static bool make_room(struct inventory_build *b, size_t len)
{
    size_t room = b->text_room > 0 ? b->text_room : 4096;
    char *text;

    while (room < b->text_len + len)
        room *= 2;
    if (room == b->text_room)
        return true;
    text = room < UINT32_MAX ? realloc(b->text, room) : NULL;
    if (text == NULL)
        return false;
    b->text = text;
    b->text_room = room;
    return true;
}

static bool append(struct inventory_build *b, struct slice text, uint32_t *ret)
{
    if (!make_room(b, text.len + 1))
        return false;
    if (b->text_len == 0)
        b->text[b->text_len++] = '\0';
    *ret = (uint32_t)b->text_len;
    memcpy(b->text + b->text_len, text.data, text.len);
    b->text_len += text.len;
    return true;
}

/* Folders, hosts, owners and sets of tags are few, and many VMs have each. */
static bool share(struct inventory_build *b, struct slice text, uint32_t *ret)
{
    const struct wanted wanted = { b, text };
    uint64_t hash = map_hash(&b->shared, text);
    void *found = map_find(&b->shared, hash, is_wanted, &wanted);

    if (found != NULL) {
        *ret = (uint32_t)((uintptr_t)found - 1);
        return true;
    }
    if (!map_reserve(&b->shared) || !append(b, text, ret))
        return false;
    map_add(&b->shared, hash, (void *)(uintptr_t)((size_t)*ret + 1));
    return true;
}

static bool add_text(struct inventory_build *b, const char *text,
                     bool is_shared, uint32_t *ret)
{
    struct slice bytes = slice_of(text, strlen(text) + 1);

    *ret = 0;
    if (text[0] == '\0')
        return true;
    return is_shared ? share(b, bytes, ret) : append(b, bytes, ret);
}

static bool add_tags(struct inventory_build *b, const struct inventory_draft *d,
                     uint32_t *ret)
{
    *ret = 0;
    return d->tags_len == 0 ||
           share(b, slice_of(d->tags, d->tags_len + 1), ret);
}

/* ---- VMs ----------------------------------------------------------------- */

static struct inventory_row *new_row(struct inventory_build *b)
{
    struct inventory_row *row;

    if (b->count == b->room) {
        size_t room = b->room > 0 ? 2 * b->room : 64;

        if (b->count >= INVENTORY_VMS_MAX)
            return NULL;
        row = realloc(b->row, room * sizeof *row);
        if (row == NULL)
            return NULL;
        b->row = row;
        b->room = room;
    }
    return b->count < INVENTORY_VMS_MAX ? &b->row[b->count] : NULL;
}

static bool add_texts(struct inventory_build *b,
                      const struct inventory_draft *draft,
                      struct inventory_row *row)
{
    return add_text(b, draft->text[INVENTORY_NAME], false, &row->name) &&
           add_text(b, draft->text[INVENTORY_FOLDER], true, &row->folder) &&
           add_text(b, draft->text[INVENTORY_HOST], true, &row->host) &&
           add_text(b, draft->text[INVENTORY_OWNER], true, &row->owner) &&
           add_tags(b, draft, &row->tags);
}

static const char *wrong_with(const struct inventory_draft *draft,
                              bool has_uuid)
{
    if (draft->wrong != NULL || has_uuid)
        return draft->wrong;
    return draft->uuid[0] == '\0'
               ? "has no UUID"
               : "has a UUID that is none: expected 32 hex digits";
}

bool inventory_build_add(struct inventory_build *b,
                         const struct inventory_draft *draft)
{
    uint8_t uuid[INVENTORY_UUID_LEN];
    bool has_uuid = inventory_uuid(draft->uuid, uuid);
    const char *wrong = wrong_with(draft, has_uuid);
    struct inventory_row *row;

    if (wrong != NULL)
        inventory_build_doubt(b, draft->line, wrong);
    if (!has_uuid)
        return true;
    row = new_row(b);
    if (row == NULL)
        return false;
    *row = (struct inventory_row){ .name = INVENTORY_LEFT_OUT };
    if (wrong == NULL && !add_texts(b, draft, row))
        return false;
    memcpy(row->uuid, uuid, sizeof row->uuid);
    b->count++;
    return true;
}

/* A merge sort, because the later one of two has to stay behind the other. */
static void merge(struct inventory_row *from, struct inventory_row *to,
                  size_t left, size_t middle, size_t end)
{
    size_t right = middle;

    for (size_t at = left; at < end; at++) {
        bool is_left =
            left < middle &&
            (right == end || memcmp(from[left].uuid, from[right].uuid,
                                    INVENTORY_UUID_LEN) <= 0);

        to[at] = is_left ? from[left++] : from[right++];
    }
}

static bool sort(struct inventory_build *b)
{
    struct inventory_row *room = malloc((b->count + 1) * sizeof *room);

    if (room == NULL)
        return false;
    for (size_t width = 1; width < b->count; width *= 2) {
        struct inventory_row *sorted = room;

        for (size_t at = 0; at < b->count; at += 2 * width) {
            size_t middle = at + width < b->count ? at + width : b->count;
            size_t end = at + 2 * width < b->count ? at + 2 * width : b->count;

            merge(b->row, room, at, middle, end);
        }
        room = b->row;
        b->row = sorted;
    }
    free(room);
    return true;
}

/* Returns how many of those that are left nothing is known of. */
static size_t drop_repeated(struct inventory_build *b)
{
    size_t kept = 0;
    size_t left_out = 0;

    for (size_t i = 0; i < b->count; i++) {
        bool is_left_out = b->row[i].name == INVENTORY_LEFT_OUT;

        if (kept > 0 && memcmp(b->row[kept - 1].uuid, b->row[i].uuid,
                               INVENTORY_UUID_LEN) == 0) {
            if (is_left_out)
                continue;
            if (b->row[kept - 1].name == INVENTORY_LEFT_OUT)
                left_out--;
            else
                b->doubts.repeated++;
            kept--;
        }
        left_out += is_left_out;
        b->row[kept++] = b->row[i];
    }
    b->count = kept;
    return left_out;
}

/* Without a smaller block, the larger one does. */
static void *shrink(void *block, size_t size)
{
    void *smaller = realloc(block, size > 0 ? size : 1);

    if (smaller == NULL)
        return block;
    return smaller;
}

struct inventory *inventory_build_end(struct inventory_build *b)
{
    struct inventory *table;

    if (!make_room(b, 1) || !sort(b))
        return NULL;
    if (b->text_len == 0)
        b->text[b->text_len++] = '\0';
    table = xcalloc(1, sizeof *table);
    table->left_out = drop_repeated(b);
    table->row = shrink(b->row, b->count * sizeof *b->row);
    table->count = b->count;
    table->texts = shrink(b->text, b->text_len);
    table->texts_len = b->text_len;
    b->row = NULL;
    b->text = NULL;
    b->count = b->room = b->text_len = b->text_room = 0;
    return table;
}

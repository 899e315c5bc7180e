/*
 * Any bytes as a pickle: what is read is read whole and in no less, however
 * much follows it; a beginning of it is none yet; and a value that is written
 * again is the same when it is read.
 */
#include "proto/admin/pickle.h"

#include "base/text.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_cuts(struct slice in, size_t used)
{
    static struct pickle_value v;
    size_t again = 0;

    require(used > 0 && used <= in.len && used <= PICKLE_MAX);
    for (size_t len = 0; len < used; len++)
        require(pickle_read(slice_of(in.data, len), &v, &again) ==
                PICKLE_NEED_MORE);
    require(pickle_read(slice_of(in.data, used), &v, &again) == PICKLE_READ);
    require(again == used);
}

static bool can_be_written(const struct pickle_value *v)
{
    return v->len < PICKLE_MAX / 2 && strlen(v->text) == v->len &&
           text_is_visible(v->text);
}

static void check_writer(const struct pickle_value *v)
{
    static struct pickle_value again;
    struct buf b;
    size_t used;

    buf_init(&b, 2 * PICKLE_MAX);
    if (v->kind == PICKLE_NUMBER && v->number == (int32_t)v->number)
        require(pickle_put_number(&b, (int32_t)v->number) == 0);
    else if (v->kind == PICKLE_TEXT && can_be_written(v))
        require(pickle_put_text(&b, v->text) == 0);
    if (b.len > 0) {
        require(pickle_read(buf_bytes(&b), &again, &used) == PICKLE_READ);
        require(used == b.len && again.kind == v->kind);
        require(again.number == v->number && again.len == v->len);
        require(memcmp(again.text, v->text, v->len) == 0);
    }
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct pickle_value v;
    size_t used = 0;

    if (len > 2 * PICKLE_MAX ||
        pickle_read(slice_of(bytes, len), &v, &used) != PICKLE_READ)
        return 0;
    require(v.len <= PICKLE_MAX && v.text[v.len] == '\0');
    if (used < 300)
        check_cuts(slice_of(bytes, len), used);
    check_writer(&v);
    return 0;
}

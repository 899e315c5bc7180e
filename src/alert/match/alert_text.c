#include "alert/match/alert_text.h"

#include "alert/match/alert_settings.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>

enum { TEXT_MIN = 512 };

void alert_text_init(struct alert_text *text)
{
    ring_init(&text->kept);
}

void alert_text_done(struct alert_text *text)
{
    ring_done(&text->kept);
}

static void make_room(struct ring *r, size_t len)
{
    uint32_t cap = r->cap == 0 ? TEXT_MIN : r->cap;

    while (cap < r->len + len && cap < ALERT_TEXT_MAX)
        cap *= 2;
    /* Without memory the bytes are counted, and the lines are empty. */
    if (cap != r->cap)
        (void)ring_resize(r, cap);
}

void alert_text_add(struct alert_text *text, struct slice bytes)
{
    assert(bytes.len <= ALERT_TEXT_MAX / 2);
    if (bytes.len == 0)
        return;
    make_room(&text->kept, bytes.len);
    ring_write(&text->kept, bytes);
}

static uint8_t byte_at(const struct ring *r, uint64_t at)
{
    return r->data[at & (r->cap - 1)];
}

uint64_t alert_text_line_start(const struct alert_text *text, uint64_t at)
{
    const struct ring *r = &text->kept;
    uint64_t tail = ring_tail(r);

    if (at < tail)
        return tail;
    while (at > tail && byte_at(r, at - 1) != '\n')
        at--;
    return at;
}

uint64_t alert_text_line_start_from(const struct alert_text *text, uint64_t at,
                                    uint64_t seen, uint64_t seen_line)
{
    const struct ring *r = &text->kept;

    if (seen < ring_tail(r))
        return alert_text_line_start(text, at);
    while (at > seen && byte_at(r, at - 1) != '\n')
        at--;
    return at > seen ? at : seen_line;
}

bool alert_text_next_line(const struct alert_text *text, uint64_t at,
                          uint64_t *ret)
{
    const struct ring *r = &text->kept;

    if (at < ring_tail(r))
        at = ring_tail(r);
    for (; at < r->head; at++) {
        if (byte_at(r, at) == '\n') {
            *ret = at + 1;
            return true;
        }
    }
    *ret = r->head;
    return false;
}

char *alert_text_copy(const struct alert_text *text, uint64_t at)
{
    const struct ring *r = &text->kept;
    uint8_t bytes[ALERT_LINE_MAX];
    char clean[ALERT_LINE_MAX];
    size_t len = 0;

    for (; len < sizeof bytes && alert_text_has(text, at); at++) {
        if (byte_at(r, at) == '\n')
            break;
        bytes[len++] = byte_at(r, at);
    }
    text_clean(clean, sizeof clean, slice_of(bytes, len));
    return xstrdup(clean);
}

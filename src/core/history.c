#include "core/history.h"

enum {
    ESC = 0x1b,
    CAN = 0x18,
    SUB = 0x1a,
    BEL = 0x07,

    /* A sequence that begins out of sight has ended after so many bytes, but
     * for a string, which is rare. */
    SEQUENCE_MAX = 64,
    /* A string that goes on for longer has lost its end. Bounds the search in
     * a history of a megabyte, too. */
    SEARCH_MAX = 4096,
    /* So far before a cut is looked for the beginning of what it is in. */
    CONTEXT = 4 * SEQUENCE_MAX,
    /* Bytes of a character behind the first (RFC 3629, 3). */
    UTF8_REST_MAX = 3,
};

/* Of what a byte stands in. */
enum place {
    PLACE_UNKNOWN, /* perhaps in a sequence that has begun before */
    PLACE_TEXT,
    PLACE_ESCAPE,  /* behind ESC, and what may stand between */
    PLACE_CONTROL, /* behind ESC [ */
    PLACE_STRING,  /* behind ESC ] and the like, up to BEL or ESC \ */
};

/* Some of the ring, from this position on. */
struct view {
    struct ring_span span;
    uint64_t from;
};

static struct view view_of(const struct ring *r, uint64_t from)
{
    struct view v = { .from = from };

    (void)ring_peek(r, &v.from, &v.span);
    return v;
}

static uint8_t byte_at(const struct view *v, uint64_t at)
{
    uint64_t i = at - v->from;
    size_t first = v->span.part[0].len;

    return i < first ? v->span.part[0].data[i]
                     : v->span.part[1].data[i - first];
}

/* Moves *at back to the last LF before it; false: there is none. */
static bool find_line_end(const struct view *v, uint64_t *at)
{
    for (int i = 1; i >= 0; i--) {
        uint64_t from = v->from + (i > 0 ? v->span.part[0].len : 0);
        struct slice part = v->span.part[i];
        const uint8_t *found;

        if (*at <= from || part.len == 0)
            continue;
        if (part.len > *at - from)
            part.len = (size_t)(*at - from);
        found = memrchr(part.data, '\n', part.len);
        if (found != NULL) {
            *at = from + (uint64_t)(found - part.data);
            return true;
        }
    }
    return false;
}

static enum place behind_escape(uint8_t byte)
{
    static const char strings[] = { ']', 'P', 'X', '^', '_' };

    if (byte == '[')
        return PLACE_CONTROL;
    if (memchr(strings, byte, sizeof strings) != NULL)
        return PLACE_STRING;
    return byte < 0x30 ? PLACE_ESCAPE : PLACE_TEXT;
}

static enum place behind(enum place place, uint8_t byte)
{
    if (byte == ESC)
        return PLACE_ESCAPE; /* of ESC \ too: the string has ended */
    if (byte == CAN || byte == SUB || byte == '\n')
        return PLACE_TEXT;
    switch (place) {
    case PLACE_UNKNOWN:
        return byte == '\r' ? PLACE_TEXT : PLACE_UNKNOWN;
    case PLACE_TEXT:
        return PLACE_TEXT;
    case PLACE_ESCAPE:
        return behind_escape(byte);
    case PLACE_CONTROL:
        return byte < 0x40 || byte == 0x7f ? PLACE_CONTROL : PLACE_TEXT;
    case PLACE_STRING:
        return byte == BEL ? PLACE_TEXT : PLACE_STRING;
    }
    return place;
}

static bool is_rest_of_character(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The first place from low on where text begins anew; end if there is none. */
static uint64_t find_safe_place(const struct ring *r, uint64_t low,
                                uint64_t end)
{
    uint64_t tail = ring_tail(r);
    struct view v = view_of(r, low - tail > CONTEXT ? low - CONTEXT : tail);
    enum place place = v.from > 0 ? PLACE_UNKNOWN : PLACE_TEXT;
    uint64_t at = v.from;
    int rest = 0;

    for (; at < end && at - v.from < SEARCH_MAX + CONTEXT; at++) {
        /* Whatever it was, ESC ends it. */
        if (place == PLACE_UNKNOWN &&
            (at - v.from >= SEQUENCE_MAX || byte_at(&v, at) == ESC))
            place = PLACE_TEXT;
        if (at >= low && place == PLACE_TEXT &&
            (!is_rest_of_character(byte_at(&v, at)) || rest++ >= UTF8_REST_MAX))
            return at;
        place = behind(place, byte_at(&v, at));
    }
    return at;
}

/* Where the first of these lines begins that does so behind low; 0 if there is
 * none. *ret_missing: how many of the lines are not there. */
static uint64_t find_first_line(const struct ring *r, uint64_t low,
                                uint64_t end, uint32_t *ret_missing)
{
    /* One byte before it shows whether a line begins there. */
    struct view v = view_of(r, low > ring_tail(r) ? low - 1 : low);
    uint64_t at = end;
    uint64_t first = 0;

    if (byte_at(&v, end - 1) == '\n')
        at--;
    while (*ret_missing > 0 && find_line_end(&v, &at)) {
        first = at + 1;
        --*ret_missing;
    }
    return first;
}

uint64_t history_start(const struct ring *r, uint64_t end,
                       const struct history_wish *wish)
{
    uint64_t low = ring_tail(r);
    uint32_t missing = wish->lines;
    uint64_t first;

    if (end <= low || wish->lines == 0 || wish->bytes == 0)
        return end;
    if (end - low > wish->bytes)
        low = end - wish->bytes;
    first = find_first_line(r, low, end, &missing);
    /* The beginning of all output begins a line as well. */
    if (missing > 0 && low == 0)
        return 0;
    return first > 0 ? first : find_safe_place(r, low, end);
}

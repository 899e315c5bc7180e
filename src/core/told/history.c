#include "core/told/history.h"

enum {
    ESC = 0x1b,
    CAN = 0x18,
    SUB = 0x1a,
    BEL = 0x07,

    /* A sequence that begins out of sight has ended after so many bytes, but
     * for a string, which is rare. */
    SEQUENCE_MAX = HISTORY_CONTEXT / 4,
    /* A string that goes on for longer has lost its end. Bounds the search in
     * a history of a megabyte, too. */
    SEARCH_MAX = 4096,
    /* So far before a cut is looked for the beginning of what it is in. */
    CONTEXT = HISTORY_CONTEXT,
    /* Bytes of a character behind the first (RFC 3629, 3). */
    UTF8_REST_MAX = 3,
};

/* What a byte stands in. */
enum place {
    PLACE_UNKNOWN, /* perhaps in a sequence that has begun before */
    PLACE_TEXT,
    PLACE_ESCAPE,  /* behind ESC, and what may stand between */
    PLACE_CONTROL, /* behind ESC [ */
    PLACE_STRING,  /* behind ESC ] and the like, up to BEL or ESC \ */
};

/* What there is to look at: older bytes and the ring's, one behind the other.
 */
struct text {
    struct slice part[3];
    uint64_t from; /* position of the first byte; 0: all output begins there */
    uint64_t end;
};

static uint8_t byte_at(const struct text *t, uint64_t at)
{
    uint64_t i = at - t->from;
    int number = 0;

    while (number < 2 && i >= t->part[number].len)
        i -= t->part[number++].len;
    return t->part[number].data[i];
}

/* Moves *at back to the last LF from low on before it; false: there is none. */
static bool find_line_end(const struct text *t, uint64_t low, uint64_t *at)
{
    uint64_t from = t->from + t->part[0].len + t->part[1].len;

    for (int i = 2; i >= 0; from -= i > 0 ? t->part[i - 1].len : 0, i--) {
        uint64_t first = low > from ? low : from;
        uint64_t last = from + t->part[i].len;
        const uint8_t *found;

        if (last > *at)
            last = *at;
        if (first >= last)
            continue;
        found = memrchr(t->part[i].data + (first - from), '\n', last - first);
        if (found != NULL) {
            *at = from + (uint64_t)(found - t->part[i].data);
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
static uint64_t find_safe_place(const struct text *t, uint64_t low)
{
    uint64_t from = low - t->from > CONTEXT ? low - CONTEXT : t->from;
    enum place place = from > 0 ? PLACE_UNKNOWN : PLACE_TEXT;
    uint64_t at = from;
    int rest = 0;

    for (; at < t->end && at - from < SEARCH_MAX + CONTEXT; at++) {
        uint8_t byte = byte_at(t, at);

        /* Whatever it was, ESC ends it. */
        if (place == PLACE_UNKNOWN &&
            (at - from >= SEQUENCE_MAX || byte == ESC))
            place = PLACE_TEXT;
        if (at >= low && place == PLACE_TEXT &&
            (!is_rest_of_character(byte) || rest++ >= UTF8_REST_MAX))
            return at;
        place = behind(place, byte);
    }
    return at;
}

/* Where the first of these lines begins that does so behind low; 0 if there is
 * none. *ret_missing: how many of the lines are not there. */
static uint64_t find_first_line(const struct text *t, uint64_t low,
                                uint32_t *ret_missing)
{
    uint64_t at = t->end;
    uint64_t first = 0;

    /* One byte before it shows whether a line begins there. */
    if (low > t->from)
        low--;
    if (byte_at(t, t->end - 1) == '\n')
        at--;
    while (*ret_missing > 0 && find_line_end(t, low, &at)) {
        first = at + 1;
        --*ret_missing;
    }
    return first;
}

static uint64_t text_start(const struct text *t,
                           const struct history_wish *wish)
{
    uint64_t low = t->from;
    uint32_t missing = wish->lines;
    uint64_t first;

    if (t->end <= low || wish->lines == 0 || wish->bytes == 0)
        return t->end;
    if (t->end - low > wish->bytes)
        low = t->end - wish->bytes;
    first = find_first_line(t, low, &missing);
    /* The beginning of all output begins a line as well. */
    if (missing > 0 && low == 0)
        return 0;
    return first > 0 ? first : find_safe_place(t, low);
}

static void put_ring(struct text *t, const struct ring *r)
{
    uint64_t tail = ring_tail(r);
    struct ring_span span;

    (void)ring_peek(r, &tail, &span);
    t->part[1] = span.part[0];
    t->part[2] = span.part[1];
}

uint64_t history_start(const struct ring *r, uint64_t end,
                       const struct history_wish *wish)
{
    struct text t = { .from = ring_tail(r), .end = end };

    put_ring(&t, r);
    return text_start(&t, wish);
}

size_t history_of_past(const struct ring *r, uint64_t end, struct slice past,
                       bool is_beginning, const struct history_wish *wish)
{
    struct text t = { .part[0] = past, .from = is_beginning ? 0 : 1 };
    uint64_t joint = t.from + past.len;
    uint64_t start;

    t.end = joint + end;
    put_ring(&t, r);
    start = text_start(&t, wish);
    return start < joint ? (size_t)(joint - start) : 0;
}

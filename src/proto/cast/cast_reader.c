#include "proto/cast/cast_reader.h"

#include "base/text.h"

enum {
    US_PER_S = 1000 * 1000,
    DIGITS_MAX = 18, /* of a time that count */
    EXPONENT_MAX = 99,
};

void cast_reader_init(struct cast_reader *r)
{
    *r = (struct cast_reader){ .time_us = 0 };
    buf_init(&r->line, CAST_LINE_MAX);
    buf_init(&r->text, CAST_LINE_MAX);
}

void cast_reader_done(struct cast_reader *r)
{
    buf_done(&r->line);
    buf_done(&r->text);
}

bool cast_reader_begin(struct cast_reader *r, unsigned version)
{
    r->has_intervals = version == 3;
    return version == 2 || version == 3;
}

bool cast_reader_is_torn(const struct cast_reader *r)
{
    return r->is_too_long || (r->line.len > 0 && !r->is_text_out);
}

/* ---- JSON, as far as an event has it ----------------------------------
 */

static void skip_blanks(struct slice *s)
{
    while (s->len > 0 &&
           (s->data[0] == ' ' || s->data[0] == '\t' || s->data[0] == '\r'))
        *s = slice_after(*s, 1);
}

/* The character, with blanks around it. */
static bool take(struct slice *s, char wanted)
{
    skip_blanks(s);
    if (s->len == 0 || s->data[0] != (uint8_t)wanted)
        return false;
    *s = slice_after(*s, 1);
    skip_blanks(s);
    return true;
}

static bool is_digit(struct slice s)
{
    return s.len > 0 && s.data[0] >= '0' && s.data[0] <= '9';
}

/* Digits behind those of *value. Returns how many there were; *ret_over: of
 * them, how many are not in the value. */
static unsigned take_digits(struct slice *s, uint64_t *value, unsigned *digits,
                            unsigned *ret_over)
{
    unsigned count = 0;

    *ret_over = 0;
    for (; is_digit(*s); *s = slice_after(*s, 1)) {
        count++;
        if (*digits < DIGITS_MAX) {
            *value = *value * 10 + (unsigned)(s->data[0] - '0');
            *digits += *value > 0;
        } else {
            (*ret_over)++;
        }
    }
    return count;
}

/* "e-05": what it adds to the exponent. */
static bool take_exponent(struct slice *s, int *exponent)
{
    uint64_t value = 0;
    unsigned digits = 0, over;
    bool is_minus;

    if (s->len == 0 || (s->data[0] | 0x20) != 'e')
        return true;
    *s = slice_after(*s, 1);
    is_minus = s->len > 0 && s->data[0] == '-';
    if (s->len > 0 && (s->data[0] == '-' || s->data[0] == '+'))
        *s = slice_after(*s, 1);
    if (take_digits(s, &value, &digits, &over) == 0 || value > EXPONENT_MAX)
        return false;
    *exponent += is_minus ? -(int)value : (int)value;
    return true;
}

/* A number of seconds, cut to microseconds. */
static bool take_time(struct slice *s, uint64_t *ret_us)
{
    uint64_t value = 0;
    unsigned digits = 0, over, count;
    int exponent;

    if (take_digits(s, &value, &digits, &over) == 0)
        return false;
    exponent = 6 + (int)over;
    if (s->len > 0 && s->data[0] == '.') {
        *s = slice_after(*s, 1);
        count = take_digits(s, &value, &digits, &over);
        if (count == 0)
            return false;
        exponent -= (int)(count - over);
    }
    if (!take_exponent(s, &exponent))
        return false;
    for (; exponent < 0 && value > 0; exponent++)
        value /= 10;
    for (; exponent > 0 && value > 0; exponent--) {
        if (value > (uint64_t)CAST_SECONDS_MAX * US_PER_S)
            return false;
        value *= 10;
    }
    *ret_us = value;
    return value <= (uint64_t)CAST_SECONDS_MAX * US_PER_S;
}

static bool take_hex(struct slice *s, uint32_t *ret_value)
{
    uint32_t value = 0;

    if (s->len < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        uint8_t byte = s->data[i];
        uint8_t letter = (uint8_t)(byte | 0x20);

        if (byte >= '0' && byte <= '9')
            value = value << 4 | (uint32_t)(byte - '0');
        else if (letter >= 'a' && letter <= 'f')
            value = value << 4 | (uint32_t)(letter - 'a' + 10);
        else
            return false;
    }
    *s = slice_after(*s, 4);
    *ret_value = value;
    return true;
}

static uint8_t *put_code(uint8_t *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (uint8_t)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (uint8_t)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (uint8_t)(0xe0 | code >> 12);
        } else {
            *to++ = (uint8_t)(0xf0 | code >> 18);
            *to++ = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (uint8_t)(0x80 | (code & 0x3f));
    return to;
}

/* Behind \u. Half a pair of surrogates is no character: U+FFFD. */
static bool take_unicode(struct slice *s, uint32_t *ret_code)
{
    struct slice rest;
    uint32_t low;

    if (!take_hex(s, ret_code))
        return false;
    if (*ret_code < 0xd800 || *ret_code > 0xdfff)
        return true;
    rest = *s;
    if (*ret_code < 0xdc00 && rest.len > 2 && rest.data[0] == '\\' &&
        rest.data[1] == 'u') {
        rest = slice_after(rest, 2);
        if (!take_hex(&rest, &low))
            return false;
        if (low >= 0xdc00 && low <= 0xdfff) {
            *s = rest;
            *ret_code = 0x10000 + ((*ret_code - 0xd800) << 10) + (low - 0xdc00);
            return true;
        }
    }
    *ret_code = 0xfffd;
    return true;
}

/* Behind the backslash. */
static bool take_escape(struct slice *s, uint32_t *ret_code)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (s->len == 0 || s->data[0] == '\0')
        return false;
    found = strchr(letters, s->data[0]);
    if (found == NULL && s->data[0] != 'u')
        return false;
    *s = slice_after(*s, 1);
    if (found == NULL)
        return take_unicode(s, ret_code);
    *ret_code = (uint8_t)meanings[found - letters];
    return true;
}

/* To where the string, whose quote was taken, ends; it becomes no longer. */
static bool take_characters(struct slice *s, uint8_t *to, size_t *ret_len)
{
    uint8_t *at = to;

    while (s->len > 0) {
        uint8_t byte = s->data[0];
        size_t len = 1;
        uint32_t code;

        if (byte == '"') {
            *s = slice_after(*s, 1);
            *ret_len = (size_t)(at - to);
            return true;
        }
        if (byte == '\\') {
            *s = slice_after(*s, 1);
            if (!take_escape(s, &code))
                return false;
            at = put_code(at, code);
            continue;
        }
        if (byte < ' ')
            return false;
        if (byte >= 0x80)
            len = text_character(*s, &code);
        if (len == 0)
            return false;
        memcpy(at, s->data, len);
        at += len;
        *s = slice_after(*s, len);
    }
    return false;
}

static bool take_string(struct cast_reader *r, struct slice *s,
                        struct slice *ret_text)
{
    uint8_t *to;
    size_t len;

    if (s->len == 0 || s->data[0] != '"')
        return false;
    *s = slice_after(*s, 1);
    to = buf_reserve(&r->text, s->len + 1); /* never nothing */
    if (to == NULL || !take_characters(s, to, &len))
        return false;
    buf_added(&r->text, len);
    *ret_text = buf_bytes(&r->text);
    return true;
}

/* A letter that stands for itself, in quotes. */
static bool take_code(struct slice *s, char *ret_code)
{
    if (s->len < 3 || s->data[0] != '"' || s->data[2] != '"' ||
        s->data[1] <= ' ' || s->data[1] > '~' || s->data[1] == '"' ||
        s->data[1] == '\\')
        return false;
    *ret_code = (char)s->data[1];
    *s = slice_after(*s, 3);
    return true;
}

static bool read_event(struct cast_reader *r, struct slice line,
                       struct cast_event *ret)
{
    uint64_t time_us;
    uint64_t end = (uint64_t)CAST_SECONDS_MAX * US_PER_S;

    if (!take(&line, '[') || !take_time(&line, &time_us) || !take(&line, ',') ||
        !take_code(&line, &ret->code) || !take(&line, ',') ||
        !take_string(r, &line, &ret->text) || !take(&line, ']') || line.len > 0)
        return false;
    if (r->has_intervals)
        time_us = time_us < end - r->time_us ? r->time_us + time_us : end;
    if (time_us > r->time_us)
        r->time_us = time_us;
    ret->time_us = r->time_us;
    return true;
}

/* ---- lines ------------------------------------------------------------
 */

/* A line without its end. True: it is one of *ret_item. */
static bool read_line(struct cast_reader *r, struct slice line,
                      struct cast_event *ret, enum cast_item *ret_item)
{
    skip_blanks(&line);
    if (line.len == 0 || line.data[0] == '#') /* v3 has comments */
        return false;
    *ret = (struct cast_event){ .text = line };
    *ret_item = r->has_header ? CAST_EVENT : CAST_HEADER;
    if (!r->has_header && line.len <= CAST_HEADER_MAX) {
        r->has_header = true;
        return true;
    }
    if (r->has_header && read_event(r, line, ret))
        return true;
    buf_take(&r->text, r->text.len);
    r->skipped++;
    return false;
}

/* A line, which does not become longer than it may. */
static void keep(struct cast_reader *r, struct slice bytes)
{
    if (r->is_too_long || buf_append(&r->line, bytes) == 0)
        return;
    r->is_too_long = true;
    buf_take(&r->line, r->line.len);
}

enum cast_item cast_reader_next(struct cast_reader *r, struct slice *in,
                                struct cast_event *ret_event)
{
    enum cast_item item = CAST_NEED_MORE;
    bool is_item = false;

    if (r->is_text_out)
        buf_take(&r->line, r->line.len);
    buf_take(&r->text, r->text.len);
    r->is_text_out = false;
    while (!is_item && in->len > 0) {
        const uint8_t *end = memchr(in->data, '\n', in->len);
        size_t len = end != NULL ? (size_t)(end - in->data) : in->len;
        struct slice line = slice_of(in->data, len);
        bool is_whole = end != NULL;

        *in = slice_after(*in, len + is_whole);
        if (!is_whole || r->line.len > 0 || r->is_too_long ||
            len > CAST_LINE_MAX) {
            keep(r, line);
            line = buf_bytes(&r->line);
        }
        if (!is_whole)
            return CAST_NEED_MORE;
        if (r->is_too_long)
            r->skipped++;
        else
            is_item = read_line(r, line, ret_event, &item);
        r->is_too_long = false;
        r->is_text_out = is_item;
        if (!is_item)
            buf_take(&r->line, r->line.len);
    }
    return is_item ? item : CAST_NEED_MORE;
}

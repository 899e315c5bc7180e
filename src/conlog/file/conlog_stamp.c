#include "conlog/file/conlog_stamp.h"

#include <string.h>

/* The length of the run at the front that ends with a LF, or with in. */
static size_t line_len(struct slice in)
{
    const uint8_t *end = memchr(in.data, '\n', in.len);

    return end != NULL ? (size_t)(end - in.data) + 1 : in.len;
}

/* Copies as much of the first line as fits. Returns how many bytes. */
static size_t copy_line(bool *is_in_line, struct slice *in, uint8_t *to,
                        size_t size)
{
    size_t len;

    len = line_len(slice_of(in->data, in->len < size ? in->len : size));
    if (len == 0)
        return 0;
    memcpy(to, in->data, len);
    *is_in_line = to[len - 1] != '\n';
    *in = slice_after(*in, len);
    return len;
}

/* ---- on --------------------------------------------------------------- */

void conlog_stamp_init(struct conlog_stamp *s, bool is_in_line)
{
    *s = (struct conlog_stamp){ .is_in_line = is_in_line, .utc_ms = -1 };
}

/* Lines mostly come several at a time; they share one text. */
static void set_time(struct conlog_stamp *s, int64_t utc_ms)
{
    if (s->utc_ms == utc_ms && s->text[0] != '\0')
        return;
    clock_format_ms(s->text, utc_ms);
    s->text[CONLOG_STAMP_LEN - 1] = ' ';
    s->utc_ms = utc_ms;
}

size_t conlog_stamp_put(struct conlog_stamp *s, struct slice *in,
                        int64_t utc_ms, uint8_t *to, size_t size)
{
    size_t at = 0;

    while (in->len > 0) {
        if (!s->is_in_line) {
            if (size - at < CONLOG_STAMP_ROOM)
                break;
            set_time(s, utc_ms);
            memcpy(to + at, s->text, CONLOG_STAMP_LEN);
            at += CONLOG_STAMP_LEN;
        }
        if (at == size)
            break;
        at += copy_line(&s->is_in_line, in, to + at, size - at);
    }
    return at;
}

/* ---- and off ---------------------------------------------------------- */

void conlog_stamp_stripper_init(struct conlog_stamp_stripper *s,
                                bool is_in_line)
{
    *s = (struct conlog_stamp_stripper){ .is_in_line = is_in_line };
}

/* The form of a stamp; 0 stands for any digit. */
static const char shape[CONLOG_STAMP_LEN + 1] = "0000-00-00T00:00:00.000Z ";

static bool fits_shape(uint8_t byte, size_t place)
{
    if (shape[place] == '0')
        return byte >= '0' && byte <= '9';
    return byte == (uint8_t)shape[place];
}

bool conlog_stamp_is_at(struct slice bytes)
{
    size_t place = 0;

    while (place < CONLOG_STAMP_LEN && place < bytes.len &&
           fits_shape(bytes.data[place], place))
        place++;
    return place == CONLOG_STAMP_LEN;
}

/* At the beginning of a line: holds bytes that may be a stamp, and drops a
 * whole one. True: the line continues behind it. False: in is empty. */
static bool pass_stamp(struct conlog_stamp_stripper *s, struct slice *in)
{
    while (s->held_len < CONLOG_STAMP_LEN) {
        if (in->len == 0)
            return false;
        if (!fits_shape(in->data[0], s->held_len))
            return true;
        s->held[s->held_len++] = in->data[0];
        *in = slice_after(*in, 1);
    }
    s->held_len = 0;
    return true;
}

size_t conlog_stamp_strip(struct conlog_stamp_stripper *s, struct slice *in,
                          uint8_t *to, size_t size)
{
    size_t at = 0;

    while (in->len > 0) {
        if (!s->is_in_line) {
            /* Room for the held bytes, if they are no stamp. */
            if (size - at < CONLOG_STAMP_ROOM)
                break;
            if (!pass_stamp(s, in))
                break;
            at += conlog_stamp_strip_end(s, to + at);
            s->is_in_line = true;
        }
        if (at == size)
            break;
        at += copy_line(&s->is_in_line, in, to + at, size - at);
    }
    return at;
}

size_t conlog_stamp_strip_end(struct conlog_stamp_stripper *s,
                              uint8_t to[CONLOG_STAMP_LEN])
{
    size_t len = s->held_len;

    memcpy(to, s->held, len);
    s->held_len = 0;
    return len;
}

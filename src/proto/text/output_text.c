/*
 * Two machines, one behind the other: `pass` knows the lines of what comes, and
 * their times; `show` makes them readable. Raw output goes around the second.
 */
#include "proto/text/output_text.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ECMA-48, and the strings of xterm. */
enum escape {
    ESCAPE_NONE,
    ESCAPE_BEGUN,    /* ESC */
    ESCAPE_SEQUENCE, /* CSI: to a byte from 0x40 on */
    ESCAPE_CHARSET,  /* ESC and an intermediate byte: to a final one */
    ESCAPE_STRING, /* OSC, DCS, ...: to BEL or ST, and no longer than a line */
    ESCAPE_STRING_END, /* ESC in one */
};

void output_text_init(struct output_text *t, enum output_format format,
                      bool is_stamped, int64_t since_ms, int64_t until_ms)
{
    *t = (struct output_text){ .format = format, .is_stamped = is_stamped };
    if (since_ms > 0)
        clock_format_ms(t->since, since_ms);
    if (until_ms > 0)
        clock_format_ms(t->until, until_ms);
}

static void put(struct buf *to, struct slice bytes)
{
    /* There is room: OUTPUT_TEXT_ROOM was asked for. Without memory, the bytes
     * are missing, and the answer ends for want of memory anyway. */
    (void)buf_append(to, bytes);
}

/* ---- readable --------------------------------------------------------- */

/* The first thing of a shown line. */
static void begin_line(struct output_text *t, struct buf *to)
{
    if (t->is_in_shown_line)
        return;
    t->is_in_shown_line = true;
    if (t->format != OUTPUT_TIMED)
        return;
    put(to, slice_of_text(t->time[0] != '\0' ? t->time : "-"));
    put(to, slice_of_text(" "));
}

static void end_line(struct output_text *t, struct buf *to)
{
    begin_line(t, to);
    put(to, slice_of_text("\n"));
    t->is_in_shown_line = false;
}

/* A CR that nothing followed that would make it a line's end: what follows it
 * would stand over the line. At a line's beginning it does nothing. */
static void settle_return(struct output_text *t, struct buf *to)
{
    if (t->has_return && t->is_in_shown_line)
        end_line(t, to);
    t->has_return = false;
}

static void show_character(struct output_text *t, uint32_t code,
                           struct slice bytes, struct buf *to)
{
    if (code != '\t' && code != ' ' && text_is_invisible(code))
        return;
    settle_return(t, to);
    begin_line(t, to);
    put(to, bytes);
}

/* True if the bytes can become a character of UTF-8 yet. */
static bool may_become_one(const uint8_t *bytes, size_t len)
{
    size_t whole = 0;

    if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
        whole = 2;
    else if (bytes[0] >= 0xe0 && bytes[0] <= 0xef)
        whole = 3;
    else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
        whole = 4;
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
    }
    return len < whole;
}

/* The held bytes as characters; those that are none become U+FFFD each. all:
 * also those that could yet become one. */
static void show_held(struct output_text *t, bool all, struct buf *to)
{
    static const uint8_t replacement[] = { 0xef, 0xbf, 0xbd };
    struct slice rest = slice_of(t->character, t->character_len);

    while (rest.len > 0) {
        uint32_t code;
        size_t len = text_character(rest, &code);

        if (len == 0 && !all && may_become_one(rest.data, rest.len))
            break;
        if (len == 0)
            show_character(t, 0xfffd, slice_of(replacement, 3), to);
        else
            show_character(t, code, slice_of(rest.data, len), to);
        rest = slice_after(rest, len > 0 ? len : 1);
    }
    memmove(t->character, rest.data, rest.len);
    t->character_len = (uint8_t)rest.len;
}

static bool is_string_begin(uint8_t byte)
{
    return byte == ']' || byte == 'P' || byte == 'X' || byte == '^' ||
           byte == '_';
}

/* Returns the state behind a byte of an escape sequence that is no control. */
static enum escape step(enum escape escape, uint8_t byte)
{
    switch (escape) {
    case ESCAPE_BEGUN:
        if (byte == '[')
            return ESCAPE_SEQUENCE;
        if (is_string_begin(byte))
            return ESCAPE_STRING;
        return byte < 0x30 ? ESCAPE_CHARSET : ESCAPE_NONE;
    case ESCAPE_SEQUENCE:
        return byte < 0x40 ? ESCAPE_SEQUENCE : ESCAPE_NONE;
    case ESCAPE_CHARSET:
        return byte < 0x30 ? ESCAPE_CHARSET : ESCAPE_NONE;
    case ESCAPE_STRING:
        return ESCAPE_STRING;
    case ESCAPE_STRING_END:
        return byte == '\\' ? ESCAPE_NONE : ESCAPE_STRING;
    case ESCAPE_NONE:
        break;
    }
    return ESCAPE_NONE;
}

static void show_control(struct output_text *t, uint8_t byte, struct buf *to)
{
    if (byte == 0x1b)
        t->escape =
            t->escape == ESCAPE_STRING ? ESCAPE_STRING_END : ESCAPE_BEGUN;
    else if (byte == '\a' && t->escape == ESCAPE_STRING)
        t->escape = ESCAPE_NONE;
    else if (byte == '\r')
        t->has_return = t->is_in_shown_line;
    else if (byte == '\n') {
        t->escape = ESCAPE_NONE;
        t->has_return = false;
        end_line(t, to);
    } else if (byte == '\t' && t->escape == ESCAPE_NONE)
        show_character(t, '\t', slice_of(&byte, 1), to);
}

static void show(struct output_text *t, uint8_t byte, struct buf *to)
{
    if (byte < 0x20) {
        show_held(t, true, to);
        show_control(t, byte, to);
    } else if (t->escape != ESCAPE_NONE) {
        t->escape = (uint8_t)step((enum escape)t->escape, byte);
    } else {
        t->character[t->character_len++] = byte;
        show_held(t, false, to);
    }
}

/* ---- lines that come -------------------------------------------------- */

static void pass_byte(struct output_text *t, uint8_t byte, struct buf *to)
{
    if (t->is_left_out)
        return;
    if (t->format == OUTPUT_RAW)
        put(to, slice_of(&byte, 1));
    else
        show(t, byte, to);
}

/* The form of a time before a line. */
static bool may_be_time(const struct output_text *t, uint8_t byte)
{
    static const char shape[] = "0000-00-00T00:00:00.000Z ";
    char wanted = shape[t->held_len];

    return wanted == '0' ? byte >= '0' && byte <= '9' : byte == (uint8_t)wanted;
}

/* Lines without a time go with those before them. */
static void begin_with(struct output_text *t, const char *time)
{
    snprintf(t->time, sizeof t->time, "%.*s", OUTPUT_STAMP_LEN, time);
    t->is_left_out = t->since[0] != '\0' && strcmp(t->time, t->since) < 0;
    if (t->until[0] != '\0' && strcmp(t->time, t->until) > 0)
        t->is_over = true;
}

static void give_held(struct output_text *t, struct buf *to)
{
    uint8_t len = t->held_len;

    t->held_len = 0;
    for (uint8_t i = 0; i < len; i++)
        pass_byte(t, t->held[i], to);
}

/* At a line's beginning. True: the byte was of its time. */
static bool take_time(struct output_text *t, uint8_t byte, struct buf *to)
{
    if (!t->is_stamped)
        return false;
    if (!may_be_time(t, byte)) {
        t->time[0] = '\0';
        give_held(t, to);
        return false;
    }
    t->held[t->held_len++] = byte;
    if (t->held_len < sizeof t->held)
        return true;
    t->held_len = 0;
    t->is_in_line = true;
    begin_with(t, (const char *)t->held);
    return true;
}

static void use_now(struct output_text *t)
{
    memcpy(t->time, t->now, OUTPUT_STAMP_LEN);
}

static void pass(struct output_text *t, uint8_t byte, struct buf *to)
{
    if (!t->is_in_line && take_time(t, byte, to))
        return;
    if (!t->is_in_line && !t->is_stamped)
        use_now(t);
    t->is_in_line = byte != '\n';
    pass_byte(t, byte, to);
}

/* All of a long raw piece at once. */
static size_t put_raw(struct slice in, struct buf *to, uint32_t mark)
{
    size_t len = mark - to->len;

    if (len > in.len)
        len = in.len;
    put(to, slice_of(in.data, len));
    return len;
}

/* How much of the bytes is plain text in the middle of a line, which changes
 * nothing. */
static size_t plain_len(const struct output_text *t, struct slice in,
                        size_t max)
{
    size_t len = 0;

    if (!t->is_in_line || t->is_left_out || !t->is_in_shown_line ||
        t->has_return || t->escape != ESCAPE_NONE || t->character_len > 0)
        return 0;
    while (len < in.len && len < max && in.data[len] >= ' ' &&
           in.data[len] <= '~')
        len++;
    return len;
}

void output_text_put(struct output_text *t, struct slice *in, struct buf *to,
                     uint32_t mark)
{
    if (mark > to->max - OUTPUT_TEXT_ROOM)
        mark = to->max - OUTPUT_TEXT_ROOM;
    while (in->len > 0 && to->len < mark && !t->is_over) {
        size_t len = plain_len(t, *in, mark - to->len);

        if (t->format == OUTPUT_RAW && !t->is_stamped) {
            len = put_raw(*in, to, mark);
        } else if (len > 0) {
            put(to, slice_of(in->data, len));
        } else {
            len = 1;
            pass(t, in->data[0], to);
        }
        *in = slice_after(*in, len);
    }
}

void output_text_go_live(struct output_text *t)
{
    t->is_stamped = false;
    t->is_left_out = false;
    t->held_len = 0; /* the beginning of a time that was not written whole */
}

void output_text_set_now(struct output_text *t, int64_t now_ms)
{
    clock_format_ms(t->now, now_ms);
    if (t->until[0] != '\0' && strcmp(t->now, t->until) > 0)
        t->is_over = true;
}

void output_text_begin_file(struct output_text *t, bool is_in_line)
{
    t->is_in_line = is_in_line;
    t->held_len = 0;
}

void output_text_end(struct output_text *t, struct buf *to)
{
    if (t->is_over)
        return;
    give_held(t, to);
    if (t->format != OUTPUT_RAW && !t->is_left_out)
        show_held(t, true, to);
}

void output_text_note(struct output_text *t, const char *text, struct buf *to)
{
    if (t->format == OUTPUT_RAW)
        return;
    show_held(t, true, to);
    t->escape = ESCAPE_NONE;
    t->has_return = false;
    if (t->is_in_shown_line)
        end_line(t, to);
    if (!t->is_stamped)
        use_now(t);
    begin_line(t, to);
    put(to, slice_of_text("[vspcd: "));
    put(to, slice_of_text(text));
    put(to, slice_of_text("]"));
    end_line(t, to);
}

#include "api/show/show_last_line.h"

#include "base/text.h"
#include "core/told/history.h"
#include "proto/text/output_text.h"

#include <string.h>

/* Screens that were just cleared end with empty lines. */
enum { LINES = 32 };

/* The last line with anything but blanks in it; without those around it. */
static struct slice find_line(struct slice text)
{
    size_t end = text.len, begin;

    while (end > 0 && text.data[end - 1] <= ' ')
        end--;
    begin = end;
    while (begin > 0 && text.data[begin - 1] != '\n')
        begin--;
    while (begin < end && text.data[begin] <= ' ')
        begin++;
    return slice_of(text.data + begin, end - begin);
}

/* A tab is a blank here. */
static json_t *cut(struct slice line)
{
    char text[4 * SHOW_LAST_LINE_CHARACTERS];
    size_t len = 0, count = 0, wide;
    uint32_t code;

    while (line.len > 0 && count < SHOW_LAST_LINE_CHARACTERS &&
           (wide = text_character(line, &code)) > 0) {
        memcpy(text + len, code == '\t' ? " " : (const char *)line.data, wide);
        len += wide;
        count++;
        line = slice_after(line, wide);
    }
    return len > 0 ? json_stringn(text, len) : json_null();
}

json_t *show_last_line(const struct console *c)
{
    const struct history_wish wish = { LINES, SHOW_LAST_LINE_BYTES };
    uint64_t at = history_start(&c->output, c->output.head, &wish);
    struct output_text text;
    struct ring_span span;
    json_t *shown;
    struct buf lines;

    /* A byte becomes three where it is no character. */
    buf_init(&lines, 3 * SHOW_LAST_LINE_BYTES + 2 * OUTPUT_TEXT_ROOM);
    output_text_init(&text, OUTPUT_TEXT, false, 0, 0);
    (void)ring_peek(&c->output, &at, &span);
    for (int i = 0; i < 2; i++)
        output_text_put(&text, &span.part[i], &lines, lines.max);
    output_text_end(&text, &lines);
    shown = lines.len > 0 ? cut(find_line(buf_bytes(&lines))) : json_null();
    buf_done(&lines);
    return shown;
}

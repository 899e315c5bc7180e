#include "proto/text/output_find.h"

#include <stdio.h>
#include <string.h>

/* A byte of output becomes a character of up to three, or less. */
enum { LINE_ROOM = 3 * OUTPUT_FIND_LINE + 2 * OUTPUT_TEXT_ROOM };

/* No locale: what is looked for must not depend on one. */
static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

void output_find_init(struct output_find *f, const char *text, bool is_stamped,
                      uint64_t at, bool is_in_line)
{
    *f = (struct output_find){ .line_at = at };
    output_text_init(&f->text, OUTPUT_TEXT, is_stamped, 0, 0);
    output_text_begin_file(&f->text, is_in_line);
    buf_init(&f->line, LINE_ROOM);
    snprintf(f->wanted, sizeof f->wanted, "%s", text);
    for (char *c = f->wanted; *c != '\0'; c++)
        *c = (char)lower((uint8_t)*c);
}

void output_find_done(struct output_find *f)
{
    buf_done(&f->line);
}

static bool is_at(const struct output_find *f, const uint8_t *bytes, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (lower(bytes[i]) != (uint8_t)f->wanted[i])
            return false;
    }
    return true;
}

/* NULL: the line does not have it. */
static const uint8_t *find(const struct output_find *f, struct slice line)
{
    size_t len = strlen(f->wanted);

    for (size_t i = 0; len > 0 && i + len <= line.len; i++) {
        if (lower(line.data[i]) == (uint8_t)f->wanted[0] &&
            is_at(f, line.data + i, len))
            return line.data + i;
    }
    return NULL;
}

/* A line of output that has CRs is several for people: the one that has what
 * was found. */
static struct slice shown_line(struct slice line, const uint8_t *found)
{
    size_t before = (size_t)(found - line.data);
    const uint8_t *begin = memrchr(line.data, '\n', before);
    const uint8_t *end = memchr(found, '\n', line.len - before);

    if (end != NULL)
        line.len = (size_t)(end - line.data);
    return begin != NULL ? slice_after(line, (size_t)(begin + 1 - line.data))
                         : line;
}

/* Whole characters of UTF-8, which the line is made of. */
static bool continues_character(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

static void show(struct output_find_hit *hit, struct slice line,
                 const uint8_t *found)
{
    size_t before = (size_t)(found - line.data);
    size_t over =
        line.len > OUTPUT_FIND_SHOWN && before > OUTPUT_FIND_SHOWN_BEFORE
            ? before - OUTPUT_FIND_SHOWN_BEFORE
            : 0;
    size_t len;

    while (over > 0 && continues_character(line.data[over]))
        over--;
    line = slice_after(line, over);
    len = line.len < OUTPUT_FIND_SHOWN ? line.len : OUTPUT_FIND_SHOWN;
    while (len > 0 && len < line.len && continues_character(line.data[len]))
        len--;
    memcpy(hit->line, line.data, len);
    hit->line[len] = '\0';
}

/* The line is complete. */
static bool judge(struct output_find *f, struct output_find_hit *ret)
{
    struct slice line = buf_bytes(&f->line);
    const uint8_t *found = line.data != NULL ? find(f, line) : NULL;

    if (found != NULL) {
        ret->at = f->line_at;
        snprintf(ret->time, sizeof ret->time, "%s", f->text.time);
        show(ret, shown_line(line, found), found);
    }
    buf_take(&f->line, f->line.len);
    f->line_at += f->line_len;
    f->line_len = 0;
    return found != NULL;
}

bool output_find_put(struct output_find *f, struct slice *in,
                     struct output_find_hit *ret)
{
    while (in->len > 0) {
        size_t room = OUTPUT_FIND_LINE - f->line_len;
        size_t max = in->len < room ? in->len : room;
        const uint8_t *end = memchr(in->data, '\n', max);
        size_t len = end != NULL ? (size_t)(end - in->data) + 1 : max;
        struct slice piece = slice_of(in->data, len);

        output_text_put(&f->text, &piece, &f->line, UINT32_MAX);
        *in = slice_after(*in, len);
        f->line_len += len;
        if ((end != NULL || len == room) && judge(f, ret))
            return true;
    }
    return false;
}

bool output_find_end(struct output_find *f, struct output_find_hit *ret)
{
    output_text_end(&f->text, &f->line);
    return judge(f, ret);
}

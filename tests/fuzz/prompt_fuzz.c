/*
 * Whatever is typed: the same lines and the same echo however it is cut, no
 * line longer than its bound, and nothing in an echo that a terminal would obey
 * but ends of lines, the bell, and what erases. The first byte of an input says
 * whether the lines are seen, and where the cut is.
 */
#include "proto/prompt.h"

#include "base/text.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct heard {
    struct buf lines;
    struct buf echo;
};

static void type(struct prompt *p, struct heard *h, struct slice in)
{
    bool is_echoed = p->is_echoed;
    enum prompt_event event;

    for (;;) {
        require(prompt_next(p, &in, &h->echo, &event) == 0);
        if (event == PROMPT_NEED_MORE)
            break;
        require(p->len <= PROMPT_MAX);
        if (event == PROMPT_ENTERED) {
            require(strlen(p->line) == p->len);
            /* With the NUL, which no line has in it. */
            require(buf_append(&h->lines,
                               slice_of(p->line, (size_t)p->len + 1)) == 0);
        }
        prompt_begin(p, is_echoed);
    }
    require(in.len == 0);
}

static void play(struct heard *h, bool is_echoed, struct slice in, size_t cut)
{
    struct prompt p = { .len = 0 };

    buf_init(&h->lines, 1 << 20);
    buf_init(&h->echo, 1 << 20);
    prompt_begin(&p, is_echoed);
    type(&p, h, slice_of(in.data, cut));
    type(&p, h, slice_after(in, cut));
    prompt_done(&p);
}

static void check_echo(struct slice echo)
{
    while (echo.len > 0) {
        uint32_t code;
        size_t len = text_character(echo, &code);

        require(len > 0);
        require(!text_is_control(code) || code == '\r' || code == '\n' ||
                code == '\a' || code == '\b');
        echo = slice_after(echo, len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct heard whole, cut;
    struct slice in;
    bool is_echoed;

    if (len < 2 || len > 4096)
        return 0;
    is_echoed = bytes[0] & 1;
    in = slice_of(bytes + 1, len - 1);
    play(&whole, is_echoed, in, 0);
    play(&cut, is_echoed, in, (bytes[0] >> 1) % (in.len + 1));
    require(slice_is_equal(buf_bytes(&whole.lines), buf_bytes(&cut.lines)));
    require(slice_is_equal(buf_bytes(&whole.echo), buf_bytes(&cut.echo)));
    check_echo(buf_bytes(&whole.echo));
    buf_done(&whole.lines);
    buf_done(&whole.echo);
    buf_done(&cut.lines);
    buf_done(&cut.echo);
    return 0;
}

#include "proto/prompt.h"

#include "base/text.h"

enum { CTRL_C = 3, CTRL_D = 4, BEL = 7, BS = 8, CTRL_U = 21, ESC = 27 };
enum { DEL = 127 };

/* Function keys (ECMA-48): ESC [, parameters, a letter; or ESC O, a letter. A
 * control character ends a sequence in any case, so that no Enter is lost. */
enum { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_CSI, ESCAPE_LAST };

void prompt_begin(struct prompt *p, bool is_echoed)
{
    bool is_behind_cr = p->is_behind_cr;

    prompt_done(p);
    p->is_echoed = is_echoed;
    p->is_behind_cr = is_behind_cr;
}

void prompt_done(struct prompt *p)
{
    explicit_bzero(p, sizeof *p);
}

static int say(struct buf *out, const char *text)
{
    return buf_append(out, slice_of_text(text));
}

/* True: the byte belongs to the sequence of a key. */
static bool is_in_sequence(struct prompt *p, uint8_t byte)
{
    uint8_t escape = p->escape;

    p->escape = byte == ESC ? ESCAPE_BEGUN : ESCAPE_NONE;
    if (byte < ' ' || escape == ESCAPE_NONE)
        return byte == ESC;
    if ((escape == ESCAPE_BEGUN && byte == '[') ||
        (escape == ESCAPE_CSI && byte < '@'))
        p->escape = ESCAPE_CSI;
    else if (escape == ESCAPE_BEGUN && byte == 'O')
        p->escape = ESCAPE_LAST;
    return true;
}

static bool is_continuation(char byte)
{
    return ((uint8_t)byte & 0xc0) == 0x80;
}

/* The last character; where the line is no UTF-8, as much as looks like one. */
static int erase(struct prompt *p, struct buf *out)
{
    if (p->len > p->shown) {
        p->len = p->shown; /* half a character: nothing is seen of it */
        return 0;
    }
    if (p->len == 0)
        return 0;
    while (p->len > 1 && is_continuation(p->line[p->len - 1]))
        p->len--;
    p->len--;
    p->shown = p->len;
    return p->is_echoed ? say(out, "\b \b") : 0;
}

static int erase_all(struct prompt *p, struct buf *out)
{
    int r = 0;

    while (p->len > 0 && r == 0)
        r = erase(p, out);
    return r;
}

/* Shows the bytes behind p->shown, if they are a whole character. Those that
 * cannot become one any more, or one that would not be seen, are dropped. */
static int show(struct prompt *p, struct buf *out)
{
    struct slice half =
        slice_of(p->line + p->shown, (size_t)(p->len - p->shown));
    uint32_t code = 0;
    size_t len = text_character(half, &code);

    if (len == 0) {
        if (half.len >= 4)
            p->len = p->shown;
        return 0;
    }
    if (text_is_invisible(code)) {
        p->len = p->shown;
        return 0;
    }
    p->shown = p->len;
    return buf_append(out, half);
}

static int add(struct prompt *p, uint8_t byte, struct buf *out)
{
    if (p->is_echoed && !is_continuation((char)byte))
        p->len = p->shown;
    if (p->len == PROMPT_MAX)
        return say(out, "\a");
    p->line[p->len++] = (char)byte;
    if (p->is_echoed)
        return show(p, out);
    p->shown = p->len;
    return 0;
}

static int enter(struct prompt *p, struct buf *out, enum prompt_event *event)
{
    p->len = p->shown;
    p->line[p->len] = '\0';
    *event = PROMPT_ENTERED;
    return say(out, "\r\n");
}

static int take(struct prompt *p, uint8_t byte, struct buf *out,
                enum prompt_event *event)
{
    bool was_behind_cr = p->is_behind_cr;

    p->is_behind_cr = byte == '\r';
    if (is_in_sequence(p, byte))
        return 0;
    switch (byte) {
    case '\n':
        return was_behind_cr ? 0 : enter(p, out, event);
    case '\r':
        return enter(p, out, event);
    case BS:
    case DEL:
        return erase(p, out);
    case CTRL_U:
        return erase_all(p, out);
    case CTRL_C:
    case CTRL_D:
        *event = PROMPT_LEFT;
        return say(out, "\r\n");
    default:
        return byte < ' ' ? 0 : add(p, byte, out);
    }
}

int prompt_next(struct prompt *p, struct slice *in, struct buf *out,
                enum prompt_event *ret_event)
{
    int r = 0;

    *ret_event = PROMPT_NEED_MORE;
    while (in->len > 0 && r == 0 && *ret_event == PROMPT_NEED_MORE) {
        uint8_t byte = in->data[0];

        *in = slice_after(*in, 1);
        r = take(p, byte, out, ret_event);
    }
    return r;
}

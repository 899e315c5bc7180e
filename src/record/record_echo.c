#include "record/record_echo.h"

#include "base/mem.h"

enum { ESC = 0x1b, DEL = 0x7f, ANSWER_MAX = 64 };

/* Where the typed keys are in an escape sequence. */
enum escape {
    ESCAPE_NONE,
    ESCAPE_BEGUN,  /* ESC */
    ESCAPE_CSI,    /* ESC [ : up to a character from @ to ~ */
    ESCAPE_SINGLE, /* ESC O: one character more */
};

void record_echo_init(struct record_echo *e)
{
    *e = (struct record_echo){ .typed = { 0 } };
    buf_init(&e->typed, RECORD_ECHO_MAX);
    buf_init(&e->kept, RECORD_ECHO_MAX);
}

void record_echo_done(struct record_echo *e)
{
    buf_done_secret(&e->typed);
    buf_done(&e->kept);
}

static bool is_line_end(uint8_t key)
{
    return key == '\r' || key == '\n';
}

/* Without room or memory, keys are dropped: the owner takes what is kept with
 * each output. */
static void keep(struct record_echo *e, uint8_t key)
{
    if (buf_append(&e->kept, slice_of(&key, 1)) < 0)
        e->has_dropped = true;
}

/* Whether the key needs no echo, by itself or as a part of a sequence. Called
 * once for each key that is let through, in order. */
static bool is_control(struct record_echo *e, uint8_t key)
{
    switch ((enum escape)e->escape) {
    case ESCAPE_BEGUN:
        e->escape = key == '['   ? ESCAPE_CSI
                    : key == 'O' ? ESCAPE_SINGLE
                                 : ESCAPE_NONE;
        return true;
    case ESCAPE_CSI:
        if (key >= '@' && key <= '~')
            e->escape = ESCAPE_NONE;
        return true;
    case ESCAPE_SINGLE:
        e->escape = ESCAPE_NONE;
        return true;
    case ESCAPE_NONE:
        break;
    }
    if (key == ESC)
        e->escape = ESCAPE_BEGUN;
    return key < ' ' || key == DEL;
}

/*
 * What guests print for it: an end of line; a character taken back, as "\b \b"
 * or "\b ESC [ K"; "^C". To escape sequences and Tab guests say all kinds of
 * things, so no answer is passed over.
 */
static void expect_answer(struct record_echo *e, uint8_t key)
{
    bool is_back = key == DEL || key == '\b';
    const char *answer = is_line_end(key) ? "\r\n"
                         : is_back        ? "\b \033[K"
                                          : "^ABCDEFGHIJKLMNOPQRSTUVWXYZ\\]_";
    unsigned len = is_back ? 4 : 2;

    if (e->answer == answer)
        len += e->answer_len;
    e->answer = answer;
    e->answer_len = (uint8_t)(len < ANSWER_MAX ? len : ANSWER_MAX);
}

/* Wiped, as other memory that is given back: buf_take does not. */
static void forget(struct record_echo *e)
{
    buf_done_secret(&e->typed);
    buf_init(&e->typed, RECORD_ECHO_MAX);
}

/* The control characters in front wait for nothing. */
static void keep_controls(struct record_echo *e)
{
    size_t n = 0;

    while (n < e->typed.len) {
        uint8_t key = buf_bytes(&e->typed).data[n];

        bool is_in_escape = e->escape != ESCAPE_NONE || key == ESC;

        if (!is_control(e, key))
            break;
        if (!is_in_escape && key != '\t')
            expect_answer(e, key);
        keep(e, key);
        n++;
    }
    if (n == e->typed.len)
        forget(e);
    else if (n > 0)
        buf_take(&e->typed, n);
}

/* All that waits is secret, and so is the rest of its line. */
static void drop(struct record_echo *e)
{
    struct slice typed = buf_bytes(&e->typed);

    e->is_secret = !is_line_end(typed.data[typed.len - 1]);
    e->has_dropped = true;
    e->escape = ESCAPE_NONE;
    e->answer_len = 0;
    forget(e);
}

void record_echo_type(struct record_echo *e, struct slice keys, uint64_t now_us)
{
    record_echo_check(e, now_us);
    for (; e->is_secret && keys.len > 0; keys = slice_after(keys, 1))
        e->is_secret = !is_line_end(keys.data[0]);
    if (keys.len == 0)
        return;
    if (e->typed.len == 0)
        e->since_us = now_us;
    if (buf_append_secret(&e->typed, keys) < 0) {
        bool is_line = is_line_end(keys.data[keys.len - 1]);

        if (e->typed.len > 0)
            drop(e);
        e->has_dropped = true;
        e->is_secret = !is_line;
        return;
    }
    keep_controls(e);
}

/* Takes the byte for a part of an answer to a control character. */
static bool is_answer(struct record_echo *e, uint8_t byte)
{
    if (e->answer_len == 0 || strchr(e->answer, byte) == NULL || byte == 0)
        return false;
    e->answer_len--;
    return true;
}

void record_echo_show(struct record_echo *e, struct slice output,
                      uint64_t now_us)
{
    for (; e->typed.len > 0 && output.len > 0;
         output = slice_after(output, 1)) {
        uint8_t key = buf_bytes(&e->typed).data[0];

        if (output.data[0] == key) {
            keep(e, key);
            e->answer_len = 0;
            if (e->typed.len == 1)
                forget(e);
            else
                buf_take(&e->typed, 1);
            e->since_us = now_us;
            keep_controls(e);
        } else if (!is_answer(e, output.data[0])) {
            drop(e);
        }
    }
    /* More than an answer has come by now. */
    if (output.len > 0)
        e->answer_len = 0;
}

void record_echo_check(struct record_echo *e, uint64_t now_us)
{
    if (e->typed.len > 0 && now_us >= e->since_us + RECORD_ECHO_US)
        drop(e);
}

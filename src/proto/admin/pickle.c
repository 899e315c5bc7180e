/*
 * A pickle, as it is read here (Python's Lib/pickletools.py has the opcodes):
 *
 *     [80 PROTOCOL] [95 LENGTH] VALUE [MEMO] 2e
 *
 *     VALUE   4b u8 | 4d u16 | 4a i32 | 8a u8 count, so many bytes | 4e
 *             8c u8 length, text | 58 u32 length, text
 *             49 decimal, newline | 53 quoted text, newline
 *     MEMO    94 | 71 u8 | 70 decimal, newline
 *
 * Numbers are little endian. A memo is for values that are referred to later,
 * which these pickles never do, so it has no effect; LENGTH is that of all that
 * is behind it, and must be true.
 *
 * The whole pickle is read anew with each call: it is short, and a reader
 * without a state between two calls cannot be in a wrong one.
 */
#include "proto/admin/pickle.h"

#include "base/text.h"

#include <errno.h>

enum opcode {
    OP_MARK = 0x28,
    OP_STOP = 0x2e,
    OP_DECIMAL = 0x49,
    OP_I32 = 0x4a,
    OP_U8 = 0x4b,
    OP_U16 = 0x4d,
    OP_NONE = 0x4e,
    OP_QUOTED = 0x53,
    OP_BYTES = 0x54,
    OP_TEXT = 0x58,
    OP_LIST = 0x5d,
    OP_APPENDS = 0x65,
    OP_PUT = 0x70,
    OP_PUT_U8 = 0x71,
    OP_SETITEMS = 0x75,
    OP_DICT = 0x7d,
    OP_PROTOCOL = 0x80,
    OP_TUPLE2 = 0x86,
    OP_BIG_NUMBER = 0x8a,
    OP_SHORT_TEXT = 0x8c,
    OP_MEMOIZE = 0x94,
    OP_FRAME = 0x95,
};

enum { FIRST_PROTOCOL = 2, LAST_PROTOCOL = 5, NUMBER_BYTES_MAX = 8 };

/* What is left of the bytes. A part of the pickle that is not whole sets
 * needs_more; one that is wrong, is_wrong. Both end it. */
struct reading {
    struct slice in;
    bool needs_more;
    bool is_wrong;
};

static struct slice nothing(void)
{
    return slice_of(NULL, 0);
}

/* The next len bytes; data NULL: they are not there. A length that no pickle
 * can have is refused before its bytes have come. */
static struct slice take(struct reading *r, uint64_t len)
{
    struct slice taken;

    if (len > PICKLE_MAX) {
        r->is_wrong = true;
        return nothing();
    }
    if (len > r->in.len) {
        r->needs_more = true;
        return nothing();
    }
    taken = slice_of(r->in.data, (size_t)len);
    r->in = slice_after(r->in, (size_t)len);
    return taken;
}

/* Little endian; 0 if it is not there. */
static uint64_t take_number(struct reading *r, size_t len)
{
    struct slice bytes = take(r, len);
    uint64_t number = 0;

    for (size_t i = bytes.len; i > 0; i--)
        number = number << 8 | bytes.data[i - 1];
    return number;
}

static uint8_t take_byte(struct reading *r)
{
    return (uint8_t)take_number(r, 1);
}

static bool has_ended(const struct reading *r)
{
    return r->needs_more || r->is_wrong;
}

/* The bytes up to a newline, which is taken too. */
static struct slice take_line(struct reading *r)
{
    const uint8_t *end =
        r->in.len > 0 ? memchr(r->in.data, '\n', r->in.len) : NULL;
    struct slice line;

    if (end == NULL) {
        r->needs_more = true;
        return nothing();
    }
    line = take(r, (uint64_t)(end - r->in.data));
    (void)take(r, 1);
    return line;
}

/* ---- values ------------------------------------------------------------- */

static void set_number(struct pickle_value *v, int64_t number)
{
    v->kind = PICKLE_NUMBER;
    v->number = number;
}

/* Two's complement, as short as it goes; none at all is 0. */
static void read_big_number(struct reading *r, struct pickle_value *v)
{
    size_t len = take_byte(r);
    uint64_t number = 0;

    if (len > NUMBER_BYTES_MAX) {
        r->is_wrong = true;
        return;
    }
    number = take_number(r, len);
    if (len > 0 && len < sizeof number && number >> (8 * len - 1))
        number |= ~UINT64_C(0) << (8 * len);
    set_number(v, (int64_t)number);
}

/* As Python writes an int in protocol 0. 00 and 01 are its booleans. */
static void read_decimal(struct reading *r, struct pickle_value *v)
{
    struct slice line = take_line(r);
    bool is_negative = line.len > 0 && line.data[0] == '-';
    int64_t number = 0;

    if (has_ended(r))
        return;
    if (is_negative)
        line = slice_after(line, 1);
    r->is_wrong =
        line.len == 0 || line.len > 10 || (line.len > 1 && line.data[0] == '0');
    for (size_t i = 0; i < line.len && !r->is_wrong; i++) {
        r->is_wrong = line.data[i] < '0' || line.data[i] > '9';
        number = 10 * number + (line.data[i] - '0');
    }
    set_number(v, is_negative ? -number : number);
}

static void add(struct reading *r, struct pickle_value *v, uint8_t byte)
{
    if (v->len == PICKLE_MAX) {
        r->is_wrong = true;
        return;
    }
    v->text[v->len++] = (char)byte;
    v->text[v->len] = '\0';
}

static void set_text(struct reading *r, struct pickle_value *v,
                     struct slice text)
{
    v->kind = PICKLE_TEXT;
    v->len = 0;
    v->text[0] = '\0';
    for (size_t i = 0; i < text.len; i++)
        add(r, v, text.data[i]);
}

static bool is_surrogate(struct slice s)
{
    return s.len >= 3 && s.data[0] == 0xed && s.data[1] >= 0xa0 &&
           s.data[1] <= 0xbf && s.data[2] >= 0x80 && s.data[2] <= 0xbf;
}

/* UTF-8, in which Python also writes lone surrogates: the bytes of an argument
 * that was no UTF-8. */
static bool is_text(struct slice s)
{
    while (s.len > 0) {
        uint32_t code;
        size_t len = is_surrogate(s) ? 3 : text_character(s, &code);

        if (len == 0)
            return false;
        s = slice_after(s, len);
    }
    return true;
}

static void read_text(struct reading *r, struct pickle_value *v, uint64_t len)
{
    struct slice text = take(r, len);

    if (has_ended(r))
        return;
    if (!is_text(text))
        r->is_wrong = true;
    set_text(r, v, text);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* What is behind a backslash. Returns how many bytes that is; 0: it is not one
 * of Python's. */
static size_t read_escape(struct slice s, uint8_t *ret)
{
    static const char from[] = "\\'\"nrt";
    static const char to[] = "\\'\"\n\r\t";
    const char *known =
        s.len > 0 && s.data[0] != '\0' ? strchr(from, s.data[0]) : NULL;

    if (known != NULL) {
        *ret = (uint8_t)to[known - from];
        return 1;
    }
    if (s.len < 3 || s.data[0] != 'x' || hex_digit(s.data[1]) < 0 ||
        hex_digit(s.data[2]) < 0)
        return 0;
    *ret = (uint8_t)(hex_digit(s.data[1]) * 16 + hex_digit(s.data[2]));
    return 3;
}

/* As Python 2 shows a str: within ' or ", and neither a newline nor the quote
 * stands there as it is. */
static void read_quoted(struct reading *r, struct pickle_value *v)
{
    struct slice s = take_line(r);
    uint8_t quote;

    set_text(r, v, nothing());
    if (has_ended(r))
        return;
    quote = s.len >= 2 ? s.data[0] : 0;
    if ((quote != '\'' && quote != '"') || s.data[s.len - 1] != quote) {
        r->is_wrong = true;
        return;
    }
    s = slice_of(s.data + 1, s.len - 2);
    while (s.len > 0 && !r->is_wrong) {
        uint8_t byte = s.data[0];
        size_t used = 1;

        if (byte == '\\') {
            size_t more = read_escape(slice_after(s, 1), &byte);

            r->is_wrong = more == 0;
            used += more;
        } else if (byte == quote) {
            r->is_wrong = true;
        }
        add(r, v, byte);
        s = slice_after(s, used);
    }
}

static void read_value(struct reading *r, struct pickle_value *v)
{
    uint8_t op = take_byte(r);

    if (has_ended(r))
        return;
    switch (op) {
    case OP_U8:
        set_number(v, (int64_t)take_number(r, 1));
        break;
    case OP_U16:
        set_number(v, (int64_t)take_number(r, 2));
        break;
    case OP_I32:
        set_number(v, (int32_t)(uint32_t)take_number(r, 4));
        break;
    case OP_BIG_NUMBER:
        read_big_number(r, v);
        break;
    case OP_DECIMAL:
        read_decimal(r, v);
        break;
    case OP_NONE:
        v->kind = PICKLE_NONE;
        break;
    case OP_SHORT_TEXT:
        read_text(r, v, take_number(r, 1));
        break;
    case OP_TEXT:
        read_text(r, v, take_number(r, 4));
        break;
    case OP_QUOTED:
        read_quoted(r, v);
        break;
    default:
        r->is_wrong = true;
        break;
    }
}

/* ---- around them -------------------------------------------------------- */

bool pickle_is_begin(uint8_t byte)
{
    return byte == OP_PROTOCOL || byte == OP_DECIMAL;
}

static bool is_next(const struct reading *r, uint8_t op)
{
    return r->in.len > 0 && r->in.data[0] == op;
}

/* Returns what must be left of the input behind the pickle, as LENGTH says; if
 * there is no LENGTH, ret_has_length is false. */
static size_t read_head(struct reading *r, bool *ret_has_length)
{
    uint64_t length;

    *ret_has_length = false;
    if (is_next(r, OP_PROTOCOL)) {
        uint64_t protocol;

        (void)take_byte(r);
        protocol = take_byte(r);
        if (!r->needs_more &&
            (protocol < FIRST_PROTOCOL || protocol > LAST_PROTOCOL))
            r->is_wrong = true;
    }
    if (has_ended(r) || !is_next(r, OP_FRAME))
        return 0;
    (void)take_byte(r);
    length = take_number(r, 8);
    if (length > PICKLE_MAX)
        r->is_wrong = true;
    else if (!r->needs_more && length > r->in.len)
        r->needs_more = true;
    if (has_ended(r))
        return 0;
    *ret_has_length = true;
    return r->in.len - (size_t)length;
}

static void read_memo(struct reading *r)
{
    struct slice digits;

    if (is_next(r, OP_MEMOIZE)) {
        (void)take_byte(r);
    } else if (is_next(r, OP_PUT_U8)) {
        (void)take(r, 2);
    } else if (is_next(r, OP_PUT)) {
        (void)take_byte(r);
        digits = take_line(r);
        if (!r->needs_more)
            r->is_wrong = digits.len == 0 || digits.len > 10;
        for (size_t i = 0; i < digits.len; i++)
            r->is_wrong |= digits.data[i] < '0' || digits.data[i] > '9';
    }
}

/* Each part does nothing when one before it has ended the reading. */
static void read_all(struct reading *r, struct pickle_value *v)
{
    bool has_length;
    size_t left = read_head(r, &has_length);

    if (!has_ended(r))
        read_value(r, v);
    if (!has_ended(r))
        read_memo(r);
    if (has_ended(r))
        return;
    if (take_byte(r) != OP_STOP && !r->needs_more)
        r->is_wrong = true;
    if (!has_ended(r) && has_length && r->in.len != left)
        r->is_wrong = true;
}

/* More bytes than a pickle may have cannot become one. */
enum pickle_event pickle_read(struct slice in, struct pickle_value *ret,
                              size_t *ret_used)
{
    struct reading r = { .in = in };

    ret->kind = PICKLE_NONE;
    ret->number = 0;
    ret->len = 0;
    ret->text[0] = '\0';
    read_all(&r, ret);
    if (r.is_wrong || (r.needs_more && in.len >= PICKLE_MAX) ||
        in.len - r.in.len > PICKLE_MAX)
        return PICKLE_REFUSED;
    if (r.needs_more)
        return PICKLE_NEED_MORE;
    *ret_used = in.len - r.in.len;
    return PICKLE_READ;
}

/* ---- writing ------------------------------------------------------------ */

static const uint8_t head[] = { OP_PROTOCOL, 2 };

enum { BYTES_OF_U32 = 5 };

static void set_u32(uint8_t to[BYTES_OF_U32], enum opcode op, uint32_t number)
{
    to[0] = (uint8_t)op;
    for (int i = 0; i < 4; i++)
        to[1 + i] = (uint8_t)(number >> 8 * i);
}

/* The pieces of one append: all of them fit, or none is appended. */
enum { PIECES_MAX = 16 };

struct pieces {
    struct slice piece[PIECES_MAX];
    size_t count;
    uint8_t number[4][BYTES_OF_U32]; /* that pieces point to */
    size_t number_count;
};

static void put(struct pieces *p, struct slice bytes)
{
    p->piece[p->count++] = bytes;
}

static void put_op(struct pieces *p, const uint8_t *ops, size_t len)
{
    put(p, slice_of(ops, len));
}

static void put_u32(struct pieces *p, enum opcode op, uint32_t number)
{
    uint8_t *to = p->number[p->number_count++];

    set_u32(to, op, number);
    put(p, slice_of(to, BYTES_OF_U32));
}

static void put_text(struct pieces *p, enum opcode op, const char *text)
{
    size_t len = strlen(text);

    put_u32(p, op, (uint32_t)len);
    put(p, slice_of(text, len));
}

static int append(struct buf *to, const struct pieces *p)
{
    size_t len = 0;
    uint8_t *room;

    for (size_t i = 0; i < p->count; i++)
        len += p->piece[i].len;
    if (len > to->max - to->len)
        return -ENOBUFS;
    room = buf_reserve(to, len);
    if (room == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < p->count; i++) {
        memcpy(room, p->piece[i].data, p->piece[i].len);
        room += p->piece[i].len;
    }
    buf_added(to, len);
    return 0;
}

static const uint8_t stop[] = { OP_STOP };

int pickle_put_number(struct buf *to, int32_t number)
{
    struct pieces p = { .count = 0 };

    put_op(&p, head, sizeof head);
    put_u32(&p, OP_I32, (uint32_t)number);
    put_op(&p, stop, sizeof stop);
    return append(to, &p);
}

int pickle_put_text(struct buf *to, const char *text)
{
    struct pieces p = { .count = 0 };

    put_op(&p, head, sizeof head);
    put_text(&p, OP_TEXT, text);
    put_op(&p, stop, sizeof stop);
    return append(to, &p);
}

int pickle_put_list(struct buf *to, const char *text)
{
    static const uint8_t begin[] = { OP_LIST, OP_MARK };
    static const uint8_t end[] = { OP_APPENDS, OP_STOP };
    struct pieces p = { .count = 0 };

    put_op(&p, head, sizeof head);
    put_op(&p, begin, sizeof begin);
    if (text[0] != '\0')
        put_text(&p, OP_BYTES, text);
    put_op(&p, end, sizeof end);
    return append(to, &p);
}

int pickle_put_begin(struct buf *to, enum pickle_list list)
{
    static const uint8_t begin[] = { OP_LIST, OP_MARK };
    struct pieces p = { .count = 0 };

    if (list == PICKLE_SINGLE)
        return 0;
    put_op(&p, head, sizeof head);
    if (list == PICKLE_TUPLE)
        put_u32(&p, OP_I32, 1);
    put_op(&p, begin, sizeof begin);
    return append(to, &p);
}

/* The names of the three members, each as a text that is written out, so that a
 * VM takes no more pieces than there are. */
#define KEY(word) "\x58\x04\0\0\0" word

int pickle_put_vm(struct buf *to, enum pickle_list list,
                  const struct pickle_vm *vm)
{
    static const uint8_t begin[] = { OP_DICT, OP_MARK };
    static const uint8_t none[] = { OP_NONE };
    static const uint8_t end[] = { OP_SETITEMS };
    static const char name[] = KEY("name");
    static const char uuid[] = KEY("uuid");
    static const char port[] = KEY("port");
    enum opcode op = list == PICKLE_SINGLE ? OP_TEXT : OP_BYTES;
    struct pieces p = { .count = 0 };

    if (list == PICKLE_SINGLE)
        put_op(&p, head, sizeof head);
    put_op(&p, begin, sizeof begin);
    put(&p, slice_of(name, sizeof name - 1));
    put_text(&p, op, vm->name);
    put(&p, slice_of(uuid, sizeof uuid - 1));
    put_text(&p, op, vm->uuid);
    put(&p, slice_of(port, sizeof port - 1));
    if (vm->port != 0)
        put_u32(&p, OP_I32, vm->port);
    else
        put_op(&p, none, sizeof none);
    put_op(&p, end, sizeof end);
    if (list == PICKLE_SINGLE)
        put_op(&p, stop, sizeof stop);
    return append(to, &p);
}

int pickle_put_end(struct buf *to, enum pickle_list list)
{
    static const uint8_t end_of_list[] = { OP_APPENDS, OP_STOP };
    static const uint8_t end_of_tuple[] = { OP_APPENDS, OP_TUPLE2, OP_STOP };

    switch (list) {
    case PICKLE_SINGLE:
        break;
    case PICKLE_LIST:
        return buf_append(to, slice_of(end_of_list, sizeof end_of_list));
    case PICKLE_TUPLE:
        return buf_append(to, slice_of(end_of_tuple, sizeof end_of_tuple));
    }
    return 0;
}

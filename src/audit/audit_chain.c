#include "audit/audit_chain.h"

#include "net/tls/tls_digest.h"

#include <string.h>

static const char begin_number[] = "{\"v\":1,\"n\":";
static const char begin_prev[] = ",\"prev\":\"";

void audit_chain_init(struct audit_chain *chain)
{
    *chain = (struct audit_chain){ .number = 0 };
    memset(chain->digest, '0', AUDIT_PREV_LEN);
}

uint64_t audit_chain_skip(struct audit_chain *chain)
{
    return ++chain->number;
}

void audit_chain_set(struct audit_chain *chain, uint64_t number,
                     struct slice line)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[TLS_DIGEST_LEN];

    tls_digest(line, digest);
    chain->number = number;
    for (size_t i = 0; i < AUDIT_PREV_LEN; i++)
        chain->digest[i] = digits[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
}

size_t audit_chain_add(struct audit_chain *chain, char to[LOG_RECORD_MAX],
                       const struct log_record *record)
{
    struct log_record r = *record;
    size_t len;

    r.number = chain->number + 1;
    len = log_format_audit(to, &r, chain->digest);
    audit_chain_set(chain, r.number, slice_of(to, len));
    to[len] = '\n';
    return len + 1;
}

/* ---- reading ------------------------------------------------------------ */

static bool take_text(struct slice *rest, const char *text)
{
    size_t len = strlen(text);

    if (rest->len < len || memcmp(rest->data, text, len) != 0)
        return false;
    *rest = slice_after(*rest, len);
    return true;
}

/* As it is written: not 0, and without a leading one. */
static bool take_number(struct slice *rest, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t len = 0;

    for (; len < rest->len; len++) {
        unsigned digit = (unsigned)rest->data[len] - '0';

        if (digit > 9 || (len == 0 && digit == 0))
            break;
        number = number * 10 + digit;
        if (number > AUDIT_NUMBER_MAX)
            return false;
    }
    *rest = slice_after(*rest, len);
    *ret_number = number;
    return len > 0;
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool take_prev(struct slice *rest, char prev[AUDIT_PREV_LEN + 1])
{
    if (rest->len < AUDIT_PREV_LEN)
        return false;
    for (size_t i = 0; i < AUDIT_PREV_LEN; i++) {
        if (!is_hex(rest->data[i]))
            return false;
    }
    memcpy(prev, rest->data, AUDIT_PREV_LEN);
    prev[AUDIT_PREV_LEN] = '\0';
    *rest = slice_after(*rest, AUDIT_PREV_LEN);
    return true;
}

/* The object ends where the line ends, and nowhere before: a piece of a line
 * that was cut within a text ends with an open quote. */
static bool is_rest_of_object(struct slice rest)
{
    bool is_quoted = false;

    for (size_t i = 0; i < rest.len; i++) {
        uint8_t c = rest.data[i];

        if (c < ' ')
            return false;
        if (is_quoted && c == '\\')
            i++;
        else if (c == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && c == '}')
            return i + 1 == rest.len;
    }
    return false;
}

bool audit_chain_read(struct slice line, struct audit_event *ret_event)
{
    struct audit_event event;
    struct slice rest = line;

    if (!take_text(&rest, begin_number) || !take_number(&rest, &event.number) ||
        !take_text(&rest, begin_prev) || !take_prev(&rest, event.prev) ||
        !take_text(&rest, "\",") || !is_rest_of_object(rest))
        return false;
    *ret_event = event;
    return true;
}

/* The number of a torn line, as far as it can be read; 0: it cannot. */
static uint64_t torn_number(struct slice line)
{
    uint64_t number;

    return take_text(&line, begin_number) && take_number(&line, &number) &&
                   take_text(&line, begin_prev)
               ? number
               : 0;
}

/* Whether a file with nothing but this piece can have been meant as an audit
 * log: it begins as one, as far as it goes. */
static bool is_beginning(struct slice piece)
{
    size_t len = sizeof begin_number - 1;

    if (len > piece.len)
        len = piece.len;
    return memcmp(piece.data, begin_number, len) == 0;
}

/* The line that ends at the end of bytes. */
static struct slice last_line(struct slice bytes)
{
    const uint8_t *newline = memrchr(bytes.data, '\n', bytes.len);

    return newline == NULL
               ? bytes
               : slice_after(bytes, (size_t)(newline + 1 - bytes.data));
}

/* Goes back over lines that are no events: one is torn, and a disk that has
 * failed may leave more. */
static bool find_event(struct slice rest, struct audit_end *end)
{
    uint64_t torn = 0;

    while (rest.len > 0) {
        struct slice line = last_line(rest);
        struct audit_event event;

        if (audit_chain_read(line, &event)) {
            audit_chain_set(&end->chain, event.number, line);
            break;
        }
        end->is_torn = true;
        if (torn == 0)
            torn = torn_number(line);
        rest.len -= line.len < rest.len ? line.len + 1 : line.len;
    }
    if (end->is_torn && torn > end->chain.number + 1)
        end->chain.number = torn;
    else if (end->is_torn)
        (void)audit_chain_skip(&end->chain);
    return rest.len > 0;
}

bool audit_chain_read_end(struct slice bytes, bool is_whole,
                          struct audit_end *ret_end)
{
    struct audit_end end = { .is_torn = false };
    struct slice lines = bytes;

    audit_chain_init(&end.chain);
    end.lacks_newline = bytes.len > 0 && bytes.data[bytes.len - 1] != '\n';
    if (bytes.len > 0 && !end.lacks_newline)
        lines.len--;
    if (!find_event(lines, &end) && bytes.len > 0 &&
        !(is_whole && is_beginning(bytes)))
        return false;
    *ret_end = end;
    return true;
}

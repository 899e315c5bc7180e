#include "proto/first/proxy_header.h"

/* Version 2, behind the signature. */
enum {
    SIGNATURE_LEN = 12,
    VERSION_2 = 2,
    COMMAND_LOCAL = 0,
    COMMAND_PROXY = 1,
    FAMILY_UNSPEC = 0,
    FAMILY_INET = 1,
    FAMILY_INET6 = 2,
    FAMILY_UNIX = 3,
    TRANSPORT_STREAM = 1,
    /* Source, destination, and a port for each. */
    INET_LEN = 2 * 4 + 2 * 2,
    INET6_LEN = 2 * 16 + 2 * 2,
};

enum { IP_TEXT_MAX = 45 }; /* an address of version 1: INET6_ADDRSTRLEN - 1 */

static const char text_begin[] = "PROXY ";
static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

const char *proxy_header_state_name(enum proxy_header_state state)
{
    static const char *const names[PROXY_HEADER_STATE_COUNT] = {
        [PROXY_HEADER_OPEN] = "open",       [PROXY_HEADER_PEER] = "peer",
        [PROXY_HEADER_NO_PEER] = "no-peer", [PROXY_HEADER_OWN] = "own",
        [PROXY_HEADER_WRONG] = "wrong",
    };

    return (unsigned)state < PROXY_HEADER_STATE_COUNT ? names[state] : "?";
}

static void fail(struct proxy_header *h, const char *problem)
{
    h->state = PROXY_HEADER_WRONG;
    h->problem = problem;
}

static void fail_malformed(struct proxy_header *h)
{
    fail(h, "its PROXY header is malformed");
}

/* Whether what has come is the beginning of this, or has it as beginning. */
static bool begins_with(const struct proxy_header *h, const char *begin,
                        size_t len)
{
    return memcmp(h->bytes, begin, h->len < len ? h->len : len) == 0;
}

/* ---- version 1 ---------------------------------------------------------- */

/* The word in front of the next blank, or all of the rest; empty at the end. */
static struct slice take_word(struct slice *line)
{
    const uint8_t *blank =
        line->len > 0 ? memchr(line->data, ' ', line->len) : NULL;
    size_t len = blank != NULL ? (size_t)(blank - line->data) : line->len;
    struct slice word = slice_of(line->data, len);

    *line = slice_after(*line, blank != NULL ? len + 1 : len);
    return word;
}

static bool is_word(struct slice word, const char *text)
{
    return slice_is_equal(word, slice_of_text(text));
}

static bool read_port(struct slice word, uint16_t *ret)
{
    enum { DIGITS_MAX = 5 };
    uint32_t port = 0;

    if (word.len == 0 || word.len > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(word.data[i] - '0');
    }
    *ret = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* "::ffff:192.0.2.1" is an address of IPv6 by its form. The zone that ip_parse
 * would pass over has no place here. */
static bool read_ip(struct slice word, bool is_ipv4, struct ip *ret)
{
    char text[IP_TEXT_MAX + 1] = "";

    if (word.len == 0 || word.len > IP_TEXT_MAX ||
        (memchr(word.data, ':', word.len) == NULL) != is_ipv4 ||
        memchr(word.data, '%', word.len) != NULL)
        return false;
    memcpy(text, word.data, word.len);
    return ip_parse(text, ret);
}

/* Behind "PROXY TCP4 " or "PROXY TCP6 ". The destination is one of ours; it is
 * read for its form alone. */
static bool read_addresses(struct proxy_header *h, struct slice line,
                           bool is_ipv4)
{
    struct ip destination;
    uint16_t destination_port;

    return read_ip(take_word(&line), is_ipv4, &h->peer) &&
           read_ip(take_word(&line), is_ipv4, &destination) &&
           read_port(take_word(&line), &h->port) &&
           read_port(take_word(&line), &destination_port) && line.len == 0;
}

/* Blanks at the end are no word of their own: read_port would fail first. */
static void judge_line(struct proxy_header *h)
{
    struct slice line = slice_of(h->bytes, h->len - 2u);
    struct slice family;

    (void)take_word(&line);
    family = take_word(&line);
    if (is_word(family, "UNKNOWN"))
        h->state = PROXY_HEADER_OWN; /* whatever else it says */
    else if ((is_word(family, "TCP4") && read_addresses(h, line, true)) ||
             (is_word(family, "TCP6") && read_addresses(h, line, false)))
        h->state = PROXY_HEADER_PEER;
    else
        fail_malformed(h);
}

static void judge_text(struct proxy_header *h)
{
    uint8_t last = h->bytes[h->len - 1];

    if (last == '\n' && h->bytes[h->len - 2] == '\r')
        judge_line(h);
    else if (last != '\r' && (last < ' ' || last > '~'))
        fail_malformed(h);
    else if (h->len == PROXY_HEADER_TEXT_MAX)
        fail(h, "its PROXY header has no end within 107 bytes");
}

/* ---- version 2 ---------------------------------------------------------- */

static unsigned read_number(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* Addresses that we read; those of Unix sockets say nothing to us. */
static size_t addresses_len(unsigned family)
{
    if (family == FAMILY_INET)
        return INET_LEN;
    return family == FAMILY_INET6 ? INET6_LEN : 0;
}

/* Complete, but for what says nothing. */
static void end_with(struct proxy_header *h, enum proxy_header_state state,
                     size_t rest)
{
    h->complete = (uint8_t)state;
    h->rest = (uint16_t)rest;
    if (rest == 0)
        h->state = (uint8_t)state;
}

static void judge_addresses(struct proxy_header *h, unsigned family,
                            size_t rest)
{
    const uint8_t *at = h->bytes + PROXY_HEADER_FIXED;

    h->peer = family == FAMILY_INET ? ip_from_ipv4(at) : ip_from_ipv6(at);
    h->port = (uint16_t)read_number(
        at + (family == FAMILY_INET ? INET_LEN : INET6_LEN) - 2 * 2);
    end_with(h, PROXY_HEADER_PEER, rest);
}

/* Asked at each byte from the fixed part's last one on. */
static void judge_binary(struct proxy_header *h)
{
    unsigned command = h->bytes[SIGNATURE_LEN] & 0xfu;
    unsigned version = h->bytes[SIGNATURE_LEN] >> 4;
    unsigned family = h->bytes[SIGNATURE_LEN + 1] >> 4;
    unsigned transport = h->bytes[SIGNATURE_LEN + 1] & 0xfu;
    size_t rest = read_number(h->bytes + SIGNATURE_LEN + 2);
    size_t addresses = addresses_len(family);

    if (version != VERSION_2 || command > COMMAND_PROXY)
        fail(h, "its PROXY header has an unknown version or command");
    else if (rest > PROXY_HEADER_REST_MAX)
        fail(h, "its PROXY header is longer than 2,064 bytes");
    else if (command == COMMAND_LOCAL)
        end_with(h, PROXY_HEADER_OWN, rest);
    else if (family == FAMILY_UNSPEC || family == FAMILY_UNIX)
        end_with(h, PROXY_HEADER_NO_PEER, rest);
    else if (addresses == 0 || transport != TRANSPORT_STREAM ||
             rest < addresses)
        fail_malformed(h);
    else if (h->len == PROXY_HEADER_FIXED + addresses)
        judge_addresses(h, family, rest - addresses);
}

/* ---- both --------------------------------------------------------------- */

static void judge(struct proxy_header *h)
{
    if (begins_with(h, text_begin, sizeof text_begin - 1)) {
        if (h->len >= sizeof text_begin)
            judge_text(h);
    } else if (begins_with(h, signature, SIGNATURE_LEN)) {
        if (h->len >= PROXY_HEADER_FIXED)
            judge_binary(h);
    } else {
        fail(h, "it did not begin with a PROXY header");
    }
}

static size_t skip(struct proxy_header *h, struct slice in)
{
    size_t len = in.len < h->rest ? in.len : h->rest;

    h->rest = (uint16_t)(h->rest - len);
    if (h->rest == 0)
        h->state = h->complete;
    return len;
}

/* Byte by byte: where it ends is known when it has ended. What is skipped may
 * be long, and is not looked at. */
size_t proxy_header_take(struct proxy_header *h, struct slice in)
{
    size_t taken = 0;

    while (h->state == PROXY_HEADER_OPEN && taken < in.len) {
        if (h->rest > 0) {
            taken += skip(h, slice_after(in, taken));
            continue;
        }
        h->bytes[h->len++] = in.data[taken++];
        judge(h);
    }
    return taken;
}

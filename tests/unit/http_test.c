/*
 * HTTP messages: what they say in every cut, and what is none. What follows a
 * message is left for later.
 */
#include "proto/http/http_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After those that it needs. */
#include <cmocka.h>

enum { TOLD_MAX = 64 * 1024 };

/* What a reader told, as text: pieces of a body as one. */
struct told {
    size_t len;
    bool is_in_body;
    char text[TOLD_MAX];
};

__attribute__((format(printf, 2, 3))) static void say(struct told *t,
                                                      const char *format, ...)
{
    va_list values;
    int len;

    va_start(values, format);
    len = vsnprintf(t->text + t->len, TOLD_MAX - t->len, format, values);
    va_end(values);
    assert_true(len >= 0 && t->len + (size_t)len < TOLD_MAX);
    t->len += (size_t)len;
}

static void say_head(struct told *t, const struct http_head *head)
{
    if (head->status > 0)
        say(t, "%u", head->status);
    else
        say(t, "%s %.*s", http_verb_name(head->verb), (int)head->target.len,
            (const char *)head->target.data);
    say(t, " 1.%u%s%s%s%s", head->minor, head->keeps_alive ? " keep" : "",
        head->is_upgrade ? " upgrade" : "", head->has_body ? " body" : "",
        head->wants_continue ? " continue" : "");
    if (head->has_length)
        say(t, " length=%llu", (unsigned long long)head->length);
    for (size_t i = 0; i < head->field_count; i++)
        say(t, "|%.*s=%.*s", (int)head->field[i].name.len,
            (const char *)head->field[i].name.data,
            (int)head->field[i].value.len,
            (const char *)head->field[i].value.data);
    say(t, "\n");
}

static void say_event(struct told *t, enum http_event event,
                      const struct http_item *item)
{
    if (t->is_in_body && event != HTTP_BODY && event != HTTP_NEED_MORE) {
        say(t, "\n");
        t->is_in_body = false;
    }
    if (event == HTTP_HEAD_DONE)
        say_head(t, item->head);
    if (event == HTTP_BODY) {
        assert_true(item->body.len > 0);
        say(t, "%s%.*s", t->is_in_body ? "" : "body ", (int)item->body.len,
            (const char *)item->body.data);
        t->is_in_body = true;
    }
    if (event == HTTP_DONE)
        say(t, "done\n");
    if (event == HTTP_MALFORMED)
        say(t, "%u %s\n", item->status, item->problem);
}

/* Gives one piece, in memory of its own so that nothing behind it is read, and
 * which is gone when the next one comes. False: malformed. */
static bool give(struct http_reader *r, struct told *t, struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);
    struct slice in = slice_of(copy, bytes.len);
    enum http_event event;

    assert_non_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    do {
        struct http_item item;

        event = http_next(r, &in, &item);
        say_event(t, event, &item);
        if (event == HTTP_NEED_MORE)
            assert_int_equal(in.len, 0);
    } while (event != HTTP_NEED_MORE && event != HTTP_MALFORMED);
    free(copy);
    return event != HTTP_MALFORMED;
}

typedef size_t size_of_piece(size_t at, size_t piece, unsigned *seed);

static size_t cut_once(size_t at, size_t cut, unsigned *seed)
{
    (void)seed;
    return at < cut ? cut - at : SIZE_MAX;
}

static size_t cut_evenly(size_t at, size_t piece, unsigned *seed)
{
    (void)at;
    (void)seed;
    return piece;
}

static size_t cut_at_random(size_t at, size_t piece, unsigned *seed)
{
    (void)at;
    (void)piece;
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % 40 + 1;
}

static void play(struct told *t, enum http_side side, struct slice bytes,
                 size_of_piece *size, size_t piece)
{
    struct http_reader *r = http_reader_new(side);
    unsigned seed = (unsigned)piece;
    bool is_well = true;

    assert_non_null(r);
    t->len = 0;
    t->is_in_body = false;
    t->text[0] = '\0';
    for (size_t at = 0; at < bytes.len && is_well;) {
        size_t len = size(at, piece, &seed);

        if (len > bytes.len - at)
            len = bytes.len - at;
        is_well = give(r, t, slice_of(bytes.data + at, len));
        at += len;
    }
    if (is_well && side == HTTP_SIDE_CLIENT) {
        bool is_end = http_reader_end(r);

        (void)give(r, t, slice_of(NULL, 0));
        say(t, "%s", is_end ? "end\n" : "cut\n");
    }
    http_reader_free(r);
}

static void check_cut(enum http_side side, struct slice bytes,
                      size_of_piece *size, size_t piece, const char *expected)
{
    static struct told t;

    play(&t, side, bytes, size, piece);
    if (strcmp(t.text, expected) != 0)
        fail_msg("%.*s\n-- cut %zu told --\n%s-- not --\n%s", (int)bytes.len,
                 (const char *)bytes.data, piece, t.text, expected);
}

static void check(enum http_side side, struct slice bytes, const char *expected)
{
    check_cut(side, bytes, cut_evenly, SIZE_MAX, expected);
    check_cut(side, bytes, cut_evenly, 1, expected);
    for (size_t cut = 1; cut < bytes.len; cut++)
        check_cut(side, bytes, cut_once, cut, expected);
    for (size_t seed = 0; seed < 20; seed++)
        check_cut(side, bytes, cut_at_random, seed, expected);
}

#define H "Host: x\r\n"
#define GET "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\n" H
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_SAYS "POST / 1.1 keep body|Host=x|Transfer-Encoding=chunked\n"

static const struct {
    const char *bytes;
    const char *told;
} requests[] = {
    { "GET /api/v1/consoles?match=web%2F* HTTP/1.1\r\nhost:x:80\r\n"
      "Accept:\t a, b \t\r\nX-Empty:\r\n\r\n",
      "GET /api/v1/consoles?match=web%2F* 1.1 keep"
      "|host=x:80|Accept=a, b|X-Empty=\ndone\n" },
    { "HEAD / HTTP/1.0\r\n\r\n", "HEAD / 1.0\ndone\n" },
    { "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      "GET / 1.0 keep|Connection=Keep-Alive\ndone\n" },
    { GET H "Connection: foo, CLOSE\r\n\r\n",
      "GET / 1.1|Host=x|Connection=foo, CLOSE\ndone\n" },
    { "DELETE /t HTTP/1.1\r\n" H "\r\n", "DELETE /t 1.1 keep|Host=x\ndone\n" },
    { "PUT /t HTTP/1.1\r\n" H "\r\n", "PUT /t 1.1 keep|Host=x\ndone\n" },
    { "OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS * 1.1 keep|Host=x\ndone\n" },
    { "PATCH /t HTTP/1.1\r\n" H "\r\n", " /t 1.1 keep|Host=x\ndone\n" },
    /* A body, and what follows it. */
    { POST "Content-Length: 5\r\n\r\nhello" GET H "\r\n",
      "POST / 1.1 keep body length=5|Host=x|Content-Length=5\nbody hello\n"
      "done\nGET / 1.1 keep|Host=x\ndone\n" },
    { POST "Content-Length: 0\r\n\r\n\r\n" GET H "\r\n",
      "POST / 1.1 keep length=0|Host=x|Content-Length=0\ndone\n"
      "GET / 1.1 keep|Host=x\ndone\n" },
    { POST "Content-Length: 0005\r\nExpect: 100-Continue\r\n\r\nhell",
      "POST / 1.1 keep body continue length=5|Host=x|Content-Length=0005|"
      "Expect=100-Continue\nbody hell" },
    { CHUNKED "5\r\nhello\r\n0006;a=\"b;c\"\r\n world\r\n0\r\n\r\n",
      CHUNKED_SAYS "body hello world\ndone\n" },
    { CHUNKED "A\r\n0123456789\r\n0;x\r\nTrailer: y\r\nOther:\r\n\r\n" GET H
              "\r\n",
      CHUNKED_SAYS "body 0123456789\ndone\nGET / 1.1 keep|Host=x\ndone\n" },
    { CHUNKED "0\r\n\r\n", CHUNKED_SAYS "done\n" },
    { POST "transfer-encoding: Chunked \r\n\r\n0\r\n\r\n",
      "POST / 1.1 keep body|Host=x|transfer-encoding=Chunked\ndone\n" },
    /* Another protocol, which a server may leave at that. */
    { GET H "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
      "GET / 1.1 keep upgrade|Host=x|Upgrade=websocket|"
      "Connection=keep-alive, Upgrade\ndone\n" },
    { GET H "Upgrade: h2c\r\nConnection: upgrade\r\n\r\n" GET H "\r\n",
      "GET / 1.1 keep upgrade|Host=x|Upgrade=h2c|Connection=upgrade\ndone\n"
      "GET / 1.1 keep|Host=x\ndone\n" },
    { GET H "Upgrade: websocket\r\n\r\n",
      "GET / 1.1 keep|Host=x|Upgrade=websocket\ndone\n" },
    { "GET / HTTP/1.0\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "GET / 1.0|Upgrade=x|Connection=upgrade\ndone\n" },
    /* Not there yet. */
    { "GET / HT", "" },
    { "\r\n", "" },
    { GET H, "" },
    { CHUNKED "5\r\nhel", CHUNKED_SAYS "body hel" },
    { CHUNKED "5\r\nhello\r\n0\r\n", CHUNKED_SAYS "body hello" },
};

static void requests_are_read_in_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        check(HTTP_SIDE_SERVER, slice_of_text(requests[i].bytes),
              requests[i].told);
}

#define BYTES(text)                                                            \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

/* After told, which is what came before it, 400 unless it says so itself. */
static const struct {
    struct slice bytes;
    uint16_t status;
    const char *told;
} malformed[] = {
    /* Other protocols. */
    { BYTES("\x16\x03\x01\x02"), 400, "" },
    { BYTES("\xff\xfb\x01"), 400, "" },
    { BYTES("\0"), 400, "" },
    { BYTES("SSH-2.0-x\r\n"), 400, "" },
    { BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, "" },
    { BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), 400, "" },
    { BYTES("GET / ICE/1.0\r\n" H "\r\n"), 400, "" },
    { BYTES("GET / RTSP/1.0\r\n" H "\r\n"), 400, "" },
    /* Start lines: RFC 9112, section 3. */
    { BYTES("GET /\r\n\r\n"), 400, "" },
    { BYTES("GET\r\n\r\n"), 400, "" },
    { BYTES("GET / \r\n\r\n"), 400, "" },
    { BYTES("GET  / HTTP/1.1\r\n" H "\r\n"), 400, "" },
    { BYTES("GET /  HTTP/1.1\r\n" H "\r\n"), 400, "" },
    { BYTES("GET / HTTP/1.1 \r\n" H "\r\n"), 400, "" },
    { BYTES(" GET / HTTP/1.1\r\n" H "\r\n"), 400, "" },
    { BYTES("GET\t/ HTTP/1.1\r\n" H "\r\n"), 400, "" },
    { BYTES("GET /a b HTTP/1.1\r\n" H "\r\n"), 400, "" },
    { BYTES("GET /\x7f HTTP/1.1\r\n" H "\r\n"), 400, "" },
    { BYTES("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"), 400, "" },
    { BYTES("GET / http/1.1\r\n" H "\r\n"), 400, "" },
    { BYTES("GET / HTTP/1.10\r\n" H "\r\n"), 400, "" },
    { BYTES("GET / HTTP/01.1\r\n" H "\r\n"), 505, "" },
    { BYTES("GET / HTTP/1.2\r\n" H "\r\n"), 505, "" },
    { BYTES("GET / HTTP/0.9\r\n" H "\r\n"), 505, "" },
    { BYTES("GET / HTTP/1.1\n" H "\n"), 400, "" },
    { BYTES("GET / HTTP/1.1\rx" H "\r\n"), 400, "" },
    { BYTES("\r\n\r\n" GET H "\r\n"), 400, "" },
    { BYTES("\n" GET H "\r\n"), 400, "" },
    { BYTES("get / HTTP/1.1\r\n" H "\r\n"), 501, "" },
    { BYTES("BREW / HTTP/1.1\r\n" H "\r\n"), 501, "" },
    { BYTES("CONNECT x:1 HTTP/1.1\r\n" H "\r\n"), 501, "" },
    /* Fields: RFC 9112, sections 2.2, 3.2 and 5. */
    { BYTES(GET "\r\n"), 400, "" },
    { BYTES(GET H H "\r\n"), 400, "" },
    { BYTES(GET H "host: y\r\n\r\n"), 400, "" },
    { BYTES(GET "Host : x\r\n\r\n"), 400, "" },
    { BYTES(GET "Ho st: x\r\n\r\n"), 400, "" },
    { BYTES(GET " Host: x\r\n\r\n"), 400, "" },
    { BYTES(GET H "\tfolded\r\n\r\n"), 400, "" },
    { BYTES(GET H ": x\r\n\r\n"), 400, "" },
    { BYTES(GET H "nothing\r\n\r\n"), 400, "" },
    { BYTES(GET H "a: b\n\r\n"), 400, "" },
    { BYTES(GET H "a: b\rc: d\r\n\r\n"), 400, "" },
    { BYTES(GET H "a: b\r\r\n\r\n"), 400, "" },
    { BYTES(GET H "a: \0\r\n\r\n"), 400, "" },
    { BYTES(GET H "a: \x1b[1m\r\n\r\n"), 400, "" },
    { BYTES(GET H "a\xff: b\r\n\r\n"), 400, "" },
    { BYTES(GET H "a: b\r\n\n"), 400, "" },
    { BYTES(GET H "a: b\r\n\rx"), 400, "" },
    /* Where a body ends: what requests are smuggled with. */
    { BYTES(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400, "" },
    { BYTES(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
      400, "" },
    { BYTES(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: 5, 5\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: +5\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: -5\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: 0x5\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: 5 5\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: \r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length : 5\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: 99999999999999999999\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: 18446744073709551616\r\n\r\n"), 400, "" },
    { BYTES(POST "Content-Length: 9223372036854775808\r\n\r\n"), 400, "" },
    { BYTES(POST "Transfer-Encoding : chunked\r\n\r\n"), 400, "" },
    { BYTES(POST "Transfer-Encoding: \x0b"
                 "chunked\r\n\r\n"),
      400, "" },
    { BYTES("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "" },
    { BYTES(POST "Transfer-Encoding: chunked, chunked\r\n\r\n"), 501, "" },
    { BYTES(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501, "" },
    { BYTES(POST "Transfer-Encoding: identity\r\n\r\n"), 501, "" },
    { BYTES(POST "Transfer-Encoding: xchunked\r\n\r\n"), 501, "" },
    { BYTES(POST "Transfer-Encoding: \"chunked\"\r\n\r\n"), 501, "" },
    { BYTES(POST "Transfer-Encoding:\r\n\r\n"), 501, "" },
    { BYTES(POST "Transfer-Encoding: chunked\r\n"
                 "Transfer-Encoding: x\r\n\r\n"),
      501, "" },
    { BYTES(POST "Transfer-Encoding: x\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n"),
      501, "" },
    /* Chunks: RFC 9112, section 7.1. */
    { BYTES(CHUNKED "\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "0x5\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "-1\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED " 5\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "5 \r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "5\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "5\rX"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "5;a\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "5;a\0\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "0000000000000005\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "ffffffffffffffff\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "5\r\nhelloXX0\r\n\r\n"), 400,
      CHUNKED_SAYS "body hello\n" },
    { BYTES(CHUNKED "5\r\nhello\n0\r\n\r\n"), 400,
      CHUNKED_SAYS "body hello\n" },
    { BYTES(CHUNKED "5\r\nhello0\r\n\r\n"), 400, CHUNKED_SAYS "body hello\n" },
    { BYTES(CHUNKED "0\r\n\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "0\r\nno trailer\r\n\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "0\r\na : b\r\n\r\n"), 400, CHUNKED_SAYS },
    { BYTES(CHUNKED "0\r\na: b\n\r\n"), 400, CHUNKED_SAYS },
};

static void what_is_malformed_is_so_in_every_cut(void **state)
{
    static struct told whole;

    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        char expected[256];
        int len = snprintf(expected, sizeof expected, "%s%u ",
                           malformed[i].told, malformed[i].status);

        play(&whole, HTTP_SIDE_SERVER, malformed[i].bytes, cut_evenly,
             SIZE_MAX);
        if (strncmp(whole.text, expected, (size_t)len) != 0)
            fail_msg("malformed[%zu] %.*s\ntold %s, not %s", i,
                     (int)malformed[i].bytes.len,
                     (const char *)malformed[i].bytes.data, whole.text,
                     expected);
        check(HTTP_SIDE_SERVER, malformed[i].bytes, whole.text);
    }
}

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *bytes;
    const char *told;
} responses[] = {
    { OK "Content-Length: 2\r\n\r\nhi",
      "200 1.1 keep body length=2|"
      "Content-Length=2\nbody hi\ndone\nend\n" },
    { OK "Content-Length: 2\r\n\r\nh",
      "200 1.1 keep body length=2|Content-Length=2\nbody hcut\n" },
    { OK "Content-Length: 0\r\n\r\n",
      "200 1.1 keep length=0|Content-Length=0\ndone\nend\n" },
    { OK "\r\nall of it", "200 1.1 body\nbody all of it\ndone\nend\n" },
    { "HTTP/1.0 200\r\n\r\nall", "200 1.0 body\nbody all\ndone\nend\n" },
    { OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "200 1.1 keep body|Transfer-Encoding=chunked\nbody abc\ndone\nend\n" },
    { OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "200 1.1 keep body|Transfer-Encoding=chunked\nbody abccut\n" },
    { "HTTP/1.1 204 \r\n\r\nHTTP/1.1 304 Not Modified\r\n"
      "Content-Length: 9\r\n\r\n",
      "204 1.1 keep\ndone\n304 1.1 keep length=9|Content-Length=9\ndone\n"
      "end\n" },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 M\xc3\xa4h\r\n"
      "Content-Length: 0\r\nConnection: close\r\n\r\n",
      "100 1.1 keep\ndone\n201 1.1 length=0|Content-Length=0|"
      "Connection=close\ndone\nend\n" },
    { "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\n\r\n",
      "101 1.1 keep upgrade|Upgrade=websocket|Connection=Upgrade\ndone\n"
      "end\n" },
    { "", "end\n" },
    { "HTTP/1.1 2", "cut\n" },
    { "HTTP/1.1 20 OK\r\n", "400 the status is no number of three digits\n" },
    { "HTTP/1.1 2000 OK\r\n", "400 the status is no number of three digits\n" },
    { "HTTP/1.1 099 OK\r\n", "400 the status is no number of three digits\n" },
    { "HTTP/2 200\r\n", "505 the version is not HTTP/1.1 or HTTP/1.0\n" },
    { "ICY 200 OK\r\n", "400 the start line has no version of HTTP\n" },
    { OK "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
      "400 there is more than one length of the body\n" },
};

static void responses_are_read_in_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof responses / sizeof responses[0]; i++)
        check(HTTP_SIDE_CLIENT, slice_of_text(responses[i].bytes),
              responses[i].told);
}

static void an_answer_to_head_has_no_body(void **state)
{
    static struct told t;
    struct http_reader *r = http_reader_new(HTTP_SIDE_CLIENT);

    (void)state;
    http_reader_expect_no_body(r);
    assert_true(give(r, &t,
                     slice_of_text("HTTP/1.1 100 Continue\r\n\r\n" OK
                                   "Content-Length: 2\r\n\r\n" OK
                                   "Content-Length: 2\r\n\r\nhi")));
    assert_string_equal(t.text, "100 1.1 keep\ndone\n"
                                "200 1.1 keep length=2|Content-Length=2\ndone\n"
                                "200 1.1 keep body length=2|Content-Length=2\n"
                                "body hi\ndone\n");
    http_reader_free(r);
}

static void heads_are_bounded(void **state)
{
    static struct told t;
    static char text[4 * HTTP_HEAD_MAX];
    int len;

    (void)state;
    /* A target. */
    len = snprintf(text, sizeof text, "GET /%0*d HTTP/1.1\r\n" H "\r\n",
                   HTTP_TARGET_MAX - 1, 0);
    play(&t, HTTP_SIDE_SERVER, slice_of(text, (size_t)len), cut_evenly, 1000);
    assert_memory_equal(t.text, "GET /0000", 9);
    len = snprintf(text, sizeof text, "GET /%0*d", HTTP_TARGET_MAX, 0);
    play(&t, HTTP_SIDE_SERVER, slice_of(text, (size_t)len), cut_evenly, 1000);
    assert_string_equal(t.text, "414 the target is too long\n");
    /* All of it. */
    len = snprintf(text, sizeof text, GET H "a:%0*d\r\n\r\n",
                   (int)(HTTP_HEAD_MAX - strlen(GET H "a:\r\n\r\n")), 0);
    assert_int_equal(len, HTTP_HEAD_MAX);
    play(&t, HTTP_SIDE_SERVER, slice_of(text, (size_t)len), cut_evenly, 1000);
    assert_memory_equal(t.text, "GET / 1.1", 9);
    memset(text + len - 4, '0', 4);
    for (size_t piece = 1; piece < 5000; piece += 999) {
        play(&t, HTTP_SIDE_SERVER, slice_of(text, sizeof text), cut_evenly,
             piece);
        assert_string_equal(t.text, "431 the fields are too long\n");
    }
    /* The number of fields. */
    len = snprintf(text, sizeof text, GET H);
    for (int i = 1; i < HTTP_FIELDS_MAX; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "a:\r\n");
    len += snprintf(text + len, sizeof text - (size_t)len, "\r\n");
    play(&t, HTTP_SIDE_SERVER, slice_of(text, (size_t)len), cut_evenly, 1000);
    assert_memory_equal(t.text, "GET / 1.1", 9);
    (void)snprintf(text + len - 2, sizeof text - (size_t)len, "a");
    play(&t, HTTP_SIDE_SERVER, slice_of(text, (size_t)len - 1), cut_evenly,
         1000);
    assert_string_equal(t.text, "431 there are too many fields\n");
    /* A method. */
    memset(text, 'A', 33);
    play(&t, HTTP_SIDE_SERVER, slice_of(text, 33), cut_evenly, 1000);
    assert_string_equal(t.text, "501 the method is not known\n");
}

static void chunks_and_trailers_are_bounded(void **state)
{
    static struct told t;
    static char text[HTTP_HEAD_MAX];
    int len = snprintf(text, sizeof text, CHUNKED "5;%01000d", 0);

    (void)state;
    play(&t, HTTP_SIDE_SERVER, slice_of(text, (size_t)len), cut_evenly, 100);
    assert_string_equal(t.text,
                        CHUNKED_SAYS "400 a chunk's extensions are too long\n");
    len = snprintf(text, sizeof text, CHUNKED "0\r\na:%06000d", 0);
    play(&t, HTTP_SIDE_SERVER, slice_of(text, (size_t)len), cut_evenly, 100);
    assert_string_equal(t.text, CHUNKED_SAYS "400 the trailers are too long\n");
}

static void malformed_stays_malformed(void **state)
{
    struct http_reader *r = http_reader_new(HTTP_SIDE_SERVER);
    struct slice in = slice_of_text("nothing\n");
    struct http_item item;

    (void)state;
    assert_int_equal(http_next(r, &in, &item), HTTP_MALFORMED);
    in = slice_of_text(GET H "\r\n");
    assert_int_equal(http_next(r, &in, &item), HTTP_MALFORMED);
    assert_int_equal(item.status, 400);
    assert_string_equal(item.problem, "this is not HTTP");
    http_reader_free(r);
    http_reader_free(NULL);
}

static void fields_are_found_without_case(void **state)
{
    struct http_reader *r = http_reader_new(HTTP_SIDE_SERVER);
    struct slice in = slice_of_text(GET H "ACCEPT: a\r\nAccept: b , C\r\n\r\n");
    struct http_item item;

    (void)state;
    assert_int_equal(http_next(r, &in, &item), HTTP_HEAD_DONE);
    assert_true(
        slice_is_equal(http_field(item.head, "accept"), slice_of_text("a")));
    assert_null(http_field(item.head, "accep").data);
    assert_true(http_field_has(item.head, "accept", "c"));
    assert_true(http_field_has(item.head, "accept", "a"));
    assert_false(http_field_has(item.head, "accept", "b , C"));
    assert_false(http_field_has(item.head, "accept", ""));
    http_reader_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read_in_every_cut),
        cmocka_unit_test(what_is_malformed_is_so_in_every_cut),
        cmocka_unit_test(responses_are_read_in_every_cut),
        cmocka_unit_test(an_answer_to_head_has_no_body),
        cmocka_unit_test(heads_are_bounded),
        cmocka_unit_test(chunks_and_trailers_are_bounded),
        cmocka_unit_test(malformed_stays_malformed),
        cmocka_unit_test(fields_are_found_without_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

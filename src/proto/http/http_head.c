#include "proto/http/http_head.h"

#include <strings.h>

/* Two libraries that are used alike, the second the successor of the first: the
 * build takes what there is. Each is given whole heads and nothing else, so
 * that what they differ in is out of the way: how they pause, where they stand
 * then, and what they take for a body. */
#ifdef VSPCD_LLHTTP
#include <llhttp.h>
#define PARSER llhttp_t
#define SETTINGS llhttp_settings_t
#else
#include <http_parser.h>
#define PARSER http_parser
#define SETTINGS http_parser_settings
#endif

static const char *const verb_names[HTTP_VERB_COUNT] = {
    [HTTP_VERB_GET] = "GET",       [HTTP_VERB_HEAD] = "HEAD",
    [HTTP_VERB_POST] = "POST",     [HTTP_VERB_PUT] = "PUT",
    [HTTP_VERB_DELETE] = "DELETE", [HTTP_VERB_OPTIONS] = "OPTIONS",
    [HTTP_VERB_OTHER] = "",
};

static const char more_than_one_length[] =
    "there is more than one length of the body";
static const char wrong_length[] = "Content-Length is no number of bytes";
static const char wrong_coding[] = "Transfer-Encoding is not chunked alone";

const char *http_verb_name(enum http_verb verb)
{
    return (unsigned)verb < HTTP_VERB_COUNT ? verb_names[verb] : "";
}

/* ---- fields ----------------------------------------------------------------
 */

static bool is_text(struct slice s, const char *text)
{
    return s.len == strlen(text) &&
           strncasecmp((const char *)s.data, text, s.len) == 0;
}

static size_t count_fields(const struct http_head *head, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < head->field_count; i++)
        count += is_text(head->field[i].name, name);
    return count;
}

/* ---- the library -----------------------------------------------------------
 */

struct gathering {
    struct http_head *head;
    bool is_done;
};

static int gather_target(PARSER *parser, const char *at, size_t len)
{
    struct gathering *g = parser->data;

    g->head->target = slice_of(at, len);
    return 0;
}

static int gather_name(PARSER *parser, const char *at, size_t len)
{
    struct gathering *g = parser->data;

    /* http_lines.h has counted them. */
    if (g->head->field_count == HTTP_FIELDS_MAX)
        return -1;
    /* A value that is empty may not be told of. */
    g->head->field[g->head->field_count++] =
        (struct http_field){ .name = slice_of(at, len),
                             .value = slice_of(at + len, 0) };
    return 0;
}

static int gather_value(PARSER *parser, const char *at, size_t len)
{
    struct gathering *g = parser->data;

    if (g->head->field_count == 0)
        return -1;
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    g->head->field[g->head->field_count - 1].value = slice_of(at, len);
    return 0;
}

static int gather_done(PARSER *parser)
{
    struct gathering *g = parser->data;

    g->is_done = true;
    return 0;
}

static void begin(PARSER *parser, SETTINGS *settings, enum http_side side)
{
#ifdef VSPCD_LLHTTP
    llhttp_settings_init(settings);
    llhttp_init(parser, side == HTTP_SIDE_SERVER ? HTTP_REQUEST : HTTP_RESPONSE,
                settings);
#else
    http_parser_settings_init(settings);
    http_parser_init(parser,
                     side == HTTP_SIDE_SERVER ? HTTP_REQUEST : HTTP_RESPONSE);
#endif
    settings->on_url = gather_target;
    settings->on_header_field = gather_name;
    settings->on_header_value = gather_value;
    settings->on_headers_complete = gather_done;
}

static bool feed(PARSER *parser, SETTINGS *settings, struct slice bytes)
{
#ifdef VSPCD_LLHTTP
    (void)settings;
    return llhttp_execute(parser, (const char *)bytes.data, bytes.len) ==
           HPE_OK;
#else
    return http_parser_execute(parser, settings, (const char *)bytes.data,
                               bytes.len) == bytes.len;
#endif
}

static unsigned error_of(const PARSER *parser)
{
#ifdef VSPCD_LLHTTP
    return (unsigned)llhttp_get_errno(parser);
#else
    return HTTP_PARSER_ERRNO(parser);
#endif
}

static enum http_verb verb_of(const PARSER *parser)
{
    switch (parser->method) {
    case HTTP_GET:
        return HTTP_VERB_GET;
    case HTTP_HEAD:
        return HTTP_VERB_HEAD;
    case HTTP_POST:
        return HTTP_VERB_POST;
    case HTTP_PUT:
        return HTTP_VERB_PUT;
    case HTTP_DELETE:
        return HTTP_VERB_DELETE;
    case HTTP_OPTIONS:
        return HTTP_VERB_OPTIONS;
    default:
        return HTTP_VERB_OTHER;
    }
}

static bool is_wrong(struct http_wrong *ret, uint16_t status,
                     const char *problem)
{
    *ret = (struct http_wrong){ .status = status, .problem = problem };
    return false;
}

/* The libraries find the same faults, and have not the same names for some. */
static bool is_refused(const struct http_head *head, const PARSER *parser,
                       struct http_wrong *ret)
{
    if (count_fields(head, "transfer-encoding") > 0 &&
        count_fields(head, "content-length") > 0)
        return is_wrong(ret, 400, more_than_one_length);
    switch (error_of(parser)) {
    case HPE_INVALID_METHOD:
        return is_wrong(ret, 501, "the method is not known");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return is_wrong(ret, 400, more_than_one_length);
    case HPE_INVALID_CONTENT_LENGTH:
        return is_wrong(ret, 400, wrong_length);
    case HPE_INVALID_TRANSFER_ENCODING:
        return is_wrong(ret, 501, wrong_coding);
    default:
        return is_wrong(ret, 400, "the head is malformed");
    }
}

static bool take_apart(struct http_head *head, enum http_side side,
                       struct slice bytes, struct http_wrong *ret)
{
    struct gathering g = { .head = head };
    PARSER parser;
    SETTINGS settings;

    begin(&parser, &settings, side);
    parser.data = &g;
    /* The library has to find the end where http_lines.h has: at the last byte.
     * What it makes of the body then does not matter. */
    if (!feed(&parser, &settings, slice_of(bytes.data, bytes.len - 1)) ||
        g.is_done)
        return is_refused(head, &parser, ret);
    (void)feed(&parser, &settings, slice_after(bytes, bytes.len - 1));
    if (!g.is_done)
        return is_refused(head, &parser, ret);
    head->verb = side == HTTP_SIDE_SERVER ? verb_of(&parser) : HTTP_VERB_OTHER;
    if (side == HTTP_SIDE_SERVER && parser.method == HTTP_CONNECT)
        return is_wrong(ret, 501, "CONNECT is for proxies");
    head->status = side == HTTP_SIDE_CLIENT ? (uint16_t)parser.status_code : 0;
    head->minor = parser.http_minor == 0 ? 0 : 1;
    return true;
}

/* ---- what others ask -------------------------------------------------------
 */

struct slice http_field(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (is_text(head->field[i].name, name))
            return head->field[i].value;
    }
    return slice_of(NULL, 0);
}

bool http_field_is_repeated(const struct http_head *head, const char *name)
{
    return count_fields(head, name) > 1;
}

static struct slice strip(struct slice s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
        s = slice_after(s, 1);
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static bool has_word(struct slice list, const char *word)
{
    for (;;) {
        const uint8_t *comma =
            list.len > 0 ? memchr(list.data, ',', list.len) : NULL;
        size_t len = comma != NULL ? (size_t)(comma - list.data) : list.len;

        if (is_text(strip(slice_of(list.data, len)), word))
            return true;
        if (comma == NULL)
            return false;
        list = slice_after(list, len + 1);
    }
}

bool http_field_has(const struct http_head *head, const char *name,
                    const char *word)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (is_text(head->field[i].name, name) &&
            has_word(head->field[i].value, word))
            return true;
    }
    return false;
}

/* ---- what they say ---------------------------------------------------------
 */

/* RFC 9112, section 3.2. */
static bool check_host(const struct http_head *head, struct http_wrong *ret)
{
    size_t count = count_fields(head, "host");

    if (count > 1)
        return is_wrong(ret, 400, "there is more than one Host");
    if (count == 0 && head->minor == 1)
        return is_wrong(ret, 400, "there is no Host");
    return true;
}

static bool parse_length(struct http_head *head, struct http_wrong *ret)
{
    struct slice text = http_field(head, "content-length");
    uint64_t length = 0;

    if (count_fields(head, "content-length") > 1)
        return is_wrong(ret, 400, more_than_one_length);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' ||
            length > (INT64_MAX - 9) / 10)
            return is_wrong(ret, 400, wrong_length);
        length = length * 10 + (text.data[i] - '0');
    }
    if (text.len == 0)
        return is_wrong(ret, 400, wrong_length);
    head->has_length = true;
    head->length = length;
    return true;
}

/* RFC 9112, section 6. What may be read in two ways is read in none. */
static bool find_body(struct http_head *head, enum http_side side,
                      struct http_wrong *ret)
{
    size_t codings = count_fields(head, "transfer-encoding");
    size_t lengths = count_fields(head, "content-length");

    if (codings > 0 && lengths > 0)
        return is_wrong(ret, 400, more_than_one_length);
    if (codings > 0 && head->minor == 0)
        return is_wrong(ret, 400, "HTTP/1.0 has no Transfer-Encoding");
    if (codings > 1 ||
        (codings == 1 &&
         !is_text(http_field(head, "transfer-encoding"), "chunked")))
        return is_wrong(ret, 501, wrong_coding);
    if (lengths > 0 && !parse_length(head, ret))
        return false;
    head->has_body = codings > 0 || head->length > 0 ||
                     (side == HTTP_SIDE_CLIENT && lengths == 0);
    if (side == HTTP_SIDE_CLIENT &&
        (head->status < 200 || head->status == 204 || head->status == 304))
        head->has_body = false;
    return true;
}

static void find_connection(struct http_head *head, enum http_side side)
{
    bool ends_with_connection = side == HTTP_SIDE_CLIENT && head->has_body &&
                                !head->has_length &&
                                count_fields(head, "transfer-encoding") == 0;

    head->keeps_alive =
        !ends_with_connection && !http_field_has(head, "connection", "close") &&
        (head->minor == 1 || http_field_has(head, "connection", "keep-alive"));
    head->is_upgrade = side == HTTP_SIDE_CLIENT
                           ? head->status == 101
                           : head->minor == 1 &&
                                 http_field(head, "upgrade").len > 0 &&
                                 http_field_has(head, "connection", "upgrade");
    head->wants_continue = head->minor == 1 && head->has_body &&
                           http_field_has(head, "expect", "100-continue");
}

bool http_head_parse(struct http_head *head, enum http_side side,
                     struct slice bytes, struct http_wrong *ret)
{
    if (!take_apart(head, side, bytes, ret) ||
        (side == HTTP_SIDE_SERVER && !check_host(head, ret)) ||
        !find_body(head, side, ret))
        return false;
    find_connection(head, side);
    return true;
}

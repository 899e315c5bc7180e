#include "proto/http/http_lines.h"

#include "proto/http/http_head.h"

#include <string.h>

enum { METHOD_MAX = 32, VERSION_LEN = 8 };

enum place {
    PLACE_FIRST, /* before the start line */
    PLACE_FIRST_LF,
    PLACE_START, /* in the start line */
    PLACE_LINE,  /* at the first byte of a field, or of the empty line */
    PLACE_NAME,
    PLACE_VALUE,
    PLACE_LF, /* CR was taken */
    PLACE_LAST_LF,
};

/* The words of start lines. */
enum { REQUEST_METHOD, REQUEST_TARGET, REQUEST_VERSION };
enum { RESPONSE_VERSION, RESPONSE_STATUS, RESPONSE_REASON };

void http_lines_init(struct http_lines *l, enum http_lines_kind kind)
{
    *l = (struct http_lines){
        .kind = (uint8_t)kind,
        .place = kind == HTTP_LINES_TRAILERS ? PLACE_LINE : PLACE_FIRST,
    };
}

bool http_is_token(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_wrong(struct http_lines *l, uint16_t status, const char *problem)
{
    l->status = status;
    l->problem = problem;
    return false;
}

static bool go_on(struct http_lines *l, enum place place)
{
    l->place = (uint8_t)place;
    return true;
}

static bool next_word(struct http_lines *l)
{
    l->word++;
    l->at = 0;
    return true;
}

static bool take_version(struct http_lines *l, uint8_t byte)
{
    static const uint8_t text[VERSION_LEN - 1] = "HTTP/1.";
    uint32_t at = l->at++;
    bool is_digit = byte >= '0' && byte <= '9';

    if (at < sizeof text && byte == text[at])
        return true;
    if (at == VERSION_LEN - 1 && (byte == '0' || byte == '1'))
        return true;
    if ((at == 5 || at == VERSION_LEN - 1) && is_digit)
        return is_wrong(l, 505, "the version is not HTTP/1.1 or HTTP/1.0");
    return is_wrong(l, 400, "the start line has no version of HTTP");
}

static bool take_method(struct http_lines *l, uint8_t byte)
{
    if (byte == ' ' && l->at > 0)
        return next_word(l);
    if (!http_is_token(byte))
        return is_wrong(l, 400, "this is not HTTP");
    if (l->at++ == METHOD_MAX)
        return is_wrong(l, 501, "the method is not known");
    return true;
}

static bool take_target(struct http_lines *l, uint8_t byte)
{
    if (byte == ' ' && l->at > 0)
        return next_word(l);
    if (byte == '\r' || byte == '\n')
        return is_wrong(l, 400, "the start line has no version of HTTP");
    if (byte <= ' ' || byte >= 0x7f)
        return is_wrong(l, 400, "the target has a byte that must be encoded");
    if (l->at++ == HTTP_TARGET_MAX)
        return is_wrong(l, 414, "the target is too long");
    return true;
}

static bool take_request(struct http_lines *l, uint8_t byte)
{
    if (l->word == REQUEST_METHOD)
        return take_method(l, byte);
    if (l->word == REQUEST_TARGET)
        return take_target(l, byte);
    if (byte == '\r' && l->at == VERSION_LEN)
        return go_on(l, PLACE_LF);
    return take_version(l, byte);
}

static bool take_text(struct http_lines *l, uint8_t byte)
{
    if (byte == '\r')
        return go_on(l, PLACE_LF);
    if (byte == '\n')
        return is_wrong(l, 400, "a line ends without CR");
    if ((byte < ' ' && byte != '\t') || byte == 0x7f)
        return is_wrong(l, 400, "a line has a control character");
    return true;
}

static bool take_response(struct http_lines *l, uint8_t byte)
{
    if (l->word == RESPONSE_VERSION)
        return byte == ' ' && l->at == VERSION_LEN ? next_word(l)
                                                   : take_version(l, byte);
    if (l->word == RESPONSE_REASON)
        return take_text(l, byte);
    if (byte == ' ' && l->at == 3)
        return next_word(l);
    /* Servers that have no reason leave out the blank before it, too. */
    if (byte == '\r' && l->at == 3)
        return go_on(l, PLACE_LF);
    if (byte < (l->at == 0 ? '1' : '0') || byte > '9' || l->at++ == 3)
        return is_wrong(l, 400, "the status is no number of three digits");
    return true;
}

static bool take_start(struct http_lines *l, uint8_t byte)
{
    return l->kind == HTTP_LINES_REQUEST ? take_request(l, byte)
                                         : take_response(l, byte);
}

/* RFC 9112, section 2.2: one empty line before a request is no harm. */
static bool take_first(struct http_lines *l, uint8_t byte)
{
    if (byte == '\r' && l->place == PLACE_FIRST)
        return go_on(l, PLACE_FIRST_LF);
    l->place = PLACE_START;
    return take_start(l, byte);
}

static bool take_line(struct http_lines *l, uint8_t byte)
{
    if (byte == '\r')
        return go_on(l, PLACE_LAST_LF);
    if (byte == ' ' || byte == '\t')
        return is_wrong(l, 400, "a field is folded");
    if (byte == ':')
        return is_wrong(l, 400, "a field has no name");
    if (!http_is_token(byte))
        return is_wrong(l, 400, "a field's name has a wrong character");
    if (l->fields++ == HTTP_FIELDS_MAX)
        return is_wrong(l, 431, "there are too many fields");
    return go_on(l, PLACE_NAME);
}

static bool take_name(struct http_lines *l, uint8_t byte)
{
    if (byte == ':')
        return go_on(l, PLACE_VALUE);
    if (byte == ' ' || byte == '\t')
        return is_wrong(l, 400, "a field has a blank before its colon");
    if (byte == '\r' || byte == '\n')
        return is_wrong(l, 400, "a field has no colon");
    if (!http_is_token(byte))
        return is_wrong(l, 400, "a field's name has a wrong character");
    return true;
}

bool http_lines_take(struct http_lines *l, uint8_t byte)
{
    switch ((enum place)l->place) {
    case PLACE_FIRST:
        return take_first(l, byte);
    case PLACE_START:
        return take_start(l, byte);
    case PLACE_LINE:
        return take_line(l, byte);
    case PLACE_NAME:
        return take_name(l, byte);
    case PLACE_VALUE:
        return take_text(l, byte);
    case PLACE_FIRST_LF:
    case PLACE_LF:
    case PLACE_LAST_LF:
        break;
    }
    if (byte != '\n')
        return is_wrong(l, 400, "a CR is not the end of a line");
    l->is_done = l->place == PLACE_LAST_LF;
    return go_on(l, l->place == PLACE_FIRST_LF ? PLACE_START : PLACE_LINE);
}

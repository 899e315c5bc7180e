#include "proto/uri/uri_format.h"

#include "proto/uri/uri_key.h"
#include "proto/uri/uri_text.h"

#include <ctype.h>

/* Text that grows, and is cut at size. */
struct output {
    char *to;
    size_t size;
    size_t len; /* of the whole text, with what was cut */
};

/* May stand unescaped besides letters and digits (RFC 3986). */
static const char in_fragment[] = "-._~!$'()*+,;=:@/?";
static const char in_name[] = "-._~!$&'()*+,;=:@";
static const char in_console_label[] = "-._~!$&'()*+,;=:@/";

static void put_char(struct output *o, char c)
{
    if (o->len + 1 < o->size)
        o->to[o->len] = c;
    o->len++;
}

static void put_slice(struct output *o, struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        put_char(o, (char)s.data[i]);
}

static void put_text(struct output *o, const char *text)
{
    put_slice(o, slice_of_text(text));
}

static void put_hex(struct output *o, unsigned byte)
{
    static const char digits[] = "0123456789ABCDEF";

    put_char(o, digits[byte >> 4]);
    put_char(o, digits[byte & 15]);
}

static void put_escaped(struct output *o, const char *text, const char *plain)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c < 0x80 && isalnum(c)) || strchr(plain, c)) {
            put_char(o, *text);
        } else {
            put_char(o, '%');
            put_hex(o, c);
        }
    }
}

static void put_host(struct output *o, const struct uri *uri)
{
    if (uri->host_kind != URI_HOST_IPV6) {
        put_text(o, uri->host);
        return;
    }
    put_char(o, '[');
    for (const char *c = uri->host; *c != '\0'; c++) {
        put_char(o, *c);
        if (*c == '%')
            put_text(o, "25");
    }
    put_char(o, ']');
}

static void put_port(struct output *o, unsigned port)
{
    char digits[5];
    size_t count = 0;

    for (; port > 0; port /= 10)
        digits[count++] = (char)('0' + port % 10);
    put_char(o, ':');
    while (count > 0)
        put_char(o, digits[--count]);
}

static void put_key(struct output *o, char *mark, const char *key)
{
    put_char(o, *mark);
    *mark = '&';
    put_text(o, key);
}

static void put_parameters(struct output *o, const struct uri_parameters *p)
{
    char mark = '#';

    if (p->certificate.len > 0) {
        char pem[URI_PEM_MAX + 1];

        uri_get_certificate(p, pem);
        put_key(o, &mark, "certificate=");
        put_escaped(o, pem, in_fragment);
    }
    if (p->thumbprint_len > 0) {
        char thumbprint[URI_THUMBPRINT_MAX + 1];

        uri_get_thumbprint(p, thumbprint);
        put_key(o, &mark, "thumbprint=");
        put_text(o, thumbprint);
    }
    if (p->peer_name[0] != '\0') {
        put_key(o, &mark, "peerName=");
        put_escaped(o, p->peer_name, in_fragment);
    }
    if (p->has_verify)
        put_key(o, &mark, "verify");
    if (p->ciphers[0] != '\0') {
        put_key(o, &mark, "cipherList=");
        put_escaped(o, p->ciphers, in_fragment);
    }
}

static void put_label(struct output *o, const struct uri *uri)
{
    /* Alone, the label might be read as an address, or contain a key "port". */
    if (uri->is_label_from_port &&
        (memchr(uri->label.data, ':', uri->label.len) != NULL ||
         memchr(uri->label.data, '?', uri->label.len) != NULL))
        put_text(o, "?port=");
    put_slice(o, uri->label);
}

size_t uri_format(const struct uri *uri, char *to, size_t size)
{
    struct output o = { .to = to, .size = size };

    switch (uri->kind) {
    case URI_LABEL:
        put_label(&o, uri);
        break;
    case URI_ADDRESS:
        put_text(&o, uri_scheme(uri));
        put_text(&o, "://");
        put_host(&o, uri);
        put_port(&o, uri->port);
        put_parameters(&o, &uri->parameters);
        break;
    case URI_CONSOLE:
        put_text(&o, "vspc://");
        put_escaped(&o, uri->console, in_name);
        if (uri->console_label[0] != '\0') {
            put_char(&o, '/');
            put_escaped(&o, uri->console_label, in_console_label);
        }
        break;
    }
    if (size > 0)
        to[o.len < size ? o.len : size - 1] = '\0';
    return o.len;
}

/* ---- for everybody ---------------------------------------------------- */

static const char hidden[] = "***";

static void show(struct uri_shown *s, size_t *len, struct slice bytes)
{
    *len += text_clean(s->text + *len, sizeof s->text - *len, bytes);
}

/* The length of "SCHEME://"; 0: there is none. */
static size_t scheme_len(struct slice text)
{
    size_t colon = uri_text_span_until(text, ":");

    return text.len - colon >= 3 && memcmp(text.data + colon, "://", 3) == 0
               ? colon + 3
               : 0;
}

/* Where the text ends that everybody may see: of an address in front of its
 * path, else in front of parameters. */
static const char *stops_of(bool is_address, bool is_console)
{
    if (is_console)
        return "?#";
    return is_address ? "/?#" : "#";
}

/* How much of s there is in front of a key's value; all of it if no key begins
 * in s. */
static size_t len_before(struct slice s, const uint8_t *key)
{
    return key != NULL && key >= s.data && key < s.data + s.len
               ? (size_t)(key - s.data)
               : s.len;
}

/* True: the rest of the text is not shown, because a key begins in s. */
static bool show_until_key(struct uri_shown *shown, size_t *len, struct slice s,
                           const uint8_t *key)
{
    size_t before = len_before(s, key);

    show(shown, len, slice_of(s.data, before));
    if (before < s.len)
        show(shown, len, slice_of_text(hidden));
    return before < s.len;
}

/* Where the first value of a key begins; NULL: there is none. */
static const uint8_t *find_key(struct slice text)
{
    const uint8_t *key = uri_find_key(text).data;
    const uint8_t *stray = uri_find_stray_key(text);

    return key == NULL || (stray != NULL && stray < key) ? stray : key;
}

struct uri_shown uri_show(struct slice text)
{
    size_t scheme = scheme_len(text);
    bool is_console =
        scheme > 0 && uri_text_is(slice_of(text.data, scheme), "vspc://");
    struct slice rest = slice_after(text, scheme);
    const uint8_t *at =
        rest.len > 0 && !is_console ? memrchr(rest.data, '@', rest.len) : NULL;
    const uint8_t *key = find_key(text);
    struct uri_shown shown = { "" };
    size_t len = 0;
    size_t seen;

    if (show_until_key(&shown, &len, slice_of(text.data, scheme), key))
        return shown;
    if (at != NULL) {
        show(&shown, &len, slice_of_text(hidden));
        rest = slice_after(rest, (size_t)(at - rest.data));
    }
    seen = uri_text_span_until(rest,
                               stops_of(scheme > 0 || at != NULL, is_console));
    if (show_until_key(&shown, &len, slice_of(rest.data, seen), key))
        return shown;
    rest = slice_after(rest, seen);
    if (rest.len > 0)
        show(&shown, &len, slice_of(rest.data, 1));
    if (rest.len > 1)
        show(&shown, &len, slice_of_text(hidden));
    return shown;
}

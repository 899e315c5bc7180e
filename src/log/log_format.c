#include "log/log_format.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The program's name in syslog and journal. */
static const char identifier[] = "vspcd";

enum { FACILITY_DAEMON = 3 }; /* RFC 3164, 4.1.1 */

/* Severities of RFC 3164, 4.1.1. */
static const int severities[] = {
    [LOG_ERROR] = 3,
    [LOG_WARNING] = 4,
    [LOG_INFO] = 6,
    [LOG_DEBUG] = 7,
};

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_ERROR] = "error",
        [LOG_WARNING] = "warning",
        [LOG_INFO] = "info",
        [LOG_DEBUG] = "debug",
    };

    return names[level];
}

/* ---- reading a line --------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && is_digit(text[n]))
        n++;
    return n;
}

/* A number that JSON accepts: 0, 17, 17.5. No sign and no exponent, because no
 * field has any. */
static bool is_number(const char *text, size_t len)
{
    size_t whole = count_digits(text, len);
    size_t rest = len - whole;

    if (whole == 0 || (whole > 1 && text[0] == '0'))
        return false;
    if (rest == 0)
        return true;
    return text[whole] == '.' && rest > 1 &&
           count_digits(text + whole + 1, rest - 1) == rest - 1;
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* The JSON value of a word without quotes; NULL: the word is text. */
static const char *meaning(const char *text, size_t len)
{
    if (is_word(text, len, "none"))
        return "null";
    if (is_word(text, len, "yes"))
        return "true";
    return is_word(text, len, "no") ? "false" : NULL;
}

/* The length of the KEY of a field that begins here; 0: no field begins
 * here. */
static size_t key_len(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return text[0] >= 'a' && text[0] <= 'z' && text[len] == '=' ? len : 0;
}

/* The length of a quoted value, without its quotes; a cut line may have lost
 * the end quote. */
static size_t quoted_len(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0' && text[len] != '"')
        len += text[len] == '\\' && text[len + 1] != '\0' ? 2 : 1;
    return len;
}

bool log_next_piece(const char **at, struct log_piece *p)
{
    const char *text = *at + strspn(*at, " ");
    size_t key = key_len(text);
    size_t len;

    if (text[0] == '\0')
        return false;
    *p = (struct log_piece){ .key = slice_of(text, key) };
    if (key > 0)
        text += key + 1;
    p->is_quoted = key > 0 && text[0] == '"';
    if (p->is_quoted)
        text++;
    len = p->is_quoted ? quoted_len(text) : strcspn(text, " ");
    p->value = slice_of(text, len);
    *at = text + len + (p->is_quoted && text[len] == '"');
    return true;
}

/* ---- writing ---------------------------------------------------------- */

struct out {
    char *to;
    size_t len; /* at most LOG_RECORD_MAX - 1 */
};

static void put_bytes(struct out *out, const void *bytes, size_t len)
{
    size_t room = LOG_RECORD_MAX - 1 - out->len;

    if (len > room)
        len = room;
    memcpy(out->to + out->len, bytes, len);
    out->len += len;
}

static void put(struct out *out, const char *text)
{
    put_bytes(out, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void put_format(struct out *out,
                                                             const char *format,
                                                             ...)
{
    char text[128];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put(out, text);
}

/* Writes any bytes as valid UTF-8. for_json: escapes them. unescape: they were
 * in quotes. */
static void put_text(struct out *out, struct slice text, bool for_json,
                     bool unescape)
{
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len;

        if (unescape && text.data[0] == '\\' && text.len > 1)
            text = slice_after(text, 1);
        len = text_character(text, &code);
        if (for_json && len == 1 && (code == '"' || code == '\\'))
            put(out, "\\");
        if (len == 0)
            put(out, "\xef\xbf\xbd"); /* U+FFFD */
        else if (text_is_control(code))
            put(out, "?");
        else
            put_bytes(out, text.data, len);
        text = slice_after(text, len > 0 ? len : 1);
    }
}

static void put_json_member(struct out *out, const struct log_piece *p)
{
    const char *text = (const char *)p->value.data;
    const char *word = p->is_quoted ? NULL : meaning(text, p->value.len);

    put(out, ",\"");
    put_bytes(out, p->key.data, p->key.len);
    put(out, "\":");
    if (word != NULL) {
        put(out, word);
    } else if (!p->is_quoted && is_number(text, p->value.len)) {
        put_bytes(out, text, p->value.len);
    } else {
        put(out, "\"");
        put_text(out, p->value, true, p->is_quoted);
        put(out, "\"");
    }
}

/* The members of an object, without its brackets. name: of the message. */
static void put_json_members(struct out *out, const struct log_record *r,
                             const char *name)
{
    const char *at = r->text;
    const char *space = "";
    struct log_piece p;

    put_format(out, "\"time\":\"%s\",\"level\":\"%s\",\"%s\":\"", r->utc,
               log_level_name(r->level), name);
    while (log_next_piece(&at, &p)) {
        if (p.key.len > 0)
            continue;
        put(out, space);
        put_text(out, p.value, true, false);
        space = " ";
    }
    put(out, "\"");
    at = r->text;
    while (log_next_piece(&at, &p)) {
        if (p.key.len > 0)
            put_json_member(out, &p);
    }
}

static void put_json(struct out *out, const struct log_record *r)
{
    put(out, "{");
    put_json_members(out, r, "message");
    put(out, "}");
}

static void put_line(struct out *out, const struct log_record *r, bool is_json)
{
    if (is_json)
        put_json(out, r);
    else
        put_text(out, slice_of_text(r->text), false, false);
}

/* "at-least-bytes" -> "AT_LEAST_BYTES". */
static void put_journal_name(struct out *out, struct slice key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = (char)key.data[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        else if (c == '-')
            c = '_';
        put_bytes(out, &c, 1);
    }
}

/* The protocol's form with newlines is enough: no value contains one. */
static void put_journal(struct out *out, const struct log_record *r,
                        bool is_json)
{
    const char *at = r->text;
    struct log_piece p;

    put(out, "MESSAGE=");
    put_line(out, r, is_json);
    put_format(out, "\nPRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=%s\n",
               severities[r->level], FACILITY_DAEMON, identifier);
    if (r->is_audit)
        put(out, "MESSAGE_ID=" LOG_AUDIT_MESSAGE_ID "\n");
    if (r->number != 0)
        put_format(out, "AUDIT_NUMBER=%llu\n", (unsigned long long)r->number);
    while (log_next_piece(&at, &p)) {
        if (p.key.len == 0)
            continue;
        put_journal_name(out, p.key);
        put(out, "=");
        put_text(out, p.value, false, p.is_quoted);
        put(out, "\n");
    }
}

size_t log_format(char to[LOG_RECORD_MAX], const struct log_record *r,
                  struct log_form form)
{
    struct out out = { .to = to };
    char end = '\n';

    switch (form.envelope) {
    case LOG_LINES:
        if (!form.is_json)
            put_format(&out, "%s %s ", r->utc, log_level_name(r->level));
        put_line(&out, r, form.is_json);
        break;
    case LOG_PREFIXED:
        put_format(&out, "<%d>", severities[r->level]);
        put_line(&out, r, form.is_json);
        break;
    case LOG_SYSLOG:
        put_format(&out, "<%d>%s %s[%ld]: ",
                   FACILITY_DAEMON * 8 + severities[r->level], r->local,
                   identifier, r->pid);
        put_line(&out, r, form.is_json);
        end = '\0';
        break;
    case LOG_JOURNAL:
        put_journal(&out, r, form.is_json);
        end = '\0';
        break;
    }
    to[out.len++] = end;
    return out.len;
}

size_t log_format_audit(char to[LOG_RECORD_MAX], const struct log_record *r,
                        const char *prev)
{
    struct out out = { .to = to };

    put_format(&out, "{\"v\":1,\"n\":%llu,\"prev\":\"%s\",",
               (unsigned long long)r->number, prev);
    put_json_members(&out, r, "event");
    put(&out, "}");
    return out.len;
}

/* ---- quoting ---------------------------------------------------------- */

static bool is_plain(const char *value)
{
    size_t len = strlen(value);

    if (len == 0 || is_number(value, len) || meaning(value, len) != NULL)
        return false;
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f)
            return false;
    }
    return true;
}

struct log_value log_quote(const char *value)
{
    struct slice rest = slice_of_text(value);
    /* Room for a character, an escape before it, the last quote and the NUL. */
    enum { ROOM = sizeof((struct log_value *)0)->text - 4 - 3 };
    struct log_value quoted;
    size_t at = 0;
    bool plain = is_plain(value);

    if (!plain)
        quoted.text[at++] = '"';
    while (rest.len > 0 && at < ROOM) {
        uint32_t code = 0;
        size_t len = text_character(rest, &code);
        const void *from = rest.data;

        if (len == 0)
            from = "\xef\xbf\xbd"; /* U+FFFD */
        else if (text_is_control(code))
            from = "?";
        if (len == 1 && (code == '"' || code == '\\'))
            quoted.text[at++] = '\\';
        rest = slice_after(rest, len > 0 ? len : 1);
        if (len == 0 || text_is_control(code))
            len = strlen(from);
        memcpy(quoted.text + at, from, len);
        at += len;
    }
    if (!plain)
        quoted.text[at++] = '"';
    quoted.text[at] = '\0';
    return quoted;
}

struct log_value log_quote_if_any(const char *value)
{
    return value[0] != '\0' ? log_quote(value) : (struct log_value){ "none" };
}

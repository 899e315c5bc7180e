#include "api/api_private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/tls/tls_digest.h"
#include "proto/http/http_target.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TEXT_STANDARD_MAX = 4096,
    MARKS_MAX = 4 * API_VALUES_MAX, /* of JSON: what a value or more follows */
};

const struct api_argument *api_argument_of(const struct api_command *command,
                                           const char *name)
{
    for (const struct api_argument *a = command->argument;
         a != NULL && a->name != NULL; a++)
        if (strcmp(a->name, name) == 0)
            return a;
    return NULL;
}

static struct api_value *find(const struct api_call *call, const char *name)
{
    for (size_t i = 0; i < call->value_count; i++)
        if (strcmp(call->value[i].argument->name, name) == 0)
            return (struct api_value *)&call->value[i];
    return NULL;
}

/* ---- one value ------------------------------------------------------------
 */

static bool read_flag(const char *text, uint64_t *ret)
{
    bool is_true =
        strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || text[0] == '\0';

    *ret = is_true;
    return is_true || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static bool read_number(const char *text, uint64_t max, uint64_t *ret)
{
    unsigned long number;

    if (!text_number(text, max > 0 ? max : UINT64_MAX, &number))
        return false;
    *ret = number;
    return true;
}

static bool is_word(const char *words, const char *text)
{
    size_t len = strlen(text);

    for (const char *word = words; *word != '\0';) {
        size_t n = strcspn(word, "|");

        if (n == len && memcmp(word, text, n) == 0)
            return true;
        word += n + (word[n] == '|');
    }
    return false;
}

/* "10m": so long ago. */
static bool read_ago(const char *text, uint64_t now_ms, uint64_t *ret)
{
    static const char units[] = "smhdw";
    static const uint64_t ms[] = { 1000, 60000, 3600000, 86400000, 604800000 };
    size_t digits = strspn(text, "0123456789");
    const char *unit =
        text[digits] != '\0' ? strchr(units, text[digits]) : NULL;
    char number[16];
    unsigned long count;

    if (digits == 0 || digits >= sizeof number || unit == NULL ||
        text[digits + 1] != '\0')
        return false;
    snprintf(number, sizeof number, "%.*s", (int)digits, text);
    if (!text_number(number, 1000000000, &count))
        return false;
    count *= ms[unit - units];
    *ret = count < now_ms ? now_ms - count : 0;
    return true;
}

/* RFC 3339: 2026-01-31T23:59:59[.123](Z|+01:00), or with a blank for the T. */
static bool read_date(const char *text, uint64_t *ret)
{
    struct tm tm = { 0 };
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    unsigned hours = 0, minutes = 0, ms = 0, scale = 100;
    long long at;
    int sign = 0, used = 0;

    if (end == NULL || (*end != 'T' && *end != 't' && *end != ' '))
        return false;
    end = strptime(end + 1, "%H:%M:%S", &tm);
    if (end == NULL)
        return false;
    if (*end == '.')
        for (end++; isdigit((unsigned char)*end); end++, scale /= 10)
            ms += (unsigned)(*end - '0') * scale;
    if (*end == '+' || *end == '-') {
        sign = *end == '+' ? 1 : -1;
        if (sscanf(end + 1, "%2u:%2u%n", &hours, &minutes, &used) != 2 ||
            hours > 23 || minutes > 59)
            return false;
        end += 1 + used;
    } else if (*end == 'Z' || *end == 'z') {
        end++;
    } else {
        return false;
    }
    at = (long long)timegm(&tm) -
         sign * (long long)(hours * 3600 + minutes * 60);
    *ret = at > 0 ? (uint64_t)at * 1000 + ms : 0;
    return *end == '\0';
}

static bool read_time(const char *text, uint64_t *ret)
{
    unsigned long seconds;
    int64_t now_ms = clock_utc_ms();

    if (text_number(text, UINT32_MAX, &seconds)) {
        *ret = (uint64_t)seconds * 1000;
        return true;
    }
    return read_ago(text, now_ms > 0 ? (uint64_t)now_ms : 0, ret) ||
           read_date(text, ret);
}

static bool is_text(struct slice text)
{
    while (text.len > 0) {
        uint32_t code;
        size_t len = text_character(text, &code);

        if (len == 0 || text.data[0] == '\0')
            return false;
        text = slice_after(text, len);
    }
    return true;
}

static bool read_value(const struct api_argument *a, struct api_value *v,
                       struct err *ret)
{
    bool is_good = true;

    switch (a->type) {
    case API_TEXT:
    case API_BYTES:
        break;
    case API_NUMBER:
        is_good = read_number(v->text, a->max, &v->number);
        if (!is_good)
            err_set(ret, "%s must be a number from 0 to %llu", a->name,
                    (unsigned long long)(a->max > 0 ? a->max : UINT64_MAX));
        break;
    case API_FLAG:
        is_good = read_flag(v->text, &v->number);
        if (!is_good)
            err_set(ret, "%s must be true or false", a->name);
        break;
    case API_WORD:
        is_good = is_word(a->words, v->text);
        if (!is_good)
            err_set(ret, "%s must be one of %s", a->name, a->words);
        break;
    case API_TIME:
        is_good = read_time(v->text, &v->number);
        if (!is_good)
            err_set(ret,
                    "%s must be a time: 2026-01-31T23:59:59Z, seconds since "
                    "1970, or how long ago: 30s, 10m, 2h, 7d",
                    a->name);
        break;
    }
    return is_good;
}

/* Takes the text over. */
static bool add(struct api_call *call, const struct api_argument *a, char *text,
                size_t len, struct err *ret)
{
    struct api_value *v = &call->value[call->value_count];
    size_t max = a->max > 0 && (a->type == API_TEXT || a->type == API_BYTES)
                     ? a->max
                     : TEXT_STANDARD_MAX;
    bool is_good = false;

    *v = (struct api_value){ .argument = a, .text = text, .len = len };
    if (call->value_count == API_VALUES_MAX || find(call, a->name) != NULL)
        err_set(ret, "%s is given twice", a->name);
    else if (len > max)
        err_set(ret, "%s is longer than %zu bytes", a->name, max);
    else if (a->type != API_BYTES && !is_text(slice_of(text, len)))
        err_set(ret, "%s is not UTF-8 text", a->name);
    else
        is_good = read_value(a, v, ret);
    if (!is_good) {
        free(text);
        v->text = NULL;
        return false;
    }
    call->value_count++;
    return true;
}

static char *copy(struct slice bytes)
{
    char *text = malloc(bytes.len + 1);

    if (text == NULL)
        return NULL;
    if (bytes.len > 0)
        memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = '\0';
    return text;
}

static bool complain_unknown(const struct api_call *call, const char *name,
                             struct err *ret)
{
    char known[256] = "";
    size_t len = 0;

    for (const struct api_argument *a = call->command->argument;
         a != NULL && a->name != NULL && len < sizeof known; a++)
        len += (size_t)snprintf(known + len, sizeof known - len, "%s%s",
                                len > 0 ? ", " : "", a->name);
    err_set(ret, "%s has no argument \"%s\"; it has %s", call->command->name,
            text_show(name).text, len > 0 ? known : "none");
    return false;
}

bool api_set_value(struct api_call *call, const char *name, struct slice text,
                   struct err *ret)
{
    const struct api_argument *a = api_argument_of(call->command, name);
    char *owned;

    if (a == NULL)
        return complain_unknown(call, name, ret);
    owned = copy(text);
    if (owned == NULL) {
        err_set(ret, "there is no memory for %s", name);
        return false;
    }
    return add(call, a, owned, text.len, ret);
}

bool api_set_query(struct api_call *call, const struct http_target *target,
                   struct err *ret)
{
    for (size_t i = 0; i < target->pair_count; i++) {
        const struct http_pair *pair = &target->pair[i];

        if (!api_set_value(call, pair->name, slice_of_text(pair->value), ret))
            return false;
    }
    return true;
}

/* ---- JSON -----------------------------------------------------------------
 */

/* "data_base64" for an argument "data" of bytes. */
static const struct api_argument *find_base64(const struct api_call *call,
                                              const char *key)
{
    static const char end[] = "_base64";
    size_t len = strlen(key);
    char name[64];
    const struct api_argument *a;

    if (len <= sizeof end - 1 || len >= sizeof name ||
        strcmp(key + len - (sizeof end - 1), end) != 0)
        return NULL;
    snprintf(name, sizeof name, "%.*s", (int)(len - (sizeof end - 1)), key);
    a = api_argument_of(call->command, name);
    return a != NULL && a->type == API_BYTES ? a : NULL;
}

static bool set_base64(struct api_call *call, const struct api_argument *a,
                       const json_t *value, struct err *ret)
{
    struct slice text =
        slice_of(json_string_value(value), json_string_length(value));
    char *bytes = malloc(text.len + 1);
    ssize_t len =
        bytes != NULL ? tls_base64_decode(text, (uint8_t *)bytes) : -1;

    if (len < 0) {
        free(bytes);
        err_set(ret, "%s_base64 is not base64", a->name);
        return false;
    }
    bytes[len] = '\0';
    return add(call, a, bytes, (size_t)len, ret);
}

static bool is_for_type(enum api_type type, const json_t *value)
{
    switch (type) {
    case API_NUMBER:
        return json_is_integer(value);
    case API_FLAG:
        return json_is_boolean(value);
    case API_TIME:
        return json_is_string(value) || json_is_integer(value);
    case API_TEXT:
    case API_WORD:
    case API_BYTES:
        return json_is_string(value);
    }
    return false;
}

static bool set_member(struct api_call *call, const char *key,
                       const json_t *value, struct err *ret)
{
    static const char *const types[] = {
        [API_TEXT] = "a text",
        [API_NUMBER] = "a number",
        [API_FLAG] = "true or false",
        [API_WORD] = "a text",
        [API_TIME] = "a text or a number",
        [API_BYTES] = "a text",
    };
    const struct api_argument *a = api_argument_of(call->command, key);
    const struct api_argument *base64 = find_base64(call, key);
    char number[32];

    if (json_is_null(value))
        return true; /* as if it were not given */
    if (base64 != NULL && json_is_string(value))
        return set_base64(call, base64, value, ret);
    if (a == NULL)
        return complain_unknown(call, key, ret);
    if (!is_for_type(a->type, value)) {
        err_set(ret, "%s must be %s", key, types[a->type]);
        return false;
    }
    if (json_is_string(value))
        return api_set_value(
            call, key,
            slice_of(json_string_value(value), json_string_length(value)), ret);
    if (json_is_boolean(value))
        snprintf(number, sizeof number, "%d", json_is_true(value));
    else
        snprintf(number, sizeof number, "%lld",
                 (long long)json_integer_value(value));
    return api_set_value(call, key, slice_of_text(number), ret);
}

/* No command takes values within values, and each of its arguments once: a body
 * of a hundred thousand values is not worth the milliseconds of reading it. */
static bool has_few_values(struct slice body)
{
    bool is_in_text = false;
    int marks = 0;

    for (size_t i = 0; i < body.len && marks <= MARKS_MAX; i++) {
        uint8_t byte = body.data[i];

        if (byte == '"')
            is_in_text = !is_in_text;
        else if (is_in_text)
            i += byte == '\\';
        else
            marks += byte == ',' || byte == '[' || byte == '{';
    }
    return marks <= MARKS_MAX;
}

bool api_set_json(struct api_call *call, struct slice body, struct err *ret)
{
    json_error_t error;
    json_t *json;
    const char *key;
    json_t *value;
    bool is_good = true;

    if (body.len == 0)
        return true;
    if (!has_few_values(body)) {
        err_set(ret, "the body has too many values");
        return false;
    }
    json = json_loadb((const char *)body.data, body.len,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (json == NULL) {
        err_set(ret, "the body is not JSON: line %d, column %d: %s", error.line,
                error.column, text_show(error.text).text);
        return false;
    }
    if (!json_is_object(json)) {
        err_set(ret, "the body must be a JSON object");
        is_good = false;
    } else {
        json_object_foreach (json, key, value) {
            is_good = set_member(call, key, value, ret);
            if (!is_good)
                break;
        }
    }
    json_decref(json);
    return is_good;
}

bool api_set_octets(struct api_call *call, struct slice body, struct err *ret)
{
    for (const struct api_argument *a = call->command->argument;
         a != NULL && a->name != NULL; a++)
        if (a->type == API_BYTES)
            return api_set_value(call, a->name, body, ret);
    err_set(ret, "%s takes JSON, and no octets", call->command->name);
    return false;
}

/* ---- for commands ---------------------------------------------------------
 */

const struct api_argument *api_missing(const struct api_call *call)
{
    for (const struct api_argument *a = call->command->argument;
         a != NULL && a->name != NULL; a++)
        if (a->is_required && find(call, a->name) == NULL)
            return a;
    return NULL;
}

const char *api_text(const struct api_call *call, const char *name)
{
    const struct api_value *v = find(call, name);
    const struct api_argument *a = api_argument_of(call->command, name);

    if (v != NULL)
        return v->text;
    return a != NULL ? a->standard : NULL;
}

struct slice api_bytes(const struct api_call *call, const char *name)
{
    const struct api_value *v = find(call, name);

    return v != NULL ? slice_of(v->text, v->len) : slice_of(NULL, 0);
}

uint64_t api_number(const struct api_call *call, const char *name)
{
    const struct api_value *v = find(call, name);
    const struct api_argument *a = api_argument_of(call->command, name);
    struct api_value standard = { .argument = a };

    if (v != NULL)
        return v->number;
    if (a == NULL || a->standard == NULL)
        return 0;
    standard.text = (char *)(uintptr_t)a->standard;
    (void)read_value(a, &standard, NULL);
    return standard.number;
}

bool api_flag(const struct api_call *call, const char *name)
{
    return api_number(call, name) != 0;
}

bool api_has(const struct api_call *call, const char *name)
{
    return find(call, name) != NULL;
}

/* What was typed, or a text that was posted, may be secret. */
void api_free_values(struct api_call *call)
{
    for (size_t i = 0; i < call->value_count; i++) {
        struct api_value *v = &call->value[i];

        explicit_bzero(v->text, v->len);
        free(v->text);
        v->text = NULL;
    }
    call->value_count = 0;
}

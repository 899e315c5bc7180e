/*
 * value.h - a value of JSON as a person reads it. Pure: the time is an
 * argument.
 */
#ifndef CLI_OUTPUT_VALUE_H
#define CLI_OUTPUT_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum value_kind {
    VALUE_TEXT,     /* any: as it is, cleaned; a list's parts joined by ", " */
    VALUE_BYTES,    /* a number: 512, 1.2K, 34M */
    VALUE_AGO,      /* a time (RFC 3339): 12s, 5m, 3h, 2d */
    VALUE_DURATION, /* seconds: the same */
    VALUE_TIME,     /* a time: without its fraction */
};

enum { VALUE_MAX = 512 };

struct value_text {
    char text[VALUE_MAX];
};

/* value NULL or null: "-". */
struct value_text value_format(const json_t *value, enum value_kind kind,
                               int64_t now_ms);

/* A member of members: "log.size"; NULL: there is none. */
json_t *value_at(const json_t *object, const char *path);

/* RFC 3339 in UTC, as vspcd writes it. False: text is no such time. */
bool value_time_ms(const char *text, int64_t *ret_ms);

/* "90d", "12h", "5m", "30s", "30": seconds. False: no such text. */
bool value_parse_duration(const char *text, uint64_t *ret_s);

#endif

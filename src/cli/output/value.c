#include "cli/output/value.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char nothing[] = "-";

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Days since 1970 of a day of the Gregorian calendar: years that begin in March
 * have the leap day at their end. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month > 2 ? month - 3 : month + 9;
    int64_t since = year - (month <= 2);

    return since * 365 + since / 4 - since / 100 + since / 400 +
           (shifted * 153 + 2) / 5 + day - 1 - 719468;
}

bool value_time_ms(const char *text, int64_t *ret_ms)
{
    unsigned year, month, day, hour, minute, second, ms = 0;
    int end = 0;

    if (sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u%n", &year, &month, &day, &hour,
               &minute, &second, &end) != 6 ||
        month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    if (text[end] == '.') {
        unsigned scale = 100;

        for (end++; isdigit((unsigned char)text[end]); end++, scale /= 10)
            ms += (unsigned)(text[end] - '0') * scale;
    }
    if (strcmp(text + end, "Z") != 0)
        return false;
    *ret_ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60000 +
              second * 1000 + ms;
    return true;
}

bool value_parse_duration(const char *text, uint64_t *ret_s)
{
    static const struct {
        char unit;
        unsigned seconds;
    } units[] = { { 's', 1 },   { 'm', MINUTE },  { 'h', HOUR },
                  { 'd', DAY }, { 'w', 7 * DAY }, { '\0', 1 } };
    char digits[12];
    size_t len = strspn(text, "0123456789");
    unsigned long count;

    if (len == 0 || len >= sizeof digits ||
        (text[len] != '\0' && text[len + 1] != '\0'))
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (!text_number(digits, UINT32_MAX, &count))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == text[len]) {
            *ret_s = (uint64_t)count * units[i].seconds;
            return true;
        }
    }
    return false;
}

static void format_duration(struct value_text *to, int64_t seconds)
{
    long long s = seconds > 0 ? seconds : 0;

    if (s < 2LL * MINUTE)
        snprintf(to->text, sizeof to->text, "%llds", s);
    else if (s < 2LL * HOUR)
        snprintf(to->text, sizeof to->text, "%lldm", s / MINUTE);
    else if (s < 2LL * DAY)
        snprintf(to->text, sizeof to->text, "%lldh", s / HOUR);
    else
        snprintf(to->text, sizeof to->text, "%lldd", s / DAY);
}

static void format_bytes(struct value_text *to, double bytes)
{
    static const char units[] = "BKMGTPE";
    int unit = 0;

    while (bytes >= 1024 && units[unit + 1] != '\0') {
        bytes /= 1024;
        unit++;
    }
    if (unit == 0)
        snprintf(to->text, sizeof to->text, "%.0f", bytes);
    else
        snprintf(to->text, sizeof to->text, bytes < 10 ? "%.1f%c" : "%.0f%c",
                 bytes, units[unit]);
}

static void append(struct value_text *to, const json_t *value)
{
    size_t len = strlen(to->text);
    char *end = to->text + len;
    size_t room = sizeof to->text - len;
    char number[40];

    switch (json_typeof(value)) {
    case JSON_STRING:
        (void)text_clean(
            end, room,
            slice_of(json_string_value(value), json_string_length(value)));
        return;
    case JSON_INTEGER:
        snprintf(end, room, "%lld", (long long)json_integer_value(value));
        return;
    case JSON_REAL:
        snprintf(number, sizeof number, "%.3f", json_real_value(value));
        for (size_t n = strlen(number);
             n > 0 && (number[n - 1] == '0' || number[n - 1] == '.'); n--) {
            bool is_point = number[n - 1] == '.';

            number[n - 1] = '\0';
            if (is_point)
                break;
        }
        snprintf(end, room, "%s", number);
        return;
    case JSON_TRUE:
        snprintf(end, room, "yes");
        return;
    case JSON_FALSE:
        snprintf(end, room, "no");
        return;
    case JSON_NULL:
        snprintf(end, room, "%s", nothing);
        return;
    case JSON_OBJECT:
    case JSON_ARRAY:
        return;
    }
}

static void format_text(struct value_text *to, const json_t *value)
{
    to->text[0] = '\0';
    if (!json_is_array(value)) {
        append(to, value);
    } else {
        for (size_t i = 0; i < json_array_size(value); i++) {
            size_t len = strlen(to->text);

            if (i > 0)
                snprintf(to->text + len, sizeof to->text - len, ", ");
            append(to, json_array_get(value, i));
        }
    }
    if (to->text[0] == '\0')
        snprintf(to->text, sizeof to->text, "%s", nothing);
}

static bool time_of(const json_t *value, int64_t *ret_ms)
{
    return json_is_string(value) &&
           value_time_ms(json_string_value(value), ret_ms);
}

struct value_text value_format(const json_t *value, enum value_kind kind,
                               int64_t now_ms)
{
    struct value_text shown = { "-" };
    int64_t time_ms;

    if (value == NULL || json_is_null(value))
        return shown;
    if (kind == VALUE_BYTES && json_is_number(value)) {
        format_bytes(&shown, json_number_value(value));
    } else if (kind == VALUE_DURATION && json_is_number(value)) {
        format_duration(&shown, (int64_t)json_number_value(value));
    } else if (kind == VALUE_AGO && time_of(value, &time_ms)) {
        format_duration(&shown, (now_ms - time_ms) / 1000);
    } else {
        format_text(&shown, value);
        if (kind == VALUE_TIME && time_of(value, &time_ms)) {
            /* 2026-01-31 23:59:59Z */
            shown.text[10] = ' ';
            snprintf(shown.text + 19, 2, "Z");
        }
    }
    return shown;
}

json_t *value_at(const json_t *object, const char *path)
{
    char name[64];

    for (;;) {
        size_t len = strcspn(path, ".");

        if (len >= sizeof name)
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        if (path[len] == '\0')
            return json_object_get(object, name);
        object = json_object_get(object, name);
        path += len + 1;
    }
}

/*
 * show_value.h - values of JSON as the API has them: times in UTC, texts that
 * may be missing, and rows as members of objects.
 *
 * What is shown is made of rows of members, so that openapi.json says the same.
 */
#ifndef API_SHOW_SHOW_VALUE_H
#define API_SHOW_SHOW_VALUE_H

#include "api/api.h"
#include "base/buf.h"
#include "base/window.h"

#include <jansson.h>
#include <stdint.h>

/* core's times are of a clock that has no date: the present, and what makes a
 * date of its times. */
struct show_moment {
    uint64_t us;       /* clock_now_us */
    int64_t offset_us; /* of it to 1970: api_offset_us */
};
struct show_moment show_moment(struct api *api);

/* Each returns a new value. A time is RFC 3339 in UTC with milliseconds; at_us
 * and at_s are of clock_now_us, and 0 is no time: null. */
json_t *show_time(int64_t utc_ms);
json_t *show_time_us(const struct show_moment *now, uint64_t at_us);
json_t *show_time_s(const struct show_moment *now, uint32_t at_s);

/* null for "" and NULL. */
json_t *show_text(const char *text);
json_t *show_number(uint64_t number);

/* {"columns", "rows"}, or null if it is not known. */
json_t *show_window(struct window window);

/* Appends the value, and gives it up. False: it has no room, or there is no
 * memory, and nothing was appended. */
bool show_append(struct buf *to, json_t *value);
bool show_append_text(struct buf *to, const char *text);

#endif

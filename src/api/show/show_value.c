#include "api/show/show_value.h"

#include "base/clock.h"

#include <string.h>

struct show_moment show_moment(struct api *api)
{
    return (struct show_moment){ clock_now_us(), api_offset_us(api) };
}

json_t *show_time(int64_t utc_ms)
{
    char text[CLOCK_TEXT_LEN];

    clock_format_ms(text, utc_ms);
    return json_string_nocheck(text);
}

json_t *show_time_us(const struct show_moment *now, uint64_t at_us)
{
    return at_us != 0 ? show_time(((int64_t)at_us + now->offset_us) / 1000)
                      : json_null();
}

json_t *show_time_s(const struct show_moment *now, uint32_t at_s)
{
    return show_time_us(now, (uint64_t)at_s * 1000 * 1000);
}

/* Foreign texts were cleaned when they came. A text that is no UTF-8
 * nevertheless is shown as none rather than as broken JSON. */
json_t *show_text(const char *text)
{
    json_t *value = text != NULL && text[0] != '\0' ? json_string(text) : NULL;

    return value != NULL ? value : json_null();
}

json_t *show_number(uint64_t number)
{
    return json_integer((json_int_t)number);
}

json_t *show_window(struct window window)
{
    if (!window_is_known(window))
        return json_null();
    return json_pack("{s:i, s:i}", "columns", window.columns, "rows",
                     window.rows);
}

/* Most values fit into the first room; asking for the length first would write
 * each of them twice. */
bool show_append(struct buf *to, json_t *value)
{
    const size_t flags =
        JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
    size_t room = 2048;
    uint8_t *at = buf_reserve(to, room);
    size_t len = json_dumpb(value, (char *)at, at != NULL ? room : 0, flags);
    bool has_room = value != NULL && len > 0;

    if (has_room && (at == NULL || len > room)) {
        at = buf_reserve(to, len);
        has_room = at != NULL;
        if (has_room)
            (void)json_dumpb(value, (char *)at, len, flags);
    }
    if (has_room)
        buf_added(to, len);
    json_decref(value);
    return has_room;
}

bool show_append_text(struct buf *to, const char *text)
{
    return buf_append(to, slice_of_text(text)) == 0;
}

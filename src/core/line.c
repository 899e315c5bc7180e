#include "core/line.h"

#include <stdio.h>
#include <string.h>

/* What a side is told that asks before either side has set anything
 * (docs/rfc2217.md). */
static const uint32_t defaults[LINE_SETTING_COUNT] = {
    [LINE_BAUD] = 9600,   [LINE_DATA_BITS] = 8, [LINE_PARITY] = 1,
    [LINE_STOP_BITS] = 1, [LINE_FLOW] = 1,      [LINE_INBOUND_FLOW] = 14,
};

void line_init(struct line *l)
{
    *l = (struct line){ .vm_lines = LINE_BOTH };
}

static bool is_possible(enum line_setting what, uint32_t value)
{
    switch (what) {
    case LINE_BAUD:
        return value != 0;
    case LINE_DATA_BITS:
        return value >= 5 && value <= 8;
    case LINE_PARITY:
        return value >= 1 && value <= 5;
    case LINE_STOP_BITS:
        return value >= 1 && value <= 3;
    case LINE_FLOW:
        return (value >= 1 && value <= 3) || value == 17 || value == 19;
    case LINE_INBOUND_FLOW:
        return (value >= 14 && value <= 16) || value == 18;
    case LINE_SETTING_COUNT:
        break;
    }
    return false;
}

static uint32_t own(const struct line_settings *s, enum line_setting what)
{
    return what == LINE_BAUD ? s->baud : s->others[what - 1];
}

static void put(struct line_settings *s, enum line_setting what, uint32_t value)
{
    if (what == LINE_BAUD)
        s->baud = value;
    else
        s->others[what - 1] = (uint8_t)value;
}

bool line_set(struct line *l, enum line_side side, enum line_setting what,
              uint32_t value)
{
    if (!is_possible(what, value))
        return false;
    put(&l->set[side], what, value);
    /* RFC 2217, SET-CONTROL: 1 to 3 are for both directions; 14 to 16 are these
     * three values for the inbound one. */
    if (what == LINE_FLOW && value <= 3)
        put(&l->set[side], LINE_INBOUND_FLOW, value + 13);
    return true;
}

uint32_t line_get(const struct line *l, enum line_side side,
                  enum line_setting what)
{
    uint32_t value = own(&l->set[side], what);

    if (value == 0)
        value = own(&l->set[side == LINE_VM ? LINE_CLIENTS : LINE_VM], what);
    return value != 0 ? value : defaults[what];
}

void line_take(struct line *l, const struct line *from, enum line_side side)
{
    for (int i = 0; i < LINE_SETTING_COUNT; i++) {
        uint32_t value = own(&from->set[side], (enum line_setting)i);

        if (value != 0)
            put(&l->set[side], (enum line_setting)i, value);
    }
}

struct line_text line_format(const struct line *l, enum line_side side)
{
    static const char parities[] = "?NOEMS";
    static const char *const stop_bits[] = { "?", "1", "2", "1.5" };
    struct line_text t;

    snprintf(t.text, sizeof t.text, "%u,%u%c%s", line_get(l, side, LINE_BAUD),
             line_get(l, side, LINE_DATA_BITS),
             parities[line_get(l, side, LINE_PARITY)],
             stop_bits[line_get(l, side, LINE_STOP_BITS)]);
    return t;
}

struct line_text line_format_lines(uint8_t driven)
{
    static const char *const texts[] = {
        [0] = "none",
        [LINE_DTR] = "DTR",
        [LINE_RTS] = "RTS",
        [LINE_BOTH] = "DTR,RTS",
    };
    struct line_text t;

    snprintf(t.text, sizeof t.text, "%s", texts[driven & LINE_BOTH]);
    return t;
}

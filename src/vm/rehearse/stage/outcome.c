#include "vm/rehearse/stage/outcome.h"

#include <stdarg.h>
#include <stdio.h>

const char *outcome_kind_name(enum outcome_kind kind)
{
    static const char *const names[OUTCOME_KIND_COUNT] = {
        [OUTCOME_OK] = "ok",
        [OUTCOME_FAILED] = "failed",
        [OUTCOME_SKIPPED] = "skipped",
    };

    return names[kind];
}

void outcome_init(struct outcome *o)
{
    *o = (struct outcome){ .numbers = json_object() };
}

void outcome_done(struct outcome *o)
{
    json_decref(o->numbers);
}

void outcome_set(struct outcome *o, enum outcome_kind kind, const char *format,
                 ...)
{
    va_list args;

    o->kind = kind;
    va_start(args, format);
    vsnprintf(o->detail.text, sizeof o->detail.text, format, args);
    va_end(args);
}

void outcome_put_ms(struct outcome *o, const char *name, uint64_t us)
{
    (void)json_object_set_new(o->numbers, name, json_real((double)us / 1000));
}

void outcome_put_count(struct outcome *o, const char *name, uint64_t count)
{
    (void)json_object_set_new(o->numbers, name,
                              json_integer((json_int_t)count));
}

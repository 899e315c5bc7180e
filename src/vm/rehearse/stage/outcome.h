/*
 * outcome.h - how a step went: ok, failed or skipped, why, and its numbers.
 */
#ifndef VM_REHEARSE_STAGE_OUTCOME_H
#define VM_REHEARSE_STAGE_OUTCOME_H

#include "base/err.h"

#include <jansson.h>
#include <stdint.h>

enum outcome_kind { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_SKIPPED };
enum { OUTCOME_KIND_COUNT = OUTCOME_SKIPPED + 1 };

/* "ok", "failed", "skipped". */
const char *outcome_kind_name(enum outcome_kind kind);

struct outcome {
    enum outcome_kind kind;
    struct err detail; /* what was seen; or why not */
    json_t *numbers;   /* an object, owned */
    uint64_t took_us;
};

void outcome_init(struct outcome *o);
void outcome_done(struct outcome *o);

void outcome_set(struct outcome *o, enum outcome_kind kind, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/* Milliseconds, to the microsecond. */
void outcome_put_ms(struct outcome *o, const char *name, uint64_t us);
void outcome_put_count(struct outcome *o, const char *name, uint64_t count);

#endif

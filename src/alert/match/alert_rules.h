/*
 * alert_rules.h - rules of alerts, compiled: a database of Hyperscan (or
 * Vectorscan) with all their patterns, and which of them have times.
 *
 * Constant once they are made. Shared by the loop and the matcher's thread, and
 * freed by the last one that leaves them.
 *
 * Patterns are bytes, not characters: . is any byte but a line end, and letters
 * regardless of case are those of ASCII. ^ and $ are the ends of a line.
 */
#ifndef ALERT_MATCH_ALERT_RULES_H
#define ALERT_MATCH_ALERT_RULES_H

#include "access/pattern.h"
#include "alert/match/alert_settings.h"
#include "base/err.h"

#include <hs/hs.h>
#include <stdatomic.h>

/* Memory of the patterns, for each console. The ready-made ones need 0.2 KiB;
 * what needs more than this has large repeats, such as .{1,1000}. */
enum { ALERT_STREAM_MAX = 16 * 1024 };

struct alert_rules {
    atomic_uint users;
    struct alert_settings settings;
    hs_database_t *database; /* NULL: no rule has a pattern */
    size_t timed_count;      /* rules that are about a time */
    size_t *timed;           /* their indices */
};

/* The ids of patterns in the database: of a rule's pattern, and of its
 * without. */
static inline unsigned alert_rules_id(size_t rule, bool is_without)
{
    return (unsigned)(2 * rule + is_without);
}

/*
 * Whether the rule can be used. 0, or -EINVAL with err filled: what is wrong,
 * without the rule's place. Takes well below a millisecond for what people
 * write, and some 20 ms for the worst. Patterns that are too large are found by
 * alert_rules_make alone.
 */
int alert_rules_check(const struct alert_rule *rule, struct err *err);

/* Compiles the rules, which takes milliseconds to seconds; any thread. Copies
 * settings. 0, or -EINVAL or -ENOMEM with err filled: which rule, and what is
 * wrong. */
int alert_rules_make(const struct alert_settings *settings,
                     struct alert_rules **ret_rules, struct err *err);

/* One more user; any thread. Accepts NULL. */
struct alert_rules *alert_rules_share(struct alert_rules *rules);

/* One user less; any thread. Takes NULL. */
void alert_rules_leave(struct alert_rules *rules);

/* The bits of the rules that apply to a console: alert_rules_bits_len bytes.
 * Whether there are any. */
size_t alert_rules_bits_len(const struct alert_rules *rules);
bool alert_rules_apply(const struct alert_rules *rules,
                       const struct access_console *console, uint8_t *bits);

static inline bool alert_rules_have(const uint8_t *bits, size_t rule)
{
    return (bits[rule / 8] >> rule % 8 & 1) != 0;
}

#endif

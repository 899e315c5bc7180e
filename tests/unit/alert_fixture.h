/* A matcher with rules, one console, and what was found there. */
#ifndef TESTS_ALERT_FIXTURE_H
#define TESTS_ALERT_FIXTURE_H

#include "alert/match/alert_matcher.h"
#include "alert/match/alert_sets.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FIXTURE_FINDS_MAX = 64 };

struct alert_fixture {
    struct alert_settings settings;
    struct alert_rules *rules; /* shared with the matcher */
    struct alert_matcher *matcher;
    struct alert_subject *subject;
    uint64_t position;
    uint64_t now_us;
    struct alert_find *find[FIXTURE_FINDS_MAX];
    size_t count;
};

static inline void fixture_on_find(void *owner, struct alert_find *find)
{
    struct alert_fixture *f = owner;

    assert_true(f->count < FIXTURE_FINDS_MAX);
    assert_null(find->subject);
    f->find[f->count++] = find;
}

static inline void fixture_apply(struct alert_fixture *f)
{
    const struct access_console console = { .name = "web-1", .uuid = "u" };
    uint8_t bits[ALERT_RULES_MAX / 8 + 1];

    if (alert_rules_apply(f->rules, &console, bits))
        alert_subject_apply(f->matcher, f->subject, bits);
}

static inline void fixture_use(struct alert_fixture *f)
{
    struct err err = { "" };

    alert_rules_leave(f->rules);
    if (alert_rules_make(&f->settings, &f->rules, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(alert_matcher_use(f->matcher, alert_rules_share(f->rules)),
                     0);
    fixture_apply(f);
}

/* Uses the settings that the caller has filled, and clears them at the end. */
static inline void fixture_open(struct alert_fixture *f)
{
    f->now_us = 1000 * 1000;
    f->matcher = alert_matcher_new(fixture_on_find, f);
    f->subject = alert_subject_new(f->matcher, f);
    fixture_use(f);
}

static inline void fixture_clear(struct alert_fixture *f)
{
    for (size_t i = 0; i < f->count; i++)
        alert_find_free(f->find[i]);
    f->count = 0;
}

static inline void fixture_close(struct alert_fixture *f)
{
    alert_subject_free(f->matcher, f->subject);
    alert_matcher_free(f->matcher);
    alert_rules_leave(f->rules);
    alert_settings_clear(&f->settings);
    fixture_clear(f);
}

static inline void fixture_feed_bytes(struct alert_fixture *f,
                                      struct slice bytes)
{
    alert_matcher_feed(f->matcher, f->subject, bytes, f->position, f->now_us);
    f->position += bytes.len;
}

static inline void fixture_feed(struct alert_fixture *f, const char *text)
{
    fixture_feed_bytes(f, slice_of_text(text));
}

/* Time passes, and what falls due meanwhile is handled when it does. */
static inline void fixture_wait_ms(struct alert_fixture *f, uint64_t ms)
{
    uint64_t until_us = f->now_us + ms * 1000;
    uint64_t due_us;

    while ((due_us = alert_matcher_due(f->matcher)) <= until_us) {
        if (due_us > f->now_us)
            f->now_us = due_us;
        alert_matcher_fire(f->matcher, f->now_us);
    }
    f->now_us = until_us;
}

static inline void fixture_add_pattern(struct alert_fixture *f,
                                       const char *name, const char *pattern)
{
    struct alert_rule *rule = alert_settings_rule(&f->settings, name);

    alert_rule_set_text(&rule->pattern, pattern);
}

static inline const char *fixture_rule(const struct alert_fixture *f, size_t i)
{
    return f->find[i]->rules->settings.rule[f->find[i]->rule].name;
}

#endif

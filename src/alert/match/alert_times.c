/*
 * The rules that are about a time: a line that does not come, silence, and
 * floods. Each such rule has a queue of deadlines, all of one length, and each
 * subject a wait in it.
 */
#include "alert/match/alert_matcher_private.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 100, MS_PER_S = 1000, US_PER_MS = 1000, US_PER_S = 1000000 };

static uint64_t length_us(const struct alert_rule *rule)
{
    return (rule->silence_s != 0 ? rule->silence_s : rule->within_s) * US_PER_S;
}

void alert_times_open(struct alert_matcher *m)
{
    m->times = xcalloc(m->rules->timed_count + 1, sizeof *m->times);
    for (size_t i = 0; i < m->rules->timed_count; i++)
        deadline_queue_init(
            &m->times[i], length_us(alert_matcher_rule(m, m->rules->timed[i])));
}

void alert_times_close(struct alert_matcher *m)
{
    free(m->times);
    m->times = NULL;
}

void alert_times_add(struct alert_matcher *m, struct alert_subject *s)
{
    s->wait = xcalloc(m->rules->timed_count + 1, sizeof *s->wait);
    for (size_t i = 0; i < m->rules->timed_count; i++) {
        deadline_init(&s->wait[i].due);
        s->wait[i].subject = s;
        s->wait[i].rule = m->rules->timed[i];
    }
}

/* It waits for nothing, and knows nothing. */
static void forget(struct alert_wait *w)
{
    deadline_stop(&w->due);
    free(w->text);
    *w = (struct alert_wait){ .subject = w->subject, .rule = w->rule };
    deadline_init(&w->due);
}

void alert_times_remove(struct alert_matcher *m, struct alert_subject *s)
{
    for (size_t i = 0; s->wait != NULL && i < m->rules->timed_count; i++)
        forget(&s->wait[i]);
    free(s->wait);
    s->wait = NULL;
}

/* ---- a line that does not come ------------------------------------------- */

static size_t index_of(const struct alert_matcher *m, size_t rule)
{
    size_t i = 0;

    while (m->rules->timed[i] != rule)
        i++;
    return i;
}

bool alert_times_has(const struct alert_matcher *m,
                     const struct alert_subject *s, size_t rule, uint64_t line)
{
    const struct alert_wait *w = &s->wait[index_of(m, rule)];

    return w->text != NULL && w->at == line;
}

void alert_times_begin(struct alert_matcher *m, struct alert_subject *s,
                       size_t rule, uint64_t line, uint64_t position,
                       uint64_t now_us)
{
    size_t i = index_of(m, rule);
    struct alert_wait *w = &s->wait[i];

    free(w->text);
    w->text = alert_text_copy(&s->text, line);
    w->at = line;
    w->position = position;
    deadline_start(&m->times[i], &w->due, now_us);
}

void alert_times_end(struct alert_matcher *m, struct alert_subject *s,
                     size_t rule)
{
    forget(&s->wait[index_of(m, rule)]);
}

static void missing_due(struct alert_matcher *m, struct alert_wait *w,
                        uint64_t now_us)
{
    struct alert_find *find =
        alert_matcher_find(m, w->subject, w->rule, ALERT_MISSING, now_us);

    find->text = w->text;
    find->at = w->at;
    find->position = w->position;
    w->text = NULL;
    alert_matcher_tell_end(m, w->subject, find);
}

/* ---- silence --------------------------------------------------------------
 */

static void silence_fed(struct deadline_queue *q, struct alert_wait *w,
                        uint64_t now_us)
{
    if (w->last_us == 0 || now_us - w->last_us >= q->length_us)
        w->regular_us = now_us;
    w->last_us = now_us;
    deadline_start(q, &w->due, now_us);
}

/* A port that has said something in each of some times is one that used to
 * talk; a port that has printed a boot and a prompt is not. */
static void silence_due(struct alert_matcher *m, struct alert_wait *w,
                        uint64_t now_us)
{
    const struct alert_rule *rule = alert_matcher_rule(m, w->rule);
    struct alert_find *find;
    char text[TEXT_MAX];

    if (w->last_us - w->regular_us < ALERT_SILENCE_TIMES * length_us(rule))
        return;
    find = alert_matcher_find(m, w->subject, w->rule, ALERT_SILENCE, now_us);
    snprintf(text, sizeof text, "no output for %llu s",
             (unsigned long long)rule->silence_s);
    find->text = xstrdup(text);
    alert_matcher_tell_end(m, w->subject, find);
}

/* ---- floods ---------------------------------------------------------------
 */

/*
 * A bucket that holds "flood" bytes, and loses as many in "within". So output
 * that is more than that in the time fills it, whenever the time begins, and
 * less in each such time never does.
 */
static void drain(const struct alert_rule *rule, struct alert_wait *w,
                  uint64_t now_us)
{
    uint64_t passed_ms = (now_us - w->last_us) / US_PER_MS;
    uint64_t within_ms = rule->within_s * MS_PER_S;
    uint64_t lost;

    if (w->last_us == 0 || passed_ms >= within_ms) {
        w->level = 0;
        w->last_us = now_us;
        return;
    }
    lost = passed_ms * rule->flood / within_ms;
    /* Times that are too short for a byte add up. */
    if (lost == 0)
        return;
    w->last_us += passed_ms * US_PER_MS;
    w->level = w->level > lost ? w->level - lost : 0;
}

/* The level stays bounded, so that a flood is over when its bytes are fewer. */
static void flood_fed(struct alert_matcher *m, struct alert_wait *w, size_t len,
                      uint64_t now_us)
{
    const struct alert_rule *rule = alert_matcher_rule(m, w->rule);
    struct alert_find *find;
    char text[TEXT_MAX];

    drain(rule, w, now_us);
    if (w->level < rule->flood / 2)
        w->is_told = false;
    w->level += len;
    if (w->level <= rule->flood)
        return;
    w->level = rule->flood;
    if (w->is_told)
        return;
    w->is_told = true;
    find = alert_matcher_find(m, w->subject, w->rule, ALERT_FLOOD, now_us);
    snprintf(text, sizeof text, "more than %llu bytes in %llu s",
             (unsigned long long)rule->flood,
             (unsigned long long)rule->within_s);
    find->text = xstrdup(text);
    alert_matcher_tell_end(m, w->subject, find);
}

/* ---- all of them ----------------------------------------------------------
 */

void alert_times_fed(struct alert_matcher *m, struct alert_subject *s,
                     size_t len, uint64_t now_us)
{
    for (size_t i = 0; i < m->rules->timed_count; i++) {
        struct alert_wait *w = &s->wait[i];
        const struct alert_rule *rule = alert_matcher_rule(m, w->rule);

        if (!alert_rules_have(s->bits, w->rule))
            continue;
        if (rule->silence_s != 0)
            silence_fed(&m->times[i], w, now_us);
        else if (rule->flood != 0)
            flood_fed(m, w, len, now_us);
    }
}

/* A VM that goes while a line is waited for has not finished what it does: it
 * gets all of the time again when it is back. */
void alert_times_vm(struct alert_matcher *m, struct alert_subject *s,
                    bool is_there, uint64_t now_us)
{
    for (size_t i = 0; s->wait != NULL && i < m->rules->timed_count; i++) {
        struct alert_wait *w = &s->wait[i];

        if (w->text == NULL)
            forget(w);
        else if (is_there)
            deadline_start(&m->times[i], &w->due, now_us);
        else
            deadline_stop(&w->due);
    }
}

uint64_t alert_times_due(const struct alert_matcher *m)
{
    uint64_t due_us = UINT64_MAX;

    for (size_t i = 0; m->rules != NULL && i < m->rules->timed_count; i++) {
        const struct deadline *first = deadline_first(&m->times[i]);

        if (first != NULL && first->due_us < due_us)
            due_us = first->due_us;
    }
    return due_us;
}

void alert_times_fire(struct alert_matcher *m, uint64_t now_us)
{
    for (size_t i = 0; m->rules != NULL && i < m->rules->timed_count; i++) {
        struct deadline *due;

        while ((due = deadline_pop(&m->times[i], now_us)) != NULL) {
            struct alert_wait *w = CONTAINER_OF(due, struct alert_wait, due);

            if (w->text != NULL)
                missing_due(m, w, now_us);
            else
                silence_due(m, w, now_us);
        }
    }
}

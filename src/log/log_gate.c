/*
 * Two counts decide. The entry of message, source and about says whether this
 * very thing has been told often enough. The budget of the kind says whether
 * all lines together are too many; how deep a source may reach into it depends
 * on how many lines the source had in its minute (log_noise_leaves), counted
 * whether they passed or not: a source that floods has no claim to what is left
 * for the quiet ones.
 *
 * A minute begins with a line and not with the clock, so that all minutes have
 * one length and lie in one queue (base/deadline.h), in which the first is the
 * oldest.
 */
#include "log/log_gate.h"

#include "base/mem.h"
#include "base/network.h"
#include "base/rates.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_S = 1000 * 1000 * 1000 };

/* lines: of one message, source and about in a minute. budget: of all lines.
 * All budgets and the one of summaries, in 30 s: burst + 30 s / interval =
 * 9,200, below the 10,000 of the journal. */
static const struct {
    uint32_t lines;
    struct rate budget;
} kinds[LOG_KINDS] = {
    [LOG_EVENTS] = { 5, { NS_PER_S / 20, 800 } },
    [LOG_AUDIT] = { 200, { NS_PER_S / 40, 5500 } },
    [LOG_DETAILS] = { 50, { NS_PER_S / 10, 300 } },
    [LOG_COUNTS] = { 0, { NS_PER_S, 1 } },
};
static const struct rate summary_budget = { NS_PER_S / 10, 200 };

/* A source is quiet up to so many lines in its minute, and noisy above the
 * other number. */
enum { QUIET_LINES = 4, NOISY_LINES = 64 };

/* ---- keys --------------------------------------------------------------- */

/* "client connected console=%s" -> "client connected". */
static struct slice message_of(const char *format)
{
    const char *end = strchr(format, '=');

    if (end == NULL)
        return slice_of_text(format);
    while (end > format && *end != ' ')
        end--;
    return slice_of(format, (size_t)(end - format));
}

/* "192.0.2.1:80" -> "192.0.2.1", "[2001:db8::1]:80" -> "2001:db8::/64". What is
 * no address is a source of its own. */
void log_gate_read_source(char to[LOG_GATE_NAME_MAX + 1], const char *peer)
{
    bool is_ipv6 = peer[0] == '[';
    struct network n;
    struct err err;

    if (is_ipv6)
        peer++;
    text_clean(to, LOG_GATE_NAME_MAX + 1,
               slice_of(peer, strcspn(peer, is_ipv6 ? "]%" : ":")));
    if (!is_ipv6 || network_parse(to, &n, &err) < 0 || ip_is_ipv4(n.address))
        return;
    n.address = ip_site(n.address);
    n.mask = (struct ip){ .high = UINT64_MAX };
    snprintf(to, LOG_GATE_NAME_MAX + 1, "%s", network_format(&n).text);
}

/* Of the line's own texts: what is cut in an entry still counts here. */
static uint64_t hash_of(const struct log_gate *g, enum log_kind kind,
                        struct slice message, const char *source,
                        const char *about)
{
    const uint64_t words[] = {
        (uint64_t)kind,
        map_hash(&g->by_key, message),
        map_hash(&g->by_key, slice_of_text(source)),
        map_hash(&g->by_key, slice_of_text(about)),
    };

    return map_hash(&g->by_key, slice_of(words, sizeof words));
}

/* 64 random bits tell all keys apart. */
static bool is_any(const void *value, const void *key)
{
    (void)value;
    (void)key;
    return true;
}

/* ---- summaries ---------------------------------------------------------- */

static void tell(struct log_gate *g, const struct log_gate_entry *e,
                 uint64_t now_us)
{
    const struct log_gate_summary summary = {
        .kind = (enum log_kind)e->kind,
        .level = (enum log_level)e->level,
        .message =
            e->message != NULL ? message_of(e->message) : slice_of_text(""),
        .source = e->source,
        .about = e->about,
        .count = e->left_out,
        .lasted_us = now_us - e->since_us,
    };

    g->tell(g->owner, &summary);
}

/* The summaries of too many sources at once become one. */
static void add_to_rest(struct log_gate *g, const struct log_gate_entry *e,
                        uint64_t now_us)
{
    struct log_gate_entry *rest = &g->rest[e->kind];

    if (rest->left_out == 0) {
        rest->since_us = e->since_us;
        rest->level = e->level;
        deadline_start(&g->windows, &rest->window, now_us);
    }
    rest->left_out += e->left_out;
    if (e->since_us < rest->since_us)
        rest->since_us = e->since_us;
    if (e->level < rest->level)
        rest->level = e->level;
}

/* Its window is stopped. */
static void end_entry(struct log_gate *g, struct log_gate_entry *e,
                      uint64_t now_us)
{
    if (e->left_out > 0 &&
        (e->is_rest || rate_take(&g->summaries_ns, &summary_budget, now_us)))
        tell(g, e, now_us);
    else if (e->left_out > 0)
        add_to_rest(g, e, now_us);
    e->left_out = 0;
    if (e->is_rest)
        return;
    map_remove(&g->by_key, e->hash, e);
    list_add_tail(&g->free, &e->window.node);
}

static void log_gate_window_due(struct deadline *d, void *owner)
{
    struct log_gate *g = owner;

    end_entry(g, CONTAINER_OF(d, struct log_gate_entry, window),
              g->windows.fired_us);
}

void log_gate_end(struct log_gate *g, uint64_t now_us)
{
    struct deadline *d;

    while ((d = deadline_pop(&g->windows, UINT64_MAX)) != NULL)
        end_entry(g, CONTAINER_OF(d, struct log_gate_entry, window), now_us);
}

/* ---- entries ------------------------------------------------------------ */

/* A full table ends its oldest minute; the rest's is none of the table. */
static struct log_gate_entry *take_entry(struct log_gate *g, uint64_t now_us)
{
    struct list *node;

    if (list_is_empty(&g->free) && g->used < LOG_GATE_ENTRIES)
        return &g->entries[g->used++];
    while (list_is_empty(&g->free))
        end_entry(g,
                  CONTAINER_OF(deadline_pop(&g->windows, UINT64_MAX),
                               struct log_gate_entry, window),
                  now_us);
    node = g->free.next;
    list_remove(node);
    return CONTAINER_OF(node, struct log_gate_entry, window.node);
}

/* message NULL: of the source. */
static struct log_gate_entry *entry_of(struct log_gate *g,
                                       const struct log_gate_line *line,
                                       const char *message, const char *source,
                                       uint64_t now_us)
{
    const char *about = message != NULL ? line->about : "";
    uint64_t hash =
        hash_of(g, line->kind,
                message != NULL ? message_of(message) : slice_of_text(""),
                source, about);
    struct log_gate_entry *e = map_find(&g->by_key, hash, is_any, NULL);

    if (e != NULL)
        return e;
    e = take_entry(g, now_us);
    *e = (struct log_gate_entry){
        .hash = hash,
        .message = message,
        .kind = (uint8_t)line->kind,
        .level = (uint8_t)line->level,
    };
    text_clean(e->source, sizeof e->source, slice_of_text(source));
    text_clean(e->about, sizeof e->about, slice_of_text(about));
    deadline_init(&e->window);
    map_add(&g->by_key, hash, e);
    deadline_start(&g->windows, &e->window, now_us);
    return e;
}

/* ---- the verdict -------------------------------------------------------- */

size_t log_noise_leaves(enum log_noise noise, size_t whole)
{
    switch (noise) {
    case LOG_QUIET:
        return 0;
    case LOG_LIVELY:
        return whole / 4;
    case LOG_NOISY:
        return whole / 2;
    }
    return 0;
}

static enum log_noise noise_of(uint32_t lines)
{
    if (lines < QUIET_LINES)
        return LOG_QUIET;
    return lines < NOISY_LINES ? LOG_LIVELY : LOG_NOISY;
}

/*
 * Counts a line of the source; returns how many it had before in this minute.
 *
 * Unlike other entries, a source's is kept from the last line on, so that
 * whoever fills the table with keys of his own does not become quiet by that.
 */
static uint32_t count_of_source(struct log_gate *g,
                                const struct log_gate_line *line,
                                const char *source, uint64_t now_us)
{
    struct log_gate_entry *e = entry_of(g, line, NULL, source, now_us);

    deadline_start(&g->windows, &e->window, now_us);
    if (e->since_us == 0 || now_us - e->since_us >= LOG_GATE_WINDOW_US) {
        e->since_us = now_us;
        e->lines = 0;
    }
    return e->lines++;
}

bool log_gate_passes(struct log_gate *g, const struct log_gate_line *line,
                     uint64_t now_us, enum log_noise *ret_noise)
{
    struct log_gate_line l = *line;
    char source[LOG_GATE_NAME_MAX + 1] = "";
    struct rate budget = kinds[l.kind].budget;
    struct log_gate_entry *e;

    if (l.about == NULL)
        l.about = "";
    if (l.peer != NULL && l.peer[0] != '\0')
        log_gate_read_source(source, l.peer);
    *ret_noise = noise_of(count_of_source(g, &l, source, now_us));
    budget.burst -= (uint32_t)log_noise_leaves(*ret_noise, budget.burst);
    e = entry_of(g, &l, l.message, source, now_us);
    if (e->lines < kinds[l.kind].lines &&
        rate_take(&g->budgets_ns[l.kind], &budget, now_us)) {
        e->lines++;
        return true;
    }
    if (e->left_out++ == 0)
        e->since_us = now_us;
    return false;
}

/* ---- life --------------------------------------------------------------- */

void log_gate_init(struct log_gate *g, const uint64_t seed[2],
                   log_gate_tell_fn *tell_one, void *owner)
{
    *g = (struct log_gate){ .tell = tell_one, .owner = owner };
    g->entries = xcalloc(LOG_GATE_ENTRIES, sizeof *g->entries);
    list_init(&g->free);
    map_init(&g->by_key, seed);
    deadline_queue_open(&g->windows, LOG_GATE_WINDOW_US, log_gate_window_due,
                        g);
    for (int kind = 0; kind < LOG_KINDS; kind++) {
        g->rest[kind].kind = (uint8_t)kind;
        g->rest[kind].is_rest = true;
        deadline_init(&g->rest[kind].window);
    }
}

void log_gate_done(struct log_gate *g)
{
    deadline_queue_close(&g->windows);
    map_done(&g->by_key);
    free(g->entries);
    *g = (struct log_gate){ 0 };
}

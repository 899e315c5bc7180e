#include "log/log_tally.h"

#include "base/mem.h"
#include "base/slice.h"
#include "base/text.h"
#include "log/log_format.h"
#include "log/log_gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void log_tally_init(struct log_tally *t, const uint64_t seed[2],
                    const char *const *messages, int64_t pause_ms)
{
    *t = (struct log_tally){
        .messages = messages,
        .pause_ms = pause_ms,
        .entries = xcalloc(LOG_TALLY_ENTRIES, sizeof *t->entries),
    };
    map_init(&t->hasher, seed);
}

void log_tally_done(struct log_tally *t)
{
    map_done(&t->hasher);
    free(t->entries);
    *t = (struct log_tally){ 0 };
}

const char *log_tally_message(const struct log_tally *t, const char *format)
{
    for (const char *const *m = t->messages; *m != NULL; m++) {
        size_t len = strlen(*m);

        if (strncmp(format, *m, len) == 0 &&
            (format[len] == ' ' || format[len] == '\0'))
            return *m;
    }
    return NULL;
}

/* ---- what a line says ------------------------------------------------------
 */

/* A value that was quoted has backslashes before quotes and backslashes. */
static void read_value(char *to, size_t size, const struct log_piece *p)
{
    char plain[LOG_LINE_MAX];
    const char *from = (const char *)p->value.data;
    size_t len = 0;

    if (to[0] != '\0')
        return; /* the first field of several counts */
    for (size_t i = 0; i < p->value.len && len < sizeof plain; i++) {
        if (p->is_quoted && from[i] == '\\' && i + 1 < p->value.len)
            i++;
        plain[len++] = from[i];
    }
    (void)text_clean(to, size, slice_of(plain, len));
}

static bool is_word(struct slice s, const char *word)
{
    return slice_is_equal(s, slice_of_text(word));
}

static void read_line(struct log_tally_entry *e, const char *text)
{
    const struct {
        const char *key;
        char *to;
        size_t size;
    } fields[] = {
        { "reason", e->reason, sizeof e->reason },
        { "needs", e->reason, sizeof e->reason },
        { "door", e->door, sizeof e->door },
        { "side", e->door, sizeof e->door },
        { "vm", e->vm, sizeof e->vm },
        { "uuid", e->uuid, sizeof e->uuid },
        { "console", e->console, sizeof e->console },
    };
    struct log_piece p;

    while (log_next_piece(&text, &p)) {
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            if (is_word(p.key, fields[i].key) &&
                (p.is_quoted || !is_word(p.value, "none")))
                read_value(fields[i].to, fields[i].size, &p);
        }
    }
}

/* Without its port: a host has another one each time. */
static void read_address(char *to, size_t size, const char *peer)
{
    bool is_ipv6 = peer[0] == '[';

    if (is_ipv6)
        peer++;
    (void)text_clean(to, size,
                     slice_of(peer, strcspn(peer, is_ipv6 ? "]" : ":")));
}

/* ---- entries --------------------------------------------------------------
 */

static void change_share(struct log_tally *t, uint64_t site, int by)
{
    for (size_t i = 0; i < t->used; i++) {
        if (t->entries[i].site == site)
            t->entries[i].share = (unsigned)((int)t->entries[i].share + by);
    }
}

static unsigned share_of(const struct log_tally *t, uint64_t site)
{
    for (size_t i = 0; i < t->used; i++) {
        if (t->entries[i].site == site)
            return t->entries[i].share;
    }
    return 0;
}

/* Whether a goes before b, when one has to. */
static bool goes_first(const struct log_tally_entry *a,
                       const struct log_tally_entry *b)
{
    return a->share != b->share ? a->share > b->share : a->last_ms < b->last_ms;
}

/* Of a site that has its share, the oldest; else an unused one; else the oldest
 * of a site that has most. */
static struct log_tally_entry *find_room(struct log_tally *t, uint64_t site)
{
    bool is_at_limit = share_of(t, site) >= LOG_TALLY_OF_SITE;
    struct log_tally_entry *best = NULL;

    if (!is_at_limit && t->used < LOG_TALLY_ENTRIES)
        return &t->entries[t->used++];
    for (size_t i = 0; i < t->used; i++) {
        struct log_tally_entry *e = &t->entries[i];

        if ((!is_at_limit || e->site == site) &&
            (best == NULL || goes_first(e, best)))
            best = e;
    }
    assert(best != NULL); /* the site has one, or the tally is full */
    t->dropped++;
    change_share(t, best->site, -1);
    return best;
}

static uint64_t hash_of(const struct log_tally *t,
                        const struct log_tally_entry *e, const char *about)
{
    const uint64_t words[] = {
        map_hash(&t->hasher, slice_of_text(e->message)),
        map_hash(&t->hasher, slice_of_text(e->reason)),
        e->site,
        map_hash(&t->hasher, slice_of_text(about)),
    };

    return map_hash(&t->hasher, slice_of(words, sizeof words));
}

static struct log_tally_entry *find(const struct log_tally *t, uint64_t hash)
{
    for (size_t i = 0; i < t->used; i++) {
        if (t->entries[i].hash == hash)
            return &t->entries[i];
    }
    return NULL;
}

static struct log_tally_entry *add(struct log_tally *t,
                                   const struct log_tally_entry *fresh)
{
    struct log_tally_entry *e = find_room(t, fresh->site);
    unsigned share = share_of(t, fresh->site);

    *e = *fresh;
    e->share = share;
    change_share(t, e->site, 1);
    return e;
}

static bool is_over(const struct log_tally *t, const struct log_tally_entry *e,
                    int64_t now_ms)
{
    return t->pause_ms > 0 && now_ms - e->last_ms > t->pause_ms;
}

void log_tally_add(struct log_tally *t, const char *message, const char *peer,
                   const char *about, const char *text, int64_t now_ms)
{
    struct log_tally_entry fresh = {
        .message = message,
        .count = 1,
        .first_ms = now_ms,
    };
    char site[LOG_GATE_NAME_MAX + 1];
    struct log_tally_entry *e;

    peer = peer != NULL ? peer : "";
    read_line(&fresh, text);
    log_gate_read_source(site, peer);
    fresh.site = map_hash(&t->hasher, slice_of_text(site));
    fresh.hash = hash_of(t, &fresh, about != NULL ? about : "");
    e = find(t, fresh.hash);
    if (e == NULL) {
        e = add(t, &fresh);
    } else if (is_over(t, e, now_ms)) {
        e->count = 1;
        e->first_ms = now_ms;
    } else {
        e->count++;
    }
    e->last_ms = now_ms;
    read_address(e->address, sizeof e->address, peer);
}

/* ---- reading --------------------------------------------------------------
 */

/* The order of the answer: by the last line, and by place among equals. */
static bool is_later(const struct log_tally_entry *a,
                     const struct log_tally_entry *b)
{
    return a->last_ms != b->last_ms ? a->last_ms > b->last_ms : a < b;
}

const struct log_tally_entry *log_tally_next(
    const struct log_tally *t, const struct log_tally_entry *before)
{
    const struct log_tally_entry *best = NULL;

    for (size_t i = 0; i < t->used; i++) {
        const struct log_tally_entry *e = &t->entries[i];

        if ((before == NULL || is_later(before, e)) &&
            (best == NULL || is_later(e, best)))
            best = e;
    }
    return best;
}

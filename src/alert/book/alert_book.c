/*
 * The alerts are an array in the order of their ids, which is the order of
 * time: lists walk it backwards, and ids are found by halving. A map leads from
 * a rule and a console to their newest alert, so a find that counts there costs
 * the same however many alerts there are.
 */
#include "alert/book/alert_book.h"

#include "base/mem.h"
#include "core/console.h"

#include <stdlib.h>
#include <string.h>

/* ---- the newest of a rule and a console --------------------------------- */

struct key {
    const char *rule, *uuid, *label;
};

static struct key key_of(const struct alert_item *item)
{
    return (struct key){ item->rule, item->uuid, item->label };
}

static bool alert_book_is_of(const void *value, const void *key)
{
    const struct alert_item *item = value;
    const struct key *k = key;

    return strcmp(item->rule, k->rule) == 0 &&
           strcmp(item->uuid, k->uuid) == 0 &&
           strcmp(item->label, k->label) == 0;
}

/* A VM's serial ports are few, and so are the rules that find something on
 * one: they may share a hash. */
static uint64_t hash_of(const struct alert_book *b, const struct key *key)
{
    return map_hash(&b->newest, slice_of_text(key->uuid));
}

static struct alert_item *newest_of(const struct alert_book *b,
                                    const struct key *key)
{
    return map_find(&b->newest, hash_of(b, key), alert_book_is_of, key);
}

static void set_newest(struct alert_book *b, struct alert_item *item)
{
    const struct key key = key_of(item);
    struct alert_item *former = newest_of(b, &key);
    uint64_t hash = hash_of(b, &key);

    if (former != NULL && former->id > item->id)
        return;
    if (former != NULL)
        map_remove(&b->newest, hash, former);
    map_add(&b->newest, hash, item);
}

static void unset_newest(struct alert_book *b, const struct alert_item *item)
{
    const struct key key = key_of(item);

    if (newest_of(b, &key) == item)
        map_remove(&b->newest, hash_of(b, &key), item);
}

/* ---- places in the array ------------------------------------------------ */

/* The place of the first alert whose id is not below id. */
static size_t place_of(const struct alert_book *b, uint64_t id)
{
    size_t low = 0, high = b->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (b->item[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_open(const struct alert_item *item)
{
    return item->acknowledged_ms == 0;
}

static void insert(struct alert_book *b, struct alert_item *item)
{
    size_t at = place_of(b, item->id);

    memmove(&b->item[at + 1], &b->item[at],
            (b->count - at) * sizeof(struct alert_item *));
    b->item[at] = item;
    b->count++;
    b->bytes += item->size;
    b->open_count += is_open(item);
    set_newest(b, item);
}

static void remove_at(struct alert_book *b, size_t at)
{
    struct alert_item *item = b->item[at];

    unset_newest(b, item);
    b->count--;
    b->bytes -= item->size;
    b->open_count -= is_open(item);
    memmove(&b->item[at], &b->item[at + 1],
            (b->count - at) * sizeof(struct alert_item *));
    alert_item_free(item);
}

static void make_room(struct alert_book *b, size_t size)
{
    while (b->count > 0 &&
           (b->count == ALERT_BOOK_MAX || b->bytes + size > ALERT_BOOK_BYTES)) {
        size_t at = 0;

        while (at < b->count && is_open(b->item[at]))
            at++;
        if (at == b->count)
            at = 0;
        b->keeper.drop(b->keeper.owner, b->item[at]->id);
        remove_at(b, at);
    }
}

static void keep(struct alert_book *b, struct alert_item *item, int64_t now_ms)
{
    item->kept_ms = now_ms;
    b->keeper.keep(b->keeper.owner, item);
}

/* ---- the book ----------------------------------------------------------- */

void alert_book_init(struct alert_book *b, const uint64_t seed[2],
                     const struct alert_book_keeper *keeper)
{
    *b = (struct alert_book){ .keeper = *keeper };
    map_init(&b->newest, seed);
}

void alert_book_done(struct alert_book *b)
{
    for (size_t i = 0; i < b->count; i++)
        alert_item_free(b->item[i]);
    for (size_t i = 0; i < b->mutes.count; i++)
        alert_mute_free(b->mutes.item[i]);
    for (size_t i = 0; i < b->total_count; i++)
        free(b->total[i].rule);
    free(b->total);
    map_done(&b->newest);
    *b = (struct alert_book){ 0 };
}

void alert_book_set_repeat(struct alert_book *b, uint64_t repeat_s)
{
    b->repeat_ms = repeat_s * 1000;
}

static void note_id(struct alert_book *b, uint64_t id)
{
    if (id > b->last_id)
        b->last_id = id;
}

void alert_book_load(struct alert_book *b, struct alert_item *item)
{
    note_id(b, item->id);
    if (alert_book_find(b, item->id) != NULL) {
        alert_item_free(item);
        return;
    }
    make_room(b, item->size);
    insert(b, item);
}

void alert_book_keep_all(struct alert_book *b)
{
    for (size_t i = 0; i < b->count; i++)
        b->keeper.keep(b->keeper.owner, b->item[i]);
    for (size_t i = 0; i < b->mutes.count; i++)
        b->keeper.keep_mute(b->keeper.owner, b->mutes.item[i]);
}

/* ---- alerts ------------------------------------------------------------- */

/* A clock that was set back ends the time: an alert too many is better than
 * none for a year. */
static bool is_repeated(const struct alert_book *b,
                        const struct alert_item *former, int64_t now_ms)
{
    int64_t since_ms = former != NULL ? now_ms - former->time_ms : -1;

    return since_ms >= 0 && (uint64_t)since_ms < b->repeat_ms;
}

static void count_with(struct alert_book *b, struct alert_item *former,
                       const struct alert_found *found)
{
    former->count += 1 + (uint64_t)found->others;
    former->last_ms = found->time_ms;
    b->repeated += 1 + (uint64_t)found->others;
    if (found->time_ms - former->kept_ms >= ALERT_BOOK_KEEP_MS ||
        found->time_ms < former->kept_ms)
        keep(b, former, found->time_ms);
}

/* Rules are few, and a new alert is rare. */
static void count_told(struct alert_book *b, const struct alert_item *item)
{
    struct alert_total *total = b->total;
    size_t at = 0;

    b->told++;
    while (at < b->total_count && strcmp(total[at].rule, item->rule) != 0)
        at++;
    if (at == ALERT_RULES_MAX)
        return;
    if (at == b->total_count) {
        b->total = mem_grow(b->total, b->total_count, sizeof *b->total);
        b->total[b->total_count++] =
            (struct alert_total){ .rule = xstrdup(item->rule) };
    }
    b->total[at].severity = item->severity;
    b->total[at].told++;
}

const struct alert_item *alert_book_add(struct alert_book *b,
                                        const struct alert_found *found)
{
    const struct console *c = found->console;
    const struct access_console console = console_view(c);
    const struct key key = { found->rule, c->uuid, c->label };
    struct alert_item *item;
    struct alert_mute *mute =
        alert_mutes_find(&b->mutes, found->rule, &console, found->time_ms);

    if (mute != NULL) {
        mute->count += 1 + (uint64_t)found->others;
        b->muted += 1 + (uint64_t)found->others;
        return NULL;
    }
    item = newest_of(b, &key);
    if (is_repeated(b, item, found->time_ms)) {
        count_with(b, item, found);
        return NULL;
    }
    item = alert_item_new(found);
    item->id = ++b->last_id;
    make_room(b, item->size);
    insert(b, item);
    count_told(b, item);
    keep(b, item, found->time_ms);
    return item;
}

const struct alert_item *alert_book_find(const struct alert_book *b,
                                         uint64_t id)
{
    size_t at = place_of(b, id);

    return at < b->count && b->item[at]->id == id ? b->item[at] : NULL;
}

const struct alert_item *alert_book_before(const struct alert_book *b,
                                           uint64_t before)
{
    size_t at = place_of(b, before);

    return at > 0 ? b->item[at - 1] : NULL;
}

void alert_book_acknowledge(struct alert_book *b, uint64_t id, const char *by,
                            const char *comment, int64_t now_ms)
{
    struct alert_item *item = b->item[place_of(b, id)];

    b->open_count -= is_open(item);
    alert_item_acknowledge(item, by, comment, now_ms);
    keep(b, item, now_ms);
}

/* ---- mutes -------------------------------------------------------------- */

static struct alert_mute *take_mute(struct alert_book *b, size_t at)
{
    struct alert_mutes *m = &b->mutes;
    struct alert_mute *mute = m->item[at];

    m->count--;
    memmove(&m->item[at], &m->item[at + 1],
            (m->count - at) * sizeof(struct alert_mute *));
    b->keeper.drop_mute(b->keeper.owner, mute->id);
    return mute;
}

void alert_book_expire(struct alert_book *b, int64_t now_ms)
{
    for (size_t i = b->mutes.count; i-- > 0;) {
        if (alert_mute_is_over(b->mutes.item[i], now_ms))
            alert_mute_free(take_mute(b, i));
    }
}

static bool has_mute(const struct alert_book *b, uint64_t id)
{
    for (size_t i = 0; i < b->mutes.count; i++) {
        if (b->mutes.item[i]->id == id)
            return true;
    }
    return false;
}

void alert_book_load_mute(struct alert_book *b, struct alert_mute *mute)
{
    struct alert_mutes *m = &b->mutes;
    size_t at = m->count;

    note_id(b, mute->id);
    if (m->count == ALERT_MUTES_MAX || has_mute(b, mute->id)) {
        alert_mute_free(mute);
        return;
    }
    while (at > 0 && m->item[at - 1]->id > mute->id)
        at--;
    memmove(&m->item[at + 1], &m->item[at],
            (m->count - at) * sizeof(struct alert_mute *));
    m->item[at] = mute;
    m->count++;
}

const struct alert_mute *alert_book_mute(struct alert_book *b,
                                         const struct alert_mute *mute,
                                         int64_t now_ms)
{
    struct alert_mutes *m = &b->mutes;
    struct alert_mute *made;

    alert_book_expire(b, now_ms);
    if (m->count == ALERT_MUTES_MAX)
        return NULL;
    made = alert_mute_new(mute);
    made->id = ++b->last_id;
    made->made_ms = now_ms;
    m->item[m->count++] = made;
    b->keeper.keep_mute(b->keeper.owner, made);
    return made;
}

struct alert_mute *alert_book_unmute(struct alert_book *b, uint64_t id,
                                     int64_t now_ms)
{
    alert_book_expire(b, now_ms);
    for (size_t i = 0; i < b->mutes.count; i++) {
        if (b->mutes.item[i]->id == id)
            return take_mute(b, i);
    }
    return NULL;
}

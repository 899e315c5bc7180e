#include "store/pending.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct key {
    const char *uuid;
    const char *label;
};

void pending_init(struct pending *p, const uint64_t seed[2], size_t max)
{
    *p = (struct pending){ .max = max };
    list_init(&p->changes);
    map_init(&p->by_console, seed);
    pending_notes_init(&p->notes, seed);
}

static struct pending_change *change_at(struct list *node)
{
    return CONTAINER_OF(node, struct pending_change, node);
}

void pending_done(struct pending *p)
{
    LIST_EACH (node, after, &p->changes)
        free(change_at(node));
    list_init(&p->changes);
    map_done(&p->by_console);
    p->count = 0;
    pending_notes_done(&p->notes);
}

/* The serial ports of a VM are few, so they may share a hash. */
static uint64_t hash_of(const struct pending *p, const char *uuid)
{
    return map_hash(&p->by_console, slice_of_text(uuid));
}

static bool pending_is_of_console(const void *value, const void *key)
{
    const struct pending_change *change = value;
    const struct key *k = key;

    return strcmp(change->record.uuid, k->uuid) == 0 &&
           strcmp(change->record.label, k->label) == 0;
}

static struct pending_change *find(const struct pending *p, const char *uuid,
                                   const char *label)
{
    struct key key = { uuid, label };

    return map_find(&p->by_console, hash_of(p, uuid), pending_is_of_console,
                    &key);
}

/* Returns the copy, and moves *at behind it. */
static const char *copy_text(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);

    *at += size;
    return copy;
}

static struct pending_change *change_new(const struct store_record *r)
{
    size_t size = strlen(r->uuid) + strlen(r->label) + strlen(r->name) +
                  strlen(r->address) + 4;
    struct pending_change *change = xmalloc(sizeof *change + size);
    char *at = change->text;

    *change = (struct pending_change){ .record = *r };
    change->record.uuid = copy_text(&at, r->uuid);
    change->record.label = copy_text(&at, r->label);
    change->record.name = copy_text(&at, r->name);
    change->record.address = copy_text(&at, r->address);
    return change;
}

static void remove_change(struct pending *p, struct pending_change *change)
{
    map_remove(&p->by_console, hash_of(p, change->record.uuid), change);
    list_remove(&change->node);
    p->count--;
    free(change);
}

/* Replaces old, which is freed; NULL: appends. New consoles keep their order,
 * which is that of a VM's serial ports. */
static void add_change(struct pending *p, struct pending_change *change,
                       struct pending_change *old)
{
    list_add_tail(old != NULL ? &old->node : &p->changes, &change->node);
    if (old != NULL)
        remove_change(p, old);
    map_add(&p->by_console, hash_of(p, change->record.uuid), change);
    p->count++;
}

/* Fills what newer does not know from older. */
static void inherit(struct store_record *newer,
                    const struct store_record *older)
{
    if (newer->port == 0)
        newer->port = older->port;
    if (newer->address[0] == '\0')
        newer->address = older->address;
    if (newer->last_seen_s == 0)
        newer->last_seen_s = older->last_seen_s;
    if (older->first_seen_s != 0)
        newer->first_seen_s = older->first_seen_s;
}

void pending_put(struct pending *p, const struct store_record *record)
{
    struct pending_change *old = find(p, record->uuid, record->label);
    struct store_record merged = *record;
    struct pending_change *change;

    if (old == NULL && p->count >= p->max) {
        p->dropped++;
        return;
    }
    if (old != NULL && old->puts)
        inherit(&merged, &old->record);
    change = change_new(&merged);
    change->puts = true;
    change->forgets = old != NULL && old->forgets;
    add_change(p, change, old);
}

void pending_forget(struct pending *p, const char *uuid, const char *label)
{
    struct pending_change *old = find(p, uuid, label);
    struct store_record record = {
        .uuid = uuid,
        .label = label,
        .name = "",
        .address = "",
    };
    struct pending_change *change;

    if (old == NULL && p->count >= p->max) {
        p->dropped++;
        return;
    }
    change = change_new(&record);
    change->forgets = true;
    add_change(p, change, old);
}

/* All but the notes. */
static void move_to(struct pending *from, struct pending *to)
{
    list_init(&to->changes);
    list_move_all(&from->changes, &to->changes);
    to->by_console = from->by_console;
    to->count = from->count;
    to->max = from->max;
    to->dropped = from->dropped;
}

void pending_take(struct pending *p, struct pending *to)
{
    move_to(p, to);
    map_init(&p->by_console, to->by_console.seed);
    p->count = 0;
    pending_notes_take(&p->notes, &to->notes);
}

/* The older changes come first, and the newer ones are applied on top of
 * them. */
void pending_return(struct pending *p, struct pending *older)
{
    struct pending newer;

    pending_notes_return(&p->notes, &older->notes);
    pending_take(p, &newer);
    pending_notes_take(&newer.notes, &p->notes);
    older->dropped = p->dropped;
    move_to(older, p);
    LIST_EACH (node, after, &newer.changes) {
        const struct pending_change *change = change_at(node);

        if (change->forgets)
            pending_forget(p, change->record.uuid, change->record.label);
        if (change->puts)
            pending_put(p, &change->record);
    }
    pending_done(&newer);
}

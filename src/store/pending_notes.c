#include "store/pending_notes.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void pending_notes_init(struct pending_notes *p, const uint64_t seed[2])
{
    *p = (struct pending_notes){ .count = 0 };
    list_init(&p->changes);
    map_init(&p->by_id, seed);
}

static struct pending_note *note_at(struct list *node)
{
    return CONTAINER_OF(node, struct pending_note, node);
}

void pending_notes_done(struct pending_notes *p)
{
    LIST_EACH (node, after, &p->changes)
        free(note_at(node));
    list_init(&p->changes);
    map_done(&p->by_id);
    p->count = 0;
}

static uint64_t hash_of(const struct pending_notes *p,
                        const struct store_note *note)
{
    return map_hash(&p->by_id, slice_of(&note->id, sizeof note->id));
}

static bool pending_notes_is_same(const void *value, const void *key)
{
    const struct pending_note *change = value;
    const struct store_note *note = key;

    return change->note.kind == note->kind && change->note.id == note->id;
}

static struct pending_note *find(const struct pending_notes *p,
                                 const struct store_note *note)
{
    return map_find(&p->by_id, hash_of(p, note), pending_notes_is_same, note);
}

static void add(struct pending_notes *p, struct pending_note *change)
{
    list_add_tail(&p->changes, &change->node);
    map_add(&p->by_id, hash_of(p, &change->note), change);
    p->count++;
}

static void remove_change(struct pending_notes *p, struct pending_note *change)
{
    map_remove(&p->by_id, hash_of(p, &change->note), change);
    list_remove(&change->node);
    p->count--;
    free(change);
}

void pending_notes_put(struct pending_notes *p, const struct store_note *note)
{
    size_t size = note->text != NULL ? strlen(note->text) + 1 : 0;
    struct pending_note *old = find(p, note);
    struct pending_note *change;

    if (old == NULL && p->count >= PENDING_NOTES_MAX) {
        p->dropped++;
        return;
    }
    if (old != NULL)
        remove_change(p, old);
    change = xmalloc(sizeof *change + size);
    list_init(&change->node);
    change->note = *note;
    if (size > 0)
        change->note.text = memcpy(change->text, note->text, size);
    add(p, change);
}

void pending_notes_take(struct pending_notes *p, struct pending_notes *to)
{
    pending_notes_init(to, p->by_id.seed);
    to->dropped = p->dropped;
    while (!list_is_empty(&p->changes)) {
        struct pending_note *change = note_at(p->changes.next);

        list_remove(&change->node);
        add(to, change);
    }
    map_done(&p->by_id);
    map_init(&p->by_id, to->by_id.seed);
    p->count = 0;
}

/* What came since counts. */
void pending_notes_return(struct pending_notes *p, struct pending_notes *older)
{
    LIST_EACH (node, after, &older->changes) {
        struct pending_note *change = note_at(node);

        list_remove(&change->node);
        if (find(p, &change->note) == NULL)
            add(p, change);
        else
            free(change);
    }
    map_done(&older->by_id);
    older->count = 0;
}

/*
 * pending_notes.h - notes that are not on the disk yet: at most one for each
 * kind and id, the last one.
 *
 * A note is a text that another part keeps by a number (alerts and mutes:
 * alert/book/alert_book.h); what it says is that part's business. Has no lock
 * and does no I/O: store.c has both. Owns copies of all text.
 */
#ifndef STORE_PENDING_NOTES_H
#define STORE_PENDING_NOTES_H

#include "base/list.h"
#include "base/map.h"

/* Numbers in the file: they never change. */
enum store_note_kind { STORE_NOTE_ALERT = 1, STORE_NOTE_MUTE = 2 };

struct store_note {
    enum store_note_kind kind;
    uint64_t id;      /* below 2^63 */
    const char *text; /* NULL: it is forgotten */
};

struct pending_note {
    struct list node;
    struct store_note note;
    char text[];
};

struct pending_notes {
    struct list changes; /* struct pending_note.node */
    struct map by_id;
    size_t count;
    uint64_t dropped; /* for which there was no room */
};

/* Far more than there are alerts and mutes. */
enum { PENDING_NOTES_MAX = 16 * 1024 };

void pending_notes_init(struct pending_notes *p, const uint64_t seed[2]);
void pending_notes_done(struct pending_notes *p);

void pending_notes_put(struct pending_notes *p, const struct store_note *note);

/* As in pending.h. */
void pending_notes_take(struct pending_notes *p, struct pending_notes *to);
void pending_notes_return(struct pending_notes *p, struct pending_notes *older);

#endif

/*
 * inventory_draft.h - one VM of an inventory while it is read.
 *
 * A reader begins a draft, adds the bytes of its fields as they come, and gives
 * it to inventory_build. Whatever the bytes are, a draft has its fixed size,
 * and notes what is wrong with it. Pure.
 */
#ifndef INVENTORY_INVENTORY_DRAFT_H
#define INVENTORY_INVENTORY_DRAFT_H

#include "base/slice.h"
#include "base/text.h"
#include "inventory/inventory.h"

enum inventory_field {
    INVENTORY_UUID,
    INVENTORY_NAME,
    INVENTORY_FOLDER,
    INVENTORY_HOST,
    INVENTORY_OWNER,
    INVENTORY_TAGS, /* a text has several, with , or ; between them */
    INVENTORY_FIELDS,
};

/* Bytes of a field that a reader keeps: more than all tags of a VM have. */
enum { INVENTORY_FIELD_MAX = 4096 };

struct inventory_draft {
    unsigned line;     /* where it begins */
    const char *wrong; /* static text: why it is left out; NULL: nothing yet */
    char uuid[TEXT_ID_MAX + 1];
    char text[INVENTORY_TAGS][INVENTORY_TEXT_MAX + 1]; /* but uuid and tags */
    char tags[INVENTORY_TAGS_MAX * (INVENTORY_TAG_MAX + 1) + 1];
    size_t tags_len; /* each with its NUL; one more is behind them */
    unsigned tag_count;
};

void inventory_draft_begin(struct inventory_draft *d, unsigned line);

/* The field has this text, which is the whole of it, or of one of several
 * tags. is_cut: it was longer. */
void inventory_draft_set(struct inventory_draft *d, enum inventory_field field,
                         struct slice text, bool is_cut);

/* The VM is left out. why: static text. */
void inventory_draft_refuse(struct inventory_draft *d, const char *why);

/* INVENTORY_FIELDS: none has this name. */
enum inventory_field inventory_field_of(struct slice name);

#endif

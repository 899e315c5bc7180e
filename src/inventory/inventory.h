/*
 * inventory.h - what the site's inventory has about VMs: a table, by UUID.
 *
 * A table is made once (inventory_build.h), and does not change from then on:
 * any thread may read it. Whoever made it frees it. Pure.
 *
 * A VM is looked up when it is asked about, so that a console has no bytes for
 * it. A look-up is a binary search over 16 bytes a VM; there is no hash whose
 * collisions somebody could choose.
 */
#ifndef INVENTORY_INVENTORY_H
#define INVENTORY_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    INVENTORY_VMS_MAX = 200 * 1000,
    INVENTORY_TEXT_MAX = 255, /* bytes of a folder, host, owner or name */
    INVENTORY_TAG_MAX = 63,   /* bytes of a tag */
    INVENTORY_TAGS_MAX = 32,  /* of a VM */
    INVENTORY_UUID_LEN = 16,
};

struct inventory;

/* What is known of a VM. The texts are good as long as the table is; "": that
 * is not known. NULL: there is no table, or the VM is not in it. */
struct inventory_vm {
    const char *name; /* only shown: rules go by the name that the VM sends */
    const char *folder;
    const char *host;
    const char *owner;
    const char *tags; /* each with its NUL, then "": inventory_next_tag */
    bool is_unknown; /* there is no inventory, nothing was read yet, or its line
                      * is wrong: the VM may be in any folder */
};

/* table NULL: there is no inventory. uuid: in the form of text_uuid. */
struct inventory_vm inventory_find(const struct inventory *table,
                                   const char *uuid);

/* The stand-in for an inventory that could not be read yet. Not to be freed. */
const struct inventory *inventory_unknown(void);

bool inventory_is_unknown(const struct inventory *table);

/* The tag behind this one, first NULL; NULL: there are no more. */
const char *inventory_next_tag(const struct inventory_vm *vm, const char *tag);

static inline bool inventory_vm_is_known(const struct inventory_vm *vm)
{
    return vm->name != NULL;
}

/* VMs of which something is known. */
size_t inventory_count(const struct inventory *table);

/* Bytes of memory. */
size_t inventory_size(const struct inventory *table);

/* How many VMs are in one table alone, or have something else in the other. */
size_t inventory_differences(const struct inventory *a,
                             const struct inventory *b);

/* Takes NULL. */
void inventory_free(struct inventory *table);

#endif

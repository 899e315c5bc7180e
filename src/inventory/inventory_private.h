/*
 * inventory_private.h - what a table is made of. Private to inventory*.c.
 */
#ifndef INVENTORY_INVENTORY_PRIVATE_H
#define INVENTORY_INVENTORY_PRIVATE_H

#include "inventory/inventory.h"

/* Texts are offsets in the table's block, which begins with "": 0 is "". Equal
 * texts but names are there once. */
struct inventory_row {
    uint8_t uuid[INVENTORY_UUID_LEN];
    uint32_t name; /* INVENTORY_LEFT_OUT: nothing of it is used */
    uint32_t folder, host, owner, tags;
};

/* No offset: a block is shorter. */
#define INVENTORY_LEFT_OUT UINT32_MAX

struct inventory {
    struct inventory_row *row; /* in the order of uuid, each once */
    size_t count;
    size_t left_out; /* of them: all is wrong but the UUID */
    char *texts;
    size_t texts_len;
    bool is_unknown;
};

/* False: the text is not in the form of text_uuid. */
bool inventory_uuid(const char *text, uint8_t ret[INVENTORY_UUID_LEN]);

#endif

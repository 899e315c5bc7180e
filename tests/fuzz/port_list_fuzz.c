/*
 * Whatever stands in a list of vSPC.py's: a line is taken or refused, and one
 * that was taken can be written in our words, and read again as the same.
 */
#include "store/port_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_again(const struct port_list_entry *entry)
{
    struct port_list_entry again;
    char line[4 * TEXT_ID_MAX];
    bool has_label = entry->label[0] != '\0';

    /* Of another kind than VMware's nothing says where it begins. */
    if (strlen(entry->uuid) != TEXT_UUID_LEN)
        return;
    snprintf(line, sizeof line, "%s%s%s:%s%s%s:%u", entry->name,
             has_label ? "_" : "", entry->label, entry->uuid,
             has_label ? "_" : "", entry->label, entry->port);
    /* A comment, now that what stood before is cleaned away. */
    if (entry->name[strspn(entry->name, " ")] == '#')
        return;
    require(port_list_parse(slice_of_text(line), &again, NULL) == 0);
    require(again.port == entry->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct port_list_entry entry;
    struct err err = { "" };
    int r = port_list_parse(slice_of(data, size), &entry, &err);

    if (r == 0) {
        require(entry.uuid[0] != '\0' && entry.name[0] != '\0');
        require(entry.port != 0);
        check_again(&entry);
    } else {
        require(r == PORT_LIST_EMPTY || err.text[0] != '\0');
    }
    return 0;
}

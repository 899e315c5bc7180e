/*
 * Only the name is cleaned and cut: nothing is decided by it, and anybody who
 * may rename a VM chooses it. Another text that is too long, or that has
 * characters that nobody sees, leaves the VM out: what remains of it could be
 * another folder's name.
 */
#include "inventory/inventory_draft.h"

#include <string.h>

void inventory_draft_begin(struct inventory_draft *d, unsigned line)
{
    d->line = line;
    d->wrong = NULL;
    d->uuid[0] = '\0';
    for (int i = 0; i < INVENTORY_TAGS; i++)
        d->text[i][0] = '\0';
    d->tags[0] = '\0';
    d->tags_len = 0;
    d->tag_count = 0;
}

void inventory_draft_refuse(struct inventory_draft *d, const char *why)
{
    if (d->wrong == NULL)
        d->wrong = why;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct slice trim(struct slice text)
{
    while (text.len > 0 && is_blank(text.data[0]))
        text = slice_after(text, 1);
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* The text fits into to. */
static void set_text(struct inventory_draft *d, char *to, struct slice text)
{
    if (text.len > 0)
        memcpy(to, text.data, text.len);
    to[text.len] = '\0';
    if (memchr(to, '\0', text.len) != NULL || !text_is_visible(to))
        inventory_draft_refuse(
            d, "has characters that nobody sees, or is no UTF-8");
}

static void add_tag(struct inventory_draft *d, struct slice tag)
{
    tag = trim(tag);
    if (tag.len == 0)
        return;
    if (tag.len > INVENTORY_TAG_MAX || d->tag_count == INVENTORY_TAGS_MAX) {
        inventory_draft_refuse(d, tag.len > INVENTORY_TAG_MAX
                                      ? "has a tag of more than 63 bytes"
                                      : "has more than 32 tags");
        return;
    }
    set_text(d, d->tags + d->tags_len, tag);
    d->tags_len += tag.len + 1;
    d->tags[d->tags_len] = '\0';
    d->tag_count++;
}

static void add_tags(struct inventory_draft *d, struct slice text)
{
    size_t from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != ',' && text.data[i] != ';')
            continue;
        add_tag(d, slice_of(text.data + from, i - from));
        from = i + 1;
    }
}

void inventory_draft_set(struct inventory_draft *d, enum inventory_field field,
                         struct slice text, bool is_cut)
{
    if (field == INVENTORY_NAME) {
        (void)text_clean(d->text[field], sizeof d->text[field], text);
        return;
    }
    text = trim(text);
    if (is_cut || (field != INVENTORY_TAGS && text.len > INVENTORY_TEXT_MAX)) {
        inventory_draft_refuse(d, "has a text that is too long");
    } else if (field == INVENTORY_TAGS) {
        if (text.len > 0)
            add_tags(d, text);
    } else if (field == INVENTORY_UUID) {
        if (!text_uuid(d->uuid, text))
            d->uuid[0] = '\0';
    } else {
        set_text(d, d->text[field], text);
    }
}

enum inventory_field inventory_field_of(struct slice name)
{
    static const char *const names[INVENTORY_FIELDS] = {
        [INVENTORY_UUID] = "uuid",     [INVENTORY_NAME] = "name",
        [INVENTORY_FOLDER] = "folder", [INVENTORY_HOST] = "host",
        [INVENTORY_OWNER] = "owner",   [INVENTORY_TAGS] = "tags",
    };

    name = trim(name);
    for (int i = 0; i < INVENTORY_FIELDS; i++) {
        if (slice_is_equal(name, slice_of_text(names[i])))
            return (enum inventory_field)i;
    }
    return INVENTORY_FIELDS;
}

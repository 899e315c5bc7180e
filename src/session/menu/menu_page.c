/*
 * The rows of a page are in an order of their own (order[]), because a
 * reference to a console cannot be moved in memory. A console that is better
 * than the worst one of a full page takes over its row.
 *
 * During a walk over several turns a console may go, or get another name. One
 * that goes is taken out when the next one is added. Another name can put a
 * console into a wrong place among the rows that were found so far, so the rows
 * are sorted once more at the end; at worst the page lacks one console until it
 * is made anew, which is soon, because the directory counts its changes.
 */
#include "session/menu/menu_page.h"

#include "core/directory.h"
#include "inventory/inventory.h"

#include <stdio.h>
#include <string.h>

const char *menu_sort_name(enum menu_sort sort)
{
    static const char *const names[MENU_SORT_COUNT] = {
        [MENU_SORT_NAME] = "name",
        [MENU_SORT_OUTPUT] = "last output",
        [MENU_SORT_STATE] = "state",
    };

    return (unsigned)sort < MENU_SORT_COUNT ? names[sort] : "?";
}

/* ---- the order ---------------------------------------------------------- */

static uint64_t rank_of(const struct console *c, enum menu_sort sort)
{
    if (sort == MENU_SORT_OUTPUT)
        return UINT32_MAX - c->last_output_s;
    if (sort == MENU_SORT_STATE)
        return c->move != NULL ? 1 : c->link != NULL ? 0 : 2;
    return 0;
}

void menu_place_of(struct menu_place *place, const struct console *c,
                   enum menu_sort sort)
{
    place->rank = rank_of(c, sort);
    snprintf(place->name, sizeof place->name, "%s", c->name);
    snprintf(place->uuid, sizeof place->uuid, "%s", c->uuid);
    snprintf(place->label, sizeof place->label, "%s", c->label);
}

/* What is compared of a console, or of a place: the texts are borrowed. */
struct key {
    uint64_t rank;
    const char *name, *uuid, *label;
};

static struct key key_of_place(const struct menu_place *p)
{
    return (struct key){ p->rank, p->name, p->uuid, p->label };
}

static struct key key_of_console(const struct console *c, uint64_t rank)
{
    return (struct key){ rank, c->name, c->uuid, c->label };
}

/* A total order: no two consoles have one UUID and one label. */
static int compare(const struct key *a, const struct key *b)
{
    int order;

    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    order = text_compare(a->name, b->name);
    if (order == 0)
        order = strcmp(a->name, b->name);
    if (order == 0)
        order = text_compare(a->label, b->label);
    if (order == 0)
        order = strcmp(a->uuid, b->uuid);
    return order != 0 ? order : strcmp(a->label, b->label);
}

/* ---- a page ------------------------------------------------------------- */

static void menu_page_on_gone(struct console_ref *ref)
{
    (void)ref; /* it is NULL from now on, which is looked for */
}

void menu_page_init(struct menu_page *page)
{
    *page = (struct menu_page){ 0 };
    for (size_t i = 0; i < MENU_ROWS_MAX; i++)
        console_ref_init(&page->row[i].console, menu_page_on_gone);
}

void menu_page_done(struct menu_page *page)
{
    for (uint32_t i = 0; i < page->count; i++)
        console_ref_set(&page->row[page->order[i]].console, NULL);
    page->count = 0;
}

void menu_page_begin(struct menu_page *page, const struct menu_wish *wish)
{
    menu_page_done(page);
    page->wish = *wish;
    page->before = page->total = page->beside = 0;
}

static struct key key_of_row(const struct menu_page *page, uint32_t i)
{
    const struct menu_row *row = &page->row[page->order[i]];

    return key_of_console(row->console.console, row->rank);
}

/* The rows that are nearest to the place are kept: the smallest, or the
 * largest. */
static bool keeps_largest(const struct menu_page *page)
{
    return page->wish.from == MENU_FROM_LAST ||
           page->wish.from == MENU_FROM_BEFORE;
}

static bool is_beside(const struct menu_page *page, const struct key *key)
{
    struct key place = key_of_place(&page->wish.place);
    int order;

    if (page->wish.from == MENU_FROM_FIRST || page->wish.from == MENU_FROM_LAST)
        return false;
    order = compare(key, &place);
    if (page->wish.from == MENU_FROM_PLACE)
        return order < 0;
    return page->wish.from == MENU_FROM_BEHIND ? order <= 0 : order >= 0;
}

static void remove_row(struct menu_page *page, uint32_t i)
{
    page->count--;
    memmove(page->order + i, page->order + i + 1, page->count - i);
}

static void insert_row(struct menu_page *page, uint8_t row)
{
    const struct menu_row *added = &page->row[row];
    struct key key = key_of_console(added->console.console, added->rank);
    uint32_t low = 0, high = page->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        struct key other = key_of_row(page, middle);

        if (compare(&key, &other) < 0)
            high = middle;
        else
            low = middle + 1;
    }
    memmove(page->order + low + 1, page->order + low, page->count - low);
    page->order[low] = row;
    page->count++;
}

static void drop_gone(struct menu_page *page)
{
    for (uint32_t i = page->count; i-- > 0;) {
        if (menu_page_at(page, i) == NULL)
            remove_row(page, i);
    }
}

/* Of a full page, the one that a better one replaces. */
static uint32_t worst_of(const struct menu_page *page)
{
    return keeps_largest(page) ? 0 : page->count - 1;
}

/* Most consoles end here, so a row that is empty is looked for behind it. */
static bool is_wanted(const struct menu_page *page, const struct key *key)
{
    struct key worst;

    if (page->count < page->wish.rows ||
        menu_page_at(page, worst_of(page)) == NULL)
        return true;
    worst = key_of_row(page, worst_of(page));
    return (compare(key, &worst) < 0) != keeps_largest(page);
}

static uint8_t take_row(struct menu_page *page)
{
    uint8_t row = 0;

    if (page->count == page->wish.rows) {
        row = page->order[worst_of(page)];
        remove_row(page, worst_of(page));
        return row;
    }
    while (page->row[row].console.console != NULL)
        row++;
    return row;
}

void menu_page_add(struct menu_page *page, struct console *c)
{
    uint64_t rank = rank_of(c, page->wish.sort);
    struct key key = key_of_console(c, rank);
    uint8_t row;

    page->total++;
    if (is_beside(page, &key)) {
        page->beside++;
        return;
    }
    if (!is_wanted(page, &key))
        return;
    drop_gone(page);
    row = take_row(page);
    console_ref_set(&page->row[row].console, c);
    page->row[row].rank = rank;
    insert_row(page, row);
}

void menu_page_end(struct menu_page *page)
{
    uint32_t count;

    drop_gone(page);
    count = page->count;
    for (page->count = 0; page->count < count;)
        insert_row(page, page->order[page->count]);
    page->before =
        keeps_largest(page) ? page->total - page->beside - count : page->beside;
}

struct console *menu_page_at(const struct menu_page *page, uint32_t row)
{
    return row < page->count ? page->row[page->order[row]].console.console
                             : NULL;
}

void menu_page_drop(struct menu_page *page, uint32_t row)
{
    console_ref_set(&page->row[page->order[row]].console, NULL);
}

bool menu_page_has_gap(const struct menu_page *page)
{
    for (uint32_t i = 0; i < page->count; i++) {
        if (menu_page_at(page, i) == NULL)
            return true;
    }
    return false;
}

bool menu_page_find(const struct menu_page *page, const struct menu_place *what,
                    uint32_t *ret_row)
{
    for (uint32_t i = 0; i < page->count; i++) {
        const struct console *c = menu_page_at(page, i);

        if (c == NULL || strcmp(c->uuid, what->uuid) != 0 ||
            strcmp(c->label, what->label) != 0)
            continue;
        *ret_row = i;
        return true;
    }
    return false;
}

static bool is_in_inventory(const char *text, const struct console *c)
{
    const struct inventory_vm vm =
        inventory_find(c->directory->inventory, c->uuid);
    const char *tag = NULL;

    if (!inventory_vm_is_known(&vm))
        return false;
    while ((tag = inventory_next_tag(&vm, tag)) != NULL) {
        if (strcasestr(tag, text) != NULL)
            return true;
    }
    return strcasestr(vm.folder, text) != NULL ||
           strcasestr(vm.owner, text) != NULL ||
           strcasestr(vm.host, text) != NULL;
}

bool menu_text_is_in(const char *text, const struct console *c)
{
    return text[0] == '\0' || strcasestr(c->name, text) != NULL ||
           strcasestr(c->uuid, text) != NULL ||
           strcasestr(c->label, text) != NULL || is_in_inventory(text, c);
}

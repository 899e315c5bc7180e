#include "cli/pick/pick_list.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 256 };

static void free_items(struct pick_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->item[i].id);
        free(l->item[i].name);
        free(l->item[i].locked_by);
    }
    free(l->item);
    free(l->shown);
    l->item = NULL;
    l->shown = NULL;
    l->count = 0;
    l->shown_count = 0;
}

void pick_list_done(struct pick_list *l)
{
    free_items(l);
}

const struct pick_item *pick_list_selected(const struct pick_list *l)
{
    return l->selected < l->shown_count ? &l->item[l->shown[l->selected]]
                                        : NULL;
}

/* id NULL: none was selected. */
static void show_matching(struct pick_list *l, const char *id)
{
    size_t selected = 0;

    l->shown_count = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (l->filter[0] != '\0' &&
            strcasestr(l->item[i].name, l->filter) == NULL &&
            strcasestr(l->item[i].id, l->filter) == NULL)
            continue;
        if (id != NULL && strcmp(l->item[i].id, id) == 0)
            selected = l->shown_count;
        l->shown[l->shown_count++] = i;
    }
    l->selected = selected;
}

static char *clean(const json_t *value)
{
    const char *text = json_string_value(value);
    char shown[TEXT_MAX];

    text_clean(shown, sizeof shown, slice_of_text(text != NULL ? text : ""));
    return xstrdup(shown);
}

static const char *state_of(const json_t *value)
{
    static const char *const states[] = { "connected", "moving" };
    const char *text = json_string_value(value);

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (text != NULL && strcmp(text, states[i]) == 0)
            return states[i];
    return "";
}

static bool read_item(struct pick_item *to, const json_t *item)
{
    const json_t *locked_by = json_object_get(item, "locked_by");
    const char *id = json_string_value(json_object_get(item, "id"));
    json_int_t clients = json_integer_value(json_object_get(item, "clients"));

    if (id == NULL)
        return false;
    to->id = xstrdup(id); /* as it is: it goes back to the server */
    to->name = clean(json_object_get(item, "name"));
    to->state = state_of(json_object_get(item, "state"));
    to->clients = clients > 0 ? (unsigned long)clients : 0;
    to->locked_by = json_is_string(locked_by) ? clean(locked_by) : NULL;
    return true;
}

void pick_list_set(struct pick_list *l, const json_t *items)
{
    const struct pick_item *selected = pick_list_selected(l);
    char *id = selected != NULL ? xstrdup(selected->id) : NULL;
    size_t count = json_array_size(items);

    free_items(l);
    l->item = xcalloc(count + 1, sizeof *l->item);
    l->shown = xcalloc(count + 1, sizeof *l->shown);
    for (size_t i = 0; i < count; i++)
        if (read_item(&l->item[l->count], json_array_get(items, i)))
            l->count++;
    show_matching(l, id);
    free(id);
}

static void filter_changed(struct pick_list *l)
{
    /* The first one that matches is what one types for. */
    l->top = 0;
    show_matching(l, NULL);
}

bool pick_list_type(struct pick_list *l, const char *text, size_t len)
{
    size_t before = strlen(l->filter);

    if (before + len > PICK_FILTER_MAX)
        return false;
    memcpy(l->filter + before, text, len);
    l->filter[before + len] = '\0';
    filter_changed(l);
    return true;
}

bool pick_list_erase(struct pick_list *l)
{
    size_t len = strlen(l->filter);

    if (len == 0)
        return false;
    do
        len--;
    while (len > 0 && ((uint8_t)l->filter[len] & 0xc0) == 0x80);
    l->filter[len] = '\0';
    filter_changed(l);
    return true;
}

void pick_list_clear(struct pick_list *l)
{
    const struct pick_item *selected = pick_list_selected(l);

    l->filter[0] = '\0';
    show_matching(l, selected != NULL ? selected->id : NULL);
}

void pick_list_move(struct pick_list *l, long by)
{
    if (by < 0)
        l->selected -= (size_t)-by < l->selected ? (size_t)-by : l->selected;
    else
        l->selected += (size_t)by;
    if (l->selected >= l->shown_count)
        l->selected = l->shown_count > 0 ? l->shown_count - 1 : 0;
}

void pick_list_scroll(struct pick_list *l, size_t rows)
{
    if (l->top > l->selected)
        l->top = l->selected;
    if (rows > 0 && l->selected >= l->top + rows)
        l->top = l->selected - rows + 1;
    /* No empty rows below, as long as there are others above. */
    if (l->top + rows > l->shown_count)
        l->top = l->shown_count > rows ? l->shown_count - rows : 0;
}

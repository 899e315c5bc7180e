#include "api/show/show_items.h"

#include <stdio.h>

bool show_items_count(struct show_items *items)
{
    uint64_t at = items->total++;

    return at >= items->offset &&
           (items->limit == 0 || items->shown < items->limit);
}

bool show_items_begin_next(struct show_items *items, struct buf *to)
{
    const char *before = items->shown > 0    ? ","
                         : !items->has_begun ? "{\"items\":["
                                             : "";

    items->has_begun = true;
    items->shown++;
    return show_append_text(to, before);
}

bool show_items_put(struct show_items *items, struct buf *to, json_t *item)
{
    if (show_items_begin_next(items, to))
        return show_append(to, item);
    json_decref(item);
    return false;
}

bool show_items_end(struct show_items *items, struct buf *to)
{
    char text[100];

    snprintf(text, sizeof text, "%s],\"total\":%llu,\"hidden\":%llu}\n",
             items->has_begun ? "" : "{\"items\":[",
             (unsigned long long)items->total,
             (unsigned long long)items->hidden);
    return show_append_text(to, text);
}

json_t *show_items_all(json_t *items)
{
    return json_pack("{s:o, s:I, s:i}", "items", items, "total",
                     (json_int_t)json_array_size(items), "hidden", 0);
}

#include "api/list/list_consoles.h"

#include "access/pattern.h"
#include "api/api_private.h"
#include "api/show/show_console.h"
#include "api/show/show_items.h"
#include "base/mem.h"
#include "base/sorting.h"
#include "base/text.h"
#include "core/census/census.h"
#include "core/directory.h"
#include "inventory/inventory.h"
#include "session/menu/menu_page.h"
#include "session/session_context.h"

#include <stdlib.h>
#include <string.h>

/* At once: some 20 microseconds each. */
enum {
    LOOK_AT_ONCE = 16,
    MOVES_AT_ONCE = 128,
    SHOW_AT_ONCE = 4,
    SHOW_BYTES = 4096, /* no more once there are so many */
};

typedef int order_fn(const struct console *a, const struct console *b);

enum phase { WAITING, LOOKING, SORTING, SHOWING };

struct listed {
    enum phase phase;
    struct api_turn turn;     /* until it is sorted */
    struct census_walk all;   /* not looked at yet; then room to sort in */
    struct census_walk found; /* what is listed */
    struct census_walk *sorted;
    struct sorting sorting;
    order_fn *order;
    bool is_reversed;
    bool is_of_some; /* uuids: what may not be read is not counted then */
    uint64_t fields;
    struct show_items items;
};

/* ---- the order ---------------------------------------------------------- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_name(const struct console *a, const struct console *b)
{
    (void)a;
    (void)b;
    return 0; /* which decides where an order does not */
}

static unsigned state_of(const struct console *c)
{
    return c->move != NULL ? 1 : c->link != NULL ? 0 : 2;
}

static int by_state(const struct console *a, const struct console *b)
{
    return compare_numbers(state_of(a), state_of(b));
}

static int by_clients(const struct console *a, const struct console *b)
{
    return compare_numbers(b->client_count, a->client_count);
}

static int by_activity(const struct console *a, const struct console *b)
{
    return compare_numbers(b->last_output_s, a->last_output_s);
}

static int by_host(const struct console *a, const struct console *b)
{
    struct ip left = console_host(a);
    struct ip right = console_host(b);

    return memcmp(&left, &right, sizeof left);
}

static struct inventory_vm vm_of(const struct console *c)
{
    return inventory_find(c->directory->inventory, c->uuid);
}

/* What is not known comes last. */
static int compare_known(const char *a, const char *b)
{
    bool has_a = a != NULL && a[0] != '\0';
    bool has_b = b != NULL && b[0] != '\0';

    if (!has_a || !has_b)
        return (int)has_b - (int)has_a;
    return text_compare(a, b);
}

static int by_folder(const struct console *a, const struct console *b)
{
    return compare_known(vm_of(a).folder, vm_of(b).folder);
}

static int by_owner(const struct console *a, const struct console *b)
{
    return compare_known(vm_of(a).owner, vm_of(b).owner);
}

static order_fn *order_of(const char *sort)
{
    static const struct {
        const char *name;
        order_fn *order;
    } orders[] = {
        { "name", by_name },       { "state", by_state },
        { "clients", by_clients }, { "activity", by_activity },
        { "host", by_host },       { "folder", by_folder },
        { "owner", by_owner },
    };

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (strcmp(orders[i].name, sort) == 0)
            return orders[i].order;
    }
    return by_name;
}

/* A total order: no two consoles have one UUID and one label. */
static int compare_consoles(const void *left, const void *right, void *owner)
{
    const struct listed *l = owner;
    const struct console *a = left;
    const struct console *b = right;
    int order = l->order(a, b);

    if (order == 0)
        order = text_compare(a->name, b->name);
    if (order == 0)
        order = strcmp(a->name, b->name);
    if (order == 0)
        order = text_compare(a->label, b->label);
    if (order == 0)
        order = strcmp(a->uuid, b->uuid);
    if (order == 0)
        order = strcmp(a->label, b->label);
    return l->is_reversed ? -order : order;
}

/* ---- the work ----------------------------------------------------------- */

static bool is_wanted(const struct api_call *call, const struct console *c)
{
    const char *match = api_text(call, "match");
    const char *search = api_text(call, "search");
    const char *state = api_text(call, "state");

    if (state != NULL && strcmp(state, show_console_state(c)) != 0)
        return false;
    if (search != NULL && !menu_text_is_in(search, c))
        return false;
    if (match != NULL) {
        struct access_console view = console_view(c);
        struct pattern_console texts = pattern_console_of(&view);

        return pattern_matches_console(match, &texts);
    }
    return true;
}

/* The first console of the next VM of "UUID,UUID"; NULL: there is none like
 * that, and perhaps *ids is at its end. */
static struct console *next_vm(const struct directory *d, const char **ids)
{
    size_t len = strcspn(*ids, ",");
    char uuid[TEXT_ID_MAX + 1];
    bool is_uuid = text_uuid(uuid, slice_of(*ids, len));

    *ids += len;
    *ids += **ids == ',';
    return is_uuid ? directory_find(d, uuid, NULL) : NULL;
}

static bool begin_some(struct listed *l, const struct session_context *ctx,
                       const char *uuids)
{
    struct console *c;
    uint32_t count = 0;

    for (const char *ids = uuids; *ids != '\0';)
        for (c = next_vm(ctx->directory, &ids); c != NULL; c = c->next_of_vm)
            count++;
    if (!census_walk_begin_empty(&l->all, ctx->walks, count))
        return false;
    for (const char *ids = uuids; *ids != '\0';)
        for (c = next_vm(ctx->directory, &ids); c != NULL; c = c->next_of_vm)
            census_walk_add(&l->all, c);
    return true;
}

/* False: there is no memory. */
static bool begin(const struct api_call *call, struct listed *l)
{
    const struct session_context *ctx = api_sessions(call->api);
    const char *uuids = api_text(call, "uuids");

    l->phase = LOOKING;
    l->is_of_some = uuids != NULL;
    return (uuids != NULL
                ? begin_some(l, ctx, uuids)
                : census_walk_begin(&l->all, ctx->walks, ctx->directory)) &&
           census_walk_begin_empty(&l->found, ctx->walks,
                                   census_walk_left(&l->all));
}

/* The rules are asked first: what may not be read is hidden, whatever is looked
 * for. */
static void look(struct api_call *call, struct listed *l)
{
    for (int i = 0; i < LOOK_AT_ONCE; i++) {
        struct console *c = census_walk_next(&l->all);

        if (c == NULL) {
            l->all.at = 0; /* its array is room from now on */
            l->all.count = l->found.count;
            sorting_begin(&l->sorting, l->found.consoles, l->all.consoles,
                          l->found.count, compare_consoles, l);
            l->phase = SORTING;
            return;
        }
        if (api_right_on(call, c) < RIGHT_READ)
            l->items.hidden += l->is_of_some ? 0 : 1;
        else if (is_wanted(call, c))
            census_walk_add(&l->found, c);
    }
}

/* From here on the list goes at its caller's pace, and holds what it still has
 * to show. */
static void sort(struct listed *l)
{
    bool is_found;

    if (!sorting_step(&l->sorting, MOVES_AT_ONCE))
        return;
    is_found = sorting_result(&l->sorting) == (void *)l->found.consoles;
    l->sorted = is_found ? &l->found : &l->all;
    census_walk_end(is_found ? &l->all : &l->found);
    api_turn_end(&l->turn);
    l->phase = SHOWING;
}

static enum api_more show(struct api_call *call, struct listed *l,
                          struct buf *to)
{
    struct show_moment now = show_moment(call->api);
    uint32_t from = to->len;

    for (int i = 0; i < SHOW_AT_ONCE && to->len - from < SHOW_BYTES; i++) {
        const struct console *c = census_walk_next(l->sorted);
        enum right right;

        if (c == NULL) {
            return show_items_end(&l->items, to) ? API_END : API_CUT;
        }
        right = api_right_on(call, c);
        if (right < RIGHT_READ || !show_items_count(&l->items))
            continue;
        if (!show_items_put(&l->items, to,
                            show_console(call->api, c, right, l->fields, &now)))
            return API_CUT;
    }
    return API_MORE;
}

static enum api_more list_consoles_produce(struct api_call *call,
                                           struct buf *to)
{
    struct listed *l = call->state;

    switch (l->phase) {
    case WAITING:
        if (!l->turn.has_it)
            return API_WAIT;
        return begin(call, l) ? API_MORE : API_CUT;
    case LOOKING:
        look(call, l);
        return API_MORE;
    case SORTING:
        sort(l);
        return API_MORE;
    case SHOWING:
        return show(call, l, to);
    }
    return API_END;
}

static void list_consoles_end(struct api_call *call)
{
    struct listed *l = call->state;

    api_turn_end(&l->turn);
    census_walk_end(&l->all);
    census_walk_end(&l->found);
    free(l);
}

static const struct api_work work = {
    .produce = list_consoles_produce,
    .end = list_consoles_end,
};

/* False: it was answered. */
static bool read_wish(struct api_call *call, struct listed *l)
{
    const char *match = api_text(call, "match");
    const char *sort = api_text(call, "sort");
    struct err why;

    if (!show_console_fields(api_text(call, "fields"), &l->fields, &why) ||
        (match != NULL && pattern_check(match, &why) < 0)) {
        api_fail(call, API_BAD_REQUEST, NULL, "%s", why.text);
        return false;
    }
    l->is_reversed = sort[0] == '-';
    l->order = order_of(sort + l->is_reversed);
    l->items.offset = api_number(call, "offset");
    l->items.limit = api_number(call, "limit");
    return true;
}

void list_consoles(struct api_call *call)
{
    struct listed *l = xcalloc(1, sizeof *l);

    census_walk_init(&l->all);
    census_walk_init(&l->found);
    api_turn_init(&l->turn);
    /* The state is the call's from here on, whatever the answer is. */
    api_work_on(call, &work, l);
    if (!read_wish(call, l))
        return;
    api_turn_want(&l->turn, &call->api->sorted_lists, call);
    api_answer_stream(call, "application/json", &work, l);
}

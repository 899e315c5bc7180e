/*
 * People are found client by client, sorted so that the clients of a person
 * stand together, and shown person by person: no part of that depends on how
 * many clients one person has. What is shown of a client is made when it is
 * found, because it may be gone when its person is shown.
 */
#include "api/list/list_clients.h"

#include "api/api_private.h"
#include "api/list/clients_walk.h"
#include "api/show/show_items.h"
#include "base/mem.h"
#include "base/sorting.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOVES_AT_ONCE = 128,
    SHOW_AT_ONCE = 32,
};

struct found {
    uint64_t since_us;
    uint64_t number;
    bool has_name;
    const char *proof;
    char *json; /* of the client */
    char who[]; /* name; without one, the address */
};

enum phase { WAITING, LOOKING, SORTING, SHOWING };

struct listed {
    enum phase phase;
    struct api_turn turn; /* until they are sorted */
    struct clients_walk walk;
    struct found **found;
    struct found **room; /* to sort in */
    size_t count, cap;
    struct sorting sorting;
    struct found *const *sorted;
    size_t at;
    struct show_items items;
};

/* ---- looking ------------------------------------------------------------ */

static bool make_room(struct listed *l)
{
    size_t cap = l->cap > 0 ? 2 * l->cap : 64;
    struct found **found;

    if (l->count < l->cap)
        return true;
    found = realloc(l->found, cap * sizeof(struct found *));
    if (found == NULL)
        return false;
    l->found = found;
    l->cap = cap;
    return true;
}

static bool add(struct listed *l, const struct client *client, enum right right,
                const struct show_moment *now)
{
    json_t *shown = show_client(client, right, now);
    char *json = json_dumps(shown, JSON_COMPACT);
    bool has_name = client->who->name != NULL;
    struct network_text ip = ip_format(client->who->ip);
    const char *who = has_name ? client->who->name : ip.text;
    struct found *found;

    json_decref(shown);
    if (json == NULL || !make_room(l)) {
        free(json);
        return false;
    }
    if (!has_name && ip_is_none(client->who->ip))
        who = "";
    found = xmalloc(sizeof *found + strlen(who) + 1);
    *found = (struct found){
        .since_us = client->since_us,
        .number = client->number,
        .has_name = has_name,
        .proof = principal_proof_name((enum principal_proof)client->who->proof),
        .json = json,
    };
    memcpy(found->who, who, strlen(who) + 1);
    l->found[l->count++] = found;
    return true;
}

static bool is_same_person(const struct found *a, const struct found *b)
{
    return a->has_name == b->has_name && strcmp(a->who, b->who) == 0 &&
           strcmp(a->proof, b->proof) == 0;
}

/* By name, nobody's clients last; those of one person as they came. */
static int compare_found(const void *left, const void *right, void *owner)
{
    const struct found *a = left;
    const struct found *b = right;
    int order = (int)b->has_name - (int)a->has_name;

    (void)owner;
    if (order == 0)
        order = text_compare(a->who, b->who);
    if (order == 0)
        order = strcmp(a->who, b->who);
    if (order == 0)
        order = strcmp(a->proof, b->proof);
    if (order == 0 && a->since_us != b->since_us)
        order = a->since_us < b->since_us ? -1 : 1;
    if (order == 0)
        order = a->number < b->number ? -1 : 1;
    return order;
}

/* Null modems, and connections that vspcd has made, are cables. */
static bool is_person(const struct client *client)
{
    return client->door != CLIENT_DOOR_NULL_MODEM &&
           client->door != CLIENT_DOOR_REMOTE;
}

/* False: there is no memory. */
static bool look(struct api_call *call, struct listed *l)
{
    struct show_moment now = show_moment(call->api);
    struct clients_found found;

    if (!clients_walk_step(&l->walk, call, &found)) {
        l->items.hidden = l->walk.hidden;
        l->room = calloc(l->count + 1, sizeof(struct found *));
        if (l->room == NULL)
            return false;
        sorting_begin(&l->sorting, l->found, l->room, l->count, compare_found,
                      NULL);
        l->phase = SORTING;
        return true;
    }
    for (size_t i = 0; i < found.count; i++) {
        if (is_person(found.client[i]) &&
            !add(l, found.client[i], found.right, &now))
            return false;
    }
    return true;
}

/* ---- showing ------------------------------------------------------------ */

static bool begin_person(struct listed *l, const struct found *first,
                         const struct show_moment *now, struct buf *to)
{
    json_t *person =
        json_pack("{s:o, s:s, s:o, s:o}", "name",
                  first->has_name ? show_text(first->who) : json_null(),
                  "proof", first->proof, "address",
                  first->has_name ? json_null() : show_text(first->who),
                  "since", show_time_us(now, first->since_us));
    char *text = json_dumps(person, JSON_COMPACT);
    bool is_done = text != NULL;

    json_decref(person);
    if (is_done) {
        (void)show_items_count(&l->items);
        text[strlen(text) - 1] = '\0'; /* its brace; the list goes on in it */
        is_done = show_items_begin_next(&l->items, to) &&
                  show_append_text(to, text) &&
                  show_append_text(to, ",\"clients\":[");
    }
    free(text);
    return is_done;
}

static bool show_one(struct listed *l, const struct show_moment *now,
                     struct buf *to)
{
    const struct found *found = l->sorted[l->at];
    bool is_first = l->at == 0 || !is_same_person(found, l->sorted[l->at - 1]);
    bool is_last =
        l->at + 1 == l->count || !is_same_person(found, l->sorted[l->at + 1]);

    l->at++;
    return (is_first ? begin_person(l, found, now, to)
                     : show_append_text(to, ",")) &&
           show_append_text(to, found->json) &&
           (!is_last || show_append_text(to, "]}"));
}

static enum api_more show(struct api_call *call, struct listed *l,
                          struct buf *to)
{
    struct show_moment now = show_moment(call->api);

    for (int i = 0; i < SHOW_AT_ONCE; i++) {
        if (l->at == l->count) {
            return show_items_end(&l->items, to) ? API_END : API_CUT;
        }
        if (!show_one(l, &now, to))
            return API_CUT;
    }
    return API_MORE;
}

static enum api_more list_people_produce(struct api_call *call, struct buf *to)
{
    struct listed *l = call->state;

    switch (l->phase) {
    case WAITING:
        if (!l->turn.has_it)
            return API_WAIT;
        l->phase = LOOKING;
        return clients_walk_begin(&l->walk, call) ? API_MORE : API_CUT;
    case LOOKING:
        return look(call, l) ? API_MORE : API_CUT;
    case SORTING:
        if (sorting_step(&l->sorting, MOVES_AT_ONCE)) {
            l->sorted = sorting_result(&l->sorting);
            clients_walk_end(&l->walk);
            api_turn_end(&l->turn);
            l->phase = SHOWING;
        }
        return API_MORE;
    case SHOWING:
        return show(call, l, to);
    }
    return API_END;
}

static void list_people_end(struct api_call *call)
{
    struct listed *l = call->state;
    struct found *const *all =
        l->phase < SORTING ? l->found : sorting_result(&l->sorting);

    api_turn_end(&l->turn);
    clients_walk_end(&l->walk);
    for (size_t i = 0; i < l->count; i++) {
        free(all[i]->json);
        free(all[i]);
    }
    free(l->found);
    free(l->room);
    free(l);
}

void list_people(struct api_call *call)
{
    static const struct api_work work = {
        .produce = list_people_produce,
        .end = list_people_end,
    };
    struct listed *l = xcalloc(1, sizeof *l);

    clients_walk_init(&l->walk);
    api_turn_init(&l->turn);
    api_turn_want(&l->turn, &call->api->sorted_lists, call);
    api_answer_stream(call, "application/json", &work, l);
}

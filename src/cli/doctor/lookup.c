#include "cli/doctor/lookup.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/address.h"
#include "net/queries.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { FOUND_MAX = 8, NAME_MAX_LEN = 256 };

/* A question, and its answer; the thread's while it runs. */
struct lookup {
    struct query query;
    bool is_reverse;
    char text[NAME_MAX_LEN];
    char found[FOUND_MAX][NAME_MAX_LEN];
    unsigned found_count;
    int error; /* of getaddrinfo; 0: none */
};

/* Who waits for it. */
struct wait {
    struct asker asker;
    struct lookups *all;
    json_t *json; /* borrowed */
};

struct lookups {
    struct loop *loop;
    struct wait wait[LOOKUPS_MAX];
    unsigned count;
    unsigned left; /* that have no answer yet */
};

/* ---- on a thread ----------------------------------------------------------
 */

static void add_found(struct lookup *l, const char *text)
{
    for (unsigned i = 0; i < l->found_count; i++) {
        if (strcmp(l->found[i], text) == 0)
            return;
    }
    if (l->found_count < FOUND_MAX)
        (void)text_clean(l->found[l->found_count++], NAME_MAX_LEN,
                         slice_of_text(text));
}

static void look_forward(struct lookup *l)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    char text[NAME_MAX_LEN];

    l->error = getaddrinfo(l->text, NULL, &hints, &list);
    for (struct addrinfo *a = list; l->error == 0 && a != NULL;
         a = a->ai_next) {
        if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0,
                        NI_NUMERICHOST) == 0)
            add_found(l, text);
    }
    if (list != NULL)
        freeaddrinfo(list);
}

static void look_back(struct lookup *l)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICHOST };
    struct addrinfo *list = NULL;
    char text[NAME_MAX_LEN];

    l->error = getaddrinfo(l->text, NULL, &hints, &list);
    if (l->error != 0)
        return;
    l->error = getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof text,
                           NULL, 0, NI_NAMEREQD);
    if (l->error == 0)
        add_found(l, text);
    freeaddrinfo(list);
}

static void lookup_answer(struct query *q)
{
    struct lookup *l = CONTAINER_OF(q, struct lookup, query);

    if (l->is_reverse)
        look_back(l);
    else
        look_forward(l);
}

/* ---- on the loop ----------------------------------------------------------
 */

static bool lookup_is_same(const struct query *a, const struct query *b)
{
    const struct lookup *x = CONTAINER_OF(a, const struct lookup, query);
    const struct lookup *y = CONTAINER_OF(b, const struct lookup, query);

    return x->is_reverse == y->is_reverse && strcmp(x->text, y->text) == 0;
}

static void lookup_tell(struct asker *a, struct query *q)
{
    struct wait *w = CONTAINER_OF(a, struct wait, asker);
    const struct lookup *l = CONTAINER_OF(q, struct lookup, query);
    json_t *found =
        json_object_get(w->json, l->is_reverse ? "names" : "addresses");

    for (unsigned i = 0; i < l->found_count; i++)
        (void)json_array_append_new(found, json_string(l->found[i]));
    (void)json_object_set_new(
        w->json, "why",
        l->error != 0 ? json_string(gai_strerror(l->error)) : json_null());
    if (--w->all->left == 0)
        loop_stop(w->all->loop);
}

static void lookup_free(struct query *q)
{
    free(CONTAINER_OF(q, struct lookup, query));
}

static void lookup_on_told(void *owner, struct query *q)
{
    (void)owner;
    lookup_free(q);
}

static void lookup_time_over(struct deadline *d, void *owner)
{
    struct lookups *all = owner;

    (void)d;
    loop_stop(all->loop);
}

static void ask(struct lookups *all, struct queries *queries, const char *text,
                bool is_reverse, json_t *to)
{
    struct lookup *l;
    struct wait *w;

    if (text == NULL || all->count == LOOKUPS_MAX ||
        strlen(text) >= sizeof l->text)
        return;
    w = &all->wait[all->count];
    w->all = all;
    w->json = json_pack("{s:s, s:[], s:s}", is_reverse ? "address" : "name",
                        text, is_reverse ? "names" : "addresses", "why",
                        "no answer within 5 s");
    if (w->json == NULL || json_array_append_new(to, w->json) < 0)
        return;
    l = xcalloc(1, sizeof *l);
    l->is_reverse = is_reverse;
    snprintf(l->text, sizeof l->text, "%s", text);
    query_init(&l->query, 0);
    all->count++;
    if (queries_ask(queries, &l->query, &w->asker) == 0)
        all->left++;
}

static void ask_each(struct lookups *all, struct queries *queries,
                     const json_t *texts, bool is_reverse, json_t *to)
{
    for (size_t i = 0; i < json_array_size(texts); i++)
        ask(all, queries, json_string_value(json_array_get(texts, i)),
            is_reverse, to);
}

void lookup_all(const json_t *names, const json_t *addresses,
                json_t **ret_names, json_t **ret_addresses)
{
    static const struct queries_kind kind = {
        .lanes = 1,
        .threads_max = { QUERIES_THREADS_MAX },
        .is_same = lookup_is_same,
        .answer = lookup_answer,
        .tell = lookup_tell,
        .on_told = lookup_on_told,
        .free = lookup_free,
    };
    struct lookups all = { .count = 0 };
    struct deadline_queue ends;
    struct queries *queries;
    struct deadline end;

    *ret_names = json_array();
    *ret_addresses = json_array();
    if (loop_open(&all.loop) < 0)
        return;
    if (queries_open(&queries, all.loop, &kind, NULL) == 0) {
        ask_each(&all, queries, names, false, *ret_names);
        ask_each(&all, queries, addresses, true, *ret_addresses);
        deadline_init(&end);
        deadline_queue_open(&ends, LOOKUP_MS * 1000ull, lookup_time_over, &all);
        loop_watch(all.loop, &ends);
        deadline_start(&ends, &end, clock_now_us());
        if (all.left > 0)
            loop_run(all.loop);
        deadline_stop(&end);
        deadline_queue_close(&ends);
        queries_close(queries);
    }
    loop_close(all.loop);
}

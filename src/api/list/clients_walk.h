/*
 * clients_walk.h - all clients that a caller may see, console by console, over
 * several turns of the loop.
 */
#ifndef API_LIST_CLIENTS_WALK_H
#define API_LIST_CLIENTS_WALK_H

#include "api/api.h"
#include "api/show/show_client.h"

struct clients_walk {
    struct census_walk consoles;
    bool is_of_all;  /* else of the call's console alone */
    uint64_t number; /* of the last client of the present console */
    uint64_t hidden; /* clients of consoles that the caller may not read */
};

void clients_walk_init(struct clients_walk *w);

/* False: there is no memory. */
bool clients_walk_begin(struct clients_walk *w, const struct api_call *call);
/* Accepts a walk that has not begun, or has ended. */
void clients_walk_end(struct clients_walk *w);

/* The next clients of one console, and what the caller may do there; 0 clients:
 * none were found in this step. False: there are no more. */
struct clients_found {
    const struct client *client[SHOW_CLIENTS_MAX];
    size_t count;
    enum right right;
};
bool clients_walk_step(struct clients_walk *w, const struct api_call *call,
                       struct clients_found *ret);

#endif

/*
 * show_client.h - a client of a console as a JSON object; and the clients of a
 * console in the order of their coming, over several turns.
 */
#ifndef API_SHOW_SHOW_CLIENT_H
#define API_SHOW_SHOW_CLIENT_H

#include "api/show/show_value.h"
#include "core/census/census.h"

/* A new object. right: of the caller on its console; who has typed is shown
 * from RIGHT_CONTROL on. */
json_t *show_client(const struct client *client, enum right right,
                    const struct show_moment *now);

/* The first clients of the console with greater numbers than this one, in the
 * order of their numbers; returns how many. Walks over all of its clients, so
 * that nothing needs to be remembered from turn to turn. */
enum { SHOW_CLIENTS_MAX = 32 };
size_t show_clients_behind(const struct console *c, uint64_t number,
                           const struct client *ret[SHOW_CLIENTS_MAX]);

#endif

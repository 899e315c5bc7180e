/*
 * list_clients.h - the clients of a console, of all consoles that a caller may
 * read, or of the persons who have them; shown a little at a time.
 */
#ifndef API_LIST_LIST_CLIENTS_H
#define API_LIST_LIST_CLIENTS_H

#include "api/api.h"

/* Answers the call: the clients of its console; or, without one, of all. */
void list_clients(struct api_call *call);

/* Answers the call: by person, with the console of each client. What was found
 * is kept until it is shown, some 500 bytes for each client. */
void list_people(struct api_call *call);

#endif

/*
 * list_consoles.h - the consoles that a caller may read, found, sorted and
 * shown a little at a time: with 10,000 consoles no turn of the loop has much
 * of it.
 *
 * Costs two pointers for each console while it is under way. A console that
 * comes meanwhile is not listed, one that goes is left out, and so is one that
 * the caller may not read any more when it is its turn to be shown.
 */
#ifndef API_LIST_LIST_CONSOLES_H
#define API_LIST_LIST_CONSOLES_H

#include "api/api.h"

/* Words of the argument sort. */
#define LIST_CONSOLES_SORTS                                                    \
    "name|-name|state|-state|clients|-clients|activity|-activity|host|-host|"  \
    "folder|-folder|owner|-owner"

/* Answers the call, by its arguments match, search, uuids, state, sort, limit,
 * offset, fields. */
void list_consoles(struct api_call *call);

#endif

/*
 * list_moves.h - the last moves of a console's VM.
 */
#ifndef API_LIST_LIST_MOVES_H
#define API_LIST_LIST_MOVES_H

#include "api/api.h"

/* Answers the call: the moves of its console that vspcd remembers
 * (core/told/past_moves.h), the newest first. */
void list_moves(struct api_call *call);

#endif

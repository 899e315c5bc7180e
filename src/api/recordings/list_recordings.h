/*
 * list_recordings.h - the recordings that the caller may have, the newest
 * first, a page of them; those in whose output a text is, if that is asked for.
 *
 * Threads read, a batch of recordings at a time; in between the loop judges
 * them by the rules, and shows them. So recordings that are not his to read are
 * counted as hidden, whatever he looks for.
 *
 * Bounds: so many lists at a time (api.c), each with what record_scan.h needs;
 * the others wait. A search reads LIST_RECORDINGS_SEARCH bytes,
 * unpacked; what it has not read by then is counted as unread.
 */
#ifndef API_RECORDINGS_LIST_RECORDINGS_H
#define API_RECORDINGS_LIST_RECORDINGS_H

#include "api/api.h"

enum { LIST_RECORDINGS_PAGE = 1000 }; /* the longest */
#define LIST_RECORDINGS_SEARCH (UINT64_C(1024) * 1024 * 1024)

/* The run of its row. */
void list_recordings(struct api_call *call);

#endif

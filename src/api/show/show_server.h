/*
 * show_server.h - what the server says of itself: how it is, its limits, and
 * who asks.
 */
#ifndef API_SHOW_SHOW_SERVER_H
#define API_SHOW_SHOW_SERVER_H

#include "api/api.h"

/* As whoami shows a principal. */
json_t *show_principal(const struct api_call *call,
                       const struct principal *who);

/* Each answers the call. */
void show_version(struct api_call *call);
void show_whoami(struct api_call *call);
void show_status(struct api_call *call);
void show_limits(struct api_call *call);

#endif

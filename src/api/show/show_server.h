/*
 * show_server.h - what the server says of itself: how it is, its limits, and
 * who asks.
 */
#ifndef API_SHOW_SHOW_SERVER_H
#define API_SHOW_SHOW_SERVER_H

#include "api/api.h"

/* Each answers the call. */
void show_version(struct api_call *call);
void show_whoami(struct api_call *call);
void show_status(struct api_call *call);
void show_limits(struct api_call *call);

#endif

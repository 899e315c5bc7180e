/*
 * cmd_events.h - what a request for events wishes, for both of its forms:
 * Server-Sent Events (cmd_events.c) and a WebSocket (web/event_socket.h).
 */
#ifndef API_EVENTS_CMD_EVENTS_H
#define API_EVENTS_CMD_EVENTS_H

#include "api/api.h"
#include "api/events/event_hub.h"

/* The texts are the call's. */
struct event_wish cmd_events_wish(const struct api_call *call);

#endif

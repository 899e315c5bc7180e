/*
 * event_socket.h - a WebSocket to which each event is a text (docs/events.md).
 * What it may see, and what it has missed, is event_hub.h's.
 *
 * The session owns itself (session/session.h), and ends with its connection. A
 * peer has nothing to say; what it says is read and dropped. Output is made
 * while there is room in the link's queue, in slices that all such sockets
 * share (WEB_SLICE_US of a turn).
 */
#ifndef WEB_EVENT_SOCKET_H
#define WEB_EVENT_SOCKET_H

#include "api/events/event_hub.h"
#include "base/slice.h"

struct deadline;
struct http_context;
struct principal;
struct stream;

/* What an HTTP request has asked for. Texts are borrowed for the call; NULL:
 * not given. */
struct event_socket_start {
    struct http_context *http;
    struct event_hub *hub;
    struct stream *stream; /* taken over; nothing was answered on it */
    struct slice early;    /* bytes that have come behind the request */
    struct principal *who; /* taken over: *who is nobody afterwards */
    const char *peer;      /* its address, "" if it has none */
    const char *key;       /* Sec-WebSocket-Key, valid */
    const char *protocol;  /* Sec-WebSocket-Protocol that was agreed on */
    struct event_wish wish;
    bool follows;
};

/* Answers the request (101), and closes the WebSocket with a code and a reason
 * if it cannot listen. */
void event_socket_open(const struct event_socket_start *start);

/* The handler of http_context.event_turns. */
void event_socket_work_due(struct deadline *d, void *owner);

#endif

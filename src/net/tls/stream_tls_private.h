/*
 * stream_tls_private.h - what the queues of a hub call (stream_tls.c). The
 * owner is the hub.
 */
#ifndef NET_TLS_STREAM_TLS_PRIVATE_H
#define NET_TLS_STREAM_TLS_PRIVATE_H

#include "base/deadline.h"

/* A stream's deadline again, or patience; the hub's deadline turn. */
void tls_hub_again_due(struct deadline *d, void *owner);
void tls_hub_handshake_due(struct deadline *d, void *owner);
void tls_hub_look_due(struct deadline *d, void *owner);
void tls_hub_turn_due(struct deadline *d, void *owner);

#endif

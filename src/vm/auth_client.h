/*
 * auth_client.h - the option AUTHENTICATION (proto/telauth.h) as a VM's end
 * performs it: whether, and when, its connection goes over to TLS.
 *
 * Pure: what came of it is the state; TLS itself is the owner's.
 *
 *     OFFERED --DO--> AGREED --SEND--> STARTED --ACCEPT--> ACCEPTED --> SECURE
 *        |              |                 |
 *      REFUSED     REFUSED, NO_SSL   REFUSED, REJECTED
 */
#ifndef VM_AUTH_CLIENT_H
#define VM_AUTH_CLIENT_H

#include "base/buf.h"

#include <stdbool.h>

enum auth_policy {
    AUTH_OFFERED,    /* TLS if the peer can, else in the clear */
    AUTH_REQUIRED,   /* or not at all */
    AUTH_NOT_NEEDED, /* it is in TLS from its first byte: not offered */
};

enum auth_state {
    AUTH_STATE_OFFERED,  /* WILL went out */
    AUTH_STATE_AGREED,   /* DO came; SEND is to come */
    AUTH_STATE_STARTED,  /* IS START went out */
    AUTH_STATE_ACCEPTED, /* ACCEPT came: our hello is next */
    AUTH_STATE_SECURE,   /* in TLS */
    /* There will be no TLS: */
    AUTH_STATE_REFUSED,  /* DONT */
    AUTH_STATE_NO_SSL,   /* SEND, and SSL is not among what it offers */
    AUTH_STATE_REJECTED, /* REJECT, our START */
};

struct auth_client {
    uint8_t policy; /* enum auth_policy */
    uint8_t state;  /* enum auth_state */
};

void auth_client_init(struct auth_client *a, enum auth_policy policy);

/* The peer's DO or DONT, or its message: behind IAC SB AUTHENTICATION, while
 * the option is on. The failures of buf_append. */
void auth_client_note_option(struct auth_client *a, bool is_on);
int auth_client_handle(struct auth_client *a, struct slice body,
                       struct buf *out);

/* Whether what is the VM's may be said now. */
bool auth_client_is_free(const struct auth_client *a);

/* TLS was required, and will not be. */
bool auth_client_has_failed(const struct auth_client *a);

#endif

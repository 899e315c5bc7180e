/*
 * auth_client.h - the option AUTHENTICATION (proto/telauth.h) as a VM's end
 * performs it: whether, and when, its connection goes over to TLS.
 *
 * Pure: the machine is telauth.h's, seen from the client; here are what the
 * user wants of it, and what that means for what may be said. TLS itself is
 * the owner's.
 */
#ifndef VM_HOST_AUTH_CLIENT_H
#define VM_HOST_AUTH_CLIENT_H

#include "proto/telauth.h"

enum auth_policy {
    AUTH_OFFERED,    /* TLS if the peer can, else in the clear */
    AUTH_REQUIRED,   /* or not at all */
    AUTH_NOT_NEEDED, /* it is in TLS from its first byte: not offered */
};
enum { AUTH_POLICY_COUNT = AUTH_NOT_NEEDED + 1 };

/* "offered", "required", "not-needed". */
const char *auth_policy_name(enum auth_policy policy);

struct auth_client {
    uint8_t policy; /* enum auth_policy */
    uint8_t state;  /* enum telauth_state */
};

void auth_client_init(struct auth_client *a, enum auth_policy policy);

/* The peer's DO or DONT, or its message: behind IAC SB AUTHENTICATION, while
 * the option is on. The failures of buf_append. */
void auth_client_note_option(struct auth_client *a, bool is_on);
int auth_client_handle(struct auth_client *a, struct slice body,
                       struct buf *out);

/* After ACCEPT: our hello is on its way. */
void auth_client_note_secure(struct auth_client *a);

/* Whether what is the VM's may be said now. */
bool auth_client_is_free(const struct auth_client *a);

/* TLS was required, and will not be. */
bool auth_client_has_failed(const struct auth_client *a);

#endif

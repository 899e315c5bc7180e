/*
 * auth_client.h - the option AUTHENTICATION (proto/telauth.h) on a VM's side:
 * whether and when its connection switches to TLS.
 *
 * Pure: the state machine is that of telauth.h, in the client's role; this
 * module adds the user's policy, and when other messages may be sent. TLS
 * itself is the owner's.
 */
#ifndef VM_HOST_AUTH_CLIENT_H
#define VM_HOST_AUTH_CLIENT_H

#include "proto/telauth.h"

enum auth_policy {
    AUTH_OFFERED,  /* TLS if the peer can, otherwise without */
    AUTH_REQUIRED, /* TLS, or no connection */
    /* the connection uses TLS from its first byte: not offered */
    AUTH_NOT_NEEDED,
};
enum { AUTH_POLICY_COUNT = AUTH_NOT_NEEDED + 1 };

/* "offered", "required", "not-needed". */
const char *auth_policy_name(enum auth_policy policy);

struct auth_client {
    uint8_t policy; /* enum auth_policy */
    uint8_t state;  /* enum telauth_state */
};

void auth_client_init(struct auth_client *a, enum auth_policy policy);

/* For the peer's DO or DONT, and for its message: the bytes behind IAC SB
 * AUTHENTICATION, while the option is on. Fails as buf_append does. */
void auth_client_note_option(struct auth_client *a, bool is_on);
int auth_client_handle(struct auth_client *a, struct slice body,
                       struct buf *out);

/* After ACCEPT: the owner begins TLS with its hello. */
void auth_client_note_secure(struct auth_client *a);

/* True if the VM's own messages may be sent now. */
bool auth_client_is_free(const struct auth_client *a);

/* True if TLS is required, and there will be none. */
bool auth_client_has_failed(const struct auth_client *a);

#endif

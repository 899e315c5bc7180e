/*
 * peer_uid.h - who is at the other end of a Unix socket: the kernel says the
 * uid, the name service (groups.h) its account. For the API's socket
 * (web/http_identity.c).
 *
 *     groups_ask_uid(groups, unix_socket_peer(fd).uid, on_done, ...)
 *     on_done: peer_uid_principal(groups, uid, answer)
 */
#ifndef AUTH_PEER_UID_H
#define AUTH_PEER_UID_H

#include "auth/groups.h"

/*
 * The principal that has proven this uid, from this machine; the caller ends it
 * (principal_done). If the name service knows no account, or does not answer,
 * the name is "uid:NUMBER", which no account has, and there are no groups; root
 * and vspcd's own user are keepers all the same.
 */
struct principal peer_uid_principal(const struct groups *all, uid_t uid,
                                    const struct groups_answer *answer);

#endif

/*
 * pam_wire.h - what vspcd and vspcd-pam say to each other about one login, over
 * a Unix stream socket.
 *
 *     vspcd                          vspcd-pam
 *     LOGIN alice NUL 192.0.2.7  ->
 *                                <-  TEXT "Your password will expire."
 *                                <-  HIDDEN "Password: "
 *     ANSWER "secret"            ->
 *                                <-  VISIBLE "Code: "      any number of them
 *     ANSWER "123456"            ->
 *                                <-  ACCEPTED alice        or DENIED, EXPIRED,
 *                                                          FAILED
 *
 * or, about an account whose person has proven himself before,
 *
 *     CHECK alice NUL 192.0.2.7  ->
 *                                <-  ACCEPTED alice        or as above
 *
 * and vspcd-pam closes the connection. A question is followed by nothing until
 * it has its answer. vspcd ends a login by closing the connection.
 *
 * A message: kind (a letter), version '1', length of its text in two bytes
 * (most significant first), text. Texts are bytes of any kind but NUL; the
 * NUL of LOGIN and CHECK stands between its two texts.
 *
 * One message is read at a time, never a byte of the next one. Pure: the caller
 * reads and writes. A message may be a secret: pam_wire_wipe.
 */
#ifndef AUTH_HELPER_PAM_WIRE_H
#define AUTH_HELPER_PAM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pam_wire_kind {
    PAM_WIRE_LOGIN = 'L',
    PAM_WIRE_CHECK = 'C',
    PAM_WIRE_ANSWER = 'A',

    PAM_WIRE_TEXT = 'T', /* for the person, no question */
    PAM_WIRE_HIDDEN = 'H',
    PAM_WIRE_VISIBLE = 'V',

    PAM_WIRE_ACCEPTED = 'Y', /* the name that PAM knows the person by */
    PAM_WIRE_DENIED = 'N',
    PAM_WIRE_EXPIRED = 'E', /* the password was right */
    PAM_WIRE_FAILED = 'F',  /* PAM cannot work; the text is for the log */
};

enum {
    PAM_WIRE_HEAD = 4,
    /* PAM_MAX_MSG_SIZE and PAM_MAX_RESP_SIZE are 512; a name and an address are
     * less. */
    PAM_WIRE_TEXT_MAX = 511,
    PAM_WIRE_NAME_MAX = 256,
};

/* One message, read or to be written; all zeros is none. */
struct pam_wire {
    size_t len; /* bytes that are there */
    uint8_t bytes[PAM_WIRE_HEAD];
    char text[PAM_WIRE_TEXT_MAX + 1]; /* directly behind the head */
};

/* Makes the message that is to be written. False: text is too long, or has a
 * NUL. */
bool pam_wire_put(struct pam_wire *w, enum pam_wire_kind kind, const char *text,
                  size_t len);

/* Makes a LOGIN or a CHECK. False: the user's name is empty or too long, or the
 * address is too long. */
bool pam_wire_put_login(struct pam_wire *w, enum pam_wire_kind kind,
                        const char *user, const char *remote);

/* Where the next bytes are to be read, and how many at most. 0: the message is
 * whole. */
size_t pam_wire_room(struct pam_wire *w, uint8_t **ret_at);

/* count bytes were read there. False: this is no message; nothing else can be
 * read from the connection. */
bool pam_wire_added(struct pam_wire *w, size_t count);

/* Of a whole message. text is terminated. */
static inline enum pam_wire_kind pam_wire_kind(const struct pam_wire *w)
{
    return (enum pam_wire_kind)w->bytes[0];
}

/* Of a whole LOGIN or CHECK, whose user is its text. */
const char *pam_wire_remote(const struct pam_wire *w);

/* Overwrites all of it: it is none again. */
void pam_wire_wipe(struct pam_wire *w);

#endif

/*
 * ssh_key.h - a public key of ssh as text, the one line of a .pub file: its
 * form and its fingerprint. Whether somebody has it is sshd's to find out.
 *
 * Pure. sshd reads the text as a line of authorized_keys: so it is only taken
 * in the one form that has no options and no second line.
 */
#ifndef AUTH_SSH_KEY_H
#define AUTH_SSH_KEY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SSH_KEY_TEXT_MAX = 3072,      /* bytes of "TYPE BASE64" with the NUL */
    SSH_KEY_COMMENT_MAX = 128,    /* the same; a longer one is cut */
    SSH_KEY_FINGERPRINT_LEN = 50, /* "SHA256:" and 43 characters */
    SSH_KEY_NAME_MAX = 64,        /* bytes without the NUL */
};

struct ssh_key {
    char text[SSH_KEY_TEXT_MAX]; /* "TYPE BASE64" */
    char comment[SSH_KEY_COMMENT_MAX];
    char fingerprint[SSH_KEY_FINGERPRINT_LEN + 1]; /* as ssh-keygen -l has it */
};

/* From "TYPE BASE64 COMMENT", one line; the comment may be missing, and loses
 * what is not printable. 0, or -EINVAL with err filled. */
int ssh_key_parse(struct ssh_key *ret, const char *text, struct err *err);

/* Whose a key can be: the name stands in a command line that sshd gives to a
 * shell. A letter or digit, then also ._@+-, up to SSH_KEY_NAME_MAX. */
bool ssh_key_is_name(const char *name);

/*
 * The keys that were deleted last, by their ids, which are never used again:
 * what has come by one of them ends. All zeros: none. An older one is forgotten
 * when there are more; nothing that came by it is left then.
 */
enum { SSH_KEYS_DELETED_MAX = 1024 };
struct ssh_keys_deleted {
    uint64_t id[SSH_KEYS_DELETED_MAX];
    unsigned next;
};
void ssh_keys_deleted_add(struct ssh_keys_deleted *keys, uint64_t id);
bool ssh_keys_deleted_has(const struct ssh_keys_deleted *keys, uint64_t id);

#endif

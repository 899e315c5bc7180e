/*
 * principal.h - who acts: a name, how it was proven, from where.
 *
 * Somebody who has proven nothing is an address alone (PROOF_ADDRESS, no name),
 * and no rule but one for "anybody" is for them. A name counts only together
 * with its proof: "alice" of a certificate is not the person alice.
 *
 * A principal owns its texts, and is handed on by value; they are freed by
 * principal_done. One that has proven nothing owns nothing, and costs no
 * allocation.
 */
#ifndef ACCESS_PRINCIPAL_H
#define ACCESS_PRINCIPAL_H

#include "access/right.h"
#include "base/network.h"

#include <stddef.h>

enum principal_proof {
    PROOF_ADDRESS,     /* nothing but where it comes from */
    PROOF_UID,         /* the peer of a Unix socket */
    PROOF_CERTIFICATE, /* a TLS client certificate that was verified */
    PROOF_TOKEN,
    PROOF_PASSWORD, /* PAM */
    PROOF_PROXY,    /* a trusted proxy's word */
    PROOF_SSH,      /* that of the account for ssh, which knows people by their
                     * keys */
};
enum { PROOF_COUNT = PROOF_SSH + 1 };

/* "address", "uid", "certificate", "token", "password", "proxy", "ssh". */
const char *principal_proof_name(enum principal_proof proof);

enum {
    PRINCIPAL_NAME_MAX = 256, /* bytes with the NUL; longer ones prove nothing,
                               * because a cut name could be another's */
    PRINCIPAL_GROUPS_MAX = 1024,
};

struct principal {
    char *name;   /* NULL: none */
    char **group; /* of a person's account (unix:GROUP), or those that a proxy
                   * has said (proxy:GROUP), in order; NULL: none */
    size_t group_count;
    /* A token acts for its owner, within its own bounds. NULL: no token. */
    struct principal *owner;
    uint64_t token; /* which one, for as long as it holds (auth/tokens.h); 0: no
                     * token */
    uint64_t web_session; /* of a page that has proven it, for as long as it
                           * holds (auth/web/web_sessions.h); 0: none */
    uint64_t ssh_key;     /* by which the person has come, for as long as it is
                           * not deleted (auth/ssh_key.h); 0: not known */
    char *consoles;       /* of a token: pattern of its consoles; NULL: all */
    uint8_t right_max;    /* of a token: enum right */
    uint8_t proof;        /* enum principal_proof */
    bool is_keeper; /* root's uid or vspcd's own: it can write vspcd's files, so
                     * a token of its is bounded by nothing else */
    bool is_local;  /* from this machine: loopback, or a Unix socket */
    struct ip ip;   /* all zeros: it has none */
};

/* Somebody at this address who has proven nothing; is_local follows from the
 * address. A peer without an address (a Unix socket) is local. */
struct principal principal_of_address(bool has_ip, struct ip ip);

/* Whether it can be a principal's name: not empty or too long, UTF-8, and each
 * character is seen, because a name that looks like another one is nobody's. */
bool principal_is_name(const char *name);

/* The principal has proven this name, and keeps its address. What it had proven
 * before is forgotten. False: it is no name, and nothing was changed. A token's
 * owner and bounds are set afterwards; until then it may nothing. */
bool principal_prove(struct principal *p, enum principal_proof proof,
                     const char *name);

/* p has the proven name of another, and its owner's, to be compared by
 * principal_is_same: without groups, bounds and address. */
void principal_copy_names(struct principal *p, const struct principal *of);

/* The principal's groups from now on; copied, in any order. Those beyond
 * PRINCIPAL_GROUPS_MAX are left out. */
void principal_set_groups(struct principal *p, char *const *group,
                          size_t count);

/*
 * Both have proven one name, and are one person or program by it: of an account
 * it does not matter by what (uid, password) or whose word it is (a proxy's,
 * ssh's), as for the rules' member "user:NAME". Tokens of one name are the same
 * if they have one owner. Without a name nobody is the same.
 */
bool principal_is_same(const struct principal *a, const struct principal *b);

bool principal_has_group(const struct principal *p, const char *group);

/* Frees what it owns; it is all zeros then: nobody from nowhere. */
void principal_done(struct principal *p);

/* "alice (password)", "token ci (for alice)", "anybody": for messages. Cut. */
struct principal_text {
    char text[PRINCIPAL_NAME_MAX + 64];
};
struct principal_text principal_format(const struct principal *p);

#endif

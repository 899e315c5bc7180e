/*
 * member.h - a member of a group or of a rule (access_rules.h has the forms):
 * read from its text, and asked whether it stands for a principal.
 */
#ifndef ACCESS_RULES_MEMBER_H
#define ACCESS_RULES_MEMBER_H

#include "access/principal.h"
#include "base/err.h"

enum member_kind {
    MEMBER_PLAIN, /* a group of the rules or a person: the rules know */
    MEMBER_ANYBODY,
    MEMBER_PERSON,
    MEMBER_UNIX,
    MEMBER_PROXY,
    MEMBER_CERTIFICATE,
    MEMBER_TOKEN,
};

/* "from": all that is said holds. All zeros: from everywhere. */
struct member_from {
    bool is_local;    /* this machine */
    bool has_network; /* network holds */
    bool is_nowhere;  /* two networks that have no address in common */
    struct network network;
};

struct member {
    enum member_kind kind;
    struct member_from from;
    char *name; /* NULL: anybody; owned */
};

/* Reads "unix:wheel from 192.0.2.0/24". 0, or -EINVAL with err filled. */
int member_parse(const char *text, struct member *ret, struct err *err);
void member_done(struct member *m);

/* Why hardly any principal can have this member's name, as "is no person";
 * NULL: one can. */
const char *member_doubt(const struct member *m);

/* "certificate:", "": what stands before the name. */
const char *member_prefix(enum member_kind kind);

/* Both hold. */
struct member_from member_from_both(const struct member_from *a,
                                    const struct member_from *b);

bool member_is_from(const struct member_from *from,
                    const struct principal *who);

/* Whether who is of this kind and name, wherever it comes from. */
bool member_has_name_of(enum member_kind kind, const char *name,
                        const struct principal *who);

#endif

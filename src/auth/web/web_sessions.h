/*
 * web_sessions.h - people who have logged in on a page of vspcd: by which
 * cookie each session is known, whose it is, and until when it holds.
 *
 * A cookie has 32 random bytes, of which only the digest is kept. What it
 * proves is what the login has proven, by the same proof: a password, or an
 * access token for as long as that holds. Groups are no part of it: they are
 * looked up anew for each connection, as for tokens.
 *
 * A session ends when it was used for the last time idle_s ago, or began time_s
 * ago, by a logout, when it is revoked, with its token, and when the account of
 * its person is gone, as far as the name service says so (groups_watch.h), or
 * PAM does not let it in any more (account_checks.h). It
 * also ends for want of room: then the one that was used longest ago goes, of
 * the person if he has WEB_SESSIONS_OF_PERSON_MAX, else of all.
 *
 * A table in memory, of the loop's thread alone; whoever keeps it on disk is
 * told of each change. Reads no clock: now_s is the wall clock's, seconds since
 * 1970, so that a session holds over a restart. Each cookie that is presented
 * is compared with every session, in a time that depends on their number alone.
 */
#ifndef AUTH_WEB_WEB_SESSIONS_H
#define AUTH_WEB_WEB_SESSIONS_H

#include "auth/groups_watch.h"
#include "auth/tokens.h"

enum {
    WEB_SESSIONS_MAX = 1024,
    WEB_SESSIONS_OF_PERSON_MAX = 32,
    WEB_SESSION_TEXT_LEN = 44, /* of a cookie: base64 */
    WEB_SESSION_ID_MAX = 17,   /* of an id as text, with the NUL */
};

struct web_session {
    uint64_t id; /* random, so that it is nobody else's ever; not 0 */
    uint8_t digest[TOKEN_DIGEST_LEN];       /* of the cookie */
    uint8_t token_digest[TOKEN_DIGEST_LEN]; /* of the token that has proven it;
                                             * else zeros */
    uint8_t proof;                          /* PROOF_PASSWORD or PROOF_TOKEN */
    bool has_account; /* of a person by password: the name service has known the
                       * account */
    char name[PRINCIPAL_NAME_MAX];  /* the person's, or the token's */
    char owner[PRINCIPAL_NAME_MAX]; /* the person's, or the token's owner's */
    int64_t created_s;
    int64_t used_s;                 /* last */
    char from[TOKEN_FROM_MAX];      /* the address of the login; "": none */
    char used_from[TOKEN_FROM_MAX]; /* that of the last use */
};

enum web_session_end {
    WEB_SESSION_LOGGED_OUT,
    WEB_SESSION_REPLACED, /* by another login in its browser */
    WEB_SESSION_REVOKED,
    WEB_SESSION_IDLE,
    WEB_SESSION_TIME,
    WEB_SESSION_NO_ROOM,
    WEB_SESSION_TOKEN,
    WEB_SESSION_ACCOUNT,
    WEB_SESSION_LOCKED,
};
enum { WEB_SESSION_END_COUNT = WEB_SESSION_LOCKED + 1 };

/* "logged out", "idle", ...: for logs. */
const char *web_session_end_text(enum web_session_end end);

struct web_sessions;

struct web_sessions_links {
    struct tokens *tokens;      /* borrowed, as watch; NULL: there are none */
    struct groups_watch *watch; /* NULL: accounts are not looked up again */
    void (*on_begin)(void *owner, const struct web_session *session);
    /* A session has ended, and the table has it no more. by: who has done it;
     * "": nobody. */
    void (*on_end)(void *owner, const struct web_session *session,
                   enum web_session_end end, const char *by);
    /* A cookie has come from another address than before. */
    void (*on_elsewhere)(void *owner, const struct web_session *session);
    /* What the table has is not what it had. is_use: but for the last use of a
     * session. */
    void (*on_change)(void *owner, bool is_use);
    void *owner;
};

struct web_sessions *web_sessions_new(const struct web_sessions_links *links);
void web_sessions_free(struct web_sessions *all); /* takes NULL; tells nobody */

/* The limits from now on, in seconds. What is over them ends at the next
 * web_sessions_expire. */
void web_sessions_set(struct web_sessions *all, int64_t idle_s, int64_t time_s);

/* What was kept of an earlier run; copied. What does not hold any more is left
 * out, and nobody is told. */
void web_sessions_restore(struct web_sessions *all,
                          const struct web_session *list, size_t count,
                          int64_t now_s);

/* A session of who, who has just proven a name by password or token. ret_text
 * is its cookie, with a NUL; the caller wipes it. NULL: the system has no
 * random numbers yet, or the token holds no more. Borrowed: until the table
 * changes. */
const struct web_session *web_sessions_begin(
    struct web_sessions *all, const struct principal *who, int64_t now_s,
    char ret_text[WEB_SESSION_TEXT_LEN + 1]);

/* If the cookie is one of a session that holds, p has proven what its login has
 * (and its member web_session is the session), keeps its address, and the
 * session is used. False: p is unchanged. */
bool web_sessions_prove(struct web_sessions *all, struct slice text,
                        int64_t now_s, struct principal *p);

/* The name service has answered about the account of a session. */
void web_sessions_note_account(struct web_sessions *all, uint64_t id,
                               const struct groups_answer *answer);

/* Somebody who has proven a password, and whom this round has not had; NULL:
 * there is nobody. ret_from: the address of the last use. Both are borrowed:
 * until the table changes. */
const char *web_sessions_next_person(struct web_sessions *all, unsigned round,
                                     const char **ret_from);
/* Ends the sessions that this person has begun by a password. */
void web_sessions_end_person(struct web_sessions *all, const char *name,
                             enum web_session_end end);

/* It is used. No session: nothing. */
void web_sessions_touch(struct web_sessions *all, uint64_t id, int64_t now_s);

bool web_sessions_holds(const struct web_sessions *all, uint64_t id);

/* False: there is none. */
bool web_sessions_end(struct web_sessions *all, uint64_t id,
                      enum web_session_end end, const char *by);

/* Ends those that are over a limit. */
void web_sessions_expire(struct web_sessions *all, int64_t now_s);
/* When the next one will be; 0: there is none. */
int64_t web_sessions_next_expiry_s(const struct web_sessions *all);

/* Ends those whose token holds no more. */
void web_sessions_check_tokens(struct web_sessions *all);

/* In the order of their beginning. NULL: there are no more. Borrowed: until the
 * table changes. */
const struct web_session *web_sessions_get(const struct web_sessions *all,
                                           size_t i);
const struct web_session *web_sessions_find(const struct web_sessions *all,
                                            uint64_t id);

/* When a session ends if it is used no more, and however it is used. */
int64_t web_session_idle_end_s(const struct web_sessions *all,
                               const struct web_session *session);
int64_t web_session_end_s(const struct web_sessions *all,
                          const struct web_session *session);

/* Its id as text, and back. False: it is none. */
void web_session_format_id(uint64_t id, char ret_text[WEB_SESSION_ID_MAX]);
bool web_session_parse_id(const char *text, uint64_t *ret_id);

#endif

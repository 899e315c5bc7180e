/*
 * daemon_web_sessions.h - sessions of people on pages of the running program:
 * the table (auth/web/web_sessions.h), its limits from the settings, its events
 * in the log, and what the file of the tokens keeps of it.
 *
 * A session that has ended is known as ended at once; what is open by it is
 * looked at, and the file written, WEB_SESSIONS_SOON_US later, once for all
 * changes until then: whoever logs in and out without end costs no more.
 */
#ifndef DAEMON_ACCESS_DAEMON_WEB_SESSIONS_H
#define DAEMON_ACCESS_DAEMON_WEB_SESSIONS_H

#include "auth/web/account_checks.h"
#include "conf/options.h"

struct daemon_tokens;

enum { WEB_SESSIONS_SOON_US = 250 * 1000 };

struct web_sessions_parts {
    const struct settings *settings; /* borrowed; always the present ones */
    struct loop *loop;               /* borrowed, as the next */
    struct daemon_tokens *tokens;
    struct groups_watch *watch;
    struct pam_service *pam;
    /* Sessions have ended: web_sessions_holds says which. Called from a handler
     * of the loop. */
    void (*on_gone)(void *owner);
    void *owner;
};

struct daemon_web_sessions {
    struct web_sessions_parts links;
    struct web_sessions *table;
    struct account_checks checks;
    struct deadline_queue soons;
    struct deadline soon; /* runs: something has changed */
    struct deadline_queue expiries;
    struct deadline expiry; /* the next one, or to look again */
    bool any_gone;
    bool is_stale; /* the file has not what the table has */
};

/* Takes what the file of the tokens has. w must not move. */
void daemon_web_sessions_open(struct daemon_web_sessions *w,
                              const struct web_sessions_parts *links);
void daemon_web_sessions_close(struct daemon_web_sessions *w);

/* SIGHUP: the limits are the settings'. */
void daemon_web_sessions_use(struct daemon_web_sessions *w);

/* SIGHUP: whether accounts may still be used is asked anew. */
void daemon_web_sessions_look_again(struct daemon_web_sessions *w);

/* Tokens have ended. */
void daemon_web_sessions_check(struct daemon_web_sessions *w);

#endif

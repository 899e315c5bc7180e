/*
 * daemon_matcher.h - the engine of alerts (alert/alert.h) in the daemon: its
 * rules from the settings, the consoles that it looks at, and what the log says
 * of both. What was found is somebody else's: on_found.
 */
#ifndef DAEMON_ALERTS_DAEMON_MATCHER_H
#define DAEMON_ALERTS_DAEMON_MATCHER_H

#include "alert/alert.h"
#include "base/err.h"
#include "conf/options.h"
#include "core/census/census.h"

struct directory;
struct console;
struct fact;
struct loop;
struct waker;

struct matcher_links {
    const struct settings *settings; /* always the present ones */
    struct loop *loop;
    struct directory *directory;
    /* As alert_callbacks have it. */
    void (*on_found)(void *owner, const struct alert_found *found);
    void *owner;
};

struct daemon_matcher {
    struct matcher_links links;
    struct alert_engine *engine;
    struct waker *waker;
    struct alert_settings rules; /* that the engine was given last */
    bool has_new_rules;          /* all consoles are to be judged */
    bool is_starting; /* the first rules are not in force yet: they look at what
                       * VMs have printed meanwhile, too */
};

/* All or nothing; m must not move. 0, or negative with err filled. */
int daemon_matcher_open(struct daemon_matcher *m,
                        const struct matcher_links *links, struct err *err);

/* Before the consoles go. */
void daemon_matcher_close(struct daemon_matcher *m);

/* Uses changed settings, which are valid. */
void daemon_matcher_use(struct daemon_matcher *m);

/* FACT_VM_ATTACHED, FACT_VM_DETACHED, FACT_VM_RENAMED, FACT_LABELLED. */
void daemon_matcher_tell(struct daemon_matcher *m, const struct fact *fact);

/* The inventory has changed: which rules look at the console, if any goes by
 * it. The caller settles the directory. */
void daemon_matcher_judge(struct daemon_matcher *m, struct console *c);

void daemon_matcher_count(const struct daemon_matcher *m,
                          struct census *census);

#endif

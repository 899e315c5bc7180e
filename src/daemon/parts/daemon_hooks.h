/*
 * daemon_hooks.h - what hooks are told of, from what has happened in core/; and
 * what the log is told of hooks.
 *
 * Nothing is told any more once vspcd ends: VMs and clients that it parts with
 * then have not gone, and come again by themselves.
 */
#ifndef DAEMON_PARTS_DAEMON_HOOKS_H
#define DAEMON_PARTS_DAEMON_HOOKS_H

#include "base/err.h"
#include "conf/options.h"
#include "core/census/census.h"
#include "hook/hooks.h"

struct fact;
struct loop;
struct store_record;
struct waker;

struct daemon_hooks {
    const struct settings *settings; /* borrowed; as they are now */
    struct hooks *hooks;
    struct waker *waker; /* there are results */
    bool is_ending;      /* hooks are not notified of anything any more */
};

/* What the settings say about hooks. 0, or -EINVAL with err filled. */
int daemon_hooks_parse(const struct settings *s, struct hooks_settings *ret,
                       struct err *err);

/* All or nothing; h stays where it is. seed: random, for a hash. 0, or negative
 * with err filled. */
int daemon_hooks_open(struct daemon_hooks *h, const struct settings *settings,
                      struct loop *loop, const uint64_t seed[2],
                      struct err *err);

/* The settings have changed, and are valid. */
void daemon_hooks_use(struct daemon_hooks *h);

void daemon_hooks_tell_fact(struct daemon_hooks *h, const struct fact *fact);
void daemon_hooks_tell_expired(struct daemon_hooks *h, const struct console *c);

/* The console's time was up when vspcd was started. */
void daemon_hooks_tell_gone(struct daemon_hooks *h,
                            const struct store_record *record);

void daemon_hooks_count(const struct daemon_hooks *h, struct census *census);

/* The end has begun: programs that run get a second to end; none, at_once. */
void daemon_hooks_end(struct daemon_hooks *h, bool at_once);
bool daemon_hooks_have_ended(const struct daemon_hooks *h);

/* Waits until they have ended, a few seconds at most. */
void daemon_hooks_close(struct daemon_hooks *h);

#endif

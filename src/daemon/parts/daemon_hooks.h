/*
 * daemon_hooks.h - turns core's facts into events for hooks, and the hooks'
 * results into log lines.
 *
 * Once vspcd ends, hooks are not notified: VMs and clients that it disconnects
 * then have not left, and reconnect by themselves.
 */
#ifndef DAEMON_PARTS_DAEMON_HOOKS_H
#define DAEMON_PARTS_DAEMON_HOOKS_H

#include "base/err.h"
#include "conf/options.h"
#include "core/census/census.h"
#include "hook/hooks.h"

struct alert_item;
struct fact;
struct inventory_vm;
struct loop;
struct store_record;
struct waker;

struct daemon_hooks {
    const struct settings *settings; /* borrowed; always the present ones */
    struct hooks *hooks;
    struct waker *waker; /* there are results */
    bool is_ending;      /* hooks are no longer notified */
};

/* Translates the hooks' settings. 0, or -EINVAL with err filled. */
int daemon_hooks_parse(const struct settings *s, struct hooks_settings *ret,
                       struct err *err);

/* All or nothing; h must not move. seed: random, for map_hash. 0, or negative
 * with err filled. */
int daemon_hooks_open(struct daemon_hooks *h, const struct settings *settings,
                      struct loop *loop, const uint64_t seed[2],
                      struct err *err);

/* Uses changed settings, which are valid. */
void daemon_hooks_use(struct daemon_hooks *h);

void daemon_hooks_tell_fact(struct daemon_hooks *h, const struct fact *fact);
void daemon_hooks_tell_expired(struct daemon_hooks *h, const struct console *c);

/* The console had expired when vspcd was started. */
void daemon_hooks_tell_gone(struct daemon_hooks *h,
                            const struct store_record *record);

/* vm: of the item's console. link: URL; NULL: not known. */
void daemon_hooks_tell_alert(struct daemon_hooks *h,
                             const struct alert_item *item,
                             const struct inventory_vm *vm, const char *link);

void daemon_hooks_count(const struct daemon_hooks *h, struct census *census);

/* The program's end has begun: running programs get a second to end; with
 * at_once none. */
void daemon_hooks_end(struct daemon_hooks *h, bool at_once);
bool daemon_hooks_have_ended(const struct daemon_hooks *h);

/* Waits until they have ended, for a few seconds at most. */
void daemon_hooks_close(struct daemon_hooks *h);

#endif

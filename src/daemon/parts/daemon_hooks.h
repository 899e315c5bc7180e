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
#include "hook/hooks.h"

struct console;
struct daemon;
struct fact;
struct store_record;
struct waker;

struct daemon_hooks {
    struct hooks *hooks;
    struct waker *waker; /* there are results */
};

/* 0, or -EINVAL with err filled. */
int daemon_hooks_parse(const struct settings *s, struct hooks_settings *ret,
                       struct err *err);

/* 0, or negative with err filled. */
int daemon_hooks_open(struct daemon *d, struct err *err);

/* As the settings are now, which are valid. */
void daemon_hooks_use(struct daemon *d);

void daemon_hooks_tell_fact(struct daemon *d, const struct fact *fact);
void daemon_hooks_tell_expired(struct daemon *d, const struct console *c);

/* Its time was up when vspcd was started. */
void daemon_hooks_tell_gone(struct daemon *d,
                            const struct store_record *record);

/* The end has begun: what runs has a second; or nothing, at_once. */
void daemon_hooks_end(struct daemon *d, bool at_once);

/* Waits for that. Takes one that is not open. */
void daemon_hooks_close(struct daemon *d);

#endif

/*
 * alert_compiler.h - the thread that compiles rules: patterns of an
 * administrator may take seconds, and the loop must not wait.
 *
 * One set of rules at a time, and the last one that was asked for next; those
 * in between are dropped. Called by one thread, the loop's, but for wake.
 */
#ifndef ALERT_ALERT_COMPILER_H
#define ALERT_ALERT_COMPILER_H

#include "alert/match/alert_rules.h"

struct alert_compiler;

/* wake: there is a result. Called on the thread. 0 or -errno. */
int alert_compiler_open(struct alert_compiler **ret_compiler,
                        void (*wake)(void *owner), void *owner);

/* Takes NULL. A compilation under way is left behind after wait_us. */
void alert_compiler_close(struct alert_compiler *c, uint64_t wait_us);

/* Copies settings. */
void alert_compiler_ask(struct alert_compiler *c,
                        const struct alert_settings *settings);

/* True: there is a result of what was asked last: rules, which are the
 * caller's, or NULL with err filled. */
bool alert_compiler_take(struct alert_compiler *c,
                         struct alert_rules **ret_rules, struct err *err);

#endif

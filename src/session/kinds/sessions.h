/*
 * sessions.h - all kinds of sessions of a loop, opened and closed together.
 *
 * The one place that knows which kinds there are: a context knows sessions by
 * their operations alone.
 */
#ifndef SESSION_KINDS_SESSIONS_H
#define SESSION_KINDS_SESSIONS_H

#include "session/session_context.h"

/* loop NULL: for a test, which calls due deadlines itself. */
void sessions_open(struct session_context *ctx, struct loop *loop,
                   struct directory *directory,
                   const struct session_settings *settings);

/* New settings. They are for sessions to come; the times (identity timeout,
 * half-close time) are for present ones too. sessions_judge does the rest. */
void sessions_set(struct session_context *ctx,
                  const struct session_settings *settings);

/* After new settings and TLS contexts: what they do not allow any more ends, by
 * the end of the turn or, for clients, when they have had their output. A
 * service that they allow again begins. Returns how many end. */
struct session_judged sessions_judge(struct session_context *ctx);

/* No session may be left but those that wait to be freed. */
void sessions_close(struct session_context *ctx);

#endif

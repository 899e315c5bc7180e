/*
 * sessions.h - all kinds of sessions of a loop, opened and closed together.
 *
 * The one place that knows which kinds there are: a context knows sessions by
 * their operations alone.
 */
#ifndef SESSION_SESSIONS_H
#define SESSION_SESSIONS_H

#include "session/session_context.h"

/* loop NULL: a test, which lets deadlines fall due by itself. */
void sessions_open(struct session_context *ctx, struct loop *loop,
                   struct directory *directory,
                   const struct session_settings *settings);

/* Other settings, for sessions to come; the time to say who one is for those
 * that are there too. */
void sessions_set(struct session_context *ctx,
                  const struct session_settings *settings);

/* No session is left but those that wait for being freed. */
void sessions_close(struct session_context *ctx);

#endif

/*
 * null_modem.h - a cable between the serial ports of two VMs: what one VM
 * prints the other VM reads, breaks and modem lines included.
 *
 * To each console it is one more client, beside those that watch and type.
 * Nothing is lost while both VMs are there: the null modem holds a VM as any
 * client does (core/console_pace.c). Into a port without a VM bytes go as into
 * a cable that ends nowhere.
 *
 * The owner connects and disconnects it. on_end tells the owner that the null
 * modem has ended by itself.
 */
#ifndef SESSION_SERVICE_NULL_MODEM_H
#define SESSION_SERVICE_NULL_MODEM_H

#include "session/session_context.h"

struct null_modem;

/* The null modem has ended, for this reason (static text), because all sessions
 * end. Called at the end of the turn. Not after null_modem_disconnect. */
typedef void null_modem_end_fn(void *owner, const char *reason);

/* NULL: one of the consoles refuses one more client. */
struct null_modem *null_modem_connect(struct session_context *ctx,
                                      struct console *a, struct console *b,
                                      null_modem_end_fn *on_end, void *owner);
void null_modem_disconnect(struct null_modem *m); /* accepts NULL */

/* Whether one of its ends is at this console. */
bool null_modem_is_at(const struct null_modem *m, const struct console *c);

#endif

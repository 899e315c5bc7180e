/*
 * null_modem.h - a cable between the serial ports of two VMs: what one prints
 * the other reads, breaks and modem lines included.
 *
 * To each console it is one more client, beside those that watch and type.
 * Nothing is lost while both VMs are there: who is not read is held back as by
 * any client (core/client.h). Into a port without a VM bytes go as into a
 * cable that ends nowhere.
 *
 * The owner connects and disconnects it; it may be told to by on_end, when one
 * of the consoles lets go of its clients.
 */
#ifndef SESSION_SERVICE_NULL_MODEM_H
#define SESSION_SERVICE_NULL_MODEM_H

#include "session/session_context.h"

struct null_modem;

/* It must be disconnected: one of the consoles lets go of its clients. Called
 * at the end of the turn. */
typedef void null_modem_end_fn(void *owner, const char *reason);

/* NULL: one of them has as many clients as it may have. */
struct null_modem *null_modem_connect(struct session_context *ctx,
                                      struct console *a, struct console *b,
                                      null_modem_end_fn *on_end, void *owner);
void null_modem_disconnect(struct null_modem *m); /* takes NULL */

/* Whether it ends at this console. */
bool null_modem_is_at(const struct null_modem *m, const struct console *c);

#endif

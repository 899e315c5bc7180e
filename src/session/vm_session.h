/*
 * vm_session.h - a connection from a VM's serial port (an ESXi host, or
 * whatever speaks VMware's telnet extension).
 *
 * Glue between a stream, a telnet endpoint with option 232, and a console of
 * the directory: negotiates, asks the VM who it is, attaches it, and carries
 * its bytes. PROTOCOL in short: docs/telnet.md.
 *
 * Owns itself: it ends when the connection ends, when the VM's identity does
 * not come in time, or when the console gets a newer connection.
 */
#ifndef SESSION_VM_SESSION_H
#define SESSION_VM_SESSION_H

#include "net/stream.h"
#include "session/session_context.h"

/* Takes the stream over and greets the VM, unless that may say a TLS hello
 * first (session/secure.h). */
void vm_session_start(struct session_context *ctx, struct stream *stream,
                      enum tls_policy policy);

/* Without file descriptors: closes the one that has waited longest to say which
 * VM it is, if that is some seconds. True: there was one. */
bool vm_session_make_room(struct session_context *ctx);

/* Deadlines of an identity have passed. */
void vm_session_identity_due(struct deadline *d, void *owner);
void vm_session_first_byte_due(struct deadline *d, void *owner);

#endif

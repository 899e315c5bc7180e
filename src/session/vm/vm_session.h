/*
 * vm_session.h - a connection from a VM's serial port (an ESXi host, or
 * whatever speaks VMware's telnet extension).
 *
 * Glue between a telnet link with option 232 and a console of the directory:
 * negotiates, asks the VM who it is, attaches it, and carries its bytes. The
 * protocol in short: docs/telnet.md.
 *
 * Owns itself (session.h): it ends when the connection ends, when the VM's
 * identity does not come in time, or when the console gets a newer connection.
 */
#ifndef SESSION_VM_VM_SESSION_H
#define SESSION_VM_VM_SESSION_H

#include "net/stream.h"
#include "session/session_context.h"

/* What all VM sessions of a context wait in. */
struct vm_sessions {
    struct deadline_queue identities;  /* VMs that have not said who they are */
    struct deadline_queue first_bytes; /* a TLS hello may be the first word */
};

/* Once for a context, before the first session, and after the last one. */
void vm_session_open_all(struct session_context *ctx);
void vm_session_close_all(struct session_context *ctx);

/* Takes the stream over and greets the VM, unless that may say a TLS hello
 * first. */
void vm_session_start(struct session_context *ctx, struct stream *stream,
                      enum tls_policy policy);

#endif

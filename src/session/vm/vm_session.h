/*
 * vm_session.h - a connection from a VM's serial port (an ESXi host, or any
 * program that speaks VMware's telnet extension).
 *
 * Joins a telnet link with option 232 and a console of the directory:
 * negotiates, asks for the VM's identity, attaches it, and carries its bytes.
 * docs/telnet.md has the protocol in short.
 *
 * The session owns itself (session.h): it ends when the connection ends, when
 * the VM's identity does not come in time, or when the console gets a newer
 * connection.
 */
#ifndef SESSION_VM_VM_SESSION_H
#define SESSION_VM_VM_SESSION_H

#include "base/histogram.h"
#include "net/stream.h"
#include "session/session_context.h"

/* What a host waits for while its VM stands still. */
enum vm_answer {
    VM_ANSWER_GOAHEAD,
    VM_ANSWER_PEER_OK,
    VM_ANSWER_COUNT,
};

/* The deadlines of all VM sessions of a context, and what they count. */
struct vm_sessions {
    struct deadline_queue identities; /* until the VM is identified */
    struct deadline_queue
        first_bytes; /* until the greeting, if a TLS hello may come */
    struct deadline_queue probes; /* until the next look: vm_takeover.c */
    /* From the turn in which the message came to the answer's write. */
    struct histogram answer_times[VM_ANSWER_COUNT];
    bool answers[VM_ANSWER_COUNT]; /* are queued by the read at hand */
};

/* Once for a context, before the first session, and after the last one. */
void vm_session_open_all(struct session_context *ctx);
void vm_session_close_all(struct session_context *ctx);

/* Takes the stream over, and greets the VM, unless a TLS hello may come first.
 */
void vm_session_start(struct session_context *ctx, struct stream *stream,
                      enum tls_policy policy);

#endif

/*
 * words.h - the log lines about facts that core reports, all in one file.
 *
 * A session that refuses or closes a connection logs that itself, because only
 * the session knows why; each part logs its own trouble.
 */
#ifndef DAEMON_PARTS_WORDS_H
#define DAEMON_PARTS_WORDS_H

#include "core/move.h"
#include "core/told/fact.h"

struct console;

/* Logs the fact's line, if it has one. FACT_VM_ATTACHED has none here, because
 * its line waits until the port is on the disk (words_log_connected). */
void words_log_fact(const struct fact *fact);

/* FACT_VM_ATTACHED: logs the line that announces the VM's port to people and
 * programs. */
void words_log_connected(const struct console *c,
                         const struct fact_vm_attached *attached);

/* The console got no TCP port. error: -errno; -EADDRNOTAVAIL: no port is
 * free. */
void words_log_no_port(const struct console *c, int error);

void words_log_expired(const struct console *c);

/* Somebody has asked for its end. */
void words_log_forgotten(const struct console *c);

/* The console expires at once because another one needs its room. */
void words_log_evicted(const struct console *c);

/* Why a move ended other than by MOVE_COMPLETED: a sentence, static text. The
 * log and the hooks share it, because administrators search for it. */
const char *words_move_failure(enum move_verdict verdict);

#endif

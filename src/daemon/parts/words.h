/*
 * words.h - what the program's log says about what happened in core: the words
 * of every line that a fact leads to, in one file.
 *
 * Only facts: a session that refuses or closes a connection logs that itself,
 * because only the session knows why, and each part logs its own trouble.
 */
#ifndef DAEMON_PARTS_WORDS_H
#define DAEMON_PARTS_WORDS_H

#include "core/move.h"
#include "core/told/fact.h"

struct console;

/* The fact's line, if it has one. FACT_VM_ATTACHED has none here, because its
 * line has to wait until the port it names is on the disk
 * (words_log_connected). */
void words_log_fact(const struct fact *fact);

/* FACT_VM_ATTACHED: the line that names the VM's port to people and programs.
 */
void words_log_connected(const struct console *c,
                         const struct fact_vm_attached *attached);

/* The console got no TCP port. error: -errno; -EADDRNOTAVAIL: none is free. */
void words_log_no_port(const struct console *c, int error);

void words_log_expired(const struct console *c);

/* Why a move ended otherwise than by MOVE_COMPLETED: a sentence, static text.
 * An administrator searches for it, so the log and the hooks have the same. */
const char *words_move_failure(enum move_verdict verdict);

#endif

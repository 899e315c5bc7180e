/*
 * console_private.h - what the files of core/ share about a console.
 */
#ifndef CORE_CONSOLE_PRIVATE_H
#define CORE_CONSOLE_PRIVATE_H

#include "core/console.h"

/* The client took something: the VM may perhaps be read again. */
void console_client_moved(struct console *c, struct client *client,
                          uint64_t now_us);

/* Attaches a link that is attached nowhere; the directory's work is done. */
void console_attach_vm(struct console *c, struct vm_link *link,
                       uint64_t now_us);

#endif

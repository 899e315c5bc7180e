/*
 * vm_end.h - why a VM's connection ends: the reasons, and what the log says.
 */
#ifndef SESSION_VM_VM_END_H
#define SESSION_VM_VM_END_H

enum vm_end {
    VM_END_CLOSED,
    VM_END_RESET,
    VM_END_TIMEOUT,
    VM_END_NO_ANSWERS_TAKEN,
    VM_END_CUT,
    VM_END_TLS_RULES,
    VM_END_TLS, /* the stream says what is wrong */
    VM_END_TLS_REQUIRED,
    VM_END_HALF_AUTHENTICATED,
    VM_END_HELLO_LATE,
    VM_END_HELLO_WITHOUT_TLS,
    VM_END_NO_TELNET,
    VM_END_NO_EXTENSION,
    VM_END_NO_IDENTITY,
    VM_END_NO_UUID,
    VM_END_EARLY_DATA,
    VM_END_EARLY_DATA_OF_ALL,
    VM_END_SUBNEGOTIATION,
    VM_END_NO_MEMORY,
    VM_END_TOO_MANY_CONSOLES,
    VM_END_DISMISSED, /* core says why */
    VM_END_SHUT_DOWN,
    VM_END_COUNT,
};

/* Static. For those whose reason somebody else says: a general one. */
const char *vm_end_text(enum vm_end end);

#endif

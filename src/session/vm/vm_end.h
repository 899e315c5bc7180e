/* vm_end.h - why a VM's connection ends: the reasons, and their texts for the
 * log. */
#ifndef SESSION_VM_VM_END_H
#define SESSION_VM_VM_END_H

enum vm_end {
    VM_END_CLOSED,
    VM_END_RESET,
    VM_END_TIMEOUT,
    VM_END_NO_ANSWERS_TAKEN,
    VM_END_CUT,
    VM_END_CERTIFICATE,
    VM_END_TLS_RULES,
    VM_END_TLS, /* the stream has the text */
    VM_END_TLS_REQUIRED,
    VM_END_HALF_AUTHENTICATED,
    VM_END_HELLO_LATE,
    VM_END_HELLO_WITHOUT_TLS,
    VM_END_NO_TELNET,
    VM_END_PROXY,
    VM_END_NO_EXTENSION,
    VM_END_NO_IDENTITY,
    VM_END_NO_UUID,
    VM_END_EARLY_DATA,
    VM_END_EARLY_DATA_OF_ALL,
    VM_END_SUBNEGOTIATION,
    VM_END_NO_MEMORY,
    VM_END_NO_MEMORY_FOR_CONSOLE,
    VM_END_TOO_MANY_CONSOLES,
    VM_END_TOO_MANY_OF_VM,
    VM_END_TOO_MANY_NEW,
    VM_END_CLEAR,
    VM_END_RIVAL,
    VM_END_UNKNOWN,
    VM_END_KEY,
    VM_END_NOT_ALLOWED,
    VM_END_DISMISSED, /* core gives the text */
    VM_END_SHUT_DOWN,
    VM_END_COUNT,
};

/* Static text; a general one for ends whose text comes from elsewhere. */
const char *vm_end_text(enum vm_end end);

#endif

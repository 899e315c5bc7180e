/*
 * end_device.h - the states of a break on a serial port's line, for whoever
 * looks at it from outside: a test, a debugger. The end itself is end.h's.
 *
 *     NONE --> DRAINS --> EMPTIES --> BEGINS --> LASTS --> NONE
 *                                        +-- over by now --> NONE
 */
#ifndef VM_ENDS_END_DEVICE_H
#define VM_ENDS_END_DEVICE_H

enum end_device_break {
    END_DEVICE_BREAK_NONE,
    END_DEVICE_BREAK_DRAINS,  /* the kernel's queue, before it */
    END_DEVICE_BREAK_EMPTIES, /* the UART, before it */
    END_DEVICE_BREAK_BEGINS,  /* it is on, and stays for its shortest time */
    END_DEVICE_BREAK_LASTS,   /* until it is said to be over */
    END_DEVICE_BREAK_COUNT,
};

/* "none", "drains", ...; "?" for what is none. */
const char *end_device_break_name(enum end_device_break state);

#endif

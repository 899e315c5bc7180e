/*
 * end_device.h - the states of a break on a serial port's line, for a test or a
 * debugger. end.h has the end itself.
 *
 *     NONE --> DRAINS --> EMPTIES --> BEGINS --> LASTS --> NONE
 *                                        +-- over by now --> NONE
 */
#ifndef VM_ENDS_END_DEVICE_H
#define VM_ENDS_END_DEVICE_H

enum end_device_break {
    END_DEVICE_BREAK_NONE,
    END_DEVICE_BREAK_DRAINS,  /* waits for the kernel's queue */
    END_DEVICE_BREAK_EMPTIES, /* waits for the UART */
    END_DEVICE_BREAK_BEGINS,  /* is on, for its shortest time */
    END_DEVICE_BREAK_LASTS,   /* is on, until its end is requested */
    END_DEVICE_BREAK_COUNT,
};

/* "none", "drains", ...; "?" for an unknown state. */
const char *end_device_break_name(enum end_device_break state);

#endif

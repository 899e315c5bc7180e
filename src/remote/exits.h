/*
 * exits.h - the exit codes of vspc, which scripts rely on. docs/vspc.md and
 * vspc(1) list them.
 */
#ifndef REMOTE_EXITS_H
#define REMOTE_EXITS_H

enum exits {
    EXITS_DONE = 0,
    EXITS_FAILED = 1,
    EXITS_USAGE = 2,
    EXITS_NO_CONSOLE = 3, /* none has the name, or several have it */
    EXITS_NOT_ALLOWED = 4,
    EXITS_NO_SERVER = 5, /* not reached, or lost */
    EXITS_BUSY = 6,      /* locked, or at a limit */
    EXITS_VM_DISCONNECTED = 7,
    EXITS_NO_PATTERN = 8,    /* `run`: an expression was not seen in its time;
                              * `doctor --explain`: the text is not known */
    EXITS_TIMEOUT = 124,     /* as timeout(1) has it */
    EXITS_INTERRUPTED = 130, /* as a shell shows a program that ^C has ended */
};

#endif

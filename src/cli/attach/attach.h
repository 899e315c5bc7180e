/*
 * attach.h - a console on this terminal, or on standard input and output as
 * they are: the verb attach.
 *
 * On a terminal, keys go out as they are typed, but for the escape key and the
 * one behind it (keys.h). Without one it is a pipe: lines go out, ended as
 * Enter ends them; when they have ended, the console has got all of them, and
 * has printed nothing for a while, it is over.
 */
#ifndef CLI_ATTACH_ATTACH_H
#define CLI_ATTACH_ATTACH_H

#include "cli/attach/tty.h"
#include "cli/common/verb.h"
#include "cli/invocation/consoles.h"
#include "remote/link/turns.h"

extern const struct verb verb_attach;

struct attach_settings {
    const char *name; /* the console's, for people */
    const char *id;
    long history;       /* lines; -1: as many as a telnet client is shown */
    int escape;         /* keys.h */
    unsigned linger_ms; /* of a pipe: silence of the console, before the end */
    bool is_read_only;
    bool takes;  /* the keyboard, whoever has it */
    bool is_raw; /* bytes alone: no words between them, no line ends changed
                  */
    bool is_quiet;
    bool is_by_ssh;     /* no files, and no shell that could go on with us */
    const char *record; /* a file; NULL: not recorded */
};

/* Runs the remote's loop until it is over. What went wrong was told. */
enum exits attach_run(struct turns *turns, struct tty *tty,
                      const struct attach_settings *settings);

#endif

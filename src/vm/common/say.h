/*
 * say.h - what the person at the terminal is told: lines on standard error,
 * "vspc-vm: what happened".
 *
 * Not base/log.h: a log is for a server and whoever searches it; here somebody
 * has just typed a command. The level is the only mutable static.
 */
#ifndef VM_COMMON_SAY_H
#define VM_COMMON_SAY_H

enum say_level {
    SAY_ERROR, /* also with --quiet */
    SAY_NEWS,
    SAY_DETAIL, /* with --verbose */
};

void say_set_level(enum say_level max_level);

/* Control characters in the text are replaced. Ends the line itself. */
void say(enum say_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

/*
 * say.h - messages for the person at the terminal: lines on standard error,
 * "vspc-vm: what happened".
 *
 * Not log/log.h: a log is for a server and for searching; here a person has
 * just typed a command. The level is the only mutable static.
 */
#ifndef VM_COMMON_SAY_H
#define VM_COMMON_SAY_H

enum say_level {
    SAY_ERROR, /* shown even with --quiet */
    SAY_NEWS,
    SAY_DETAIL, /* shown with --verbose */
};

void say_set_level(enum say_level max_level);

/* Replaces control characters in the text, and ends the line. */
void say(enum say_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

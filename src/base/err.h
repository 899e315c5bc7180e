/*
 * err.h - why something failed, in words for the person who reads it.
 *
 * Filled where the failure is understood, shown at the edge (a message of the
 * program, a log line). Lives on the caller's stack.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
    char text[512]; /* room for two thumbprints and what to do */
};

/* Cuts a text that is too long. err may be NULL: the caller needs no words. */
void err_set(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

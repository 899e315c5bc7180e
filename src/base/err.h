/*
 * err.h - why something failed, in words for the person who reads it.
 *
 * Filled where the failure is understood, shown at the edge (a message of the
 * program, a log line). Lives on the caller's stack.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
    char text[512]; /* two thumbprints, and what to do, have room */
};

/* Cuts what is too long. err may be NULL: nobody wants to know. */
void err_set(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

/*
 * conlog_error.h - why a log is not written, or lacks bytes, as a person is
 * told: in the program's log, and in the file where bytes are missing.
 */
#ifndef CONLOG_FILE_CONLOG_ERROR_H
#define CONLOG_FILE_CONLOG_ERROR_H

/* Reasons of our own, beside the kernel's: above all errnos. Functions return
 * them as they return an errno, negative. */
enum conlog_error {
    CONLOG_ERROR_LINKED = 4096, /* the file has more than one name */
    CONLOG_ERROR_KEEP_FREE,     /* conlog_space.h */
    CONLOG_ERROR_TOTAL,
};

/* error: an errno or an enum conlog_error; 0: it took too long. */
const char *conlog_error_text(int error);

#endif

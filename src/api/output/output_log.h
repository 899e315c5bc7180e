/*
 * output_log.h - what commands about console logs have in common: what a
 * console's log must be for them, and why it cannot be read.
 */
#ifndef API_OUTPUT_OUTPUT_LOG_H
#define API_OUTPUT_OUTPUT_LOG_H

#include "api/api.h"
#include "conlog/reading/conlog_reading.h"

enum {
    OUTPUT_LOG_FILE_LEN = 16
}; /* of an argument "file": digits of base 16 */

/* False, and the call was answered: the console has no log, or logs cannot be
 * read. Else *ret is where it is. */
bool output_log_find(struct api_call *call, struct conlog_source *ret);

/* False, and the call was answered: the lines have no times, so that "since"
 * and "until" mean nothing. */
bool output_log_check_times(struct api_call *call,
                            const struct conlog_source *source);

/* The identity of the file that "file" names; 0 without it. False, and the call
 * was answered: it names none. */
bool output_log_read_file(struct api_call *call, uint64_t *ret);

/* Answers the call: -errno, as in struct conlog_reading. */
void output_log_fail(struct api_call *call, int error);

#endif

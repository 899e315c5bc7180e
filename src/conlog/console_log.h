/*
 * console_log.h - the log of one console, on the loop's side.
 *
 * A lossless reader of the console's ring. Owns its name while it has it; the
 * output that it has taken is the writers'. Lives as long as the console, and
 * no longer than its conlog.
 *
 * Called by the loop's thread. Reports through the callbacks of conlog.h.
 */
#ifndef CONLOG_CONSOLE_LOG_H
#define CONLOG_CONSOLE_LOG_H

#include "conlog/conlog.h"
#include "conlog/reading/conlog_reading.h"
#include "core/told/past.h"

struct console_log;

/* Where the console's log begins. */
enum console_log_start {
    CONSOLE_LOG_GOES_ON, /* with output from now on */
    /* with the console's first byte; output that has left the ring is a gap */
    CONSOLE_LOG_IS_NEW,
    /* like CONSOLE_LOG_IS_NEW, and the file's present content is the console's,
     * from before this run */
    CONSOLE_LOG_IS_KNOWN
};
struct console_log *console_log_open(struct conlog *conlog,
                                     struct console *console,
                                     enum console_log_start start);

/*
 * Asks for the console's output before this run: as much as wish says, or a
 * little more. A thread reads it. False: there is none. The answer comes with
 * conlog_wake, or when the log is closed.
 */
bool console_log_ask_past(struct console_log *log,
                          const struct history_wish *wish, struct past_ask *ask,
                          uint64_t now_us);

/* Takes the remaining output: as much as there is room for, or all of it at the
 * program's end. It is written later. Takes NULL. */
void console_log_close(struct console_log *log, bool is_end, uint64_t now_us);

/* The console was renamed: if the name lasts, the log takes it with the output
 * of a second later, or later still if it has taken too many. Takes NULL. */
void console_log_renamed(struct console_log *log, uint64_t now_us);

struct console_log_state {
    const char *path; /* relative; valid until the log takes output */
    uint64_t written; /* bytes of the VM in this run */
    uint64_t missing;
    int error; /* as in conlog_callbacks */
};
struct console_log_state console_log_state(struct console_log *log);

/* Where the log is, and what of it is the console's. */
void console_log_find(struct console_log *log, struct conlog_source *ret,
                      uint64_t now_us);

/*
 * Where the log and the ring meet: the file had this size when all output
 * before the position was in it, and nothing else came since. The identity
 * CONLOG_FILE_UNKNOWN: this run has written nothing yet. Takes what waits in
 * the ring along, so that it is written soon.
 */
struct console_log_seam {
    struct conlog_origin file;
    uint64_t position;
};
struct console_log_seam console_log_seam(struct console_log *log,
                                         uint64_t now_us);

#endif

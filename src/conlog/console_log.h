/*
 * console_log.h - the log of one console, on the loop's side.
 *
 * A lossless reader of the console's ring. It owns its name while it has it;
 * what it has taken is the writers'. It lives as long as the console and not
 * longer than the conlog that it was opened with.
 *
 * Called by the loop's thread. What it has to say goes to the callbacks of
 * conlog.h.
 */
#ifndef CONLOG_CONSOLE_LOG_H
#define CONLOG_CONSOLE_LOG_H

#include "conlog/conlog.h"
#include "core/told/past.h"

struct console_log;

/* Where the console's log begins. */
enum console_log_start {
    CONSOLE_LOG_GOES_ON, /* with what comes from now on */
    CONSOLE_LOG_IS_NEW,  /* with its first byte; what has left its ring is a
                          * gap */
    CONSOLE_LOG_IS_KNOWN /* as CONSOLE_LOG_IS_NEW, and what is in the file
                          * already is the console's, from before this run */
};
struct console_log *console_log_open(struct conlog *conlog,
                                     struct console *console,
                                     enum console_log_start start);

/*
 * Asks for what the console has printed before this run: as much of it as is
 * wished for, or a little more. It is read by a thread. False: there is none.
 * The answer comes with conlog_wake, or when the log is closed.
 */
bool console_log_ask_past(struct console_log *log,
                          const struct history_wish *wish, struct past_ask *ask,
                          uint64_t now_us);

/* Takes what is there, as far as there is room, or all because it is the
 * program's end; it is written behind. Takes NULL. */
void console_log_close(struct console_log *log, bool is_end, uint64_t now_us);

/* The console has another name: the log's is made anew with what comes next.
 * Takes NULL. */
void console_log_renamed(struct console_log *log);

struct console_log_state {
    const char *path; /* relative; good until the log takes something */
    uint64_t written; /* bytes of the VM, of this run */
    uint64_t missing;
    int error; /* as in conlog_callbacks */
};
struct console_log_state console_log_state(struct console_log *log);

#endif

/*
 * daemon_logs.h - the console logs (conlog/), put together with the rest.
 *
 * A log directory that is missing is made; one that cannot be made or written
 * is an error line at the start and no more: that a disk is not mounted must
 * not take the consoles away with their logs. It is tried again with all that
 * is to be written.
 */
#ifndef DAEMON_PARTS_DAEMON_LOGS_H
#define DAEMON_PARTS_DAEMON_LOGS_H

#include "conf/options.h"
#include "core/history.h"
#include "core/past.h"
#include "net/loop.h"

struct conlog;
struct conlog_settings;
struct console;
struct daemon;
struct waker;

/* Errors in a minute, a kind each. */
enum { CONSOLE_LOG_CAUSES = 12 };
struct console_log_cause {
    int key;
    uint64_t told_us;
    unsigned others; /* that were not told since */
};

struct daemon_logs {
    struct conlog *conlog; /* NULL: there never were any */
    struct waker *waker;
    struct loop_watch batches;
    struct loop_watch ticks;
    struct console_log_cause causes[CONSOLE_LOG_CAUSES];
    bool is_on;
};

/* What is wrong with the settings that are about logs. */
void daemon_logs_check(const struct settings *s, struct problems *problems);

/* Before consoles are there. 0 or negative with err filled. */
int daemon_logs_open(struct daemon *d, struct err *err);

/* What is waiting is written, for a few seconds at most. */
void daemon_logs_close(struct daemon *d);

/* How many files are open for them at most; 0: there are no logs. */
uint64_t daemon_logs_open_max(const struct daemon *d);

/* One line for the log: where they are. */
void daemon_logs_log(const struct daemon *d);

/* The console is new, or known from the state; takes one that has a log, or
 * shall have none. */
void daemon_logs_add(struct daemon *d, struct console *c, bool is_known);

/*
 * What clients that look back are shown from before this run: for struct
 * past_source (session/session_context.h).
 *
 * A log is taken for its console's if the console is known from the state; or
 * if its name has the UUID in it; or if no state is kept, so that there is no
 * telling. Otherwise it may be of another VM that has had the name before.
 */
bool daemon_logs_ask_past(void *owner, struct console *c,
                          const struct history_wish *wish,
                          struct past_ask *ask);

/* It is about to be removed. */
void daemon_logs_remove(struct console *c);

/* Its name is another one. */
void daemon_logs_renamed(struct console *c);

/* SIGHUP: the settings are others, and all files are opened anew. */
void daemon_logs_reload(struct daemon *d);

/* For the console's line: " log=FILE ..."; "" without one. */
struct console_log_text {
    char text[800];
};
struct console_log_text daemon_logs_describe(const struct console *c);

#endif

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
#include "core/told/history.h"
#include "core/told/past.h"
#include "core/census/census.h"
#include "net/loop.h"

struct conlog;
struct conlog_settings;
struct directory;
struct waker;

/* Errors in a minute, a kind each. */
enum { CONSOLE_LOG_CAUSES = 12 };
struct console_log_cause {
    int key;
    uint64_t told_us;
    unsigned others; /* that were not told since */
};

struct daemon_logs {
    const struct settings *settings; /* borrowed; as they are now */
    struct loop *loop;               /* borrowed, as the directory */
    const struct directory *directory;
    struct conlog *conlog; /* NULL: there never were any logs */
    struct waker *waker;   /* NULL with it */
    struct console_log_cause causes[CONSOLE_LOG_CAUSES];
    bool is_on;
};

/* Before consoles are there. All or nothing; l stays where it is. 0, or
 * negative with err filled. */
int daemon_logs_open(struct daemon_logs *l, const struct settings *settings,
                     struct loop *loop, const struct directory *directory,
                     struct err *err);

/* What is waiting is written, for a few seconds at most. */
void daemon_logs_close(struct daemon_logs *l);

/* How many files are open for them at most; 0: there are no logs. */
uint64_t daemon_logs_open_max(const struct daemon_logs *l);

/* One line for the log: where they are. */
void daemon_logs_log(const struct daemon_logs *l);

/*
 * Takes a console that has a log, or shall have none. is_known: what is in a
 * file with the console's name already is the console's; else that is so only
 * if the name has the UUID in it. Otherwise the file may be of another VM that
 * has had the name before.
 */
void daemon_logs_add(struct daemon_logs *l, struct console *c, bool is_known);

/* What clients that look back are shown from before this run, as struct
 * past_source (session/session_context.h) has it; owner is not used. */
bool daemon_logs_ask_past(void *owner, struct console *c,
                          const struct history_wish *wish,
                          struct past_ask *ask);

/* It is about to be removed. */
void daemon_logs_remove(struct console *c);

/* Its name is another one. */
void daemon_logs_renamed(struct console *c);

/* SIGHUP: the settings are others, and all files are opened anew. */
void daemon_logs_reload(struct daemon_logs *l);

/* What the census has of a console's log, and of all logs; where there is none
 * the members stay as they were. */
void daemon_logs_describe(const struct console *c, struct census_console *row);
void daemon_logs_count(const struct daemon_logs *l, struct census *census);

#endif

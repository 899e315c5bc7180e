/*
 * daemon_logs.h - joins the console logs (conlog/) with the rest of the daemon.
 *
 * A missing log directory is made. If it cannot be made or written, the start
 * only logs an error: a disk that is not mounted must not take the consoles
 * away with their logs. Writing is retried, with all output that is kept.
 */
#ifndef DAEMON_PARTS_DAEMON_LOGS_H
#define DAEMON_PARTS_DAEMON_LOGS_H

#include "conf/options.h"
#include "core/census/census.h"
#include "core/told/history.h"
#include "core/told/past.h"
#include "net/loop.h"

struct conlog;
struct conlog_settings;
struct directory;
struct event_hub;
struct waker;

struct daemon_logs {
    const struct settings *settings; /* borrowed; always the present ones */
    struct loop *loop;               /* borrowed */
    const struct directory *directory;
    struct conlog *conlog;    /* NULL: logs were never on */
    struct waker *waker;      /* NULL if conlog is */
    struct event_hub *events; /* is told of gaps; borrowed */
    bool is_on;
};

/* Before there are consoles. All or nothing; l must not move. 0, or negative
 * with err filled. */
int daemon_logs_open(struct daemon_logs *l, const struct settings *settings,
                     struct loop *loop, const struct directory *directory,
                     struct event_hub *events, struct err *err);

/* Writes what is waiting, for a few seconds at most. */
void daemon_logs_close(struct daemon_logs *l);

/* How many files the logs have open at most; 0: there are no logs. */
uint64_t daemon_logs_open_max(const struct daemon_logs *l);

/* Logs one line: where the console logs are. */
void daemon_logs_log(const struct daemon_logs *l);

/*
 * Opens the console's log, unless it has one or logs are off. is_known: an
 * existing file with the console's name is the console's. Otherwise the file
 * counts as the console's only if its name has the UUID in it, because another
 * VM may have had the name before.
 */
void daemon_logs_add(struct daemon_logs *l, struct console *c, bool is_known);

/* What clients that look back see from before this run; for struct past_source
 * (session/session_context.h). owner is not used. */
bool daemon_logs_ask_past(void *owner, struct console *c,
                          const struct history_wish *wish,
                          struct past_ask *ask);

/* The console is about to be removed. */
void daemon_logs_remove(struct console *c);

/* The console was renamed. */
void daemon_logs_renamed(struct console *c);

/* SIGHUP: uses the present settings, and reopens all files. */
void daemon_logs_reload(struct daemon_logs *l);

/* A console's and all logs' part of the census. Without a log, the members stay
 * unchanged. */
void daemon_logs_describe(const struct console *c, struct census_console *row);
void daemon_logs_count(const struct daemon_logs *l, struct census *census);

#endif

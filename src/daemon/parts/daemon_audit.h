/*
 * daemon_audit.h - the audit log on the loop's side: takes the lines of
 * log_audit as events, and tells in the log how the disk does.
 *
 * It is opened before everything that logs such lines, and closed behind it.
 */
#ifndef DAEMON_PARTS_DAEMON_AUDIT_H
#define DAEMON_PARTS_DAEMON_AUDIT_H

#include "audit/audit_writer.h"
#include "base/deadline.h"
#include "base/err.h"
#include "conf/options.h"
#include "core/census/census.h"
#include "net/loop.h"

struct waker;

struct daemon_audit {
    const struct settings *settings; /* always the present ones */
    struct audit_writer *writer;     /* NULL: there is no audit log */
    struct waker *waker;             /* the writer has news */
    struct deadline_queue ticks;
    struct deadline tick;   /* runs while events wait or something is wrong */
    struct audit_news news; /* as the log has told them */
    uint64_t told_us;       /* when the log told last that the disk fails */
};

/* 0, or negative with err filled: there is to be an audit log, and its file
 * cannot be opened. a must not move. */
int daemon_audit_open(struct daemon_audit *a, const struct settings *settings,
                      struct loop *loop, struct err *err);

/* SIGHUP: the file may have been renamed. */
void daemon_audit_reload(struct daemon_audit *a);

/* True: no more clients are to be served, because nobody would know of them
 * (--audit-required). */
bool daemon_audit_refuses_clients(const struct daemon_audit *a);

void daemon_audit_count(const struct daemon_audit *a, struct census *census);

/* Writes what waits, for a few seconds at most. */
void daemon_audit_close(struct daemon_audit *a);

#endif

/*
 * conlog_private.h - what conlog.c (all logs) and console_log.c (one log)
 * share, and call of each other. The loop's thread alone: no lock.
 */
#ifndef CONLOG_CONLOG_PRIVATE_H
#define CONLOG_CONLOG_PRIVATE_H

#include "conlog/conlog.h"
#include "conlog/conlog_names.h"
#include "conlog/conlog_tap.h"
#include "core/told/past.h"

struct conlog {
    struct conlog_settings settings;
    struct conlog_callbacks callbacks;
    struct conlog_taps taps;
    struct conlog_names names;
    struct list answered;  /* struct console_log.answered */
    int64_t dated_s;       /* when names with dates were made */
    int64_t next_date_s;   /* when such names change */
    unsigned names_made;   /* counts the changes of all names */
    unsigned pattern_made; /* names_made when the pattern changed */
    uint64_t taken;        /* bytes of all logs, since the start */
    uint64_t missing;
    uint64_t gaps;
};

struct console_log {
    struct conlog_tap tap;
    struct conlog *conlog;
    struct conlog_names_entry name;
    unsigned name_made; /* conlog->names_made at that time; 0: never */
    uint64_t
        rename_us; /* when the VM's new name may be taken; 0: it has none */
    uint64_t names_paid_us; /* until when the names it took are paid for */
    struct list asks;       /* struct past_ask.node */
    struct list answered;   /* in conlog->answered */
    struct past *past;      /* the answer */
    bool has_past; /* the file's content before this run is the console's */
    bool is_begun; /* output of this run is in the file */
    int error; /* last error since the log had caught up: the reason of a gap */
    uint64_t taken;
    uint64_t missing;
};

/* Must precede each use of a name: notes whether dates have changed all
 * names. */
void conlog_check_dates(struct conlog *conlog, int64_t now_s);

/* News of the log's file. */
void console_log_on_news(struct console_log *log,
                         const struct conlog_writers_news *news);

/* Gives those who have asked for the past what was read last. */
void console_log_answer(struct console_log *log);

#endif

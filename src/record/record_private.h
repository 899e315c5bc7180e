/*
 * record_private.h - what record.c (all recordings) and console_record.c (one)
 * share, and call of each other. The loop's thread alone: no lock.
 */
#ifndef RECORD_RECORD_PRIVATE_H
#define RECORD_RECORD_PRIVATE_H

#include "base/map.h"
#include "base/rates.h"
#include "conlog/conlog_tap.h"
#include "record/record.h"
#include "record/record_cast.h"
#include "record/record_echo.h"

struct recorder {
    struct record_settings settings;
    struct record_callbacks callbacks;
    struct conlog_taps taps;      /* writers NULL: not needed yet */
    struct map records;           /* by console and whether it is on demand */
    struct map ids;               /* the same, by id */
    struct list all;              /* struct console_record.node */
    struct deadline_queue echoes; /* struct console_record.echo_wait */
    struct deadline_queue seconds;
    struct deadline second; /* runs while a recording has an end */
    struct deadline_queue looks;
    struct deadline look; /* runs while files are kept for a time only */
    uint64_t seed[2];
    uint64_t number; /* of the last recording */
    /* rate_take: recordings of sessions that end, and those on demand. */
    uint64_t sessions_ns, demands_ns;
    struct record_counts counts;
};

/*
 * When output came: what is behind this position, up to the next tick. Output
 * is taken some ten times a second at most; ticks give what was typed, and what
 * was answered, the times between.
 */
enum { TICK_US = 10 * 1000, TICKS_MAX = 16 };
struct record_tick {
    uint64_t at;
    uint64_t time_us;
};

struct console_record {
    struct conlog_tap tap;
    struct recorder *recorder;
    struct list node; /* in recorder->all */
    struct record_id id;
    char *folder;
    char *path; /* of the part that is written */
    char *by;
    char *breaks; /* who has sent one, for the next marker; NULL: nobody */
    struct record_echo *echo;  /* NULL: what is typed is not recorded */
    struct deadline echo_wait; /* while keys wait for their echo */
    int64_t started_ms;        /* UTC */
    uint64_t started_us;
    uint64_t part_us; /* when the part has begun: its time 0 */
    uint64_t last_us; /* time of the last event */
    uint64_t ends_us; /* 0: it does not end by itself */
    uint64_t seen_at; /* the output up to here has its ticks */
    uint64_t rest_at; /* where output ended that was left in the ring, because
                       * it may be a part of a character */
    uint64_t bytes;   /* of parts that have ended */
    uint64_t missing;
    uint32_t gaps;
    uint32_t part;
    uint32_t lost_events; /* had no room; told with the next gap */
    uint32_t tick_count;
    struct record_tick ticks[TICKS_MAX];
    int error; /* last error since it had caught up: the reason of a gap */
    enum record_reason reason;
    bool is_v3; /* the part */
};

struct console_record_start {
    enum record_reason reason;
    const char *by;
    uint64_t begins_at; /* a position in the output */
    bool looks_back;    /* with what a new client is shown in front */
    bool has_input;
};
/* The writers are there, and not full. */
struct console_record *console_record_begin(
    struct recorder *r, struct console *c,
    const struct console_record_start *start, uint64_t now_us);

/* Takes the rest of the output, as much as there is room for, or all of it at
 * the program's end; and frees it. */
void console_record_end(struct console_record *record, const char *why,
                        bool is_program_end, uint64_t now_us);

void console_record_mark(struct console_record *record, const char *text,
                         uint64_t now_us);

/* Begins or ends to record what is typed. */
void console_record_set_input(struct console_record *record, bool has_input,
                              uint64_t now_us);

/* Keys have waited for their echo for long enough. */
void console_record_check_echo(struct console_record *record, uint64_t now_us);

struct record_info console_record_info(const struct console_record *record);

/* ---- console_record_output.c ------------------------------------------- */

static inline struct conlog_writers *console_record_writers(
    const struct console_record *record)
{
    return record->recorder->taps.writers;
}

/* The time of an event as it stands in the file. Events never go back. */
uint64_t console_record_time(struct console_record *record, uint64_t now_us);

/* Puts a job of at most room bytes with what comes next. False: nothing could
 * be taken, or what is left may be a part of a character, and waits. */
bool console_record_take_job(struct console_record *record, uint32_t room,
                             uint64_t now_us);

/* The error of the file's last write, or, since it has caught up, an earlier
 * one: why output is missing. */
int console_record_error(const struct console_record *record);

/* lost: bytes. The text of a marker, which also tells the events that had no
 * room. */
void console_record_note_gap(struct console_record *record, uint64_t lost,
                             int error);
size_t console_record_gap_text(char text[RECORD_CAST_MARKER_MAX],
                               struct console_record *record, uint64_t lost,
                               int error);

#endif

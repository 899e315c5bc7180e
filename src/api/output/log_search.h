/*
 * log_search.h - looks for a text in a file of a console's log, a slice at a
 * time; and says which files a log has, and where in them something stands.
 *
 * Both functions block: for a thread. The log may be written and rotated
 * meanwhile. Bounded: LOG_SEARCH_SLICE bytes of a file, LOG_SEARCH_HITS_MAX
 * lines.
 */
#ifndef API_OUTPUT_LOG_SEARCH_H
#define API_OUTPUT_LOG_SEARCH_H

#include "conlog/reading/conlog_reading.h"
#include "core/told/past.h"
#include "proto/text/output_find.h"

enum {
    LOG_SEARCH_SLICE = 8 * 1024 * 1024,
    LOG_SEARCH_HITS_MAX = 200,
};

/* log.source and log.wish are the caller's: which file, and from where. */
struct log_search {
    struct conlog_reading log;
    char text[OUTPUT_FIND_TEXT_MAX + 1];
    unsigned limit; /* at most LOG_SEARCH_HITS_MAX */
    /* The results. */
    int error; /* as conlog_reading's */
    struct conlog_series_file file;
    uint64_t next; /* from where to go on; UINT64_MAX: that was all */
    unsigned count;
    struct output_find_hit hit[LOG_SEARCH_HITS_MAX];
};
void log_search_run(struct log_search *s);

/* A byte of a log. */
struct log_place {
    uint64_t file; /* conlog_file_identity; 0: not known */
    uint64_t offset;
};

struct log_places {
    struct conlog_reading log; /* log.source is the caller's */
    int64_t since_ms;          /* 0, or what the first line of is looked for */
    bool has_at;               /* at is looked for */
    struct past_place at;
    /* The results. */
    int error;
    unsigned count;
    struct conlog_series_file file[CONLOG_SERIES_MAX]; /* newest first; size is
                                                        * of the output */
    uint64_t begin; /* of the console's in the oldest one */
    struct log_place found;
};
void log_places_run(struct log_places *p);

#endif

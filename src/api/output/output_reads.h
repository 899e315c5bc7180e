/*
 * output_reads.h - reads console logs for the API: on threads, a piece at a
 * time for whoever wants the next one. A reading that nobody asks for more
 * costs no thread.
 *
 * All functions are for the loop's thread, and their callbacks come there, each
 * in a call of the loop of its own; then what they have done to core is
 * settled.
 *
 * Bounds: OUTPUT_READINGS_MAX readings at a time, each with a piece of memory,
 * and OUTPUT_FILES_MAX files of theirs; and PAST_READERS_MAX questions about
 * places. These go first, and have a thread that no reading gets: somebody
 * waits for them for a second or so.
 */
#ifndef API_OUTPUT_OUTPUT_READS_H
#define API_OUTPUT_OUTPUT_READS_H

#include "api/api_jobs.h"
#include "conlog/reading/conlog_reading.h"
#include "core/console.h"
#include "core/told/past.h"

enum {
    OUTPUT_READINGS_MAX = 16,
    OUTPUT_FILES_MAX = 64,
    OUTPUT_THREADS = 4,
    OUTPUT_READING_THREADS = 3,
    /* How long, and how often, somebody waits for output that has left the ring
     * and is not in the file yet. */
    OUTPUT_WAIT_US = 20 * 1000,
    OUTPUT_WAITS_MAX = 250,
};

struct output_reads;

/* 0 or -errno. */
int output_reads_open(struct output_reads **ret_reads, struct loop *loop,
                      struct directory *directory);
/* No reading may be open. Takes NULL. */
void output_reads_close(struct output_reads *all);

/* A log that is read. Allocated by output_reading_open. */
struct output_reading {
    struct conlog_reading log; /* the thread's while is_asked */
    bool is_asked;
    struct deadline wait;
    /* A step was done. May ask for the next one, and close the reading. */
    void (*on_step)(void *owner);
    void *owner;
    struct output_reads *all;
    bool is_closed; /* freed as soon as the thread is done with it */
};

/* NULL: there are too many. The caller fills in source. */
struct output_reading *output_reading_open(struct output_reads *all,
                                           const struct conlog_wish *wish,
                                           void (*on_step)(void *owner),
                                           void *owner);

/* A thread does conlog_reading_step. False: there is no thread, and the reading
 * is closed. */
bool output_reading_ask(struct output_reading *r);

/* on_step comes after OUTPUT_WAIT_US, and nothing was read. */
void output_reading_wait(struct output_reading *r);

/* on_step is not called any more. */
void output_reading_close(struct output_reading *r);

/* For work of others in a lane of these threads: it counts as a reading with so
 * many files until output_reads_leave. NULL: there are too many. */
struct api_jobs *output_reads_enter(struct output_reads *all, unsigned files);
void output_reads_leave(struct output_reads *all, unsigned files);
enum output_lane { OUTPUT_PASTS, OUTPUT_READINGS };

/* For past_source.ask_from (session/session_context.h); owner is the struct
 * output_reads. */
bool output_reads_ask_past(void *owner, struct console *c,
                           const struct past_place *place,
                           struct past_ask *ask);

#endif

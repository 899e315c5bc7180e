/*
 * output_stream.h - an answer that is a console's output: what its log or its
 * ring has, and then, if it is wanted, what comes.
 *
 * From the log to the ring without a hole and without a byte twice: the log
 * says up to which size of its file it has been written, and up to which
 * position (console_log_seam). The file is read so far, and no further; if the
 * ring then has that position, it goes on from there, else the file is asked
 * again. A file that was rotated meanwhile is read to its end, and then the
 * next one.
 *
 * A stream that follows is a reader of the console: the VM waits for it by the
 * rules of a client, and what it loses a line says ("text", "timed").
 */
#ifndef API_OUTPUT_OUTPUT_STREAM_H
#define API_OUTPUT_OUTPUT_STREAM_H

#include "api/api.h"
#include "api/output/output_reads.h"
#include "proto/text/output_text.h"

struct output_wish {
    enum output_format format;
    int64_t since_ms, until_ms; /* 0: none */
    bool follows;
    bool is_as_in_file; /* RAW, and the times that stand in the file */
};

/* From the log, as wish_of_log says. Answers the call, now or later. */
void output_stream_from_log(struct api_call *call, struct output_reads *reads,
                            const struct output_wish *wish,
                            const struct conlog_wish *of_log);

/* From the ring, from a position on, which is in it. Answers the call. */
void output_stream_from_ring(struct api_call *call,
                             const struct output_wish *wish, uint64_t at);

#endif

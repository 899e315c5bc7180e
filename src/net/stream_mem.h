/*
 * stream_mem.h - the in-memory stream: a session in a test, a fuzz target or
 * a benchmark, without a socket, a loop or a system call.
 *
 * The test plays the peer: it gives bytes, lets the session run, and takes
 * what the session wrote. Room for writing is limited on demand, so that a
 * peer which does not read can be played too.
 */
#ifndef NET_STREAM_MEM_H
#define NET_STREAM_MEM_H

#include "base/buf.h"
#include "net/stream.h"

struct stream_mem {
    struct stream stream;
    struct buf to_session;   /* given by the peer, not read yet */
    struct buf from_session; /* written by the session, not taken yet */
    size_t room;             /* bytes that may still be written */
    bool is_ended;           /* the peer sends no more */
    bool is_broken;   /* writes fail with -EPIPE, reads with -ECONNRESET when
                       * what was given has been read */
    bool has_told;    /* the session, that it is broken */
    bool is_finished; /* the session said that it writes no more */
    bool is_closed;   /* the session closed it */
};

/* max bounds each direction. The caller owns m and outlives the session's
 * use of it. */
void stream_mem_init(struct stream_mem *m, uint32_t max);
void stream_mem_done(struct stream_mem *m);

/* Bytes from the peer; the failures of buf_append. */
int stream_mem_give(struct stream_mem *m, struct slice bytes);

/*
 * Tells the session once what it wants and can do. True if there was anything
 * to tell. Call until false to let it come to rest.
 */
bool stream_mem_turn(struct stream_mem *m);

#endif

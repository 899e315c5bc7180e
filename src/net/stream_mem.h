/*
 * stream_mem.h - the in-memory stream: runs a session in a test, a fuzz target
 * or a benchmark without a socket, a loop or a system call.
 *
 * The test plays the peer: it gives bytes, lets the session run, and takes what
 * the session wrote. A limit of the room for writing plays a peer that does not
 * read.
 */
#ifndef NET_STREAM_MEM_H
#define NET_STREAM_MEM_H

#include "base/buf.h"
#include "net/stream.h"

struct stream_mem {
    struct stream stream;
    struct buf to_session;     /* from the peer, not read */
    struct buf from_session;   /* from the session, not taken */
    size_t room;               /* bytes that the session may still write */
    struct stream_pulse pulse; /* of the peer's system */
    unsigned write_count;      /* calls that a socket would have had */
    bool is_ended;             /* the peer sends no more */
    /* writes fail with -EPIPE; reads with -ECONNRESET behind the bytes that
     * were given */
    bool is_broken;
    bool has_told;    /* the session was told that the stream is broken */
    bool is_finished; /* the session has called stream_finish */
    bool is_closed;   /* the session has closed it */
    bool is_reset;    /* by a reset */
};

/* max bounds each direction. The caller owns m, which must outlive its use by
 * the session. */
void stream_mem_init(struct stream_mem *m, uint32_t max);
void stream_mem_done(struct stream_mem *m);

/* Adds bytes from the peer; fails as buf_append does. */
int stream_mem_give(struct stream_mem *m, struct slice bytes);

/*
 * Tells the session once what it wants and can do. False: there was nothing to
 * tell. Call it until false to let the session come to rest.
 */
bool stream_mem_turn(struct stream_mem *m);

#endif

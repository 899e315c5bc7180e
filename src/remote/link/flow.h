/*
 * flow.h - where a console's bytes are, both ways: which output has come, which
 * is to be acknowledged, which input may still be lost with the connection.
 * docs/api-attach.md has the rules. Pure but for memory, which is bounded.
 *
 * Output: the position is that of the next byte that comes. What the person's
 * terminal or pipe has taken is acknowledged, so the VM waits for that, and not
 * for us.
 *
 * Input is kept until vspcd says that it was passed on. After a lost connection
 * vspcd says how much has arrived, and the rest goes out again: every byte once
 * and in order. If vspcd does not know the session any more, nobody knows that,
 * and nothing is sent twice.
 */
#ifndef REMOTE_LINK_FLOW_H
#define REMOTE_LINK_FLOW_H

#include "base/buf.h"

#include <stdbool.h>

enum {
    FLOW_WINDOW = 64 * 1024,      /* of input, unless vspcd says less */
    FLOW_ACK_STEP = 8 * 1024,     /* of output, acknowledged at once */
    FLOW_PLACE_MAX = 16 + 1 + 20, /* "EPOCH:POSITION" */
};

/* All members are flow.c's. */
struct flow {
    char epoch[17];
    uint64_t position;
    uint64_t acknowledged;
    uint64_t untaken; /* bytes that have come, and were not taken yet */
    bool has_position;
    bool is_live;

    struct buf kept; /* input from `passed` on */
    uint64_t passed; /* bytes of the session's input that were passed on */
    uint64_t sent;   /* that were sent */
    uint64_t window;
};

void flow_init(struct flow *f);
void flow_done(struct flow *f);

/* ---- output */

/* The next byte is at this place. NULL: it is not known. */
void flow_set_place(struct flow *f, const char *epoch, const uint64_t *position,
                    bool is_live);
/* Bytes are missing; the next one is at `to`. */
void flow_skip(struct flow *f, uint64_t to);
void flow_came(struct flow *f, size_t len);
void flow_took(struct flow *f, size_t len);

/* True: *ret is to be acknowledged now; it counts as sent. is_idle: also what
 * is less than a step. */
bool flow_take_ack(struct flow *f, bool is_idle, uint64_t *ret);

/* The place of the next byte. False: it is not known. */
bool flow_format_place(const struct flow *f, char to[FLOW_PLACE_MAX + 1]);

/* ---- input */

/* How many bytes can be kept. */
size_t flow_room(const struct flow *f);
/* Keeps what there is room for, and returns how much. */
size_t flow_type(struct flow *f, struct slice bytes);

/* What can be sent now. */
struct slice flow_to_send(const struct flow *f);
void flow_sent(struct flow *f, size_t len);

/* vspcd has passed on the input up to here. False: it never got that. */
bool flow_passed(struct flow *f, uint64_t position);
bool flow_is_all_passed(const struct flow *f);

/* What was never sent is not sent later. Returns how much it was. */
size_t flow_drop_unsent(struct flow *f);

/* Another connection: with the session, which has got so much; or with a new
 * one. Returns of how many bytes it is not known whether they have arrived. */
uint64_t flow_resume(struct flow *f, bool is_resumed, uint64_t received,
                     uint64_t window);

#endif

/*
 * come_again.h - whether and when a lost console is connected to again. Pure:
 * random numbers are arguments.
 *
 * A connection that got on is followed by the next one at once, so that a cut
 * is hardly seen. One that got nowhere is followed after half a second,
 * doubling to 15 s; each wait is shortened by up to a quarter at random, so
 * that those who lost one server at one moment do not return at one moment.
 */
#ifndef REMOTE_LINK_COME_AGAIN_H
#define REMOTE_LINK_COME_AGAIN_H

#include "remote/exits.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    COME_AGAIN_AT_ONCE_MS = 20,
    COME_AGAIN_FIRST_MS = 500,
    COME_AGAIN_LONGEST_MS = 15 * 1000,
};

/* What a connection has ended with. */
enum come_again_code {
    COME_AGAIN_LOST = 1006, /* no close, or not reached at all */
    COME_AGAIN_DONE = 1000,
    COME_AGAIN_GOING_AWAY = 1001,
    COME_AGAIN_NO_STATUS = 1005,
    COME_AGAIN_SERVER_FAULT = 1011,
    COME_AGAIN_RESTART = 1012,
    COME_AGAIN_LATER = 1013,
    COME_AGAIN_DISCONNECTED = 4001, /* by somebody */
    COME_AGAIN_NO_RIGHT = 4003,
    COME_AGAIN_NO_CONSOLE = 4004,
    COME_AGAIN_LOCKED = 4009,
    COME_AGAIN_LIMIT = 4029,
};

/* The close code that stands for an HTTP answer that is no WebSocket. */
unsigned come_again_code_of(unsigned status);

/* was_served: a connection to the console has worked before, so what is not
 * there now may be again. */
bool come_again_is_useful(unsigned code, bool was_served);

/* What the program ends with if it does not come again. */
enum exits come_again_exits(unsigned code);

struct come_again {
    unsigned tries; /* without getting on */
};

/* Milliseconds until the next try. has_got_on: bytes have come or gone on the
 * connection that was lost. */
unsigned come_again_wait_ms(struct come_again *c, bool has_got_on,
                            uint32_t random);

#endif

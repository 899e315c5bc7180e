/*
 * session_play.h - what the fuzz targets of whole sessions share: a site with a
 * VM and its client that must not notice anything, bursts, floods, and the
 * bound on memory.
 *
 * In a burst the site does not run between steps, as when much arrives within
 * one turn of the loop: then connections that have ended are found in the
 * middle of work for others.
 */
#ifndef TESTS_SESSION_PLAY_H
#define TESTS_SESSION_PLAY_H

#include "../unit/session_peer.h"

enum {
    FLOOD = LIMIT_OF(16 * KIB),
    MUCH = 40 * FLOOD, /* nobody is given more before it was read */
    STEPS_MAX = 300,   /* bytes of an input that are played */
};

/* Bytes of a literal that may have NULs in it. */
#define PIECE(literal)                                                         \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }

#define COM_PORT "\x2c"
#define NAWS "\x1f"
#define COM(body) IAC SB COM_PORT body IAC SE

struct session_play {
    struct site site;
    struct peer *other_vm; /* with a console and a client of its own */
    struct peer *other_client;
    unsigned burst; /* steps until the site runs again */
    size_t memory;  /* before anybody came */
};

/* Ends the program, and so the run, if something does not hold. */
void require(bool holds);

void session_play_open(struct session_play *p,
                       const struct directory_settings *settings);
void session_play_close(struct session_play *p);

/* The end of a step. False: it was within a burst, and nothing holds yet. */
bool session_play_run(struct session_play *p);

/* After a run: nobody has made us keep too much, and the pair works. */
void session_play_check_memory(const struct session_play *p);
void session_play_check_others(struct session_play *p);

/* The peer sends a lot of one thing, unless it has sent much already. */
void session_play_flood(struct peer *peer, struct slice unit);

#endif

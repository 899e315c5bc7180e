/*
 * failures.h - guessing is slow, for the guesser alone: which attempts to prove
 * who one is have failed, and how long the next one waits because of that.
 *
 * Failures are counted by site (base/network.h), by name and site together, and
 * by name. After FAILURES_FREE of them an attempt waits: 1 s, then twice as
 * long with each failure, up to a minute. At a site, and with a name at a site,
 * one attempt waits for its turn, and others are not checked at all, so that
 * many connections guess no faster than one. A name alone makes attempts wait
 * for FAILURES_NAME_MAX_US at most, however many there are that guess it:
 * nobody can lock others out.
 *
 * The wait comes before the check, and is the same for right and wrong. A name
 * that no account has is counted like any other. FAILURES_QUIET_US after the
 * last failure all is forgotten.
 *
 * Memory is fixed, and touched as it is used: a cache in sets of four. In a
 * full set the entry with the fewest failures is forgotten, so that a flood of
 * new names or addresses does not push out those who have failed often. A peer
 * cannot choose its set: keys are hashes under a random seed.
 *
 * One for the program, one thread. Pure: time is an argument, in microseconds.
 */
#ifndef ACCESS_FAILURES_H
#define ACCESS_FAILURES_H

#include "base/map.h"
#include "base/network.h"

enum {
    FAILURES_FREE = 3, /* people mistype */
    FAILURES_FIRST_US = 1000 * 1000,
    FAILURES_MAX_US = 60 * 1000 * 1000,
    FAILURES_NAME_MAX_US = 2 * 1000 * 1000,
    FAILURES_QUIET_US = 600 * 1000 * 1000,
};

struct failures_entry {
    uint64_t key;
    uint64_t last_us; /* of its last failure */
    uint64_t next_us; /* when its next attempt may be checked; not of names */
    uint32_t count;   /* 0: free */
};

struct failures {
    struct map hasher; /* holds the seed for map_hash */
    struct failures_entry *entries;
};

void failures_init(struct failures *f, const uint64_t seed[2]);
void failures_done(struct failures *f);

/* How long each attempt to prove this name waits, wherever it comes from. Case
 * does not count. */
uint64_t failures_wait(const struct failures *f, const char *name,
                       uint64_t now_us);

enum failures_turn {
    FAILURES_FEW,   /* it does not wait for a turn; ask again when it is
                     * checked, because others may have failed by then */
    FAILURES_TAKEN, /* it has a turn, and the next one waits for it */
    FAILURES_NO_TURN,
};

/*
 * Somebody at this address wants to prove this name. *ret_us is how long the
 * check has to wait, and *ret_us of FAILURES_NO_TURN after how long another one
 * might get a turn: this one would have to wait for more than patience_us, or
 * another one waits already. name "": none was said, as with a token.
 */
enum failures_turn failures_take_turn(struct failures *f, struct ip ip,
                                      const char *name, uint64_t now_us,
                                      uint64_t patience_us, uint64_t *ret_us);

/* Whether somebody at the site of this address has failed, and that still
 * counts. */
bool failures_has(const struct failures *f, struct ip ip, uint64_t now_us);

/* It has failed. */
void failures_add(struct failures *f, struct ip ip, const char *name,
                  uint64_t now_us);

/* It has succeeded: this name at this site begins anew. What the site has on
 * its account stays, or a guesser with one account would be as quick as ever
 * with all others. */
void failures_forget(struct failures *f, struct ip ip, const char *name);

#endif

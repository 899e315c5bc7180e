/*
 * admission.h - who may come in: the first question about a connection, asked
 * before anything is read from it or kept for it.
 *
 * Three things can be wrong: its address is in no network that is allowed; its
 * address comes too often; there are too many already. The answers are counted
 * here, and it is decided here which of them are worth a line in the log.
 *
 * One for the program, one thread. Costs some tens of nanoseconds and no
 * memory for each connection; the table of rates is 256 KiB, touched as it is
 * used. Knows no sockets and reads no clock.
 */
#ifndef CORE_ADMISSION_H
#define CORE_ADMISSION_H

#include "base/map.h"
#include "base/network.h"
#include "base/rates.h"

enum admission_side { ADMISSION_VM, ADMISSION_CLIENT, ADMISSION_SIDES };

enum admission_verdict {
    ADMITTED,
    ADMISSION_NOT_ALLOWED, /* in none of the networks */
    ADMISSION_TOO_OFTEN,
    ADMISSION_TOO_MANY, /* clients in total */
    ADMISSION_VERDICTS,
};

/* "admitted", "not-allowed", "too-often", "too-many". */
const char *admission_verdict_name(enum admission_verdict verdict);

/* Of one side. */
struct admission_rules {
    struct network_list allowed; /* borrowed; none: everybody */
    struct rate rate;            /* of each address, or /64 of IPv6 */
    uint32_t limit;              /* of those that are there; 0: no limit */
};

struct admission_settings {
    uint64_t seed[2]; /* random; stays as it was at first */
    struct admission_rules rules[ADMISSION_SIDES];
};

struct admission {
    struct admission_settings settings;
    struct map hasher; /* for its seed */
    struct rates rates;
    uint64_t told_ns; /* lines of the log, all together */
    uint32_t left_out;
    uint64_t counts[ADMISSION_SIDES][ADMISSION_VERDICTS];
};

void admission_init(struct admission *a, const struct admission_settings *s);
void admission_done(struct admission *a);

/* While it is in use: for those to come. */
void admission_set(struct admission *a, const struct admission_settings *s);

/* present: how many of that side there are. */
enum admission_verdict admission_judge(struct admission *a,
                                       enum admission_side side, struct ip ip,
                                       uint32_t present, uint64_t now_us);

/*
 * Whether the log shall have a line about this one: one a minute for each
 * address and verdict, and 30 a minute in all. True: with it, that *ret_others
 * were left out since the last. what: the verdict, or another reason to close
 * connections, from ADMISSION_VERDICTS on.
 */
bool admission_tells(struct admission *a, enum admission_side side,
                     struct ip ip, int what, uint64_t now_us,
                     uint32_t *ret_others);

#endif

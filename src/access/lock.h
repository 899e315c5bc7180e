/*
 * lock.h - who gets in beside whom: the locks that clients ask for, with the
 * meaning that they have in vSPC.py.
 *
 *     exclusive              alone at the console; not even readers
 *     write                  alone to type; others may read
 *     free-for-all           types beside others that ask for the same
 *     free-for-all-fallback  the same, or reads beside one that writes alone
 *     read-only              reads beside anybody but exclusive
 *
 * A lock is its client's for as long as that is there. What was refused or
 * granted as read-only stays so: nobody finds himself typing because another
 * one has left.
 *
 * Every door asks for FALLBACK so far; WRITE is what a lock that is taken over
 * becomes (core/keyboard.h). Pure; a table.
 */
#ifndef ACCESS_LOCK_H
#define ACCESS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

enum lock_mode {
    LOCK_FALLBACK, /* free-for-all-fallback: what is asked for unless said */
    LOCK_FREE_FOR_ALL,
    LOCK_WRITE,
    LOCK_EXCLUSIVE,
    LOCK_READ_ONLY,
};
enum { LOCK_MODE_COUNT = LOCK_READ_ONLY + 1 };

/* "free-for-all-fallback", "free-for-all", "write", "exclusive",
 * "read-only". */
const char *lock_mode_name(enum lock_mode mode);

/* Clients of a console by the mode that each was granted; FALLBACK is none. */
struct lock_counts {
    uint32_t of[LOCK_MODE_COUNT];
};

/* What one that comes and asks for this mode gets beside those that are there:
 * FREE_FOR_ALL, WRITE, EXCLUSIVE or READ_ONLY. False: it is refused. */
bool lock_grant(const struct lock_counts *there, enum lock_mode asked,
                enum lock_mode *ret);

#endif

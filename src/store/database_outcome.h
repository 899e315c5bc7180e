/*
 * database_outcome.h - what may be the matter with a SQLite file of the
 * program.
 */
#ifndef STORE_DATABASE_OUTCOME_H
#define STORE_DATABASE_OUTCOME_H

/* Outcomes besides 0. All other failures (no space, no permission, a failing
 * disk) are -EIO. err has the words for each. */
enum database_outcome {
    DATABASE_NEWER = 1, /* a later version of the program has written it */
    DATABASE_FOREIGN,   /* it is no file of this kind */
    DATABASE_BUSY,      /* another process has it open */
    DATABASE_DAMAGED,
};

#endif

/*
 * schedule.h - plays the schedule that a seed stands for, and judges it.
 */
#ifndef TESTS_SCHEDULE_H
#define TESTS_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule_totals {
    uint64_t schedules;
    uint64_t begun;
    uint64_t verdicts[5];             /* as in model.h */
    uint64_t printed, typed, skipped; /* bytes */
};

/* False: it failed; why is on stdout, in lines with "# ". */
bool schedule_run(uint64_t seed, int steps, bool is_verbose,
                  struct schedule_totals *totals);

#endif

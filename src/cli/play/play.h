/*
 * play.h - a recording on a person's terminal, at its own pace or another, with
 * keys (play_keys.h) where there is a keyboard. What the terminal is given goes
 * through screen_filter.h; behind it, it is as it was before.
 */
#ifndef CLI_PLAY_PLAY_H
#define CLI_PLAY_PLAY_H

#include "cli/common/verb.h"
#include "cli/play/cast_file.h"
#include "net/loop.h"
#include "remote/exits.h"

enum { PLAY_SPEED_ONE = 1000, PLAY_SPEED_MAX = 1000 * PLAY_SPEED_ONE };

struct play_settings {
    unsigned speed;   /* PLAY_SPEED_ONE: as it was */
    uint64_t idle_us; /* no wait is longer than it was by so much; 0: any */
    uint64_t from_us; /* what was before is shown at once */
    bool has_keys;    /* standard input is a terminal */
};

/* Runs the loop until the end of the recording, or until the person leaves. */
enum exits play_run(struct loop *loop, struct cast_file *file,
                    const struct play_settings *settings);

extern const struct verb verb_play;
extern const struct verb verb_record;
extern const struct verb verb_record_list;
extern const struct verb verb_record_get;
extern const struct verb verb_record_delete;

#endif

/*
 * record_echo.h - which of the keys that people type may be recorded: those
 * that the VM shows.
 *
 * A serial line does not tell whether the guest's terminal echoes. So a key is
 * kept back until the VM has printed it, as the next thing after the key before
 * it. If something else comes, or nothing for RECORD_ECHO_US, then what was
 * typed is taken for a secret: it is dropped, and so is all that is typed up to
 * the line's end. That there were such keys is told, but not how many: a
 * password has a length.
 *
 * Control characters, Enter, Tab and escape sequences (arrows) are no part of a
 * secret, and are kept without an echo, unless the line is secret already. The
 * answer that guests give to them is passed over.
 *
 * How far this goes. A key is let through wrongly if the VM happens to print
 * just that character next: then one character of a secret is recorded, or as
 * many as happen to match one after the other. A guest that echoes a password
 * has it recorded, here and in the output. A secret in a command is recorded.
 * Keys that are typed while other output comes are dropped, though the guest
 * echoed them.
 *
 * Pure: time is an argument. What may be a secret is wiped before its memory is
 * freed.
 */
#ifndef RECORD_RECORD_ECHO_H
#define RECORD_RECORD_ECHO_H

#include "base/buf.h"

enum {
    RECORD_ECHO_US = 2 * 1000 * 1000,
    RECORD_ECHO_MAX = 4 * 1024, /* bytes of keys without their echo */
};

struct record_echo {
    struct buf typed;   /* waits for its echo */
    struct buf kept;    /* to be recorded; the owner takes it */
    uint64_t since_us;  /* since when the first of typed waits */
    const char *answer; /* characters that may follow a control character */
    uint8_t answer_len; /* how many of them still may */
    uint8_t escape;     /* of what is typed: enum escape in record_echo.c */
    bool is_secret;     /* up to the end of the line */
    bool has_dropped;   /* keys, and the owner has not told it yet */
};

void record_echo_init(struct record_echo *e);
void record_echo_done(struct record_echo *e);

/* kept and has_dropped may have changed after each of these. */
void record_echo_type(struct record_echo *e, struct slice keys,
                      uint64_t now_us);

/* All output of the VM, as it comes; what came before the first key that waits
 * need not be shown. */
void record_echo_show(struct record_echo *e, struct slice output,
                      uint64_t now_us);

/* Time has passed. */
void record_echo_check(struct record_echo *e, uint64_t now_us);

/* Whether time is to be checked. */
static inline bool record_echo_waits(const struct record_echo *e)
{
    return e->typed.len > 0;
}

#endif

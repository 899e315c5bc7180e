/*
 * keys.h - takes our own keys out of typed input: ^] and the key behind it.
 * Pure.
 */
#ifndef VM_ENDS_KEYS_H
#define VM_ENDS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEYS_ESCAPE = 0x1d /* ^], as with telnet */ };

enum keys_event {
    KEYS_NONE,
    KEYS_QUIT, /* ^] q */
    KEYS_HELP, /* ^] and another key, both left out */
};

/* Starts as { 0 }. */
struct keys {
    bool after_escape;
    bool has_break;  /* ^] b was typed */
    size_t break_at; /* number of kept bytes before it */
};

/*
 * Filters typed (len bytes) in place; *ret_kept bytes stay. ^] ^] becomes one
 * ^]. Bytes behind a KEYS_QUIT are left out. Of several breaks, the last one
 * counts.
 */
static inline enum keys_event keys_filter(struct keys *k, uint8_t *typed,
                                          size_t len, size_t *ret_kept)
{
    enum keys_event event = KEYS_NONE;
    size_t kept = 0;

    k->has_break = false;
    for (size_t i = 0; i < len && event != KEYS_QUIT; i++) {
        bool is_ours = k->after_escape && typed[i] != KEYS_ESCAPE;

        k->after_escape = !k->after_escape && typed[i] == KEYS_ESCAPE;
        if (is_ours && typed[i] == 'b') {
            k->has_break = true;
            k->break_at = kept;
        } else if (is_ours) {
            event = typed[i] == 'q' ? KEYS_QUIT : KEYS_HELP;
        } else if (!k->after_escape) {
            typed[kept++] = typed[i];
        }
    }
    *ret_kept = kept;
    return event;
}

#endif

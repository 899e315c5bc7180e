/*
 * attach_private.h - what the files of an attached console share: attach.c (its
 * life, bytes), attach_words.c (what is said to the person), attach_commands.c
 * (the keys behind the escape key).
 */
#ifndef CLI_ATTACH_ATTACH_PRIVATE_H
#define CLI_ATTACH_ATTACH_PRIVATE_H

#include "base/ring.h"
#include "cli/attach/attach.h"
#include "cli/attach/keys.h"
#include "cli/attach/recording.h"
#include "net/standard/standard_stream.h"
#include "remote/link/console_link.h"

enum {
    ATTACH_REPLAY = 32 * 1024,
    /* What the link lets come before it was shown, one more read, a replay, and
     * words. */
    ATTACH_OUT_MAX = 512 * 1024,
    /* Until somebody who types is told that the VM takes no input. */
    ATTACH_STUCK_MS = 5000,
};

struct attach {
    const struct attach_settings *settings;
    struct loop *loop;
    struct tty *tty;
    struct console_link_settings link_settings;
    struct console_link link;
    struct standard_stream standard[2];
    struct stream *input; /* NULL: ended, or not wanted */
    struct stream *output;
    struct timer linger;
    struct timer stuck; /* input has had no room since it was started */
    struct keys keys;
    struct buf out;
    struct ring replay;
    struct recording recording;
    int log_fd;     /* -1: no log */
    json_t *people; /* the last text "who"; NULL: none */
    enum exits exits;
    bool is_terminal; /* a person types */
    bool shows_words; /* output is a terminal, too */
    bool is_in_line;  /* the last byte shown was not the end of a line */
    bool has_escapes; /* the console has sent ESC */
    bool was_cr;      /* of a pipe's input */
    bool has_input;   /* is read at all */
    bool has_ended;   /* input has */
    bool is_spying;
    bool is_back;      /* is to be told, with what was missed */
    bool is_full;      /* it was told that no more can be typed */
    bool is_uncertain; /* some input may not have arrived */
    bool has_greeted;
    bool is_over;
};

/* ---- attach.c */

/* Bytes of the console, and words of ours, on the terminal, as they are; flush
 * writes what it takes now. */
void attach_put(struct attach *a, struct slice bytes);
void attach_put_words(struct attach *a, struct slice words);
void attach_flush(struct attach *a);
void attach_leave(struct attach *a, enum exits exits);
/* Wanted readiness follows from what there is. */
void attach_update(struct attach *a);
void attach_tell_window(struct attach *a);

/* ---- attach_words.c */

/* "[vspc: ...]" on the terminal, else on standard error. is_error: also when
 * only errors are to be said. */
void attach_say(struct attach *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void attach_say_error(struct attach *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void attach_greet(struct attach *a, const json_t *hello);
void attach_say_text(struct attach *a, const char *type, const json_t *text);
void attach_say_back(struct attach *a, const json_t *gap);
void attach_say_people(struct attach *a);
void attach_say_help(struct attach *a);
void attach_say_sysrq_help(struct attach *a);

/* ---- attach_commands.c */

/* What was typed on a terminal. */
void attach_take_keys(struct attach *a, struct slice typed);
void attach_close_log(struct attach *a);

#endif

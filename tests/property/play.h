/*
 * play.h - a schedule while it is played: the site, the model, all remotes, and
 * the dice. What can happen is in actions.c, when it does in schedule.c.
 */
#ifndef TESTS_PLAY_H
#define TESTS_PLAY_H

#include "remote.h"

enum {
    PLAY_LINES_MAX = 28, /* at a time */
    PLAY_KEYS_MAX = 16,
    PLAY_CLIENTS_MAX = 4, /* of a console, at a time */
};

struct play {
    struct site site;
    struct model model;
    struct console *consoles[MODEL_CONSOLES_MAX]; /* once there */
    struct remote *remotes[PLAY_LINES_MAX];
    int remote_count;
    int numbers;                    /* remotes so far */
    struct key keys[PLAY_KEYS_MAX]; /* that were given, latest last */
    int key_count;
    uint64_t dice;
    size_t data_max; /* the largest piece of data */
    bool is_verbose;
    int step;
};

/* 0 .. below - 1. */
uint32_t play_dice(struct play *p, uint32_t below);

/* What happens, for --verbose. */
__attribute__((format(printf, 2, 3))) void play_note(const struct play *p,
                                                     const char *format, ...);

bool play_has_failed(const struct play *p);

struct remote *play_remote_of(struct play *p, const struct model_vm *vm);
struct remote *play_find_remote(void *play, const struct model_vm *vm);
struct model_console *play_any_console(struct play *p);

/* New far ends; NULL: there are enough. A VM has said that it speaks the
 * extension, and a client what its kind says first. */
struct remote *play_new_vm(struct play *p, int console);
struct remote *play_new_client(struct play *p, int console, bool is_raw);

void play_connect(struct remote *r, struct model_console *c);

/* What has come to all remotes, and who has gone, to the model. */
void play_check_ends(struct play *p);
void play_tell_leaving(struct play *p);
void play_listen(struct play *p);

/* Everything that was said goes onto the wire, and all comes to rest. */
void play_run_all(struct play *p);

/* Time passes for those who wait in these queues. */
void play_short_holds_due(struct play *p);
void play_holds_due(struct play *p);
void play_moves_due(struct play *p);
void play_leaves_due(struct play *p);
void play_negotiations_due(struct play *p);

struct action {
    uint32_t weight;             /* how often, in relation to the others */
    bool (*run)(struct play *p); /* false: it cannot happen now */
};

enum { ACTION_GO_ON = 0, ACTION_COUNT = 24 };
extern const struct action actions[ACTION_COUNT];

#endif

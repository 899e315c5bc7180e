/*
 * pam_stage.h - plays both sides of pam.c: vspcd-pam, which accepts, reads and
 * writes between turns of the loop, and the person.
 */
#ifndef PAM_STAGE_H
#define PAM_STAGE_H

#include "auth/helper/pam_wire.h"
#include "auth/pam.h"

struct person {
    struct pam_conversation c;
    char seen[1024]; /* what was called, a line each */
    bool is_over;
    struct stage *stage;
    void (*on_ask)(struct person *p);
    void (*on_done)(struct person *p);
};

struct stage {
    struct loop *loop;
    struct pam_service *service;
    char folder[32];
    char path[64];
    int listener;
    bool (*is_enough)(void *what);
    void *what;
    struct deadline_queue guards;
    struct deadline guard;
};

int stage_set_up(void **state);
int stage_tear_down(void **state);

/* Turns of the loop until is_enough(what); fails if that never comes. */
void stage_run_until(struct stage *s, bool (*is_enough)(void *), void *what);
bool stage_is_over(void *person);
bool stage_is_true(void *what);

/* alice from 192.0.2.7 begins. */
void stage_begin(struct stage *s, struct person *p, const char *password);
extern const struct pam_conversation_ops stage_ops;

/* What the person was told since the last time, once that is anything. */
void stage_expect_seen(struct stage *s, struct person *p, const char *seen);

/* vspcd-pam: the next connection; the next one with its login. */
int stage_take_connection(struct stage *s);
int stage_take_login(struct stage *s);
void stage_expect(struct stage *s, int fd, enum pam_wire_kind kind,
                  const char *text);
void stage_say(int fd, enum pam_wire_kind kind, const char *text);

/* Each byte is read before the next one is there. */
void stage_say_slowly(struct stage *s, int fd, enum pam_wire_kind kind,
                      const char *text);

/* Nothing else has come, and nothing will; closes fd. */
void stage_expect_closed(struct stage *s, int fd);

#endif

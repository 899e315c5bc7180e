/*
 * fake_means.h - stand-ins for PAM and for the name service, with the functions
 * of auth/pam.h and auth/groups.h: a test decides what each of them answers,
 * and when. And a table of tokens that has one.
 *
 * There is one of each, for one test at a time: fake_means_begin.
 */
#ifndef TESTS_FAKE_MEANS_H
#define TESTS_FAKE_MEANS_H

#include "auth/authenticate.h"

enum { FAKE_MAX = 64 };

struct fake_means {
    /* Conversations that are under way, in the order of their begin; what the
     * last one was begun with; and how many were begun and cancelled. */
    struct pam_conversation *asked[FAKE_MAX];
    size_t asked_count;
    char user[512], password[512], remote[64];
    char answer[512]; /* to the last question */
    bool is_account_only;
    unsigned begun, cancelled;
    /* Lookups of groups that are under way; whose the last one is ("uid 1000"
     * for a number). */
    struct groups_lookup *looked_up[FAKE_MAX];
    size_t looked_up_count;
    char person[300];
    bool groups_are_full;
};

extern struct fake_means fake;

/* All three of them, with nothing under way. */
struct authenticate_means fake_means_begin(void);

/* A token that holds, "ci" of alice; and one that was never made. */
const char *fake_token(void);
const char *fake_unknown_token(void);

/* It holds no more. */
void fake_token_ends(void);

/* PAM's answer, question, or words to the conversation that began first. */
void fake_pam_done(enum pam_outcome outcome, const char *text);
void fake_pam_ask(const char *question, bool is_hidden);
void fake_pam_tell(const char *text);

/* The answer to the lookup that began first: alice, with the group "ops"; or a
 * failure. */
void fake_groups_done(enum groups_outcome outcome);

#endif

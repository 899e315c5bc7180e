/*
 * invocation.h - one use of vspc: the verb, its arguments, and the server that
 * it is for, which is found and connected to when a verb first asks.
 */
#ifndef CLI_INVOCATION_INVOCATION_H
#define CLI_INVOCATION_INVOCATION_H

#include "cli/common/arguments.h"
#include "cli/common/verb.h"
#include "remote/choice.h"

struct invocation {
    const struct verb *verb;
    const struct verb *const *table; /* all, for help and completion; ends with
                                      * NULL */
    /* for a verb that carries out another command line: cli/dispatch.h, which
     * is above the verbs */
    enum exits (*dispatch)(struct invocation *in, int argc, char **argv);
    struct arguments arguments;
    struct choice choice;
    struct remote *remote; /* NULL: not opened yet */
    unsigned timeout_ms;   /* 0: of --request-timeout */
    const char *person;    /* for whom we speak, if it is not ourselves; NULL */
    const char *person_key; /* by which the person came; NULL: not known */
    bool is_by_ssh; /* the command line is of somebody who came by ssh */
    bool is_skew_told;
};

/* What every verb takes. */
extern const struct option_row invocation_options[];

void invocation_done(struct invocation *in);

/* A word of the command line; NULL: there are fewer. */
const char *invocation_word(const struct invocation *in, size_t at);

/* All words from `at` on, with a blank between them. Owned by the caller. */
char *invocation_join_words(const struct invocation *in, size_t at);

/* What is wrong with the command line, for the person; returns EXITS_USAGE. */
enum exits invocation_refuse(const struct invocation *in, const char *format,
                             ...) __attribute__((format(printf, 2, 3)));

/* Opens the remote, if it is not. Another code than DONE: what is wrong was
 * told. */
enum exits invocation_connect(struct invocation *in);

/* A person is at the keyboard and reads the answer. */
bool invocation_is_interactive(void);

/* Asks a question that is answered with y; false without a terminal, or with
 * --no-input. */
bool invocation_confirm(const struct invocation *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

/*
 * verb.h - what vspc can do, as rows: the command line, --help, vspc(1) and
 * completion are renderings of them. verb_table.c joins the rows.
 */
#ifndef CLI_COMMON_VERB_H
#define CLI_COMMON_VERB_H

#include "cli/common/arguments.h"
#include "remote/exits.h"

#include <limits.h>

struct invocation;

enum { VERB_MANY = INT_MAX };

/* What a word is, for completion. */
enum verb_words {
    VERB_WORDS_OTHER,
    VERB_WORDS_CONSOLE,      /* the first one is a console */
    VERB_WORDS_CONSOLES,     /* all are */
    VERB_WORDS_CONSOLE_NEXT, /* the second one is */
    VERB_WORDS_CONTEXT,
    VERB_WORDS_VERB,
};

/* In the order of the help. */
enum verb_group {
    VERB_GROUP_CONSOLES,
    VERB_GROUP_ACTING,
    VERB_GROUP_SERVER,
    VERB_GROUP_HERE,
};
enum { VERB_GROUP_COUNT = VERB_GROUP_HERE + 1 };

struct verb {
    const char *name;  /* "list", "token create" */
    const char *alias; /* "ls"; NULL: none */
    enum verb_group group;
    const char *words; /* "CONSOLE TEXT..."; "" */
    unsigned words_min;
    unsigned words_max;
    enum verb_words kind;
    const char *summary; /* one line, without a full stop */
    const char *text;    /* more, for --help and the manual; NULL: nothing */
    const char *example; /* command lines, each ended by "\n" */
    const struct option_row *option; /* NULL: none */
    /* In an ssh session (cli/ssh/): the options that may be used there, besides
     * those of every verb, with a blank between them. None of them has anything
     * to do with files of the machine that sshd is on. NULL: the verb may not
     * be used there. */
    const char *by_ssh;
    bool is_hidden; /* from help, manual and completion */
    bool takes_all; /* words as they are, also those that look like options */
    enum exits (*run)(struct invocation *in);
};

#endif

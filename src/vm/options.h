/*
 * options.h - the command line of vspc-vm, as a table that also makes --help.
 */
#ifndef VM_OPTIONS_H
#define VM_OPTIONS_H

#include "base/err.h"
#include "base/text.h"
#include "vm/common/say.h"
#include "vm/host/concentrator.h"
#include "vm/host/rehearsal.h"

enum options_request { OPTIONS_RUN, OPTIONS_SHOW_HELP, OPTIONS_SHOW_VERSION };

enum { OPTIONS_URI_MAX = 1024 };

struct options {
    enum options_request request;
    struct concentrator proxy;
    char name[TEXT_ID_MAX + 1];
    char uuid[TEXT_ID_MAX + 1]; /* in the form of identity_read_uuid */
    const char *uri;
    char direction;          /* 'S' or 'C' */
    const char *certificate; /* a file; NULL: none */
    const char *key;         /* NULL: in the certificate's file */
    /* The local end: at most one of these; none: standard input and output. */
    const char *command;
    const char *pty_link;
    const char *connect_target;
    const char *device;
    unsigned baud;
    bool is_respawned;
    bool is_raw;
    bool is_reconnecting;
    struct concentrator move_to;
    const struct rehearsal_way *move_way;
    unsigned move_every_s; /* 0: by signal only */
    unsigned move_timeout_s;
    enum say_level max_level;
};

/* 0, or -EINVAL with err filled. Texts in *o point into argv. */
int options_read(struct options *o, int argc, char **argv, struct err *err);

void options_print_help(void);

#endif

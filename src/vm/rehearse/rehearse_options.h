/*
 * rehearse_options.h - the command line of `vspc-vm rehearse`, as a table that
 * also makes its --help.
 */
#ifndef VM_REHEARSE_REHEARSE_OPTIONS_H
#define VM_REHEARSE_REHEARSE_OPTIONS_H

#include "base/err.h"
#include "vm/common/say.h"
#include "vm/host/concentrator.h"
#include "vm/rehearse/steps/steps.h"

enum rehearse_request { REHEARSE_RUN, REHEARSE_SHOW_HELP };

/* Texts point into argv; NULL: not given. */
struct rehearse_options {
    enum rehearse_request request;
    struct concentrator proxy;   /* port 0: not given */
    struct concentrator move_to; /* the same */
    const char *server;
    const char *token_file;
    const char *ca;
    const char *thumbprint;
    const char *certificate;
    const char *key;
    const char *uri;
    const char *only; /* names of steps, separated by commas */
    unsigned vms;
    unsigned clients;
    unsigned timeout_s;
    bool is_json;
    enum say_level max_level;
};

/* 0, or -EINVAL with err filled. */
int rehearse_options_read(struct rehearse_options *o, int argc, char **argv,
                          struct err *err);

void rehearse_options_print_help(void);

/* Whether --only, if it is given, has the step. What leaves nothing behind is
 * always played. */
bool rehearse_options_has_step(const struct rehearse_options *o,
                               const struct step *step);

#endif

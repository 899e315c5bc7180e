/*
 * vspc_server.h - what those who come from vSPC.py bring along: its name,
 * vSPCServer, with its defaults, and options of its that are no settings here.
 * For the files of conf/ alone.
 *
 * A program that is called as vSPCServer takes a command line for one of
 * vSPC.py: docs/from-vspc-py.md.
 */
#ifndef CONF_VSPC_SERVER_H
#define CONF_VSPC_SERVER_H

#include "conf/option_row.h"

/* Whether program, argv[0], is called so. NULL: no. */
bool vspc_server_is_name(const char *program);

/*
 * Its defaults, for settings that nobody has set. After all sources were read:
 * some depend on what was.
 */
void vspc_server_set_defaults(struct settings *settings);

/* An option that vSPC.py has, and that is no row. */
struct vspc_server_option {
    const char *name;
    const char *row;    /* it is another name of this one */
    const char *notice; /* it is taken and does nothing: what to say */
    enum vspc_server_kind {
        VSPC_SERVER_NOTICE,
        VSPC_SERVER_ROW,
        VSPC_SERVER_ARGUMENTS, /* options of the backend, in one value */
    } kind;
    char letter;
};

extern const struct vspc_server_option vspc_server_options[];
extern const int vspc_server_option_count;

/* NULL: there is none. */
const struct vspc_server_option *vspc_server_find(const char *name);
const struct vspc_server_option *vspc_server_find_letter(int letter);

/* A notice of vspc_server_options, which is kept once however often it is
 * added. */
void vspc_server_add_notice(struct settings *settings, const char *notice);

/*
 * The row that -p is of: vSPC.py's --proxy-port, but with its Logging backend
 * --prefix. NULL: --prefix, and there is no such setting.
 */
const struct option_row *vspc_server_row_of_p(bool is_logging);

/*
 * Parts text into words as a shell does with blanks, quotes and backslashes;
 * nothing is expanded. ret_words has room for max of them, NULL is not put
 * behind them. They stand in text, which is changed. Their number; -EINVAL: a
 * quote does not end; -E2BIG: there are more.
 */
int vspc_server_split(char *text, char **ret_words, int max);

#endif

/*
 * vspc_server.h - compatibility with vSPC.py: its defaults, if the program is
 * called as vSPCServer, and its options that are no rows of the table. Private
 * to conf/. docs/from-vspc-py.md is the user's view.
 *
 * These options have one meaning on the command line and in the file.
 */
#ifndef CONF_VSPC_SERVER_H
#define CONF_VSPC_SERVER_H

#include "conf/option_row.h"

/* Whether program, argv[0], is called as vSPCServer. NULL is not. */
bool vspc_server_is_name(const char *program);

/*
 * Sets vSPC.py's defaults for settings that no source has set. Called when all
 * sources are read, because some defaults depend on what was given.
 */
void vspc_server_set_defaults(struct settings *settings);

/* An option of vSPC.py that is no row. */
struct vspc_server_option {
    const char *name;
    const char *row; /* VSPC_SERVER_ROW: the row's name */
    enum vspc_server_kind {
        VSPC_SERVER_ROW,       /* is another name of a row */
        VSPC_SERVER_ARGUMENTS, /* has options as its value */
    } kind;
    char letter; /* short option; 0: none */
};

enum { VSPC_SERVER_OPTIONS_MAX = 8 }; /* more than there are */

extern const struct vspc_server_option vspc_server_options[];
extern const int vspc_server_option_count;

/* Find an option by its name or letter; NULL: no option has it. */
const struct vspc_server_option *vspc_server_find(const char *name);
const struct vspc_server_option *vspc_server_find_letter(int letter);

/* The row of vSPC.py's -p: --proxy-port, but --prefix with the Logging backend.
 */
const struct option_row *vspc_server_row_of_p(bool is_logging);

/*
 * Splits text into words, with the blanks, quotes and backslashes of a shell,
 * and without expansion. The words are parts of text, which is changed.
 * ret_words has room for max words and gets no NULL at its end. Returns the
 * number of words, -EINVAL if a quote is not closed, or -E2BIG if there are
 * more than max words.
 */
int vspc_server_split(char *text, char **ret_words, int max);

#endif

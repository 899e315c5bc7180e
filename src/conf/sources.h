/*
 * sources.h - the two places where people write settings: the command line and
 * the file. For the files of conf/ alone.
 */
#ifndef CONF_SOURCES_H
#define CONF_SOURCES_H

#include "conf/option_row.h"

/* An option of the command line. */
struct command_line_option {
    const struct option_row *row;
    const char *value; /* in argv, or a constant */
};

/*
 * ret_options has room for argc of them; returns how many there are. Stops at
 * help and version, which ask for nothing else, and at what is no option. The
 * values are not looked at.
 */
int command_line_read(int argc, char **argv,
                      struct command_line_option *ret_options,
                      enum options_request *ret_request,
                      struct problems *problems);

/*
 * Sets what the file says, with its lines as origin; a default path may lead
 * nowhere. With a problem some settings may be set.
 */
void config_file_read(const char *path, bool is_default,
                      struct settings *settings, struct problems *problems);

/* The same of a text of len bytes, with any bytes in it; name is what messages
 * call it. */
void config_text_read(const char *name, const char *text, size_t len,
                      struct settings *settings, struct problems *problems);

#endif

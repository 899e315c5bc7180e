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
    const char *value; /* in argv, in arguments, or a constant */
    bool is_p;         /* vSPC.py's -p, whose row depends on the others */
};

struct command_line {
    struct command_line_option *options;
    int count;
    enum options_request request;
    const char *notices[SETTINGS_NOTICES_MAX]; /* constants */
    int notice_count;
    char *arguments; /* of --backend-args */
};

/*
 * argv is borrowed for as long as the line lives; it ends with
 * command_line_done. Stops at help and version, which ask for nothing else, and
 * at what is no option. The values are not looked at.
 */
void command_line_read(int argc, char **argv, struct command_line *ret_line,
                       struct problems *problems);

/*
 * Reads text as the value of --backend-args: its words as options, -p as the
 * Logging backend's. The line owns a copy of the text; it ends with
 * command_line_done. Problems have no name of the setting before them.
 */
void command_line_read_arguments(const char *text,
                                 struct command_line *ret_line,
                                 struct problems *problems);
void command_line_done(struct command_line *line);

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

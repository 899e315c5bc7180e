/*
 * sources.h - the two sources that have a syntax: the command line and the
 * configuration file. Private to conf/.
 *
 * Both find names and values; what a value means is option_row.h's.
 */
#ifndef CONF_SOURCES_H
#define CONF_SOURCES_H

#include "conf/option_row.h"

/* An option of the command line. */
struct command_line_option {
    const struct option_row *row;
    const char *value; /* borrowed from argv or arguments, or a constant */
    bool is_p;         /* vSPC.py's -p: its row depends on the backend */
};

/* A command line that was read. command_line_done frees what it owns. */
struct command_line {
    struct command_line_option *options; /* in their order */
    int count;
    enum options_request request;
    char *arguments; /* the words of --backend-args; NULL: none */
};

/*
 * Reads options and requests; argv is borrowed for as long as the line lives.
 * Values are not checked. --help and --version end the reading, because they
 * have to work beside anything that is wrong.
 */
void command_line_read(int argc, char **argv, struct command_line *ret_line,
                       struct problems *problems);

/*
 * Reads the value of --backend-args: its words are options, and -p is --prefix.
 * The line owns a copy of the text. Problems do not begin with the name of the
 * setting.
 */
void command_line_read_arguments(const char *text,
                                 struct command_line *ret_line,
                                 struct problems *problems);
void command_line_done(struct command_line *line);

/*
 * Sets the settings that the file has, with their lines as origin. is_default:
 * a file that does not exist is no problem. The settings of a file with
 * problems are set as far as they are valid.
 */
void config_file_read(const char *path, bool is_default,
                      struct settings *settings, struct problems *problems);

/* Reads the text of a file, which can have any bytes. Problems call it name. */
void config_text_read(const char *name, const char *text, size_t len,
                      struct settings *settings, struct problems *problems);

#endif

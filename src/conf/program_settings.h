/*
 * program_settings.h - what the settings of the program as a service mean
 * together: in the background or not, and where its messages go. For conf/,
 * and daemon/, which makes it so.
 */
#ifndef CONF_PROGRAM_SETTINGS_H
#define CONF_PROGRAM_SETTINGS_H

#include "conf/options.h"

enum messages_place {
    MESSAGES_STDERR,
    MESSAGES_STDOUT,
    MESSAGES_SYSLOG,
    MESSAGES_JOURNAL,
};

/* Where to; of syslog and journal *ret_socket is the socket's path, else NULL.
 * False: the setting says nothing of the kind. */
bool program_messages_place(const struct settings *s,
                            enum messages_place *ret_place,
                            const char **ret_socket);

/* Whether it goes to the background when it is ready. --debug keeps it in the
 * foreground, as in vSPC.py. */
bool program_is_background(const struct settings *s);

/* A path of the settings as it works in the background, where the working
 * directory is /: with directory, which may be NULL, before it if it is
 * relative. The caller's to free. */
char *program_absolute_path(const char *directory, const char *path);

/* For settings.c, when all sources are read: what follows from what was given.
 * is_reload: the program is where it is, in background or foreground. */
void program_settle(struct settings *s, bool is_reload);

/* The first thing that is wrong; NULL: nothing. *ret_name is the setting. */
const char *program_problem(const struct settings *s, const char **ret_name);

#endif

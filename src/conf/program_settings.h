/*
 * program_settings.h - what the settings about background and messages mean
 * together: whether vspcd goes to the background, and where its messages go.
 *
 * This module decides; daemon/ acts.
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

/* Parses --messages-to. *ret_socket is the path of the socket of syslog or
 * journal, borrowed from the settings or a constant; NULL for the other places.
 * False: the setting is not valid. */
bool program_messages_place(const struct settings *s,
                            enum messages_place *ret_place,
                            const char **ret_socket);

/* Whether vspcd goes to the background when it is ready. --debug keeps it in
 * the foreground, as in vSPC.py. */
bool program_is_background(const struct settings *s);

/* A relative path gets directory in front of it, because the working directory
 * is / in the background. directory can be NULL: then the path stays. The
 * caller frees the result. */
char *program_absolute_path(const char *directory, const char *path);

/* Derives settings from those that were given. Called when all sources are
 * read. is_reload: the program stays in the background or foreground, whatever
 * the settings are now. */
void program_settle(struct settings *s, bool is_reload);

/* Returns what is wrong with the settings, and the setting's name in *ret_name.
 * NULL: nothing is wrong. */
const char *program_problem(const struct settings *s, const char **ret_name);

#endif

/*
 * daemon_access.h - the rules of who may do what, made from the sections of the
 * settings: at the start, at SIGHUP, and for those who only ask.
 *
 * The rules own their texts: the settings may go before them.
 */
#ifndef DAEMON_ACCESS_DAEMON_ACCESS_H
#define DAEMON_ACCESS_DAEMON_ACCESS_H

#include "access/access_rules.h"
#include "conf/options.h"

struct daemon_access {
    struct access_rules *rules;
    char *keeper;             /* name of vspcd's own user; NULL: it has none */
    struct problems warnings; /* what is strange about the sections */
};

/* 0, or -EINVAL with err filled: the first error. Asks the name service for our
 * own name, so only at the start. */
int daemon_access_open(struct daemon_access *a, const struct settings *settings,
                       struct err *err);
void daemon_access_close(struct daemon_access *a);

/* Makes *ret_next from the settings next; the caller closes both. 0, or -EINVAL
 * with err filled and nothing to close. */
int daemon_access_reopen(const struct daemon_access *a,
                         const struct settings *next,
                         struct daemon_access *ret_next, struct err *err);

/* Adds what is wrong with the sections, and what is strange; each may be
 * NULL. */
void daemon_access_check(const struct settings *settings,
                         struct problems *errors, struct problems *warnings);

/* Logs what is strange, and who may come if there are no sections. */
void daemon_access_log(const struct daemon_access *a,
                       const struct settings *settings);

#endif

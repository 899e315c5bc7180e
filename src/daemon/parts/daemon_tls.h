/*
 * daemon_tls.h - the certificates of the daemon: opened at start, read again at
 * SIGHUP, shown to whoever has to put them into vSphere.
 *
 * Without --cert one is made at the first start, signed by itself, and kept in
 * the state directory (state_directory.h).
 */
#ifndef DAEMON_PARTS_DAEMON_TLS_H
#define DAEMON_PARTS_DAEMON_TLS_H

#include "base/err.h"
#include "conf/options.h"
#include "daemon/process/state_directory.h"

#include <stdio.h>

struct session_context;

struct daemon_tls {
    const struct settings *settings; /* borrowed */
    struct tls_context *vms;         /* NULL: no port for VMs has TLS */
    struct tls_context *clients;     /* NULL: no port for clients has TLS */
    char certificate[STATE_DIRECTORY_MAX + 64];
    char key[STATE_DIRECTORY_MAX + 64];
    /* "": why telnets:// is off though it is the default */
    char trouble[sizeof(struct err)];
};

/* 0, or -errno with err filled. Only what somebody asked for fails; a default
 * that cannot be is left out, and trouble says why. */
int daemon_tls_open(struct daemon_tls *t, const struct settings *settings,
                    struct err *err);
void daemon_tls_close(struct daemon_tls *t);

/* Whether it could be opened, but for a certificate of our own, which is
 * neither made nor looked at. 0, or -errno with err filled. */
int daemon_tls_check(const struct settings *settings, struct err *err);

/* Lets the sessions to come have it; those that are there keep what they
 * have. */
void daemon_tls_use(const struct daemon_tls *t, struct session_context *ctx);

/*
 * ret_next: as next has it, with the files as they are now; closed by the
 * caller, as t is. A certificate that t has made is not made again. 0, or
 * -errno with err filled and nothing to close.
 */
int daemon_tls_reopen(const struct daemon_tls *t, const struct settings *next,
                      struct daemon_tls *ret_next, struct err *err);

/* One line for the log: the thumbprints. */
void daemon_tls_log(const struct daemon_tls *t);

/* Thumbprints and proxy URIs, for the person who types them into vSphere. */
void daemon_tls_print(const struct daemon_tls *t, FILE *to);

#endif

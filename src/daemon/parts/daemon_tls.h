/*
 * daemon_tls.h - the daemon's certificates: opened at the start, read again at
 * SIGHUP, and printed for vSphere's administrators.
 *
 * Without --cert, the first start makes a self-signed certificate in the state
 * directory (state_directory.h).
 */
#ifndef DAEMON_PARTS_DAEMON_TLS_H
#define DAEMON_PARTS_DAEMON_TLS_H

#include "base/err.h"
#include "conf/options.h"
#include "conf/problems.h"
#include "daemon/process/state_directory.h"

#include <stdio.h>

struct directory;
struct session_context;

enum { DAEMON_TLS_CONTEXTS = 2 };

struct daemon_tls {
    const struct settings *settings; /* borrowed */
    struct tls_context *vms;         /* NULL: no port for VMs has TLS */
    struct tls_context *clients;     /* NULL: no port for clients has TLS */
    char certificate[STATE_DIRECTORY_MAX + 64];
    char key[STATE_DIRECTORY_MAX + 64];
    /* Why telnets:// is off though it is the default; or "" */
    char trouble[sizeof(struct err)];
    /* enum tls_crl_age: what was logged of the CRLs of vms, of clients */
    uint8_t told_age[DAEMON_TLS_CONTEXTS];
};

/* 0, or -errno with err filled. Only settings that a person made can fail; a
 * default that is not possible is left out, with the reason in trouble. */
int daemon_tls_open(struct daemon_tls *t, const struct settings *settings,
                    struct err *err);
void daemon_tls_close(struct daemon_tls *t);

/* Checks whether daemon_tls_open would succeed, except for a certificate of our
 * own, which is neither made nor read. 0, or -errno with err filled. */
int daemon_tls_check(const struct settings *settings, struct err *err);

/* Adds what works and has a cost that a person should know of: the given
 * certificate's key, the age of CRLs. */
void daemon_tls_warn(const struct settings *settings,
                     struct problems *warnings);

/* Gives the contexts to later sessions; existing sessions keep theirs. */
void daemon_tls_use(const struct daemon_tls *t, struct session_context *ctx);

/*
 * Opens *ret_next from the settings next and the files as they are now; the
 * caller closes both *ret_next and t. A certificate that t has made is not made
 * again. 0, or -errno with err filled and nothing to close.
 */
int daemon_tls_reopen(const struct daemon_tls *t, const struct settings *next,
                      struct daemon_tls *ret_next, struct err *err);

/* Logs the thumbprints, and what daemon_tls_warn says. */
void daemon_tls_log(struct daemon_tls *t);

/* Logs what has become of the CRLs since; to be called now and then. */
enum { DAEMON_TLS_LOOK_S = 60 * 60 };
void daemon_tls_look(struct daemon_tls *t);

/* Warns if VMs that have come by TLS cannot come any more: TLS is off, and
 * --vm-tls-keep on. */
void daemon_tls_check_kept(const struct daemon_tls *t,
                           const struct directory *directory);

/* Prints thumbprints and proxy URIs, to be entered into vSphere. */
void daemon_tls_print(const struct daemon_tls *t, FILE *to);

#endif

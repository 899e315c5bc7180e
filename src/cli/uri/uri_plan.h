/*
 * uri_plan.h - which vSPC URI VMs' hosts are to have: chosen of what the server
 * says of itself (GET /vm-listeners) and of what the person asks for. Pure.
 *
 * The host is, if the person names none: the address of the listener, if it is
 * for one; else a full name in the certificate; else a full name of the
 * machine; else the name by which the person has reached the server; else its
 * first address.
 */
#ifndef CLI_URI_URI_PLAN_H
#define CLI_URI_URI_PLAN_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    URI_PLAN_HOST_MAX = 256,
    URI_PLAN_URI_MAX = 640,
    URI_PLAN_OTHERS_MAX = 12,
    URI_PLAN_NOTES_MAX = 6,
};

enum uri_plan_tls { URI_PLAN_OFF, URI_PLAN_OFFERED, URI_PLAN_TELNETS };

/* How hosts know that it is this server. */
enum uri_plan_verify {
    URI_PLAN_ANYBODY, /* they do not */
    URI_PLAN_SHA1,    /* its certificate has this thumbprint */
    URI_PLAN_SHA256,
    URI_PLAN_CA, /* a CA that they know has signed it, for this host */
};

/* What the person asks for; NULL: nothing. */
struct uri_plan_wish {
    const char *host;
    const char *tls;     /* off, offered, telnets */
    const char *verify;  /* sha1, sha256, ca, none */
    const char *reached; /* the host of --server; NULL: a socket */
};

struct uri_plan {
    char host[URI_PLAN_HOST_MAX]; /* without brackets */
    const char *why;              /* this host: "in the certificate" */
    uint16_t port;
    enum uri_plan_tls tls;
    enum uri_plan_verify verify;
    char uri[URI_PLAN_URI_MAX];
    /* Hosts that would do as well. */
    char other[URI_PLAN_OTHERS_MAX][URI_PLAN_HOST_MAX];
    size_t other_count;
    /* What a person should know, a sentence each. */
    struct err note[URI_PLAN_NOTES_MAX];
    size_t note_count;
    bool wants_keys; /* the server looks at keys in port URIs */
};

/* 0; -EINVAL with err filled: the person asks for what the server does not
 * have, or the answer is not one. */
int uri_plan_make(struct uri_plan *ret, const json_t *listeners,
                  const struct uri_plan_wish *wish, struct err *err);

/* "off", "offered", "telnets". */
const char *uri_plan_tls_name(enum uri_plan_tls tls);
/* As a wish has it. */
const char *uri_plan_verify_name(enum uri_plan_verify verify);

#endif

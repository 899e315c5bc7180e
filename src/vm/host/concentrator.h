/*
 * concentrator.h - a concentrator as a command line names it: HOST[:PORT] or a
 * proxy URI, whose parameters verify it; and what connections to it need.
 */
#ifndef VM_HOST_CONCENTRATOR_H
#define VM_HOST_CONCENTRATOR_H

#include "base/err.h"
#include "net/address.h"
#include "proto/uri/uri.h"
#include "vm/host/proxy.h"

/* port 0: not given. A certificate in the parameters is borrowed from the text
 * that was read. */
struct concentrator {
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port;
    enum auth_policy policy;
    struct uri_parameters parameters;
};

/* A certificate to show, and its key; NULL: none. */
struct concentrator_proof {
    const char *certificate;
    const char *key; /* NULL: in the certificate's file */
};

/* option: for err, without "--". 0, or -EINVAL with err filled. */
int concentrator_read(struct concentrator *ret, const char *option,
                      const char *value, struct err *err);

/* The same, filled. c must outlive the target, whose tls the caller closes. */
int concentrator_open(struct proxy_target *ret, const struct concentrator *c,
                      const struct concentrator_proof *proof,
                      const char *option, struct err *err);

#endif

/*
 * asked.h - a principal and a console as people write them who ask what
 * somebody may do: for vspcd --explain-access, and for the same of the API.
 *
 *     PRINCIPAL [from ADDRESS]    alice, user:alice, certificate:NAME,
 *                                 token:NAME, anybody
 *     CONSOLE [from ADDRESS]      NAME, NAME/LABEL, UUID, UUID/LABEL
 *
 * The address of a principal may be "local", which it also is if none is given.
 * A console's is its host's.
 * Groups, owners and bounds are the caller's to look up. Pure.
 */
#ifndef ACCESS_ASKED_H
#define ACCESS_ASKED_H

#include "access/access_rules.h"
#include "base/err.h"
#include "base/text.h"

/* 0, or -EINVAL with err filled. A person's proof is PROOF_PASSWORD; the
 * principal is the caller's, to end by principal_done. */
int asked_principal(const char *text, struct principal *ret, struct err *err);

/* Owns the texts of its view; must not move. */
struct asked_console {
    struct access_console view;
    char *name; /* as given, cut at the label */
    char uuid[TEXT_ID_MAX + 1];
};

/* 0, or -EINVAL with err filled, and nothing to end. */
int asked_console(const char *text, struct asked_console *ret, struct err *err);
void asked_console_done(struct asked_console *asked);

#endif

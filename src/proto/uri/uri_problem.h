/*
 * uri_problem.h - what can be wrong with a URI, in words for a person.
 */
#ifndef PROTO_URI_URI_PROBLEM_H
#define PROTO_URI_URI_PROBLEM_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* uri_problem_text has a sentence for each. */
enum uri_problem {
    URI_OK,
    URI_EMPTY,
    URI_MISPLACED_KEY,  /* a VM's key that is not in the query */
    URI_NO_NAME,        /* a label without a printable character */
    URI_UNKNOWN_SCHEME, /* before "://" */
    URI_NO_SLASHES,
    URI_NO_TARGET, /* URI_CLIENT: a label */
    URI_NOT_FOR_PROXY,
    URI_NOT_FOR_SERVER, /* vspc:// */
    URI_HAS_USERINFO,
    URI_NO_HOST,
    URI_BARE_IPV6,
    URI_OPEN_BRACKET,
    URI_BEHIND_BRACKET,
    URI_BAD_IPV6,
    URI_BAD_ZONE,
    URI_BAD_IPV4,
    URI_BAD_HOST,
    URI_LONG_HOST,
    URI_WRONG_FAMILY,
    URI_NO_PORT,
    URI_BAD_PORT,
    URI_WRONG_PORT,
    URI_HAS_PATH,
    URI_BAD_ESCAPE,
    URI_SECOND_HASH,
    URI_NO_TLS,
    URI_EMPTY_PARAMETER,
    URI_UNKNOWN_PARAMETER,
    URI_REPEATED_PARAMETER,
    URI_NO_VALUE,
    URI_VERIFY_VALUE,
    URI_BAD_CERTIFICATE,
    URI_BAD_THUMBPRINT,
    URI_BAD_PEER_NAME,
    URI_BAD_CIPHERS,
    URI_SECURITY_LEVEL, /* @SECLEVEL among the ciphers */
    URI_NO_CONSOLE,
    URI_BAD_CONSOLE,
    URI_CONSOLE_EXTRA,
    URI_PROBLEM_COUNT,
};

/* The problem and what to do, as part of a log line. */
const char *uri_problem_text(enum uri_problem problem);

/* uri_problem_text with the place: "... (at byte 13)", counted from 1. at:
 * counted from 0, as uri_parse returns it. */
void uri_describe_problem(enum uri_problem problem, size_t at, struct err *ret);

/* For the readers of a URI's parts: sets the problem's place, and returns the
 * problem. */
static inline enum uri_problem uri_problem_at(const uint8_t **ret_at,
                                              enum uri_problem problem,
                                              const uint8_t *where)
{
    *ret_at = where;
    return problem;
}

#endif

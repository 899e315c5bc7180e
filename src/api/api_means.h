/*
 * api_means.h - what commands need of the daemon, as functions: so api/ knows
 * no assembly. Members may be NULL in a test; a command answers 503 then.
 */
#ifndef API_API_MEANS_H
#define API_API_MEANS_H

#include "core/census/census.h"

struct output_reads;
struct past_moves;
struct settings;

/* An address at which vspcd is reached. */
struct api_door {
    const char *kind;    /* "vms", "consoles", "menu", "socket", "web", ... */
    const char *address; /* ADDRESS:PORT, "ADDRESS:FIRST-LAST", or a path */
    const char *tls;     /* a tls_policy_name */
};

struct api_means {
    void *owner;
    struct census_source census;
    const struct past_moves *moves;  /* of all consoles; borrowed */
    const struct settings *settings; /* in force; borrowed */
    /* Tells of each door that is open. */
    void (*each_door)(void *owner,
                      void (*tell)(void *to, const struct api_door *door),
                      void *to);
    struct output_reads *output_reads; /* reads console logs */
};

#endif

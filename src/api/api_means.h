/*
 * api_means.h - what commands need of the daemon, as functions: so api/ knows
 * no assembly. Members may be NULL in a test; a command answers 503 then.
 */
#ifndef API_API_MEANS_H
#define API_API_MEANS_H

#include "core/census/census.h"

struct api_means {
    void *owner;
    struct census_source census;
};

#endif

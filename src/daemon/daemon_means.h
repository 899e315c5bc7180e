/*
 * daemon_means.h - what commands of the API need of the daemon
 * (api/api_means.h), made of its parts.
 */
#ifndef DAEMON_DAEMON_MEANS_H
#define DAEMON_DAEMON_MEANS_H

#include "api/api_means.h"

struct daemon;

/* Borrows d. */
struct api_means daemon_means(struct daemon *d);

#endif

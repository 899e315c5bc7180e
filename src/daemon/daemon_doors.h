/*
 * daemon_doors.h - where vspcd is reached, for those who ask.
 */
#ifndef DAEMON_DAEMON_DOORS_H
#define DAEMON_DAEMON_DOORS_H

#include "api/api_means.h"

/* Tells of each door that is open; owner is a struct daemon. */
void daemon_doors_tell(void *owner,
                       void (*tell)(void *to, const struct api_door *door),
                       void *to);

#endif

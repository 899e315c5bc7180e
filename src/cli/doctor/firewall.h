/*
 * firewall.h - asks the tools of this machine's firewall what they filter.
 * Looks only: nothing is changed.
 */
#ifndef CLI_DOCTOR_FIREWALL_H
#define CLI_DOCTOR_FIREWALL_H

#include <jansson.h>

enum { FIREWALL_MS = 4000, FIREWALL_OUTPUT_MAX = 256 * 1024 };

/*
 * An array of {"tool", "command", "output", "why"} of the tools that are here;
 * why: there is no output, for only root is told, say. The caller's. All tools
 * run at once, for FIREWALL_MS at most.
 */
json_t *firewall_look(void);

#endif

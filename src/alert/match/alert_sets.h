/*
 * alert_sets.h - the ready-made rules, in sets: what operating systems, network
 * systems and RAIDs print when something is wrong. A table; docs/alerts.md
 * lists it.
 */
#ifndef ALERT_MATCH_ALERT_SETS_H
#define ALERT_MATCH_ALERT_SETS_H

#include "alert/match/alert_settings.h"

/* The name of a set; NULL: there are no more. */
const char *alert_sets_name(size_t index);

/* Adds the rules of a set, which must not be there yet. False: there is no such
 * set. */
bool alert_sets_add(struct alert_settings *settings, const char *set);

/* The set that has a rule of this name; NULL: none. */
const char *alert_sets_find(const char *rule);

#endif

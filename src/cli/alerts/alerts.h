/*
 * alerts.h - the verbs on alerts: what rules have found, who takes care of it,
 * what is muted, who is told.
 */
#ifndef CLI_ALERTS_ALERTS_H
#define CLI_ALERTS_ALERTS_H

#include "cli/common/verb.h"

extern const struct verb verb_alerts_list;
extern const struct verb verb_alerts_show;
extern const struct verb verb_alerts_ack;
extern const struct verb verb_alerts_rules;
extern const struct verb verb_alerts_webhooks;
extern const struct verb verb_alerts_test;
extern const struct verb verb_alerts_mute;
extern const struct verb verb_alerts_mutes;
extern const struct verb verb_alerts_unmute;

#endif

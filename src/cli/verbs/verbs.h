/*
 * verbs.h - the rows of the verbs in this folder. cli/verb_table.c has the
 * order.
 */
#ifndef CLI_VERBS_VERBS_H
#define CLI_VERBS_VERBS_H

#include "cli/common/verb.h"

extern const struct verb verb_list;
extern const struct verb verb_show;
extern const struct verb verb_logs;
extern const struct verb verb_send;
extern const struct verb verb_break;
extern const struct verb verb_who;
extern const struct verb verb_kick;
extern const struct verb verb_message;
extern const struct verb verb_lock;
extern const struct verb verb_unlock;
extern const struct verb verb_forget;
extern const struct verb verb_events;
extern const struct verb verb_access_explain;
extern const struct verb verb_token_create;
extern const struct verb verb_token_list;
extern const struct verb verb_token_revoke;
extern const struct verb verb_status;
extern const struct verb verb_limits;
extern const struct verb verb_reload;
extern const struct verb verb_config_check;
extern const struct verb verb_config_show;
extern const struct verb verb_version;
extern const struct verb verb_context_list;
extern const struct verb verb_context_use;
extern const struct verb verb_context_set;
extern const struct verb verb_context_delete;

#endif

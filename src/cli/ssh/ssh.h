/*
 * ssh.h - what people use by ssh: the verb that sshd runs, and the rows of the
 * verbs about keys. cli/verb_table.c has the order.
 */
#ifndef CLI_SSH_SSH_H
#define CLI_SSH_SSH_H

#include "cli/common/verb.h"

extern const struct verb verb_config_ssh;
extern const struct verb verb_ssh_session;
extern const struct verb verb_ssh_keys;
extern const struct verb verb_ssh_key_add;
extern const struct verb verb_ssh_key_list;
extern const struct verb verb_ssh_key_delete;

#endif

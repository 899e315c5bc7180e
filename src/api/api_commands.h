/*
 * api_commands.h - the arrays of rows of the files of commands, for
 * api_table.c. Each ends with a row without a name.
 */
#ifndef API_API_COMMANDS_H
#define API_API_COMMANDS_H

#include "api/api.h"

extern const struct api_command api_alerts_commands[];   /* alerts/ */
extern const struct api_command api_mutes_commands[];    /* alerts/ */
extern const struct api_command api_webhooks_commands[]; /* alerts/ */
extern const struct api_command api_access_commands[];   /* act/cmd_access.c */
extern const struct api_command api_config_commands[];   /* act/cmd_config.c */
extern const struct api_command api_control_commands[];  /* act/cmd_control.c */
extern const struct api_command api_events_commands[];   /* events/ */
extern const struct api_command api_login_commands[];    /* act/cmd_login.c */
extern const struct api_command
    api_sessions_commands[]; /* act/cmd_sessions.c */
extern const struct api_command
    api_ssh_keys_commands[];                           /* act/cmd_ssh_keys.c */
extern const struct api_command api_tokens_commands[]; /* act/cmd_tokens.c */
extern const struct api_command api_typing_commands[]; /* act/cmd_typing.c */
extern const struct api_command
    api_consoles_commands[]; /* list/cmd_consoles.c */
extern const struct api_command
    api_metrics_commands[]; /* metrics/cmd_metrics.c */
extern const struct api_command api_diagnosis_commands[];  /* diagnosis/ */
extern const struct api_command api_series_commands[];     /* series/ */
extern const struct api_command api_recordings_commands[]; /* recordings/ */
extern const struct api_command api_openapi_commands[];    /* schema/ */
extern const struct api_command api_server_commands[];  /* show/cmd_server.c */
extern const struct api_command api_vm_keys_commands[]; /* setup/ */
extern const struct api_command api_vm_listeners_commands[]; /* setup/ */
extern const struct api_command api_attach_commands[];       /* cmd_attach.c */
extern const struct api_command api_output_commands[];       /* output/ */
extern const struct api_command api_log_commands[]; /* output/cmd_log.c */

#endif

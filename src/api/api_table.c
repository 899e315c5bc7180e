/*
 * Every row. A file of commands has its rows in an array of its own, whose end
 * is a row without a name.
 */
#include "api/api_commands.h"

/* clang-format off */
static const struct api_command *const tables[] = {
    api_consoles_commands,
    api_attach_commands,
    api_events_commands,
    api_metrics_commands,
    api_output_commands,
    api_log_commands,
    api_recordings_commands,
    api_server_commands, api_openapi_commands,
    api_vm_listeners_commands,
    api_vm_keys_commands,
    api_diagnosis_commands,
    api_series_commands,
    api_typing_commands,
    api_control_commands,
    api_login_commands,
    api_sessions_commands,
    api_tokens_commands,
    api_ssh_keys_commands,
    api_access_commands,
    api_config_commands,
    /* Paths of words before those of any alert. */
    api_mutes_commands,
    api_webhooks_commands,
    api_alerts_commands,
    NULL,
};
/* clang-format on */

const struct api_command *api_next_row(struct api_cursor *cursor)
{
    while (tables[cursor->table] != NULL) {
        const struct api_command *row = &tables[cursor->table][cursor->row++];

        if (row->name != NULL)
            return row;
        cursor->table++;
        cursor->row = 0;
    }
    return NULL;
}

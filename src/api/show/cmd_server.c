/* What the server says of itself. */
#include "api/api_commands.h"
#include "api/show/show_server.h"

const struct api_command api_server_commands[] = {
    {
        .name = "version",
        .verb = HTTP_VERB_GET,
        .path = "/version",
        .right = RIGHT_NONE,
        .summary = "The versions of vspcd and of its API.",
        .returns = "Version",
        .run = show_version,
    },
    {
        .name = "whoami",
        .verb = HTTP_VERB_GET,
        .path = "/whoami",
        .right = RIGHT_NONE,
        .summary = "Who the caller is to vspcd, and what it may do.",
        .returns = "Whoami",
        .run = show_whoami,
    },
    {
        .name = "status",
        .verb = HTTP_VERB_GET,
        .path = "/status",
        .right = RIGHT_READ,
        .summary = "How vspcd is: totals, health, where it is reached.",
        .returns = "Status",
        .run = show_status,
    },
    {
        .name = "limits",
        .verb = HTTP_VERB_GET,
        .path = "/limits",
        .right = RIGHT_READ,
        .summary = "Limits, their use, and the setting that changes each.",
        .returns = "Limits",
        .run = show_limits,
    },
    { .name = NULL },
};

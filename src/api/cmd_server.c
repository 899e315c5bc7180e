/* What the server says of itself. */
#include "api/api_commands.h"

static void run_version(struct api_call *call)
{
    api_answer_json(call, 200,
                    json_pack("{s:s, s:s, s:s}", "name", "vspcd", "version",
                              VSPCD_VERSION, "api", "v1"));
}

const struct api_command api_server_commands[] = {
    {
        .name = "version",
        .verb = HTTP_VERB_GET,
        .path = "/version",
        .right = RIGHT_NONE,
        .summary = "The versions of vspcd and of its API.",
        .returns = "Version",
        .run = run_version,
    },
    { .name = NULL },
};

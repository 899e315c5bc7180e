/* What programs can read of the API before they use it. */
#include "api/api_commands.h"
#include "api/schema/show_openapi.h"

const struct api_command api_openapi_commands[] = {
    {
        .name = "openapi",
        .verb = HTTP_VERB_GET,
        .path = "/openapi.json",
        .right = RIGHT_NONE,
        .summary = "This document.",
        .run = show_openapi,
    },
    { .name = NULL },
};

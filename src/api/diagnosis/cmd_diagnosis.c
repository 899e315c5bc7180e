/*
 * What somebody who looks for a fault wants to know of the server. Addresses
 * and names of VMs of all consoles are in it, so it is for those who administer
 * or control the server.
 */
#include "api/api_commands.h"
#include "api/diagnosis/diagnosis.h"

const struct api_command api_diagnosis_commands[] = {
    {
        .name = "refusals",
        .verb = HTTP_VERB_GET,
        .path = "/refusals",
        .right = RIGHT_CONTROL,
        .summary = "Who was refused lately, or failed before it was served, "
                   "and why.",
        .returns = "Refusals",
        .run = diagnosis_show_refusals,
    },
    {
        .name = "diagnosis",
        .verb = HTTP_VERB_GET,
        .path = "/diagnosis",
        .right = RIGHT_CONTROL,
        .summary = "Facts of the server and its machine, for vspc doctor.",
        .returns = "Diagnosis",
        .run = diagnosis_show,
    },
    { .name = NULL },
};

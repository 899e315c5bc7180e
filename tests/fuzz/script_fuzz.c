/*
 * A script of vspc run: whatever the file, each step has what it needs, and
 * what was refused has a reason.
 */
#include "cli/run/script.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s = { .count = 0 };
    struct err err = { "" };
    int r = script_parse(&s, slice_of(data, size), &err);

    require((r < 0) == (err.text[0] != '\0'));
    require(s.count <= SCRIPT_STEPS_MAX);
    for (size_t i = 0; i < s.count; i++) {
        const struct script_step *step = &s.step[i];

        require(step->line > 0);
        if (step->verb == SCRIPT_EXPECT || step->verb == SCRIPT_SYSRQ)
            require(strlen(step->text) == step->len && step->len > 0);
        if (step->verb == SCRIPT_SEND)
            require(step->text[step->len - 1] == '\r');
        require(step->text == NULL || step->text[step->len] == '\0');
        require(step->len <= SCRIPT_TEXT_MAX + 1);
        require(step->seconds <= SCRIPT_TIMEOUT_MAX_S);
    }
    script_done(&s);
    return 0;
}

#include "record/record_reason.h"

const char *record_reason_name(enum record_reason reason)
{
    static const char *const names[] = {
        [RECORD_RULE] = "rule",
        [RECORD_SESSION] = "session",
        [RECORD_DEMAND] = "demand",
    };

    return names[reason];
}

#include "access/right.h"

#include <string.h>

static const char *const names[RIGHT_COUNT] = {
    [RIGHT_NONE] = "none",       [RIGHT_READ] = "read",
    [RIGHT_WRITE] = "write",     [RIGHT_BREAK] = "break",
    [RIGHT_CONTROL] = "control", [RIGHT_ADMIN] = "admin",
};

const char *right_name(enum right right)
{
    return (unsigned)right < RIGHT_COUNT ? names[right] : "?";
}

bool right_parse(const char *name, enum right *ret)
{
    for (int i = 0; i < RIGHT_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum right)i;
            return true;
        }
    }
    return false;
}

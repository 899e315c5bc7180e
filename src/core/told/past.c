#include "core/told/past.h"

#include <string.h>

bool past_place_read(const char *text, uint64_t present, struct past_place *ret)
{
    const char *colon = strchr(text, ':');
    const char *digits = colon != NULL ? colon + 1 : text;
    char *end;

    if (digits[0] < '0' || digits[0] > '9')
        return false;
    ret->position = strtoull(digits, &end, 10);
    if (*end != '\0')
        return false;
    ret->epoch = present;
    if (colon == NULL)
        return true;
    if (colon - text != 16 || strspn(text, "0123456789abcdef") != 16)
        return false;
    ret->epoch = strtoull(text, NULL, 16);
    return true;
}

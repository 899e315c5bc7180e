#include "api/act/login_words.h"

#include <stdio.h>

static struct login_words words(enum api_error error, const char *message,
                                const char *hint)
{
    struct login_words words = { .error = error, .hint = hint };

    snprintf(words.message, sizeof words.message, "%s", message);
    return words;
}

struct login_words login_words(enum authenticate_outcome outcome,
                               uint32_t wait_s)
{
    struct login_words too_soon = { .error = API_TOO_MANY };

    switch (outcome) {
    case AUTHENTICATE_TOO_SOON:
        snprintf(too_soon.message, sizeof too_soon.message,
                 "too many logins have failed; the next one is checked in %u "
                 "seconds",
                 wait_s);
        return too_soon;
    case AUTHENTICATE_BUSY:
        return words(API_TOO_MANY, "too many log in at this moment",
                     "try again");
    case AUTHENTICATE_UNAVAILABLE:
        return words(API_UNAVAILABLE,
                     "passwords cannot be checked at the moment",
                     "the log of vspcd has the reason; tokens work");
    case AUTHENTICATE_EXPIRED:
        return words(API_UNAUTHENTICATED,
                     "the password, or the account, has expired",
                     "ask the administrator of vspcd's machine");
    case AUTHENTICATE_TIMEOUT:
        return words(API_UNAUTHENTICATED,
                     "the question was not answered in time", "log in again");
    case AUTHENTICATE_DENIED:
    case AUTHENTICATE_PROVEN:
        break;
    }
    return words(API_UNAUTHENTICATED,
                 "the name, the password or the token is wrong",
                 "a token may have been revoked, or has expired");
}

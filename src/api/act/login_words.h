/* login_words.h - what somebody is answered whose login has failed. */
#ifndef API_ACT_LOGIN_WORDS_H
#define API_ACT_LOGIN_WORDS_H

#include "api/api.h"
#include "auth/authenticate.h"

struct login_words {
    enum api_error error;
    char message[128];
    const char *hint; /* NULL: nothing can be said */
};

/* outcome: not AUTHENTICATE_PROVEN. wait_s: of TOO_SOON. */
struct login_words login_words(enum authenticate_outcome outcome,
                               uint32_t wait_s);

#endif

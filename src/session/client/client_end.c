#include "session/client/client_end.h"

static const char *const texts[CLIENT_END_COUNT] = {
    [CLIENT_END_CLOSED] = "closed by the client",
    [CLIENT_END_CLOSED_BY_REMOTE] = "closed by the remote system",
    [CLIENT_END_RESET] = "the connection was reset",
    [CLIENT_END_TIMEOUT] = "it does not answer any more",
    [CLIENT_END_NO_ANSWERS_TAKEN] = "it does not take our answers",
    [CLIENT_END_TLS] = "TLS has failed",
    [CLIENT_END_TLS_REQUIRED] =
        "TLS is required on this port, and it does without",
    [CLIENT_END_TLS_REQUIRED_OF_REMOTE] =
        "TLS is required, and the remote system has none (telnet's option "
        "AUTHENTICATION, type SSL)",
    [CLIENT_END_HALF_AUTHENTICATED] =
        "it has begun AUTHENTICATION and goes on without an end of it",
    [CLIENT_END_HELLO_LATE] = "a TLS hello, but too late: it was greeted in "
                              "the clear after a second without a byte",
    [CLIENT_END_SUBNEGOTIATION] = "a subnegotiation of more than 16 KiB",
    [CLIENT_END_NO_MEMORY] = "there is no memory for its input",
    [CLIENT_END_LIMIT] = "the console's limit of clients is reached",
    [CLIENT_END_TOLD] = "it has to go",
};

const char *client_end_text(enum client_end end)
{
    return end < CLIENT_END_COUNT ? texts[end] : "?";
}

#include "session/client/client_end.h"

/* Each text has its designator: there is no comma to forget.
 * NOLINTBEGIN(bugprone-suspicious-missing-comma) */
static const char *const texts[CLIENT_END_COUNT] = {
    [CLIENT_END_CLOSED] = "closed by the client",
    [CLIENT_END_CLOSED_BY_REMOTE] = "closed by the remote system",
    [CLIENT_END_RESET] = "the connection was reset",
    [CLIENT_END_TIMEOUT] = "the peer no longer answers",
    [CLIENT_END_NO_ANSWERS_TAKEN] = "the peer does not read vspcd's answers",
    [CLIENT_END_TLS] = "TLS failed",
    [CLIENT_END_TLS_REQUIRED] =
        "TLS is required on this port, and the client does not use it",
    [CLIENT_END_TLS_REQUIRED_OF_REMOTE] =
        "TLS is required, and the remote system does not offer it (telnet "
        "option AUTHENTICATION, type SSL)",
    [CLIENT_END_HALF_AUTHENTICATED] =
        "AUTHENTICATION was begun and not completed",
    [CLIENT_END_HELLO_LATE] =
        "the TLS hello came too late: vspcd had sent its greeting in clear "
        "text after one second without a byte",
    [CLIENT_END_HELLO_WITHOUT_TLS] =
        "a TLS hello on a port without TLS (--client-tls)",
    [CLIENT_END_HTTP] = "it speaks HTTP: a web browser, or a web page that "
                        "would have typed into the guest",
    [CLIENT_END_IDLE] = "closed, because nothing was typed for the "
                        "client-idle-time",
    [CLIENT_END_SSH] = "it speaks SSH, and this port is a telnet port",
    [CLIENT_END_NO_TELNET] =
        "it did not go on in telnet, as the clients of the admin port do",
    [CLIENT_END_PROXY] = "it sent a PROXY header, and its address is in no "
                         "network of --proxy-protocol-from",
    [CLIENT_END_SUBNEGOTIATION] =
        "it sent a subnegotiation of more than 16 KiB",
    [CLIENT_END_NO_MEMORY] =
        "no memory for the client's input, or for vspcd's answers",
    [CLIENT_END_LIMIT] = "the console's limit of clients is reached",
    [CLIENT_END_TOTAL] = "there is no place for one more client",
    [CLIENT_END_LOGIN_IN_CLEAR] =
        "it needs a login, and passwords are not taken in the clear from "
        "other machines",
    [CLIENT_END_NOT_ALLOWED] =
        "connections from this address are no longer allowed",
    [CLIENT_END_NO_RIGHT] = "the rules do not allow reading this console",
    [CLIENT_END_TOKEN] = "its token was revoked or has expired",
    [CLIENT_END_WEB_SESSION] = "its session has ended",
    [CLIENT_END_LOCKED] = "another client has locked the console",
    [CLIENT_END_BACK] = "back at the list",
    [CLIENT_END_QUIT] = "the menu was left",
    [CLIENT_END_CONSOLE_GONE] =
        "its console was forgotten before the client was served",
    [CLIENT_END_TOLD] = "closed by vspcd",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

const char *client_end_text(enum client_end end)
{
    return end < CLIENT_END_COUNT ? texts[end] : "?";
}

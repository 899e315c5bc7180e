/* client_end.h - why a client's connection ends: the reasons, and their texts
 * for the log. */
#ifndef SESSION_CLIENT_CLIENT_END_H
#define SESSION_CLIENT_CLIENT_END_H

enum client_end {
    CLIENT_END_CLOSED,
    CLIENT_END_CLOSED_BY_REMOTE,
    CLIENT_END_RESET,
    CLIENT_END_TIMEOUT,
    CLIENT_END_NO_ANSWERS_TAKEN,
    CLIENT_END_TLS, /* the stream has the text */
    CLIENT_END_TLS_REQUIRED,
    CLIENT_END_TLS_REQUIRED_OF_REMOTE,
    CLIENT_END_HALF_AUTHENTICATED,
    CLIENT_END_HELLO_LATE,
    CLIENT_END_HELLO_WITHOUT_TLS,
    CLIENT_END_HTTP,
    CLIENT_END_IDLE,
    CLIENT_END_SSH,
    CLIENT_END_NO_TELNET,
    CLIENT_END_PROXY,
    CLIENT_END_SUBNEGOTIATION,
    CLIENT_END_NO_MEMORY,
    CLIENT_END_LIMIT, /* of its console */
    CLIENT_END_TOTAL, /* of all clients, or those of its address */
    CLIENT_END_LOGIN_IN_CLEAR,
    CLIENT_END_NOT_ALLOWED,
    CLIENT_END_NO_RIGHT,
    CLIENT_END_TOKEN,
    CLIENT_END_WEB_SESSION,
    CLIENT_END_BACK, /* no end of the session: it is at the menu's list again */
    CLIENT_END_QUIT,
    CLIENT_END_LOCKED,
    CLIENT_END_CONSOLE_GONE,
    CLIENT_END_TOLD, /* the code that ends it has the text */
    CLIENT_END_COUNT,
};

/* Static text; a general one for ends whose text comes from elsewhere. */
const char *client_end_text(enum client_end end);

#endif

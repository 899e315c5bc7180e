/*
 * socket_peer.h - plays a WebSocket at a console over an in-memory stream, for
 * tests and fuzz targets. Its framing shares nothing with src/proto, whose
 * mistakes it has to see; wrong framing aborts the program.
 */
#ifndef TESTS_SOCKET_PEER_H
#define TESTS_SOCKET_PEER_H

#include "session_peer.h"

#include "web/socket/console_socket.h"

struct socket_peer {
    struct peer *peer;
    bool is_open;   /* the answer to the request has come */
    uint16_t close; /* the code that vspcd has closed with; 0: none */
    uint32_t pings; /* that have come, and are not answered */
    /* Called with each text and each piece of output, in order; NULL: nobody
     * looks. */
    void (*on_message)(struct socket_peer *p, bool is_text, struct slice body);
    struct buf in;     /* what came and is not taken apart */
    struct buf output; /* of the console */
    struct buf texts;  /* JSON, a line each */
};

/* The queues of WebSockets; between site_open and site_close. */
void socket_site_open(struct site *s);
void socket_site_close(struct site *s);

/* What is asked for; who is nobody from this machine. */
struct console_socket_start socket_start(struct site *s, struct console *c);

/* Attached, or refused; the site has run. The peer's memory is the caller's,
 * until socket_peer_done. */
/* arrive: the same, and the site has not run. */
void socket_peer_arrive(struct socket_peer *p, struct site *s,
                        const struct console_socket_start *start);
void socket_peer_open(struct socket_peer *p, struct site *s,
                      const struct console_socket_start *start);
void socket_peer_done(struct socket_peer *p);

/* Takes apart what has come so far. */
void socket_peer_listen(struct socket_peer *p);

/* A masked frame; nobody has read it yet. */
void socket_peer_put(struct socket_peer *p, uint8_t head, struct slice body);
/* The same, and the site runs: input; a text. */
void socket_peer_type(struct socket_peer *p, struct slice bytes);
void socket_peer_say(struct socket_peer *p, const char *json);

/* True if that is all the output that came since; it is forgotten. */
bool socket_peer_got(struct socket_peer *p, struct slice output);
/* True if a text has this in it; texts are forgotten. */
bool socket_peer_heard(struct socket_peer *p, const char *part);
void socket_peer_forget(struct socket_peer *p);

/* Deadlines of this kind are due. */
void socket_pings_due(struct site *s);
void socket_losts_due(struct site *s);
void socket_aways_due(struct site *s);
void socket_drains_due(struct site *s);
void socket_pasts_due(struct site *s);
void socket_people_due(struct site *s);

#endif

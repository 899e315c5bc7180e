/*
 * What a client is, by its first bytes: telnet, raw, or one of another protocol
 * that has come to the wrong port, or was sent here. A web page can have the
 * browser of an administrator send HTTP to any port that the browser reaches,
 * with a body of the page's choice. So such a client is answered and closed
 * before anything is typed for it, and before it can turn out to be telnet.
 *
 * Bytes that may become the beginning of another protocol are kept for
 * CLIENT_DOUBT_US; then they are data. A person who types "GET" slowly loses
 * nothing, and is late once.
 *
 * A raw listener (tcp://) is a wire, and may carry SSH or TLS to a guest that
 * serves them on its serial port. Only HTTP is refused there, because it is
 * what a web page can fill, and a PROXY header, which is for us and not for the
 * guest. A peer that vspcd called is not looked at.
 */
#include "proto/first/first_bytes.h"
#include "session/client/client_session_private.h"

/* No name of a console in these texts: TLS may be required. */
static const char http_answer[] =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain\r\n"
    "Connection: close\r\n"
    "\r\n"
    "[vspcd: this port is a console and no web server; use telnet]\r\n";
static const char ssh_answer[] =
    "[vspcd: this port is a console and no SSH server; use telnet]\r\n";
static const char proxy_answer[] =
    "[vspcd: your address is in no network of --proxy-protocol-from]\r\n";

static unsigned protocols_of(const struct client_role *role)
{
    return role->way == CLIENT_RAW ? FIRST_BYTES_BIT(FIRST_BYTES_HTTP) |
                                         FIRST_BYTES_BIT(FIRST_BYTES_PROXY)
                                   : FIRST_BYTES_ALL;
}

static enum client_end end_of(const struct client_session *s,
                              enum first_bytes protocol)
{
    if (protocol == FIRST_BYTES_HTTP)
        return CLIENT_END_HTTP;
    if (protocol == FIRST_BYTES_SSH)
        return CLIENT_END_SSH;
    if (protocol == FIRST_BYTES_PROXY)
        return CLIENT_END_PROXY;
    return secure_could_begin(&s->telnet.secure) ? CLIENT_END_HELLO_LATE
                                                 : CLIENT_END_HELLO_WITHOUT_TLS;
}

/* A client that wants TLS gets nothing: it has the greeting in front of all
 * that could follow, and would understand no alert behind it. */
static const char *answer_to(enum first_bytes protocol)
{
    if (protocol == FIRST_BYTES_HTTP)
        return http_answer;
    if (protocol == FIRST_BYTES_PROXY)
        return proxy_answer;
    return protocol == FIRST_BYTES_SSH ? ssh_answer : "";
}

static void refuse(struct client_session *s, enum first_bytes protocol)
{
    const char *reason = client_end_text(end_of(s, protocol));

    client_access_log_refused(s, LOG_INFO, 0, reason);
    (void)buf_append(&s->telnet.wire.out, slice_of_text(answer_to(protocol)));
    wire_release(&s->telnet.wire);
    (void)wire_flush(&s->telnet.wire);
    client_session_end_gently(s, reason);
}

void client_first_is_raw(struct client_session *s)
{
    deadline_stop(&s->doubt);
    s->mode = CLIENT_MODE_RAW;
    s->telnet.wire.encoder.is_raw = true;
    telnet_link_stay_clear(&s->telnet);
    client_serving_begin(s);
}

bool client_first_is_known(struct client_session *s, struct slice in)
{
    enum first_bytes protocol;

    if (s->mode != CLIENT_MODE_UNDECIDED)
        return true;
    protocol = first_bytes_look(in, protocols_of(s->role));
    if (protocol == FIRST_BYTES_OPEN) {
        client_input_doubt(s);
        return false;
    }
    if (protocol != FIRST_BYTES_OTHER) {
        refuse(s, protocol);
        return false;
    }
    if (in.data[0] == TELNET_IAC && s->role->way == CLIENT_TELNET)
        client_input_become_telnet(s);
    else if (client_serving_awaits_telnet(s))
        client_session_end_for(s, CLIENT_END_NO_TELNET);
    else
        client_first_is_raw(s);
    return !client_session_is_ending(s);
}

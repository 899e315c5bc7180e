#include "peer.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AUTH_IS = 0, AUTH_SEND = 1, AUTH_REPLY = 2, COM_CONTROL = 5 };

static SSL_CTX *client_context(void)
{
    static SSL_CTX *context;

    if (context == NULL) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    return context;
}

void peer_open(struct peer *p, enum peer_kind kind, int fd)
{
    *p = (struct peer){ .kind = kind, .fd = fd };
    p->out = malloc(PEER_OUT_MAX);
    if (p->out == NULL)
        abort();
}

static void drop(struct peer *p)
{
    SSL_free(p->ssl);
    close(p->fd);
    free(p->out);
    *p = (struct peer){ .kind = PEER_NONE, .fd = -1 };
}

void peer_close(struct peer *p)
{
    if (p->kind != PEER_NONE)
        drop(p);
}

void peer_reset(struct peer *p)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    if (p->kind == PEER_NONE)
        return;
    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    drop(p);
}

void peer_secure(struct peer *p)
{
    if (p->ssl != NULL)
        return;
    p->ssl = SSL_new(client_context());
    if (p->ssl == NULL || SSL_set_fd(p->ssl, p->fd) != 1)
        abort();
    SSL_set_connect_state(p->ssl);
}

/* ---- what it says ----------------------------------------------------- */

void peer_say(struct peer *p, const void *bytes, size_t len)
{
    if (p->kind == PEER_NONE || p->is_half_closed ||
        len > PEER_OUT_MAX - p->out_len)
        return;
    memcpy(p->out + p->out_len, bytes, len);
    p->out_len += len;
}

void peer_say_option(struct peer *p, uint8_t verb, uint8_t option)
{
    peer_say(p, (uint8_t[]){ TELNET_IAC, verb, option }, 3);
}

void peer_say_command(struct peer *p, uint8_t verb)
{
    peer_say(p, (uint8_t[]){ TELNET_IAC, verb }, 2);
}

static void say_doubled(struct peer *p, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        peer_say(p, (uint8_t[]){ bytes[i], TELNET_IAC },
                 bytes[i] == TELNET_IAC ? 2 : 1);
}

void peer_say_data(struct peer *p, const void *bytes, size_t len)
{
    if (p->kind == PEER_RAW)
        peer_say(p, bytes, len);
    else
        say_doubled(p, bytes, len);
}

static void say_suboption(struct peer *p, uint8_t option, uint8_t code,
                          const void *body, size_t len)
{
    peer_say(p, (uint8_t[]){ TELNET_IAC, TELNET_SB, option }, 3);
    say_doubled(p, &code, 1);
    say_doubled(p, body, len);
    peer_say(p, (uint8_t[]){ TELNET_IAC, TELNET_SE }, 2);
}

void peer_say_extension(struct peer *p, uint8_t code, const void *body,
                        size_t len)
{
    say_suboption(p, OPTION_VMWARE, code, body, len);
}

void peer_say_com_port(struct peer *p, uint8_t command, uint8_t value)
{
    static const uint8_t baud[] = { 0, 0, 0x25, 0x80 };

    if (command == 1)
        say_suboption(p, OPTION_COM_PORT, command, baud, sizeof baud);
    else
        say_suboption(p, OPTION_COM_PORT, command, &value, 1);
}

void peer_say_proxy(struct peer *p)
{
    peer_say_extension(p, DO_PROXY, p->uri, strlen(p->uri));
}

void peer_say_name(struct peer *p)
{
    peer_say_extension(p, VM_NAME, p->name, strlen(p->name));
}

void peer_greet(struct peer *p)
{
    switch (p->kind) {
    case PEER_VM:
    case PEER_DESTINATION:
        peer_say_option(p, TELNET_WILL, OPTION_AUTHENTICATION);
        break;
    case PEER_RFC2217:
        peer_say_option(p, TELNET_WILL, OPTION_COM_PORT);
        break;
    default:
        break;
    }
}

/* ---- what it hears ---------------------------------------------------- */

static bool speaks_telnet(const struct peer *p)
{
    return p->kind != PEER_RAW && p->kind != PEER_SILENT;
}

static bool agrees(const struct peer *p, uint8_t option)
{
    switch (option) {
    case OPTION_BINARY:
    case OPTION_SGA:
    case OPTION_ECHO:
        return true;
    case OPTION_COM_PORT:
        return p->kind == PEER_RFC2217 || p->kind == PEER_REMOTE ||
               peer_is_vm(p);
    case OPTION_VMWARE:
        return peer_is_vm(p);
    case OPTION_AUTHENTICATION:
        return p->knows_auth;
    default:
        return false;
    }
}

/* Each is answered as it comes; the server never says one twice. */
static void hear_option(struct peer *p, uint8_t option)
{
    bool yes = agrees(p, option);

    if (p->verb == TELNET_WILL)
        peer_say_option(p, yes ? TELNET_DO : TELNET_DONT, option);
    else if (p->verb == TELNET_DO &&
             !(yes && option == OPTION_AUTHENTICATION && peer_is_vm(p)) &&
             !(option == OPTION_COM_PORT && p->kind == PEER_RFC2217))
        peer_say_option(p, yes ? TELNET_WILL : TELNET_WONT, option);
}

static void hear_known_suboptions(struct peer *p)
{
    static const uint8_t known[] = {
        1,  2,  3,  40, 41, 43, 44, 45, 46, 48, 70,
        71, 73, 80, 81, 84, 85, 86, 87, 82, 83,
    };

    peer_say_extension(p, KNOWN_SUBOPTIONS_1, known, sizeof known);
    if (p->kind == PEER_VM) {
        peer_say_proxy(p);
        return;
    }
    peer_say_extension(p, VMOTION_PEER, p->key, p->key_len);
    peer_say_option(p, TELNET_WILL, OPTION_COM_PORT);
}

static void hear_extension(struct peer *p, uint8_t code, const uint8_t *body,
                           size_t len)
{
    if (p->is_mute)
        return;
    switch (code) {
    case KNOWN_SUBOPTIONS_2:
        hear_known_suboptions(p);
        return;
    case WILL_PROXY:
        p->is_serving = true;
        peer_say_option(p, TELNET_WILL, OPTION_COM_PORT);
        return;
    case VMOTION_PEER_OK:
        p->is_serving = true;
        return;
    case VMOTION_GOAHEAD:
        p->key_len = len < sizeof p->key ? len : sizeof p->key;
        memcpy(p->key, body, p->key_len);
        p->has_goahead = true;
        return;
    case GET_VM_NAME:
        peer_say_name(p);
        return;
    case GET_VM_VC_UUID:
    case GET_VM_BIOS_UUID:
    case GET_VM_LOCATION_UUID:
        peer_say_extension(p, code - 1, p->uuid, strlen(p->uuid));
        return;
    default:
        return;
    }
}

/* SEND is answered by IS SSL START, REPLY SSL ACCEPT by TLS. */
static void hear_authentication(struct peer *p, uint8_t command)
{
    static const uint8_t start[] = { 7, 0, 1 };

    if (command == AUTH_SEND && p->knows_auth)
        say_suboption(p, OPTION_AUTHENTICATION, AUTH_IS, start, sizeof start);
    else if (command == AUTH_REPLY && p->sb_len >= 5 && p->sb[4] == 2)
        peer_secure(p);
}

static void hear_suboption(struct peer *p)
{
    if (p->sb_len < 2)
        return;
    if (p->sb[0] == OPTION_VMWARE && peer_is_vm(p))
        hear_extension(p, p->sb[1], p->sb + 2, p->sb_len - 2);
    else if (p->sb[0] == OPTION_AUTHENTICATION)
        hear_authentication(p, p->sb[1]);
}

static void hear_verb(struct peer *p, uint8_t byte)
{
    p->state = PEER_STATE_DATA;
    if (byte >= TELNET_WILL && byte <= TELNET_DONT) {
        p->verb = byte;
        p->state = PEER_STATE_OPTION;
    } else if (byte == TELNET_SB) {
        p->sb_len = 0;
        p->state = PEER_STATE_SB;
    }
}

static void hear_data(struct peer *p, uint8_t byte)
{
    if (p->heard_len == sizeof p->heard) {
        memmove(p->heard, p->heard + 1, sizeof p->heard - 1);
        p->heard_len--;
    }
    p->heard[p->heard_len++] = (char)byte;
    p->received++;
    if (p->echoes)
        say_doubled(p, &byte, 1);
}

static void hear_byte(struct peer *p, uint8_t byte)
{
    switch (p->state) {
    case PEER_STATE_DATA:
        if (byte == TELNET_IAC && speaks_telnet(p))
            p->state = PEER_STATE_IAC;
        else
            hear_data(p, byte);
        return;
    case PEER_STATE_IAC:
        if (byte != TELNET_IAC) {
            hear_verb(p, byte);
            return;
        }
        p->state = PEER_STATE_DATA;
        hear_data(p, byte);
        return;
    case PEER_STATE_OPTION:
        p->state = PEER_STATE_DATA;
        hear_option(p, byte);
        return;
    case PEER_STATE_SB:
        if (byte == TELNET_IAC)
            p->state = PEER_STATE_SB_IAC;
        else if (p->sb_len < sizeof p->sb)
            p->sb[p->sb_len++] = byte;
        return;
    case PEER_STATE_SB_IAC:
        p->state = byte == TELNET_SE ? PEER_STATE_DATA : PEER_STATE_SB;
        if (byte == TELNET_SE)
            hear_suboption(p);
        else if (byte == TELNET_IAC && p->sb_len < sizeof p->sb)
            p->sb[p->sb_len++] = byte;
        return;
    }
}

/* ---- the wire --------------------------------------------------------- */

/* As read(2): 0 for an end, -1 with EAGAIN where it has to wait. */
static ssize_t secure_result(struct peer *p, int result)
{
    int error = SSL_get_error(p->ssl, result);

    errno = EPROTO;
    if (result > 0)
        return result;
    if (error == SSL_ERROR_ZERO_RETURN)
        return 0;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        errno = EAGAIN;
    return -1;
}

static ssize_t wire_read(struct peer *p, void *to, size_t len)
{
    if (p->ssl == NULL)
        return recv(p->fd, to, len, MSG_DONTWAIT);
    ERR_clear_error();
    return secure_result(p, SSL_read(p->ssl, to, (int)len));
}

static ssize_t wire_write(struct peer *p, const void *from, size_t len)
{
    if (p->ssl == NULL)
        return send(p->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    ERR_clear_error();
    return secure_result(p, SSL_write(p->ssl, from, (int)len));
}

static bool has_to_wait(void)
{
    return errno == EAGAIN || errno == EINTR || errno == ENOTCONN ||
           errno == EINPROGRESS;
}

bool peer_flush(struct peer *p)
{
    while (p->kind != PEER_NONE && p->out_len > 0) {
        ssize_t n = wire_write(p, p->out, p->out_len);

        if (n <= 0)
            return has_to_wait();
        p->out_len -= (size_t)n;
        memmove(p->out, p->out + n, p->out_len);
    }
    return true;
}

bool peer_read(struct peer *p)
{
    uint8_t bytes[16384];
    ssize_t n = wire_read(p, bytes, sizeof bytes);

    if (n < 0)
        return has_to_wait();
    for (ssize_t i = 0; i < n; i++)
        hear_byte(p, bytes[i]);
    return n > 0;
}

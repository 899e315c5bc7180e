#include "socket.h"

#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static int tcp_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket: %s", strerror(errno));
    return fd;
}

static void set_option(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof value) < 0)
        die("setsockopt: %s", strerror(errno));
}

/*
 * Linger 0: closing sends a reset, so that thousands of connections do not
 * leave thousands of ports in TIME_WAIT to the next run.
 */
static void tune(int fd)
{
    struct linger reset = { .l_onoff = 1, .l_linger = 0 };

    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) < 0)
        die("setsockopt: %s", strerror(errno));
}

/*
 * The port is left to connect(), which knows the other end and may give one
 * port to several addresses; bind() alone would keep them all apart.
 */
static void bind_to_host(int fd, unsigned host)
{
    struct sockaddr_in address = loopback(0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("bind to %s: %s", inet_ntoa(address.sin_addr), strerror(errno));
}

int socket_dial(uint16_t port, unsigned host)
{
    struct sockaddr_in address = loopback(port);
    int fd = tcp_socket();

    if (host > 0)
        bind_to_host(fd, host);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect to port %u: %s", port, strerror(errno));
    tune(fd);
    return fd;
}

int socket_listen(uint16_t port, unsigned timeout_s)
{
    struct sockaddr_in address = loopback(port);
    struct timeval timeout = { .tv_sec = timeout_s };
    int fd = tcp_socket();

    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, 4096) < 0)
        die("listen on port %u: %s", port, strerror(errno));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0)
        die("setsockopt: %s", strerror(errno));
    return fd;
}

int socket_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
        die("the relay does not connect: %s", strerror(errno));
    tune(fd);
    return fd;
}

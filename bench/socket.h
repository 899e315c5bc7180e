/*
 * socket.h - TCP connections on the loopback device, set up for measuring:
 * small writes go out at once, and closing leaves no port in TIME_WAIT.
 *
 * Dies of whatever goes wrong. The caller owns the descriptors.
 */
#ifndef BENCH_SOCKET_H
#define BENCH_SOCKET_H

#include <stdint.h>

/*
 * Connects to 127.0.0.1; returns when the kernel has, which is before the
 * server accepts. Host 0 is 127.0.0.1, too; host N connects from an address of
 * its own.
 *
 * Thousands of connections to one port must come from several hosts: the
 * kernel looks for a free source port by trying one after the other, which
 * takes 0.7 ms each when half of those of one address are taken.
 */
int socket_dial(uint16_t port, unsigned host);

int socket_listen(uint16_t port, unsigned timeout_s);

/* Waits for the listener's timeout at most. */
int socket_accept(int listener);

#endif

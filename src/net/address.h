/*
 * address.h - socket addresses as values and as text: 192.0.2.1:80, [::1]:80.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "base/err.h"
#include "base/network.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
    union {
        struct sockaddr any; /* sa_family AF_UNSPEC: not known */
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

#include "base/limits.h"

/* "ADDR:PORT"; "local" if it is no internet address. */
struct address_text {
    char text[ADDRESS_TEXT_MAX];
};
struct address_text address_format(const struct address *a);

/*
 * Reads a numeric IPv4 or IPv6 address (brackets allowed). 0, or -EINVAL with
 * err filled.
 */
int address_parse(const char *host, uint16_t port, struct address *ret,
                  struct err *err);

struct address address_of_ip(struct ip ip, uint16_t port);

/* False: a is no internet address. */
bool address_ip(const struct address *a, struct ip *ret);

socklen_t address_len(const struct address *a);
uint16_t address_port(const struct address *a);
void address_set_port(struct address *a, uint16_t port);

enum { ADDRESS_HOST_MAX = 255 };

/*
 * Splits "HOST:PORT", "[IPv6]:PORT", "HOST" or "IPv6" into host (without
 * brackets) and port; default_port if the text has none. Resolves nothing. 0,
 * or -EINVAL with err filled.
 */
int address_split(const char *text, uint16_t default_port,
                  char ret_host[ADDRESS_HOST_MAX + 1], uint16_t *ret_port,
                  struct err *err);

#endif

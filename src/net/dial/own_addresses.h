/*
 * own_addresses.h - the addresses at which other machines may reach this one:
 * those of its interfaces that are up, without loopback and link-local ones.
 *
 * The kernel is asked, and no name server; it may take a moment while other
 * programs change interfaces. So this is for a thread, or for a program without
 * a loop.
 */
#ifndef NET_DIAL_OWN_ADDRESSES_H
#define NET_DIAL_OWN_ADDRESSES_H

#include "net/address.h"

/* A machine with more has hundreds, for containers; nobody picks among them. */
enum { OWN_ADDRESSES_MAX = 32 };

struct own_addresses {
    size_t count;
    struct address item[OWN_ADDRESSES_MAX]; /* their port is 0 */
};

/* First what this machine's own connections to the world come from, IPv4 before
 * IPv6. None if the kernel does not tell. */
void own_addresses_find(struct own_addresses *ret);

#endif

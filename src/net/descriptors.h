/*
 * descriptors.h - the process's file descriptors: how many it may have, those
 * that every program has, and what happens when none is left.
 *
 * Without a free descriptor nothing can be accepted. Whoever needs one then
 * waits (descriptors_private.h), uses no CPU meanwhile and is woken when one of
 * its loop was closed, or once a second, because other parts of the program
 * close theirs without a word. It is logged once, and counted.
 */
#ifndef NET_DESCRIPTORS_H
#define NET_DESCRIPTORS_H

#include <stdint.h>

/*
 * Whoever started us may have closed 0, 1 or 2: what is opened next would take
 * their place, and be taken for them. First thing in main.
 */
void descriptors_open_standard(void);

/* Raises the soft limit of open files to the hard one; returns what it is, 0
 * if that cannot be known. */
uint64_t descriptors_raise_limit(void);

#endif

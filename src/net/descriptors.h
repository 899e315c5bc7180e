/*
 * descriptors.h - the process's file descriptors: their limit, the three
 * standard ones, and what happens when none is left.
 *
 * Without a free descriptor nothing can be accepted. A listener then waits
 * (descriptors_private.h), uses no CPU meanwhile, and is woken when its loop
 * closes a descriptor, or once a second, because other parts of the program
 * close theirs without notice. A lack is logged once, and counted.
 */
#ifndef NET_DESCRIPTORS_H
#define NET_DESCRIPTORS_H

#include <stdint.h>

/*
 * Opens /dev/null as 0, 1 or 2 where the starting process has closed them: the
 * next file to be opened would get that number and be taken for a standard
 * stream. Must be called first in main.
 */
void descriptors_open_standard(void);

/* Raises the soft limit of open files to the hard limit; returns it, 0 if it is
 * not known. */
uint64_t descriptors_raise_limit(void);

#endif

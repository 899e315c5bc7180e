/*
 * mem.h - small allocations that cannot fail, and secrets that go.
 *
 * For fixed sizes of our own: out of memory ends the process with a message. A
 * size that a peer can influence is bounded first; a large one is allocated
 * with malloc, and a failure is refused.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
/* Ends the program for want of memory. */
_Noreturn void mem_end(void);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len); /* ends at a NUL before len */

/* Room for one more behind count items, which nothing else has made larger or
 * smaller; count is bounded by the caller. NULL with count 0 is none yet. */
void *mem_grow(void *items, size_t count, size_t size);

/* Wipes the text before it is freed; *text is NULL then, and may be before. */
void mem_free_secret(char **text);

#endif

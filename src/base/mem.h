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

/* Wipes the text before it is freed; *text is NULL then, and may be before. */
void mem_free_secret(char **text);

#endif

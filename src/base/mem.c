#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void mem_end(void)
{
    fputs("out of memory\n", stderr);
    abort();
}

static void *check(void *memory)
{
    if (memory == NULL)
        mem_end();
    return memory;
}

void *xmalloc(size_t size)
{
    return check(malloc(size > 0 ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return check(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

char *xstrdup(const char *text)
{
    return check(strdup(text));
}

char *xstrndup(const char *text, size_t len)
{
    return check(strndup(text, len));
}

/* Doubled at powers of two, so that nobody has to keep the room. */
void *mem_grow(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return items;
    return check(realloc(items, (count > 0 ? 2 * count : 1) * size));
}

void mem_free_secret(char **text)
{
    if (*text != NULL)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

/*
 * scarce.so - memory runs out: loaded before the C library, it refuses requests
 * of more than $SCARCE_MAX bytes for as long as the file $SCARCE_WHILE is
 * there.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

/* No function that could allocate. */
static int is_refused(size_t size)
{
    const char *max = getenv("SCARCE_MAX");
    const char *flag = getenv("SCARCE_WHILE");
    unsigned long limit = 0;

    if (max == NULL || flag == NULL)
        return 0;
    for (; *max >= '0' && *max <= '9'; max++)
        limit = limit * 10 + (unsigned long)(*max - '0');
    if (size <= limit || syscall(SYS_faccessat, AT_FDCWD, flag, F_OK) != 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return is_refused(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_refused(count > 0 && size > SIZE_MAX / count ? SIZE_MAX
                                                           : count * size)
               ? NULL
               : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return is_refused(size) ? NULL : __libc_realloc(memory, size);
}

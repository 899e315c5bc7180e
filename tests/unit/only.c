/*
 * only.c - part of every unit test program: VSPCD_ONLY=PATTERN in the
 * environment runs only the cases whose names match (* and ? stand for text).
 * cmocka has this filter, but reads no variable for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void only_set_filter(void)
{
    const char *pattern = getenv("VSPCD_ONLY");

    if (pattern != NULL)
        cmocka_set_test_filter(pattern);
}

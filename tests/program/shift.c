/*
 * shift.so - another time: loaded before the C library, it adds as many seconds
 * to the time of day as stand in the file $CLOCK_SHIFT, and to the clock of
 * deadlines as stand in $MONOTONIC_SHIFT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long shift(const char *name)
{
    const char *path = getenv(name);
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char text[32] = "0";

    if (file == NULL)
        return 0;
    if (fgets(text, sizeof text, file) == NULL)
        text[0] = '\0';
    fclose(file);
    return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int r = (int)syscall(SYS_clock_gettime, clock, now);

    if (r == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += shift("CLOCK_SHIFT");
    if (r == 0 && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
        now->tv_sec += shift("MONOTONIC_SHIFT");
    return r;
}

#include "base/clock.h"

#include <stdio.h>
#include <time.h>

uint64_t clock_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int64_t clock_utc_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

void clock_format_utc(char text[CLOCK_TEXT_LEN])
{
    struct timespec now;
    struct tm utc;
    char seconds[24];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, CLOCK_TEXT_LEN, "%s.%03dZ", seconds,
             (int)(now.tv_nsec / 1000000));
}

void clock_format_local(char text[CLOCK_TEXT_LEN])
{
    time_t now = clock_utc_s();
    struct tm local;

    /* The program never sets a locale, so months have their English names. */
    localtime_r(&now, &local);
    strftime(text, CLOCK_TEXT_LEN, "%b %e %H:%M:%S", &local);
}

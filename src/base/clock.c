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

int64_t clock_utc_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_format_utc(char text[CLOCK_TEXT_LEN])
{
    clock_format_ms(text, clock_utc_ms());
}

void clock_format_ms(char text[CLOCK_TEXT_LEN], int64_t utc_ms)
{
    static const int64_t last_ms = INT64_C(253402300799999);
    int64_t ms = utc_ms < 0 ? 0 : utc_ms > last_ms ? last_ms : utc_ms;
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    char text_s[24];

    gmtime_r(&seconds, &utc);
    strftime(text_s, sizeof text_s, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, CLOCK_TEXT_LEN, "%s.%03dZ", text_s, (int)(ms % 1000));
}

void clock_format_local(char text[CLOCK_TEXT_LEN])
{
    time_t now = clock_utc_s();
    struct tm local;

    /* The program never sets a locale, so months have their English names. */
    localtime_r(&now, &local);
    strftime(text, CLOCK_TEXT_LEN, "%b %e %H:%M:%S", &local);
}

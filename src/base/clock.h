/*
 * clock.h - the only module that reads a clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Microseconds of a clock that never goes back; its start is arbitrary. */
uint64_t clock_now_us(void);

/* Seconds since 1970, for what outlives the process. The clock may jump. */
int64_t clock_utc_s(void);

/* Milliseconds since 1970. The clock may jump. */
int64_t clock_utc_ms(void);

/* UTC as 2026-01-31T23:59:59.123Z, for log lines. */
enum { CLOCK_TEXT_LEN = 32 };
void clock_format_utc(char text[CLOCK_TEXT_LEN]);

/* Local time as "Jan 31 23:59:59", in English, as syslog expects. */
void clock_format_local(char text[CLOCK_TEXT_LEN]);

/* Formats a given time as UTC, 2026-01-31T23:59:59.123Z: always 24 characters.
 * A time before 1970 or after the year 9999 becomes the nearest time that is
 * not. */
void clock_format_ms(char text[CLOCK_TEXT_LEN], int64_t utc_ms);

#endif

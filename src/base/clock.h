/*
 * clock.h - the only place that reads a clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Microseconds of a clock that never goes back; the start is arbitrary. */
uint64_t clock_now_us(void);

/* Seconds since 1970: for what outlives the process; may jump. */
int64_t clock_utc_s(void);

/* UTC as 2026-01-31T23:59:59.123Z, for log lines. */
enum { CLOCK_TEXT_LEN = 32 };
void clock_format_utc(char text[CLOCK_TEXT_LEN]);

/* Local time as "Jan 31 23:59:59", in English, as syslog has it. */
void clock_format_local(char text[CLOCK_TEXT_LEN]);

#endif

/*
 * say.h - words for the person who has typed the command: lines on standard
 * error, "vspc: what happened". Standard output is for data alone.
 *
 * Whether news are shown is the only mutable static.
 */
#ifndef CLI_COMMON_SAY_H
#define CLI_COMMON_SAY_H

#include <stdbool.h>

/* --quiet: no news, only errors. */
void say_set_quiet(bool is_quiet);

/* Both replace control characters in the text, and end the line. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_news(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

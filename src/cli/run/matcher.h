/*
 * matcher.h - looks for regular expressions in output as it comes. Pure but for
 * memory, which is bounded: an expression is matched against the last
 * MATCHER_WINDOW bytes that no match has had yet, so what is longer is not
 * found. Output is matched as text (output_text.h): without escape sequences,
 * with LF as the end of each line, so that ^ and $ are where a person sees
 * them. Bytes are no characters of UTF-8, so that . is one byte.
 */
#ifndef CLI_RUN_MATCHER_H
#define CLI_RUN_MATCHER_H

#include "base/buf.h"
#include "base/err.h"
#include "proto/text/output_text.h"

#include <regex.h>

enum { MATCHER_WINDOW = 64 * 1024 };

struct matcher {
    struct output_text text;
    struct buf window;
};

void matcher_init(struct matcher *m);
void matcher_done(struct matcher *m);
void matcher_feed(struct matcher *m, struct slice bytes);

/* True: what was before the end of the match is not looked at again. */
bool matcher_find(struct matcher *m, const regex_t *pattern);

/* A POSIX extended expression; ^ and $ are ends of lines. 0, or -EINVAL with
 * err filled; regfree it. */
int matcher_compile(regex_t *ret, const char *text, struct err *err);

#endif

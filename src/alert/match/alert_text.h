/*
 * alert_text.h - the last lines of a console's output, cleaned (alert_clean.h),
 * for showing what stands around a line.
 *
 * Offsets count cleaned bytes since the subject began. The memory is made with
 * the first text, and doubles up to ALERT_TEXT_MAX; without memory, lines are
 * empty.
 */
#ifndef ALERT_MATCH_ALERT_TEXT_H
#define ALERT_MATCH_ALERT_TEXT_H

#include "base/ring.h"

enum { ALERT_TEXT_MAX = 4096 };

struct alert_text {
    struct ring kept;
};

void alert_text_init(struct alert_text *text);
void alert_text_done(struct alert_text *text);

/* At most ALERT_TEXT_MAX / 2 bytes at once, so that the line before them stays.
 */
void alert_text_add(struct alert_text *text, struct slice bytes);

/* The offset behind the last byte. */
static inline uint64_t alert_text_end(const struct alert_text *text)
{
    return text->kept.head;
}

/* Where the line begins that has the byte at this offset; a line end belongs to
 * the line that it ends. The oldest kept byte, if the line is longer than what
 * is kept, or was before it. */
uint64_t alert_text_line_start(const struct alert_text *text, uint64_t at);

/* The same, if the line of the byte at seen, which is not behind at, is known.
 */
uint64_t alert_text_line_start_from(const struct alert_text *text, uint64_t at,
                                    uint64_t seen, uint64_t seen_line);

/* Where the line behind this one begins. False: there is no line end yet; *ret
 * is the end of the text then. */
bool alert_text_next_line(const struct alert_text *text, uint64_t at,
                          uint64_t *ret);

/* Whether the byte at this offset is kept. */
static inline bool alert_text_has(const struct alert_text *text, uint64_t at)
{
    return at >= ring_tail(&text->kept) && at < text->kept.head;
}

/* The line that begins at this offset, as alert_found has lines, up to its end
 * or the text's; the caller frees it. */
char *alert_text_copy(const struct alert_text *text, uint64_t at);

#endif

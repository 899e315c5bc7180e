#include "proto/cast/cast_writer.h"

#include "proto/cast/cast_line.h"

enum { PIECE = 1024 }; /* of a text, encoded at a time */

void cast_writer_init(struct cast_writer *w, unsigned version)
{
    *w = (struct cast_writer){ .has_intervals = version == 3 };
}

/* The whole characters of the next piece, which is taken. */
static struct slice take_piece(struct slice *text)
{
    struct slice piece = *text;

    if (piece.len > PIECE)
        piece.len = cast_line_whole(slice_of(piece.data, PIECE));
    *text = slice_after(*text, piece.len);
    return piece;
}

/* A line is made without its end first, and goes on in pieces: a buffer that
 * has room for it need not have room for the longest that it could be. */
bool cast_writer_put(struct cast_writer *w, struct buf *to, char code,
                     uint64_t time_us, struct slice text)
{
    static const size_t end = sizeof "\"]\n" - 1;
    uint64_t now_us = time_us > w->time_us ? time_us : w->time_us;
    uint64_t shown_us = w->has_intervals ? now_us - w->time_us : now_us;
    uint32_t before = to->len;
    uint8_t line[PIECE * CAST_LINE_BYTE_MAX + CAST_LINE_AROUND];
    size_t len = cast_line_put(line, code, shown_us, take_piece(&text)) - end;
    bool has_room = true;

    while (has_room && text.len > 0) {
        has_room = buf_append(to, slice_of(line, len)) == 0;
        len = cast_line_put_text(line, take_piece(&text));
    }
    memcpy(line + len, "\"]\n", end);
    if (!has_room || buf_append(to, slice_of(line, len + end)) < 0) {
        buf_cut(to, before);
        return false;
    }
    w->time_us = now_us;
    return true;
}

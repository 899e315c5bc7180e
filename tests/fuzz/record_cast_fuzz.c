/*
 * Recordings: whatever a VM prints, in any pieces, becomes lines of valid UTF-8
 * without control characters, as many as there were events; and keys are kept
 * or dropped, however keys and output are cut.
 *
 * The first byte has the length of the pieces.
 */
#include "base/text.h"
#include "conlog/file/conlog_file.h"
#include "proto/cast/cast_line.h"
#include "record/record_cast.h"
#include "record/record_echo.h"

#include <stdlib.h>

enum { IN_MAX = 16 * 1024, ROOM = IN_MAX * (RECORD_CAST_HEAD + 1) };

static void check(bool is_right)
{
    if (!is_right)
        abort();
}

static size_t check_lines(struct slice out)
{
    size_t lines = 0;

    while (out.len > 0) {
        uint32_t code;
        size_t len = text_character(out, &code);

        check(len > 0 && (code == '\n' || (code >= 0x20 && code != 0x7f)));
        lines += code == '\n';
        out = slice_after(out, len);
    }
    return lines;
}

/* As the loop does: what may become a character waits for its rest. */
static size_t make_entries(struct slice in, size_t piece, uint8_t *to,
                           size_t *ret_count)
{
    size_t len = 0;

    *ret_count = 0;
    while (in.len > 0) {
        size_t n = in.len < piece ? in.len : piece;

        if (n < in.len)
            n = cast_line_whole(slice_of(in.data, n));
        if (n == 0)
            n = 1;
        record_cast_entry(to + len, RECORD_CAST_OUTPUT, len, n);
        memcpy(to + len + RECORD_CAST_HEAD, in.data, n);
        len += RECORD_CAST_HEAD + n;
        ++*ret_count;
        in = slice_after(in, n);
    }
    return len;
}

static void fuzz_cast(struct slice in, size_t piece)
{
    static uint8_t entries[ROOM];
    static uint8_t lines[CONLOG_FILE_SCRATCH];
    size_t count;
    struct slice rest =
        slice_of(entries, make_entries(in, piece, entries, &count));
    size_t found = 0;

    while (rest.len > 0) {
        size_t before = rest.len;

        found += check_lines(
            slice_of(lines, record_cast_render(&rest, lines, sizeof lines)));
        check(rest.len < before);
    }
    check(found == count);
}

/* Every third piece is typed, the others are shown. No key is kept twice, or
 * without having been typed, and none waits for ever. */
static void fuzz_echo(struct slice in, size_t piece)
{
    struct record_echo echo;
    uint64_t now_us = 0;
    size_t typed = 0;

    record_echo_init(&echo);
    for (unsigned i = 0; in.len > 0; i++, now_us += RECORD_ECHO_US / 8) {
        struct slice part = slice_of(in.data, in.len < piece ? in.len : piece);

        if (i % 3 == 0) {
            record_echo_type(&echo, part, now_us);
            typed += part.len;
        } else {
            record_echo_show(&echo, part, now_us);
        }
        check(echo.kept.len + echo.typed.len <= typed);
        in = slice_after(in, part.len);
    }
    record_echo_check(&echo, now_us + RECORD_ECHO_US);
    check(!record_echo_waits(&echo));
    record_echo_done(&echo);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > IN_MAX)
        return 0;
    fuzz_cast(slice_of(data + 1, size - 1), 1 + data[0]);
    fuzz_echo(slice_of(data + 1, size - 1), 1 + data[0] % 16);
    return 0;
}

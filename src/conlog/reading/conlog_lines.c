#include "conlog/reading/conlog_lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = CONLOG_LINES_BLOCK };

/* Fewer only at end, or where the file cannot be read. */
static size_t read_at(int fd, uint64_t from, uint64_t end, uint8_t *block)
{
    size_t want = end - from < BLOCK ? (size_t)(end - from) : BLOCK;
    size_t len = 0;

    while (len < want) {
        ssize_t n = pread(fd, block + len, want - len, (off_t)(from + len));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    return len;
}

uint64_t conlog_lines_count(struct slice bytes)
{
    uint64_t count = 0;

    while (conlog_lines_skip(&bytes, 1) > 0)
        count++;
    return count;
}

uint64_t conlog_lines_skip(struct slice *bytes, uint64_t lines)
{
    uint64_t count = 0;

    while (count < lines && bytes->len > 0) {
        const uint8_t *end = memchr(bytes->data, '\n', bytes->len);

        if (end == NULL) {
            *bytes = slice_after(*bytes, bytes->len);
            break;
        }
        *bytes = slice_after(*bytes, (size_t)(end - bytes->data) + 1);
        count++;
    }
    return count;
}

/* ---- the last ones ---------------------------------------------------- */

/* From the end of the bytes; true: *ret_at is where the last `wanted` ends
 * before, and lines begin behind. Counts the ends in *count. */
static bool find_back(struct slice bytes, uint64_t wanted, uint64_t *count,
                      size_t *ret_at)
{
    size_t len = bytes.len;

    while (len > 0) {
        const uint8_t *end = memrchr(bytes.data, '\n', len);

        if (end == NULL)
            return false;
        len = (size_t)(end - bytes.data);
        if (*count == wanted) {
            *ret_at = len + 1;
            return true;
        }
        ++*count;
    }
    return false;
}

/* The LF at the very end ends the last line, and begins none. So of the ends
 * that are counted, the one before the wanted lines is one too many. */
uint64_t conlog_lines_back(int fd, uint64_t start, uint64_t end,
                           uint64_t wanted, uint64_t max, uint8_t *block,
                           uint64_t *ret_offset)
{
    uint64_t least = end - start > max ? end - max : start;
    uint64_t at = end;
    uint64_t count = 0;
    bool has_end = false;

    *ret_offset = end;
    if (wanted == 0 || start >= end)
        return 0;
    while (at > least) {
        uint64_t from = at - least > BLOCK ? at - BLOCK : least;
        size_t len = read_at(fd, from, at, block);
        struct slice bytes = slice_of(block, len);
        size_t found;

        if (len < at - from)
            return 0;
        if (at == end) {
            has_end = block[len - 1] == '\n';
            count = has_end ? 0 : 1; /* the line without an end */
        }
        if (find_back(bytes, wanted, &count, &found)) {
            *ret_offset = from + found;
            return wanted;
        }
        at = from;
    }
    *ret_offset = least;
    return least > start ? wanted : count;
}

/* ---- times ------------------------------------------------------------ */

/* The first line that begins in the bytes with a time. is_at_line: they begin
 * with a line. NULL: there is none. */
static const uint8_t *find_stamp(struct slice bytes, bool is_at_line)
{
    if (is_at_line && conlog_stamp_is_at(bytes))
        return bytes.data;
    while (conlog_lines_skip(&bytes, 1) > 0) {
        if (conlog_stamp_is_at(bytes))
            return bytes.data;
    }
    return NULL;
}

static bool is_before(const uint8_t *stamp, const char *since)
{
    return memcmp(stamp, since, CONLOG_STAMP_LEN - 1) < 0;
}

bool conlog_lines_is_before(int fd, uint64_t start, uint64_t end,
                            const char *since, uint8_t *block)
{
    size_t len = start < end ? read_at(fd, start, end, block) : 0;
    const uint8_t *stamp = find_stamp(slice_of(block, len), true);

    return stamp != NULL && is_before(stamp, since);
}

uint64_t conlog_lines_find_time(int fd, uint64_t start, uint64_t end,
                                const char *since, uint8_t *block)
{
    uint64_t low = start; /* a line begins here, and is not later */
    uint64_t high = end;

    while (high - low > BLOCK) {
        uint64_t middle = low + (high - low) / 2;
        size_t len = read_at(fd, middle, end, block);
        const uint8_t *stamp = find_stamp(slice_of(block, len), false);

        if (stamp != NULL && is_before(stamp, since))
            low = middle + (uint64_t)(stamp - block);
        else
            high = middle;
    }
    return low;
}

/* Whether the line at the front has a time of since or later; *ret_is_cut: it
 * would have to have more bytes for that. */
static bool is_since(struct slice line, const char *since, bool *ret_is_cut)
{
    *ret_is_cut = line.len < CONLOG_STAMP_LEN &&
                  memchr(line.data, '\n', line.len) == NULL;
    return conlog_stamp_is_at(line) && !is_before(line.data, since);
}

uint64_t conlog_lines_first_since(int fd, uint64_t start, uint64_t end,
                                  const char *since, uint8_t *block)
{
    uint64_t at = start;
    bool is_at_line = true;

    while (at < end) {
        size_t len = read_at(fd, at, end, block);
        struct slice rest = slice_of(block, len);
        bool is_cut = false;

        if (len == 0)
            return end;
        while (rest.len > 0 && !is_cut) {
            if (is_at_line && is_since(rest, since, &is_cut))
                return at + (len - rest.len);
            if (is_cut && rest.len < len)
                break; /* it is whole in the next block */
            is_at_line = conlog_lines_skip(&rest, 1) > 0;
        }
        at += len - rest.len;
    }
    return end;
}

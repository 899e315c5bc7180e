#include "conlog/file/conlog_past.h"

#include "conlog/file/conlog_place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that were read from one file. */
struct piece {
    uint8_t *memory;
    struct slice bytes;
    bool is_whole; /* read from the file's beginning */
};

/* How many bytes of a file are enough, with room for its stamps. */
static size_t enough(const struct conlog_settings *s,
                     const struct history_wish *wish)
{
    uint64_t stamps = wish->lines < wish->bytes ? wish->lines : wish->bytes;

    return wish->bytes + (s->is_stamped ? (stamps + 2) * CONLOG_STAMP_LEN : 0);
}

/* ---- one file --------------------------------------------------------- */

static bool read_all(int fd, uint8_t *to, size_t len, uint64_t from)
{
    while (len > 0) {
        ssize_t n = pread(fd, to, len, (off_t)from);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        len -= (size_t)n;
        from += (uint64_t)n;
    }
    return true;
}

/* Skips what could be the rest of a stamp: the cut line, or if it does not end
 * here, a stamp's length. */
static struct slice behind_cut(struct slice bytes, bool *ret_is_in_line)
{
    const uint8_t *end = memchr(bytes.data, '\n', bytes.len);

    *ret_is_in_line = end == NULL;
    if (end != NULL)
        return slice_after(bytes, (size_t)(end - bytes.data) + 1);
    return slice_after(bytes, bytes.len < CONLOG_STAMP_LEN ? bytes.len
                                                           : CONLOG_STAMP_LEN);
}

/* Replaces the bytes with a copy without stamps. */
static bool strip(struct piece *piece)
{
    struct slice in = piece->bytes;
    struct conlog_stamp_stripper stripper;
    bool is_in_line = false;
    uint8_t *to;
    size_t len;

    if (in.len > 0 && !piece->is_whole)
        in = behind_cut(in, &is_in_line);
    to = malloc(in.len + CONLOG_STAMP_ROOM);
    if (to == NULL)
        return false;
    conlog_stamp_stripper_init(&stripper, is_in_line);
    len = conlog_stamp_strip(&stripper, &in, to, in.len + CONLOG_STAMP_ROOM);
    len += conlog_stamp_strip_end(&stripper, to + len);
    free(piece->memory);
    piece->memory = to;
    piece->bytes = slice_of(to, len);
    return true;
}

/* Reads the last bytes before end, at most max. */
static bool read_piece(int fd, uint64_t end, size_t max, bool is_stamped,
                       struct piece *piece)
{
    size_t len = end < max ? (size_t)end : max;

    *piece = (struct piece){ .memory = malloc(len + 1) };
    if (piece->memory == NULL || !read_all(fd, piece->memory, len, end - len))
        return false;
    piece->bytes = slice_of(piece->memory, len);
    piece->is_whole = len == end;
    return !is_stamped || strip(piece);
}

/* ---- files one behind the other --------------------------------------- */

static struct past *join(const struct piece *older, const struct piece *newer,
                         uint32_t max)
{
    size_t total = older->bytes.len + newer->bytes.len;
    size_t len = total < max ? total : max;
    size_t of_newer = newer->bytes.len < len ? newer->bytes.len : len;
    size_t of_older = len - of_newer;
    struct past *past = len > 0 ? past_new((uint32_t)len) : NULL;

    if (past == NULL)
        return NULL;
    if (of_older > 0)
        memcpy(past->bytes, older->bytes.data + (older->bytes.len - of_older),
               of_older);
    if (of_newer > 0)
        memcpy(past->bytes + of_older,
               newer->bytes.data + (newer->bytes.len - of_newer), of_newer);
    return past;
}

static bool is_origin(const struct conlog_origin *origin, const struct stat *st)
{
    return conlog_file_identity(st) == origin->identity;
}

/* The files to be read, and up to where; -1: not this file. */
struct files {
    int older, newer;
    uint64_t older_end, newer_end;
};

static int open_one(const struct conlog_settings *s, const char *path,
                    struct stat *ret_st)
{
    int fd = -1;

    if (conlog_place_find(s, path, &fd) < 0)
        return -1;
    if (fstat(fd, ret_st) == 0)
        return fd;
    close(fd);
    return -1;
}

static void leave_out(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void choose(const struct conlog_origin *origin, const struct stat *older,
                   const struct stat *newer, struct files *files)
{
    files->older_end = files->older >= 0 ? (uint64_t)older->st_size : 0;
    files->newer_end = files->newer >= 0 ? (uint64_t)newer->st_size : 0;
    if (origin->identity == CONLOG_FILE_UNKNOWN)
        return;
    if (files->newer >= 0 && is_origin(origin, newer)) {
        /* Somebody has truncated it: what it contains now may be this run's. */
        if (files->newer_end < origin->size) {
            leave_out(&files->newer);
            leave_out(&files->older);
        }
        files->newer_end = origin->size;
        return;
    }
    leave_out(&files->newer);
    if (files->older < 0 || !is_origin(origin, older) ||
        files->older_end < origin->size)
        leave_out(&files->older);
    files->older_end = origin->size;
}

static struct past *read_files(const struct conlog_settings *s,
                               const struct files *files,
                               const struct history_wish *wish)
{
    size_t max = enough(s, wish);
    struct piece older = { .is_whole = true };
    struct piece newer = { .is_whole = true };
    struct past *past = NULL;
    bool has_read = true;

    if (files->newer >= 0)
        has_read = read_piece(files->newer, files->newer_end, max,
                              s->is_stamped, &newer);
    if (has_read && files->older >= 0 && newer.is_whole &&
        newer.bytes.len < wish->bytes)
        has_read = read_piece(files->older, files->older_end, max,
                              s->is_stamped, &older);
    if (has_read)
        past = join(&older, &newer, wish->bytes);
    if (past != NULL)
        past->is_beginning =
            files->older < 0 && newer.is_whole && past->len == newer.bytes.len;
    free(older.memory);
    free(newer.memory);
    return past;
}

struct past *conlog_past_read(const struct conlog_settings *s, const char *path,
                              const struct conlog_origin *origin,
                              const struct history_wish *wish)
{
    struct conlog_rotation_name name = conlog_rotation_name(path, 1, false);
    struct stat older, newer;
    struct files files = { .newer = open_one(s, path, &newer) };
    struct past *past;

    files.older = open_one(s, name.text, &older);
    choose(origin, &older, &newer, &files);
    past = read_files(s, &files, wish);
    leave_out(&files.older);
    leave_out(&files.newer);
    return past;
}

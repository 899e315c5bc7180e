#include "conlog/reading/conlog_reading.h"

#include "conlog/file/conlog_positions.h"
#include "conlog/reading/conlog_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Where something begins: in which file of the series, and at which byte. */
struct place {
    unsigned file;
    uint64_t offset;
    uint64_t lines_over; /* of a compressed file */
};

void conlog_reading_init(struct conlog_reading *r)
{
    memset(r, 0, offsetof(struct conlog_reading, bytes));
    r->limit = UINT64_MAX;
}

static void stop_unpacking(struct conlog_reading *r)
{
    if (r->unpacking != NULL)
        (void)gzclose(r->unpacking);
    r->unpacking = NULL;
}

void conlog_reading_done(struct conlog_reading *r)
{
    stop_unpacking(r);
    conlog_series_close(&r->series);
    r->left = 0;
}

/* ---- what is the console's -------------------------------------------- */

/* Where the console's output begins in the file; UINT64_MAX: nowhere. */
static uint64_t own_start(const struct conlog_source *source,
                          const struct conlog_series_file *file)
{
    struct conlog_positions positions;

    if (source->is_all_own)
        return 0;
    conlog_positions_read(file->fd, &positions);
    for (unsigned i = 0; i < positions.count; i++) {
        const struct conlog_position *entry = &positions.at[i];

        /* A compressed file is read from its beginning, or not at all. */
        if (entry->epoch == source->epoch && !entry->is_end)
            return file->is_compressed && entry->offset > 0 ? UINT64_MAX
                                                            : entry->offset;
    }
    return file->identity == source->origin.identity ? source->origin.size
                                                     : UINT64_MAX;
}

/* Leaves out the files from this one on, which are older. */
static void leave_out_from(struct conlog_series *series, unsigned first)
{
    while (series->count > first)
        close(series->file[--series->count].fd);
}

/* Leaves what is the console's: files up to one that was another's before. */
static struct place own_place(struct conlog_reading *r)
{
    struct place place = { 0 };

    for (unsigned i = 0; i < r->series.count; i++) {
        uint64_t start = own_start(&r->source, &r->series.file[i]);

        if (start == UINT64_MAX) {
            leave_out_from(&r->series, i);
            break;
        }
        place = (struct place){ .file = i, .offset = start };
        if (start > 0)
            leave_out_from(&r->series, i + 1);
    }
    return place;
}

/* ---- where it begins -------------------------------------------------- */

static bool is_later(struct place a, struct place b)
{
    return a.file < b.file ||
           (a.file == b.file &&
            (a.offset > b.offset || a.lines_over > b.lines_over));
}

/* How many lines a compressed file has. */
static uint64_t count_lines(int fd, uint8_t *block)
{
    gzFile file = gzdopen(dup(fd), "rb");
    uint64_t count = 0;
    int n = 0;

    while (file != NULL && (n = gzread(file, block, CONLOG_READING_PIECE)) > 0)
        count += conlog_lines_count(slice_of(block, (size_t)n));
    if (file != NULL)
        (void)gzclose(file);
    (void)lseek(fd, 0, SEEK_SET);
    return count;
}

/* A rotation may split a line. What was compressed is taken to end with one. */
static bool ends_in_line(const struct conlog_series_file *file)
{
    char last = '\n';

    return !file->is_compressed && file->size > 0 &&
           pread(file->fd, &last, 1, (off_t)(file->size - 1)) == 1 &&
           last != '\n';
}

/* The last lines of one file, from its start on at most. Returns how many there
 * are. */
static uint64_t find_lines_in(struct conlog_reading *r, uint64_t lines,
                              struct place *place)
{
    const struct conlog_series_file *file = &r->series.file[place->file];
    uint64_t has;

    if (!file->is_compressed)
        return conlog_lines_back(file->fd, place->offset, file->size, lines,
                                 CONLOG_READING_BACK_MAX, r->bytes,
                                 &place->offset);
    has = count_lines(file->fd, r->bytes);
    place->lines_over = has > lines ? has - lines : 0;
    return has < lines ? has : lines;
}

/* The last lines: in the newest file, and if it has fewer, or its first line
 * may begin in the one before, there, too. */
static struct place find_lines(struct conlog_reading *r, struct place own)
{
    uint64_t lines = r->wish.lines;
    struct place place = own;

    for (unsigned i = 0; i <= own.file; i++) {
        uint64_t start = i == own.file ? own.offset : 0;

        place = (struct place){ .file = i, .offset = start };
        lines -= find_lines_in(r, lines, &place);
        if (place.offset > start || place.lines_over > 0 || i == own.file)
            break;
        if (ends_in_line(&r->series.file[i + 1]))
            lines++;
        else if (lines == 0)
            break;
    }
    return place;
}

static struct place find_time(struct conlog_reading *r, struct place own)
{
    char since[CLOCK_TEXT_LEN];
    struct place place = own;

    clock_format_ms(since, r->wish.since_ms);
    for (unsigned i = 0; i <= own.file; i++) {
        const struct conlog_series_file *file = &r->series.file[i];
        uint64_t start = i == own.file ? own.offset : 0;

        if (file->is_compressed)
            continue;
        if (!conlog_lines_is_before(file->fd, start, file->size, since,
                                    r->bytes))
            continue;
        place.file = i;
        place.offset = conlog_lines_find_time(file->fd, start, file->size,
                                              since, r->bytes);
        break;
    }
    return place;
}

/* Leaves the one file, and the place in it where the console's output begins.
 * False: it is not there. */
static bool leave_file(struct conlog_reading *r, struct place *own)
{
    struct conlog_series *series = &r->series;

    for (unsigned i = 0; i < series->count; i++) {
        struct conlog_series_file first = series->file[0];

        if (series->file[i].identity != r->wish.file)
            continue;
        if (i != own->file)
            own->offset = 0;
        own->file = 0;
        series->file[0] = series->file[i];
        series->file[i] = first;
        leave_out_from(series, 1);
        return true;
    }
    return false;
}

static size_t read_before(struct conlog_reading *r, char *ret)
{
    const struct conlog_series_file *file = &r->series.file[r->left - 1];
    off_t before = (off_t)(r->offset - 1);

    if (!file->is_compressed)
        return pread(file->fd, ret, 1, before) == 1;
    r->unpacking = gzdopen(dup(file->fd), "rb");
    return r->unpacking != NULL &&
           gzseek(r->unpacking, before, SEEK_SET) == before &&
           gzread(r->unpacking, ret, 1) == 1;
}

/* Of a compressed file it is not known how much it has. */
static void begin_at(struct conlog_reading *r, uint64_t offset)
{
    const struct conlog_series_file *file = &r->series.file[r->left - 1];
    char before = '\n';

    if (offset <= r->offset)
        return;
    r->offset =
        offset < file->size || file->is_compressed ? offset : file->size;
    r->begins_in_line = read_before(r, &before) && before != '\n';
}

static void begin(struct conlog_reading *r)
{
    struct place own = own_place(r);
    struct place place;
    struct place other;

    if (r->series.count == 0) {
        r->error = -ENOENT;
        return;
    }
    if (r->wish.file != 0 && !leave_file(r, &own)) {
        r->error = -ESTALE;
        return;
    }
    place = own;
    if (r->wish.since_ms > 0 && r->source.is_stamped) {
        other = find_time(r, own);
        place = is_later(other, place) ? other : place;
    }
    if (r->wish.has_lines) {
        other = find_lines(r, own);
        place = is_later(other, place) ? other : place;
    }
    leave_out_from(&r->series, place.file + 1);
    r->left = r->series.count;
    r->offset = place.offset;
    r->lines_over = place.lines_over;
    begin_at(r, r->wish.offset);
    r->bytes_left = r->wish.bytes > 0 ? r->wish.bytes : UINT64_MAX;
    r->is_opened = true;
}

static void open_first(struct conlog_reading *r)
{
    bool has_many = r->wish.with_rotated || r->wish.file != 0;
    unsigned max = has_many ? CONLOG_SERIES_MAX : 1;

    r->error = conlog_series_open(r->source.directory, r->source.path, max,
                                  true, &r->series);
    if (r->error == 0)
        begin(r);
}

/* ---- reading on ------------------------------------------------------- */

static struct conlog_series_file *present(struct conlog_reading *r)
{
    return &r->series.file[r->left - 1];
}

static void next_file(struct conlog_reading *r)
{
    stop_unpacking(r);
    r->left--;
    leave_out_from(&r->series, r->left);
    r->offset = 0;
    r->lines_over = 0;
}

/* Returns how much was read; 0: the file's end. */
static size_t read_plain(struct conlog_reading *r, int fd)
{
    uint64_t end = r->left == 1 ? r->limit : UINT64_MAX;
    size_t size = sizeof r->bytes;
    ssize_t n;

    if (r->offset >= end)
        return 0;
    if (size > end - r->offset)
        size = (size_t)(end - r->offset);
    if (size > r->bytes_left)
        size = (size_t)r->bytes_left;
    do
        n = pread(fd, r->bytes, size, (off_t)r->offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        r->error = -errno;
    return n > 0 ? (size_t)n : 0;
}

/* Leaves out the lines before the last ones. */
static size_t leave_out_lines(struct conlog_reading *r, size_t len)
{
    struct slice rest = slice_of(r->bytes, len);

    r->lines_over -= conlog_lines_skip(&rest, r->lines_over);
    memmove(r->bytes, rest.data, rest.len);
    return rest.len;
}

static size_t read_packed(struct conlog_reading *r, int fd)
{
    size_t size = sizeof r->bytes;
    size_t len = 0;
    int n = 1;

    if (size > r->bytes_left)
        size = (size_t)r->bytes_left;
    if (r->unpacking == NULL)
        r->unpacking = gzdopen(dup(fd), "rb");
    while (len == 0 && n > 0) {
        n = r->unpacking != NULL
                ? gzread(r->unpacking, r->bytes, (unsigned)size)
                : -1;
        len = n > 0 ? leave_out_lines(r, (size_t)n) : 0;
    }
    if (n < 0)
        r->error = -EIO;
    return len;
}

static void read_on(struct conlog_reading *r)
{
    r->is_at_end = r->bytes_left == 0;
    while (r->len == 0 && r->error == 0 && !r->is_at_end) {
        const struct conlog_series_file *file = present(r);

        r->begins_file = r->offset == 0;
        r->len = file->is_compressed ? read_packed(r, file->fd)
                                     : read_plain(r, file->fd);
        r->offset += r->len;
        if (r->bytes_left != UINT64_MAX)
            r->bytes_left -= r->len;
        if (r->len > 0 || r->error != 0)
            break;
        if (r->left == 1)
            r->is_at_end = true;
        else
            next_file(r);
    }
}

/* The file behind the present one, which has a rotated name now, or was
 * compressed. */
static void open_following(struct conlog_reading *r)
{
    uint64_t identity = present(r)->identity;
    struct conlog_series next;
    unsigned known = 1;

    r->is_following = false;
    r->error = conlog_series_open(r->source.directory, r->source.path,
                                  CONLOG_SERIES_MAX, false, &next);
    if (r->error < 0)
        return;
    for (unsigned i = 0; i < next.count; i++) {
        if (next.file[i].identity == identity)
            known = i;
    }
    if (known == 0) {
        conlog_series_close(&next);
        return;
    }
    leave_out_from(&next, known);
    conlog_series_close(&r->series);
    r->series = next;
    r->left = next.count;
    r->offset = 0;
}

void conlog_reading_step(struct conlog_reading *r)
{
    r->len = 0;
    r->begins_file = false;
    if (!r->is_opened)
        open_first(r);
    else if (r->is_following)
        open_following(r);
    else
        read_on(r);
}

void conlog_reading_follow(struct conlog_reading *r)
{
    r->is_following = true;
    r->limit = UINT64_MAX;
}

/*
 * Writes jobs so that a try that fails anywhere can be continued.
 *
 * The job has its progress: its gap line while lost > 0, then its bytes from
 * done on. What is written may differ from the given bytes: a piece may become
 * a line with a stamp. Such a piece may be written in parts, and skip counts
 * how much of it is in the file. The next try makes the piece again and leaves
 * out the first skip bytes. So while skip > 0, nothing that a piece depends on
 * may change: f->stamp stays as it was before the piece, the time is the job's,
 * the format is that of the first try, and the file is not rotated.
 *
 * Whether a line begins is known from what we have written (was_open), or read
 * from the file's end.
 */
#include "conlog/file/conlog_file.h"

#include "base/mem.h"
#include "conlog/file/conlog_error.h"
#include "conlog/file/conlog_place.h"
#include "conlog/file/conlog_positions.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ROTATE_AGAIN_S = 60, PARTS_MAX = 16 };

void conlog_file_init(struct conlog_file *f, const char *path)
{
    *f = (struct conlog_file){ .path = xstrdup(path), .fd = -1 };
}

/* Errors of close(2) are not reported: bytes that write(2) has taken count as
 * written, and no retry could continue from there. */
static void close_file(struct conlog_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

void conlog_file_close(struct conlog_file *f)
{
    close_file(f);
    f->was_open = false;
}

void conlog_file_done(struct conlog_file *f)
{
    close_file(f);
    free(f->path);
    f->path = NULL;
}

bool conlog_file_is_cut(const struct conlog_file *f)
{
    struct stat st;

    return f->fd >= 0 && fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size < f->size;
}

uint64_t conlog_file_identity(const struct stat *st)
{
    /* Odd factors, so that no bit is lost; the inode's, so that neighbours are
     * far apart. */
    uint64_t identity =
        st->st_ino * UINT64_C(0x9e3779b97f4a7c15) + st->st_dev * 0x10001;

    return identity > CONLOG_FILE_LOST ? identity : identity + 2;
}

void conlog_file_resume(struct conlog_file *f, const struct conlog_origin *left,
                        uint64_t epoch)
{
    if (left->identity == CONLOG_FILE_UNKNOWN)
        return;
    f->identity = left->identity;
    f->size = left->size;
    f->epoch = epoch;
}

/* Whether the next piece is stamped. SIGHUP may change the format within a
 * piece: the part that is written was counted in the format of its
 * beginning. */
static bool is_stamped(struct conlog_job *job, const struct conlog_settings *s)
{
    if (job->skip == 0)
        job->is_stamped = s->is_stamped;
    return job->is_stamped;
}

/* ---- positions -------------------------------------------------------- */

/*
 * Notes that what is written next is the job's, from this position on, behind
 * `inserted` bytes of ours. In the middle of a piece (skip) the position is not
 * known, and is noted with the next job. If a file has become shorter, what was
 * noted about it is wrong.
 */
static void note(struct conlog_file *f, const struct conlog_job *job,
                 uint32_t inserted, uint64_t position)
{
    bool is_exact = job->skip == 0;
    struct conlog_position entry = {
        .epoch = is_exact ? job->epoch : 0,
        .position = is_exact ? position : 0,
        .inserted = inserted,
        .is_stamped = job->is_stamped,
        .is_in_line = f->stamp.is_in_line && inserted == 0,
    };
    struct conlog_positions positions;
    struct stat st;

    if (job->epoch == 0)
        return;
    if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        f->epoch = job->epoch;
        f->is_noted_stamped = job->is_stamped;
        return;
    }
    conlog_positions_read(f->fd, &positions);
    if ((uint64_t)st.st_size < f->size)
        positions.count = 0;
    f->size = (uint64_t)st.st_size;
    entry.offset = f->size + inserted;
    conlog_positions_add(&positions, &entry);
    conlog_positions_write(f->fd, &positions);
    f->epoch = entry.epoch;
    f->is_noted_stamped = entry.is_stamped;
}

void conlog_file_end(struct conlog_file *f)
{
    struct conlog_positions positions;
    struct conlog_position *last;
    struct conlog_position end;
    struct stat st;

    if (f->fd < 0 || f->epoch == 0 || fstat(f->fd, &st) < 0 ||
        (uint64_t)st.st_size != f->size)
        return;
    conlog_positions_read(f->fd, &positions);
    if (positions.count == 0)
        return;
    last = &positions.at[positions.count - 1];
    if (last->epoch != f->epoch || last->offset >= f->size)
        return;
    end = (struct conlog_position){
        .epoch = f->epoch,
        .offset = f->size,
        .is_end = true,
    };
    conlog_positions_add(&positions, &end);
    conlog_positions_write(f->fd, &positions);
}

/* ---- opening ---------------------------------------------------------- */

static void find_birth(struct conlog_file *f, const struct conlog_settings *s)
{
    const char *name;
    int folder;

    f->born_s = clock_utc_s();
    if (s->rotation.age_s == 0)
        return;
    folder = conlog_place_folder(s->directory, f->path, &name);
    if (folder < 0)
        return;
    (void)conlog_rotation_born(folder, name, &f->born_s);
    close(folder);
}

/* A file that cannot be read is taken to end with a line: at worst one stamp is
 * put within a line. */
static bool ends_in_line(int fd, uint64_t size)
{
    char last = '\n';

    return size > 0 && pread(fd, &last, 1, (off_t)(size - 1)) == 1 &&
           last != '\n';
}

static int write_all(struct conlog_file *f, struct slice bytes, uint32_t *skip);

/* Whether the file is the one that was left, and ends there. If it has become
 * shorter, its size stays for note, which fetches the new one. */
static void find_place(struct conlog_file *f, const struct stat *st)
{
    uint64_t size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
    uint64_t identity = conlog_file_identity(st);

    if (identity != f->identity || size != f->size)
        f->epoch = 0;
    if (identity == f->identity && size < f->size)
        conlog_positions_forget(f->fd);
    f->identity = identity;
    f->size = size;
    f->opened = (struct conlog_origin){ identity, size };
}

/* The file's end decides whether a line begins, unless a stamp was written in
 * part. */
static int look_at(struct conlog_file *f, struct conlog_job *job,
                   const struct conlog_settings *s)
{
    struct stat st;
    uint32_t skip = 0;

    if (fstat(f->fd, &st) < 0)
        return -errno;
    find_place(f, &st);
    find_birth(f, s);
    /* Reading costs more than writing a line, and is seldom needed. */
    if (!s->is_stamped)
        return 0;
    if (S_ISREG(st.st_mode) && job->skip == 0 && (!f->was_open || f->size == 0))
        conlog_stamp_init(&f->stamp, ends_in_line(f->fd, f->size));
    /* A process that was killed before us has left half a line. */
    if (job->is_first && !f->was_open && f->stamp.is_in_line) {
        int r;

        (void)is_stamped(job, s);
        note(f, job, 1, job->at - job->lost);
        r = write_all(f, slice_of_text("\n"), &skip);
        if (r < 0)
            return r;
        f->stamp.is_in_line = false;
    }
    f->was_open = true;
    return 0;
}

static int open_file(struct conlog_file *f, struct conlog_job *job,
                     const struct conlog_settings *s, unsigned generation)
{
    int r;

    if (f->fd >= 0 && f->generation == generation)
        return 0;
    /* was_open keeps its value: a file that is not empty is taken for the one
     * that we have written, and is not read. */
    close_file(f);
    r = conlog_place_open(s, f->path, &f->fd);
    if (r == 0)
        r = look_at(f, job, s);
    if (r < 0)
        close_file(f);
    else
        f->generation = generation;
    return r;
}

/* ---- writing ---------------------------------------------------------- */

/* Writes bytes from *skip on and advances *skip. 0, and *skip is 0 again, or
 * -errno. */
static int write_all(struct conlog_file *f, struct slice bytes, uint32_t *skip)
{
    while (*skip < bytes.len) {
        ssize_t n = write(f->fd, bytes.data + *skip, bytes.len - *skip);

        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO; /* otherwise it would be retried for ever */
        *skip += (uint32_t)n;
        f->size += (uint64_t)n;
        f->written += (uint64_t)n;
    }
    *skip = 0;
    return 0;
}

/*
 * Collects the rest of the job and, up to a number of parts, jobs behind it
 * that continue it in this file. Returns how many bytes; *ret_may_wait: no job
 * is behind them, and more may come.
 */
static size_t gather(const struct conlog_file *f, struct conlog_job *job,
                     const struct conlog_file_batch *batch, uint64_t size_max,
                     struct iovec parts[PARTS_MAX], bool *ret_may_wait)
{
    const struct conlog_job *last = batch->last;
    size_t len = 0;
    int count = 0;

    for (;;) {
        parts[count].iov_base = job->bytes + job->done;
        parts[count].iov_len = job->len - job->done;
        len += parts[count++].iov_len;
        *ret_may_wait = job == last && !batch->is_whole;
        if (job == last || count == PARTS_MAX)
            return len;
        /* Stops before a job that has a gap, or a piece in progress, or is
         * somebody else's, or for which the file must be rotated. */
        job = job->next;
        if (job->lost > 0 || job->skip > 0 || job->epoch != f->epoch ||
            (size_max > 0 && f->size + len >= size_max))
            return len;
    }
}

/* How many of len bytes at that offset make whole blocks. */
static size_t whole_blocks(uint64_t at, size_t len)
{
    size_t over = (size_t)((at + len) % CONLOG_FILE_BLOCK);

    return len > over ? len - over : 0;
}

static int cut_parts(struct iovec *parts, size_t len)
{
    int count = 0;

    while (len > 0 && count < PARTS_MAX) {
        if (parts[count].iov_len > len)
            parts[count].iov_len = len;
        len -= parts[count++].iov_len;
    }
    return count;
}

/* Also counts jobs behind the first one: done tells them, in their turn, that
 * little or nothing is left. */
static void count_written(struct conlog_file *f, struct conlog_job *job,
                          size_t len)
{
    f->size += len;
    f->written += len;
    for (; len > 0; job = job->next) {
        size_t part = job->len - job->done;

        if (part > len)
            part = len;
        job->done += (uint32_t)part;
        len -= part;
        if (len == 0)
            f->stamp.is_in_line = job->bytes[job->done - 1] != '\n';
    }
    f->was_open = true;
}

/* If more may come, writes up to the last whole block: the rest makes a block
 * with what comes. If nothing comes, the loop's flush makes the batch a whole
 * one. */
static int put_raw(struct conlog_file *f, struct conlog_job *job,
                   const struct conlog_file_batch *batch, uint64_t size_max)
{
    while (job->done < job->len) {
        struct iovec parts[PARTS_MAX] = { 0 };
        bool may_wait;
        size_t len = gather(f, job, batch, size_max, parts, &may_wait);
        size_t whole = whole_blocks(f->size, len);
        ssize_t n;

        if (whole == 0 && may_wait)
            return CONLOG_FILE_KEPT;
        n = writev(f->fd, parts, cut_parts(parts, whole > 0 ? whole : len));
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO;
        count_written(f, job, (size_t)n);
    }
    return CONLOG_FILE_WRITTEN;
}

/*
 * Writes a piece of the bytes, *ret_taken of them. Its output depends only on
 * them, the time and the stamp before: the next try makes it again, and begins
 * behind its first *skip bytes.
 */
static int put_stamped(struct conlog_file *f, struct slice bytes,
                       int64_t utc_ms, uint8_t *scratch, uint32_t *skip,
                       size_t *ret_taken)
{
    struct conlog_stamp after = f->stamp;
    struct slice rest = bytes;
    size_t len =
        conlog_stamp_put(&after, &rest, utc_ms, scratch, CONLOG_FILE_SCRATCH);
    int r = write_all(f, slice_of(scratch, len), skip);

    if (r < 0)
        return r;
    f->stamp = after;
    *ret_taken = bytes.len - rest.len;
    return 0;
}

static int put_rendered(struct conlog_file *f, struct slice bytes,
                        conlog_render_fn *render, uint8_t *scratch,
                        uint32_t *skip, size_t *ret_taken)
{
    struct slice rest = bytes;
    size_t len = render(&rest, scratch, CONLOG_FILE_SCRATCH);
    int r = write_all(f, slice_of(scratch, len), skip);

    *ret_taken = bytes.len - rest.len;
    return r;
}

/* A line of its own, because the output before the gap may not end in a LF. */
static size_t gap_line(char *to, size_t size, const struct conlog_file *f,
                       const struct conlog_job *job)
{
    const char *why = conlog_error_text(job->lost_error);
    int first = f->stamp.is_in_line ? '\n' : 0;
    size_t at = 0;

    if (first != 0)
        to[at++] = (char)first;
    at += (size_t)snprintf(
        to + at, size - at, "[vspcd: %llu bytes are missing here: %c%s]\n",
        (unsigned long long)job->lost, tolower((unsigned char)why[0]), why + 1);
    return at;
}

/* How many bytes put_stamped would write. */
static uint32_t stamped_len(const struct conlog_file *f, struct slice bytes,
                            int64_t utc_ms, uint8_t *scratch)
{
    struct conlog_stamp after = f->stamp;

    return (uint32_t)conlog_stamp_put(&after, &bytes, utc_ms, scratch,
                                      CONLOG_FILE_SCRATCH);
}

static int put_gap(struct conlog_file *f, struct conlog_job *job,
                   const struct conlog_settings *s, uint8_t *scratch)
{
    char line[160];
    struct slice text;
    size_t taken;
    int r;

    if (!f->was_open)
        conlog_stamp_init(&f->stamp, ends_in_line(f->fd, f->size));
    f->was_open = true;
    text = slice_of(line, gap_line(line, sizeof line, f, job));
    if (is_stamped(job, s)) {
        if (job->skip == 0)
            note(f, job, stamped_len(f, text, job->utc_ms, scratch), job->at);
        return put_stamped(f, text, job->utc_ms, scratch, &job->skip, &taken);
    }
    if (job->skip == 0)
        note(f, job, (uint32_t)text.len, job->at);
    r = write_all(f, text, &job->skip);
    if (r == 0)
        f->stamp.is_in_line = false;
    return r;
}

static int put_bytes(struct conlog_file *f, struct conlog_job *job,
                     const struct conlog_file_batch *batch,
                     const struct conlog_settings *s, uint8_t *scratch)
{
    while (job->done < job->len) {
        struct slice rest =
            slice_of(job->bytes + job->done, job->len - job->done);
        size_t taken;
        int r;

        if (s->render != NULL)
            r = put_rendered(f, rest, s->render, scratch, &job->skip, &taken);
        else if (!is_stamped(job, s))
            return put_raw(f, job, batch, s->rotation.size_max);
        else
            r = put_stamped(f, rest, job->utc_ms, scratch, &job->skip, &taken);
        if (r < 0)
            return r;
        job->done += (uint32_t)taken;
    }
    return CONLOG_FILE_WRITTEN;
}

/* Corrects times of a clock that was ahead: nothing must wait for them to come
 * again. */
static void put_clock_right(struct conlog_file *f, int64_t now_s)
{
    if (f->born_s > now_s)
        f->born_s = now_s;
    if (f->rotate_after_s > now_s + ROTATE_AGAIN_S)
        f->rotate_after_s = now_s;
}

/* Others may have truncated the file, so the disk is asked; but only if our own
 * count says that it is due, not with every job. */
static bool is_due(struct conlog_file *f, const struct conlog_settings *s,
                   int64_t now_s)
{
    struct stat st;

    if (!conlog_rotation_is_due(&s->rotation, f->size, f->born_s, now_s))
        return false;
    if (fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode))
        f->size = (uint64_t)st.st_size;
    return conlog_rotation_is_due(&s->rotation, f->size, f->born_s, now_s);
}

/* False: it was written together with the job before it. */
static bool has_left(const struct conlog_job *job)
{
    return job->lost > 0 || job->done < job->len;
}

int conlog_file_write(struct conlog_file *f, struct conlog_job *job,
                      const struct conlog_file_batch *batch,
                      const struct conlog_settings *s, unsigned generation,
                      bool may_rotate, uint8_t *scratch)
{
    int64_t now_s;
    bool is_same;
    int r;

    r = open_file(f, job, s, generation);
    if (r < 0)
        return r;
    now_s = clock_utc_s();
    put_clock_right(f, now_s);
    /* Not within a piece, and not for a job that has nothing left: the new file
     * would be empty. */
    if (may_rotate && job->skip == 0 && has_left(job) &&
        now_s >= f->rotate_after_s && is_due(f, s, now_s))
        return CONLOG_FILE_IS_DUE;
    if (!has_left(job))
        return CONLOG_FILE_WRITTEN;
    is_same = is_stamped(job, s) == f->is_noted_stamped;
    /* put_gap notes what is behind its line. */
    if ((job->epoch != f->epoch || !is_same) &&
        (job->lost == 0 || job->skip > 0))
        note(f, job, 0, job->at + job->done - job->lost);
    if (job->lost > 0) {
        r = put_gap(f, job, s, scratch);
        if (r < 0)
            return r;
        job->lost = 0;
    }
    return put_bytes(f, job, batch, s, scratch);
}

/* ---- rotation --------------------------------------------------------- */

/* The new file is opened before the old one is closed: if that fails, the log
 * continues in its present descriptor, whatever the file's name is by then
 * (conlog_rotation.h). */
static int rotate(struct conlog_file *f, const struct conlog_settings *s,
                  int folder, const char *name, struct err *err)
{
    int fd;
    int outcome = conlog_rotation_rotate(folder, name, &s->rotation, err);
    struct stat st;
    int r;

    if (outcome < 0)
        return outcome;
    r = conlog_place_open(s, f->path, &fd);
    if (r < 0) {
        err_set(err, "cannot make the new file: %s", conlog_error_text(-r));
        if (outcome == CONLOG_ROTATION_DONE)
            (void)conlog_rotation_undo(folder, name, &s->rotation, NULL);
        return r;
    }
    close_file(f);
    f->fd = fd;
    f->identity = CONLOG_FILE_UNKNOWN;
    if (fstat(fd, &st) == 0)
        f->identity = conlog_file_identity(&st);
    f->size = 0;
    f->epoch = 0;
    f->born_s = clock_utc_s();
    conlog_stamp_init(&f->stamp, false);
    return 0;
}

int conlog_file_rotate(struct conlog_file *f, const struct conlog_settings *s,
                       struct err *err)
{
    const char *name;
    int folder = conlog_place_folder(s->directory, f->path, &name);
    int r = folder;

    if (r < 0)
        err_set(err, "cannot open its folder: %s", strerrordesc_np(-r));
    else
        r = rotate(f, s, folder, name, err);
    /* Otherwise a rotation that fails would be tried with every job. */
    if (r < 0)
        f->rotate_after_s = clock_utc_s() + ROTATE_AGAIN_S;
    if (folder >= 0)
        close(folder);
    return r;
}

#include "conlog/reading/conlog_following.h"

#include "conlog/file/conlog_positions.h"
#include "conlog/reading/conlog_series.h"

#include <errno.h>
#include <unistd.h>

enum {
    STRETCHES_MAX = CONLOG_SERIES_MAX * CONLOG_POSITIONS_MAX,
    BLOCK = 64 * 1024,
    /* How often a file is looked at that changes while it is looked at. */
    LOOKS_MAX = 8,
};

/* Output without a hole, in a file from one offset to another. */
struct stretch {
    struct conlog_position begin;
    int fd;
    uint64_t end;
    uint64_t len; /* bytes of output that it has at most */
};

struct following {
    struct conlog_series series;
    struct stretch at[STRETCHES_MAX]; /* the oldest first */
    unsigned count;
    uint64_t present;
    struct past *past;
    uint8_t block[BLOCK];
};

/* ---- where what is ---------------------------------------------------- */

static bool are_equal(const struct conlog_positions *a,
                      const struct conlog_positions *b)
{
    uint8_t of_a[CONLOG_POSITIONS_LEN], of_b[CONLOG_POSITIONS_LEN];

    return slice_is_equal(slice_of(of_a, conlog_positions_encode(a, of_a)),
                          slice_of(of_b, conlog_positions_encode(b, of_b)));
}

/*
 * An entry is made before the line that it ends the stretch before with. So if
 * there was none while the size was asked for, all up to that size is of the
 * last stretch.
 */
static bool look(int fd, struct conlog_positions *ret, uint64_t *ret_size)
{
    conlog_positions_read(fd, ret);
    for (int i = 0; i < LOOKS_MAX; i++) {
        struct conlog_positions before = *ret;
        struct stat st;

        if (fstat(fd, &st) < 0)
            return false;
        *ret_size = (uint64_t)st.st_size;
        conlog_positions_read(fd, ret);
        if (are_equal(ret, &before))
            return true;
    }
    return false;
}

static void add_file(struct following *f, int fd)
{
    struct conlog_positions positions = { 0 };
    uint64_t size;

    if (!look(fd, &positions, &size))
        return;
    for (unsigned i = 0; i < positions.count; i++)
        f->at[f->count++] = (struct stretch){
            .begin = positions.at[i],
            .fd = fd,
            .end = conlog_positions_end(&positions, i, size),
            .len = UINT64_MAX,
        };
}

/* What somebody else has written into the file is not output: no stretch has
 * more than there was before the next one of its epoch. */
static void bound_stretches(struct following *f)
{
    for (unsigned i = 0; i + 1 < f->count; i++) {
        const struct conlog_position *next = &f->at[i + 1].begin;
        struct stretch *s = &f->at[i];

        if (next->epoch == s->begin.epoch && !next->is_end &&
            next->position >= s->begin.position)
            s->len = next->position - s->begin.position;
    }
}

/* The last stretch of the epoch that begins at or before the position; without
 * one, the first that begins behind it. NULL: there is none at all. */
static const struct stretch *find(const struct following *f,
                                  const struct past_place *place)
{
    const struct stretch *found = NULL;

    for (unsigned i = 0; i < f->count; i++) {
        const struct conlog_position *begin = &f->at[i].begin;

        if (begin->epoch != place->epoch || begin->is_end)
            continue;
        if (found == NULL || begin->position <= place->position)
            found = &f->at[i];
    }
    return found;
}

/* ---- bytes ------------------------------------------------------------ */

/* Reads what there is at an offset; 0: nothing, or it cannot be read. */
static size_t read_at(int fd, uint64_t from, uint64_t end, uint8_t *to,
                      size_t size)
{
    ssize_t n;

    if (from >= end)
        return 0;
    if (size > end - from)
        size = (size_t)(end - from);
    do
        n = pread(fd, to, size, (off_t)from);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

static void keep(struct past *past, struct slice bytes)
{
    size_t len = PAST_STEP - past->len;

    if (len > bytes.len)
        len = bytes.len;
    memcpy(past->bytes + past->len, bytes.data, len);
    past->len += (uint32_t)len;
}

/* Behind the first `skip` bytes of the output. Returns how much there is of
 * them: less, if the stretch ends before. */
static uint64_t read_raw(struct following *f, const struct stretch *s,
                         uint64_t skip)
{
    uint64_t has = s->end - s->begin.offset;
    uint64_t from = s->begin.offset + skip;
    uint64_t end;
    size_t n;

    if (has > s->len)
        has = s->len;
    if (has < skip)
        return has;
    end = s->begin.offset + has;
    while (f->past->len < PAST_STEP &&
           (n = read_at(s->fd, from, end, f->block, PAST_STEP - f->past->len)) >
               0) {
        keep(f->past, slice_of(f->block, n));
        from += n;
    }
    return skip;
}

static uint64_t read_stamped(struct following *f, const struct stretch *s,
                             uint64_t skip)
{
    struct conlog_stamp_stripper stripper;
    uint8_t out[BLOCK / 2 + CONLOG_STAMP_ROOM];
    uint64_t from = s->begin.offset;
    uint64_t seen = 0;
    size_t n;

    conlog_stamp_stripper_init(&stripper, s->begin.is_in_line);
    while (f->past->len < PAST_STEP &&
           (n = read_at(s->fd, from, s->end, f->block, BLOCK / 2)) > 0) {
        struct slice in = slice_of(f->block, n);
        struct slice bytes = { .data = out };
        uint64_t over;

        from += n;
        bytes.len = conlog_stamp_strip(&stripper, &in, out, sizeof out);
        if (bytes.len > s->len - seen - f->past->len)
            bytes.len = (size_t)(s->len - seen - f->past->len);
        over = skip - seen < bytes.len ? skip - seen : bytes.len;
        seen += over;
        keep(f->past, slice_after(bytes, (size_t)over));
    }
    return seen;
}

/* ---- from stretch to stretch ------------------------------------------ */

/* The stretch has nothing from the position on: where the output goes on.
 * False: nowhere else, so it is the caller's place again. */
static bool step(struct following *f, const struct stretch **at,
                 struct past_place *place)
{
    const struct stretch *s = *at + 1;
    const struct stretch *end = f->at + f->count;
    bool has_ended = false;

    for (; s < end && (s->begin.is_end || s->begin.epoch == 0); s++)
        has_ended = s->begin.is_end;
    if (s == end) {
        if (place->epoch == f->present)
            return false;
    } else if (s->begin.epoch == place->epoch) {
        if (s->begin.position > place->position)
            f->past->missing += s->begin.position - place->position;
        place->position = s->begin.position;
        *at = s;
        return true;
    }
    f->past->may_miss = f->past->may_miss || !has_ended;
    *at = s;
    /* What this run has printed before its log began, the ring may have. */
    if (s == end || s->begin.epoch == f->present) {
        *place = (struct past_place){ f->present, 0 };
        return false;
    }
    f->past->missing += s->begin.position;
    *place = (struct past_place){ s->begin.epoch, s->begin.position };
    return true;
}

static bool read_from(struct following *f, const struct past_place *asked)
{
    const struct stretch *s = find(f, asked);
    struct past_place place = *asked;
    uint64_t behind = 0;
    bool goes_on = true;

    if (s == NULL) {
        f->past->next = place;
        return place.epoch == f->present;
    }
    if (s->begin.position > place.position) {
        f->past->missing = s->begin.position - place.position;
        place.position = s->begin.position;
    }
    while (goes_on) {
        uint64_t skip = place.position - s->begin.position;
        uint64_t has = s->begin.is_stamped ? read_stamped(f, s, skip)
                                           : read_raw(f, s, skip);

        if (f->past->len > 0)
            break;
        if (place.epoch == asked->epoch)
            behind = skip - has;
        goes_on = step(f, &s, &place);
    }
    /* Whoever asks may have seen more than was written. */
    if (place.epoch != asked->epoch)
        f->past->unwritten = behind;
    place.position += f->past->len;
    f->past->next = place;
    return true;
}

static void open_log(struct following *f, const char *directory,
                     const char *path)
{
    /* Without a file, there is none yet. */
    (void)conlog_series_open(directory, path, CONLOG_SERIES_MAX, false,
                             &f->series);
    for (unsigned i = f->series.count; i-- > 0;)
        add_file(f, f->series.file[i].fd);
    bound_stretches(f);
}

struct past *conlog_following_read(const char *directory, const char *path,
                                   uint64_t present,
                                   const struct past_place *place)
{
    struct following *f = calloc(1, sizeof *f);
    struct past *past = NULL;

    if (f == NULL)
        return NULL;
    f->present = present;
    f->past = past_new(PAST_STEP);
    if (f->past != NULL) {
        f->past->len = 0;
        open_log(f, directory, path);
        if (read_from(f, place))
            past = f->past;
        conlog_series_close(&f->series);
    }
    if (past == NULL)
        past_leave(f->past);
    free(f);
    return past;
}

/* ---- the place itself ------------------------------------------------- */

/* Past so many bytes of output, in a file whose lines have times; UINT64_MAX:
 * there are not so many. What the stripper holds is a time, so far. */
static uint64_t skip_stamped(struct following *f, const struct stretch *s,
                             uint64_t skip)
{
    struct conlog_stamp_stripper stripper;
    uint8_t out[BLOCK / 2 + CONLOG_STAMP_ROOM];
    uint64_t from = s->begin.offset;
    uint64_t seen = 0;
    size_t n;

    conlog_stamp_stripper_init(&stripper, s->begin.is_in_line);
    while ((n = read_at(s->fd, from, s->end, f->block, BLOCK / 2)) > 0) {
        struct slice in = slice_of(f->block, n);

        while (in.len > 0) {
            /* The stripper may hold bytes, so near the one that is looked for
             * they come one by one. */
            uint64_t left = skip - seen;
            struct slice piece = in;
            size_t len;

            if (left <= CONLOG_STAMP_LEN)
                piece.len = 1;
            else if (piece.len > left - CONLOG_STAMP_LEN)
                piece.len = (size_t)(left - CONLOG_STAMP_LEN);
            len = piece.len;
            seen += conlog_stamp_strip(&stripper, &piece, out, sizeof out);
            in = slice_after(in, len);
            from += len;
            if (seen > skip)
                return from - 1;
        }
    }
    return UINT64_MAX;
}

static uint64_t skip_in(struct following *f, const struct stretch *s,
                        uint64_t skip)
{
    if (s->begin.is_stamped)
        return skip_stamped(f, s, skip);
    return skip < s->len && skip < s->end - s->begin.offset
               ? s->begin.offset + skip
               : UINT64_MAX;
}

static uint64_t identity_of(const struct following *f, int fd)
{
    for (unsigned i = 0; i < f->series.count; i++) {
        if (f->series.file[i].fd == fd)
            return f->series.file[i].identity;
    }
    return CONLOG_FILE_UNKNOWN;
}

/* Behind a stretch that ends before the place comes the next one of the epoch:
 * what is between them is missing. */
static bool find_byte(struct following *f, const struct past_place *place,
                      uint64_t *ret_file, uint64_t *ret_offset)
{
    const struct stretch *s = find(f, place);

    for (; s != NULL && s < f->at + f->count; s++) {
        uint64_t skip = place->position > s->begin.position
                            ? place->position - s->begin.position
                            : 0;
        uint64_t offset;

        if (s->begin.epoch != place->epoch || s->begin.is_end)
            continue;
        offset = skip_in(f, s, skip);
        if (offset == UINT64_MAX)
            continue;
        *ret_file = identity_of(f, s->fd);
        *ret_offset = offset;
        return true;
    }
    return false;
}

bool conlog_following_find(const char *directory, const char *path,
                           const struct past_place *place, uint64_t *ret_file,
                           uint64_t *ret_offset)
{
    struct following *f = calloc(1, sizeof *f);
    bool is_found;

    if (f == NULL)
        return false;
    open_log(f, directory, path);
    is_found = find_byte(f, place, ret_file, ret_offset);
    conlog_series_close(&f->series);
    free(f);
    return is_found;
}

#include "conlog/file/conlog_rotation.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- when ------------------------------------------------------------- */

int64_t conlog_rotation_due_s(const struct conlog_rotation_rules *rules,
                              int64_t born_s)
{
    if (rules->age_s == 0 || rules->age_s > INT64_MAX ||
        born_s > INT64_MAX - (int64_t)rules->age_s)
        return INT64_MAX;
    return born_s + (int64_t)rules->age_s;
}

bool conlog_rotation_is_due(const struct conlog_rotation_rules *rules,
                            uint64_t size, int64_t born_s, int64_t now_s)
{
    int64_t due_s = conlog_rotation_due_s(rules, born_s);

    if (size == 0)
        return false;
    if (rules->size_max > 0 && size >= rules->size_max)
        return true;
    return due_s != INT64_MAX && now_s >= due_s;
}

/* ---- names ------------------------------------------------------------ */

struct conlog_rotation_name conlog_rotation_name(const char *path,
                                                 unsigned number,
                                                 bool is_compressed)
{
    struct conlog_rotation_name name;
    char middle[12] = "";

    if (number > 0)
        snprintf(middle, sizeof middle, ".%u", number);
    snprintf(name.text, sizeof name.text, "%.*s%.4s%s",
             CONLOG_ROTATION_PATH_MAX - 1, path, middle,
             is_compressed ? ".gz" : "");
    return name;
}

struct conlog_rotation_name conlog_rotation_temporary_name(const char *path)
{
    struct conlog_rotation_name name;

    snprintf(name.text, sizeof name.text, "%.*s.gz.tmp",
             CONLOG_ROTATION_PATH_MAX - 1, path);
    return name;
}

static bool ends_in(const char *path, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len > n && memcmp(path + len - n, end, n) == 0;
}

size_t conlog_rotation_base(const char *path, unsigned *ret_number)
{
    size_t whole = strlen(path);
    size_t len = whole;
    size_t digits = 0;

    *ret_number = 0;
    if (ends_in(path, len, ".gz.tmp"))
        return len - strlen(".gz.tmp");
    if (ends_in(path, len, ".gz"))
        len -= strlen(".gz");
    while (digits < len && isdigit((unsigned char)path[len - 1 - digits]))
        digits++;
    /* NAME has at least a character. */
    if (digits < 1 || digits > 3 || len < digits + 2 ||
        path[len - digits] == '0' || path[len - digits - 1] != '.' ||
        path[len - digits - 2] == '/')
        return whole;
    *ret_number = (unsigned)strtoul(path + len - digits, NULL, 10);
    return len - digits - 1;
}

static int path_check(const char *path, struct err *err)
{
    if (strlen(path) < CONLOG_ROTATION_PATH_MAX)
        return 0;
    err_set(err, "its name is too long");
    return -ENAMETOOLONG;
}

/* ---- existing files --------------------------------------------------- */

struct slot {
    bool has_plain, has_compressed;
};

static bool look(int directory, const char *path, struct stat *ret_st)
{
    return fstatat(directory, path, ret_st, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct slot slot_look(int directory, const char *path, unsigned number,
                             struct stat *ret_newest)
{
    struct conlog_rotation_name plain =
        conlog_rotation_name(path, number, false);
    struct conlog_rotation_name packed =
        conlog_rotation_name(path, number, true);
    struct slot slot;
    struct stat st;

    slot.has_compressed = look(directory, packed.text, ret_newest);
    slot.has_plain = look(directory, plain.text, &st);
    if (slot.has_plain)
        *ret_newest = st;
    return slot;
}

/* True if both forms exist because compression was interrupted before its last
 * step: the plain one is a copy. */
static bool is_copy(int directory, const char *path, unsigned number)
{
    struct conlog_rotation_name plain =
        conlog_rotation_name(path, number, false);
    struct conlog_rotation_name packed =
        conlog_rotation_name(path, number, true);
    struct stat a, b;

    return look(directory, plain.text, &a) &&
           look(directory, packed.text, &b) && S_ISREG(b.st_mode) &&
           b.st_size > 0 && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
           a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

static bool slot_is_free(struct slot slot)
{
    return !slot.has_plain && !slot.has_compressed;
}

int conlog_rotation_born(int directory, const char *path, int64_t *ret_born_s)
{
    struct statx of_file;
    struct stat before;

    if (statx(directory, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME | STATX_MTIME,
              &of_file) < 0)
        return -errno;
    /* Some file systems claim to know the birth time, and return 0. */
    if ((of_file.stx_mask & STATX_BTIME) != 0 && of_file.stx_btime.tv_sec > 0)
        *ret_born_s = of_file.stx_btime.tv_sec;
    else if (!slot_is_free(slot_look(directory, path, 1, &before)))
        *ret_born_s = before.st_mtim.tv_sec;
    else
        *ret_born_s = of_file.stx_mtime.tv_sec;
    return 0;
}

unsigned conlog_rotation_uncompressed(int directory, const char *path,
                                      unsigned keep)
{
    struct stat st;

    for (unsigned n = 1; n <= keep; n++) {
        struct conlog_rotation_name name = conlog_rotation_name(path, n, false);

        if (look(directory, name.text, &st) && S_ISREG(st.st_mode))
            return n;
    }
    return 0;
}

/* ---- the act ---------------------------------------------------------- */

static int remove_file(int directory, const char *name, struct err *err)
{
    struct stat st;
    int r;

    if (unlinkat(directory, name, 0) == 0)
        return 0;
    r = -errno;
    /* A read-only file system also returns its error for missing files. */
    if (!look(directory, name, &st))
        return 0;
    err_set(err, "cannot delete %s: %s", name, strerror(-r));
    return r;
}

static int rename_file(int directory, const char *from, const char *to,
                       struct err *err)
{
    int r;

    if (renameat(directory, from, directory, to) == 0)
        return 0;
    r = -errno;
    err_set(err, "cannot rename %s to %s: %s", from, to, strerror(-r));
    return r;
}

static int remove_slot(int directory, const char *path, unsigned number,
                       struct err *err)
{
    struct conlog_rotation_name plain =
        conlog_rotation_name(path, number, false);
    struct conlog_rotation_name packed =
        conlog_rotation_name(path, number, true);
    int r = remove_file(directory, plain.text, err);

    return r < 0 ? r : remove_file(directory, packed.text, err);
}

static uint64_t size_of(int directory, const char *name)
{
    struct stat st;

    return look(directory, name, &st) && S_ISREG(st.st_mode)
               ? (uint64_t)st.st_size
               : 0;
}

int conlog_rotation_delete(int directory, const char *path, unsigned number,
                           uint64_t *freed)
{
    struct conlog_rotation_name plain =
        conlog_rotation_name(path, number, false);
    struct conlog_rotation_name packed =
        conlog_rotation_name(path, number, true);
    uint64_t bytes =
        size_of(directory, plain.text) + size_of(directory, packed.text);
    int r = remove_slot(directory, path, number, NULL);

    if (r == 0)
        *freed += bytes;
    return r;
}

static int move_slot(int directory, const char *path, unsigned number,
                     struct slot slot, struct err *err)
{
    int r = 0;

    for (int is_compressed = 0; is_compressed <= 1 && r == 0; is_compressed++) {
        struct conlog_rotation_name from =
            conlog_rotation_name(path, number, is_compressed != 0);
        struct conlog_rotation_name to =
            conlog_rotation_name(path, number + 1, is_compressed != 0);

        if (is_compressed != 0 ? slot.has_compressed : slot.has_plain)
            r = rename_file(directory, from.text, to.text, err);
    }
    return r;
}

/* Deletes files above keep: consecutive numbers from first on. */
static int remove_from(int directory, const char *path, unsigned first,
                       struct err *err)
{
    struct stat st;

    for (unsigned n = first; n <= CONLOG_ROTATION_KEEP_MAX; n++) {
        int r;

        if (slot_is_free(slot_look(directory, path, n, &st)))
            break;
        r = remove_slot(directory, path, n, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Makes number 1 free. Moves only files below the first free number: this also
 * continues a rotation that was killed. */
static int make_room(int directory, const char *path, unsigned keep,
                     struct err *err)
{
    struct slot slots[CONLOG_ROTATION_KEEP_MAX + 1];
    struct stat st;
    unsigned n;
    int r = 0;

    for (n = 1; n < keep; n++) {
        slots[n] = slot_look(directory, path, n, &st);
        if (slot_is_free(slots[n]))
            break;
    }
    if (n == keep)
        r = remove_slot(directory, path, keep, err);
    while (r == 0 && --n > 0)
        r = move_slot(directory, path, n, slots[n], err);
    return r;
}

/* Repairs what compression has left incomplete. */
static int tidy(int directory, const char *path, unsigned keep, struct err *err)
{
    struct conlog_rotation_name temporary =
        conlog_rotation_temporary_name(path);
    int r = remove_file(directory, temporary.text, err);

    for (unsigned n = 1; n <= keep && r == 0; n++) {
        struct conlog_rotation_name plain =
            conlog_rotation_name(path, n, false);

        if (is_copy(directory, path, n))
            r = remove_file(directory, plain.text, err);
    }
    return r;
}

int conlog_rotation_rotate(int directory, const char *path,
                           const struct conlog_rotation_rules *rules,
                           struct err *err)
{
    unsigned keep = rules->keep < CONLOG_ROTATION_KEEP_MAX
                        ? rules->keep
                        : CONLOG_ROTATION_KEEP_MAX;
    struct conlog_rotation_name first = conlog_rotation_name(path, 1, false);
    struct stat st;
    int r = path_check(path, err);

    if (r < 0)
        return r;
    if (fstatat(directory, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT)
            return CONLOG_ROTATION_NO_FILE;
        r = -errno;
        err_set(err, "cannot look at %s: %s", path, strerror(-r));
        return r;
    }
    if (!S_ISREG(st.st_mode)) {
        err_set(err, "%s is no regular file, and is not rotated", path);
        return -EINVAL;
    }
    r = tidy(directory, path, keep, err);
    if (r == 0)
        r = remove_from(directory, path, keep + 1, err);
    if (r < 0)
        return r;
    if (keep == 0)
        return remove_file(directory, path, err);
    r = make_room(directory, path, keep, err);
    if (r < 0)
        return r;
    return rename_file(directory, path, first.text, err);
}

int conlog_rotation_undo(int directory, const char *path,
                         const struct conlog_rotation_rules *rules,
                         struct err *err)
{
    struct conlog_rotation_name first = conlog_rotation_name(path, 1, false);
    struct stat st;
    int r = path_check(path, err);

    if (r < 0 || rules->keep == 0)
        return r;
    if (look(directory, path, &st)) {
        err_set(err, "there is a new %s", path);
        return -EEXIST;
    }
    return rename_file(directory, first.text, path, err);
}

#include "record/reading/record_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
    FIRST_ROOM = 64,
};

/* In place of a place in the texts. */
static const uint32_t NOT_PUT = UINT32_MAX;

void record_scan_init(struct record_scan *s, const char *directory,
                      const char *wanted)
{
    *s = (struct record_scan){ .directory = directory, .wanted = wanted };
    buf_init(&s->folders, RECORD_SCAN_FOLDERS_MAX);
}

void record_scan_done(struct record_scan *s)
{
    if (s->walk != NULL)
        closedir(s->walk);
    free(s->file);
    buf_done(&s->folders);
    *s = (struct record_scan){ .directory = NULL };
}

/* ---- what was found --------------------------------------------------- */

/* The newest recording first; its parts in order, and of one part what is not
 * compressed: it may be newer. */
static int compare(const void *left, const void *right)
{
    const struct record_scan_file *a = left;
    const struct record_scan_file *b = right;
    int order = strcmp(b->id.text, a->id.text);

    if (order == 0)
        order = a->folder < b->folder ? -1 : a->folder > b->folder;
    if (order == 0)
        order = a->part < b->part ? -1 : a->part > b->part;
    return order != 0 ? order : a->is_compressed - b->is_compressed;
}

static void sort(struct record_scan *s)
{
    if (s->count > 0)
        qsort(s->file, s->count, sizeof *s->file, compare);
}

/* False: there is no memory. */
static bool has_room(struct record_scan *s)
{
    size_t room = s->room == 0 ? FIRST_ROOM : s->room * 2;
    void *file;

    if (s->count < s->room)
        return true;
    if (s->count == RECORD_SCAN_FILES_MAX) {
        /* Half of them at a time, so that this costs little for each. */
        sort(s);
        s->count /= 2;
        s->left_out += RECORD_SCAN_FILES_MAX - s->count;
        return true;
    }
    if (room > RECORD_SCAN_FILES_MAX)
        room = RECORD_SCAN_FILES_MAX;
    file = realloc(s->file, room * sizeof *s->file);
    if (file == NULL)
        return false;
    s->file = file;
    s->room = room;
    return true;
}

/* ---- the walk --------------------------------------------------------- */

static bool is_hidden(const char *name)
{
    return name[0] == '.';
}

/* Where the folder's name begins; NOT_PUT: there is no room for it. */
static uint32_t put_folder(struct record_scan *s, const char *uuid,
                           const char *label)
{
    uint32_t at = s->folders.len;

    if (buf_append(&s->folders, slice_of_text(uuid)) == 0 &&
        buf_append(&s->folders, slice_of("/", 1)) == 0 &&
        buf_append(&s->folders, slice_of(label, strlen(label) + 1)) == 0)
        return at;
    buf_cut(&s->folders, at);
    return NOT_PUT;
}

static void add_file(struct record_scan *s, const char *name, uint32_t *folder,
                     const char *uuid, const char *label)
{
    struct record_scan_file file;

    if (!record_name_parse(name, &file.id, &file.part, &file.is_compressed) ||
        (s->wanted != NULL && strcmp(s->wanted, file.id.text) != 0))
        return;
    if (*folder == NOT_PUT)
        *folder = put_folder(s, uuid, label);
    if (*folder == NOT_PUT || !has_room(s)) {
        s->left_out++;
        return;
    }
    file.folder = *folder;
    s->file[s->count++] = file;
}

/* NULL: it is no folder, or cannot be read. */
static DIR *open_folder(int at, const char *name)
{
    int fd = openat(at, name, FOLDER);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (dir == NULL && fd >= 0)
        close(fd);
    return dir;
}

static bool is_folder(const struct dirent *entry)
{
    return !is_hidden(entry->d_name) &&
           (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
}

static void walk_label(struct record_scan *s, int at, const char *uuid,
                       const char *label)
{
    DIR *dir = open_folder(at, label);
    uint32_t folder = NOT_PUT;
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        add_file(s, entry->d_name, &folder, uuid, label);
    if (dir != NULL)
        closedir(dir);
}

static void walk_vm(struct record_scan *s, int at, const char *uuid)
{
    DIR *dir = open_folder(at, uuid);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (is_folder(entry))
            walk_label(s, dirfd(dir), uuid, entry->d_name);
    }
    if (dir != NULL)
        closedir(dir);
}

static bool end(struct record_scan *s)
{
    if (s->walk != NULL)
        closedir(s->walk);
    s->walk = NULL;
    sort(s);
    return false;
}

bool record_scan_step(struct record_scan *s)
{
    struct dirent *entry;

    if (s->walk == NULL)
        s->walk = opendir(s->directory);
    if (s->walk == NULL) {
        s->error = errno == ENOENT ? 0 : -errno; /* nothing was recorded yet */
        return end(s);
    }
    for (int i = 0; i < RECORD_SCAN_STEP; i++) {
        entry = readdir(s->walk);
        if (entry == NULL || (s->wanted != NULL && s->count > 0))
            return end(s);
        if (is_folder(entry))
            walk_vm(s, dirfd(s->walk), entry->d_name);
    }
    return true;
}

/* ---- giving out ------------------------------------------------------- */

static bool is_same(const struct record_scan_file *a,
                    const struct record_scan_file *b)
{
    return strcmp(a->id.text, b->id.text) == 0 && a->folder == b->folder;
}

bool record_scan_next(struct record_scan *s, struct record_found *ret)
{
    struct record_scan_file *first = s->file + s->at;
    uint32_t count = 0;

    if (s->at == s->count)
        return false;
    for (; s->at < s->count && is_same(first, s->file + s->at); s->at++) {
        if (count == 0 || first[count - 1].part != s->file[s->at].part)
            first[count++] = s->file[s->at];
    }
    *ret = (struct record_found){
        .id = first->id,
        .folder = (const char *)buf_bytes(&s->folders).data + first->folder,
        .file = first,
        .file_count = count,
    };
    return true;
}

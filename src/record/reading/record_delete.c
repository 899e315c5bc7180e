#include "record/reading/record_delete.h"

#include "conlog/file/conlog_place.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* A file may have been packed since it was found. */
static int delete_part(int folder, const struct record_scan_file *file)
{
    int r = 0;

    for (int i = 0; i < 2; i++) {
        struct record_file_name name =
            record_name_file(&file->id, file->part, i > 0);

        if (unlinkat(folder, name.text, 0) < 0 && errno != ENOENT)
            r = -errno;
    }
    return r;
}

int record_delete(const char *directory, const struct record_found *found)
{
    char inside[sizeof(struct record_folder) + 2];
    const char *name;
    int at;
    int r = 0;

    snprintf(inside, sizeof inside, "%s/.", found->folder);
    at = conlog_place_folder(directory, inside, &name);
    if (at < 0)
        return at == -ENOENT ? 0 : at;
    for (uint32_t i = found->file_count; i > 0 && r == 0; i--)
        r = delete_part(at, &found->file[i - 1]);
    close(at);
    return r;
}

#include "cli/play/cast_file.h"

#include <errno.h>

int cast_file_open(struct cast_file *f)
{
    f->rest = slice_of(NULL, 0);
    cast_reader_init(&f->reader);
    f->file = tmpfile();
    return f->file != NULL ? 0 : -errno;
}

void cast_file_close(struct cast_file *f)
{
    if (f->file != NULL)
        fclose(f->file);
    f->file = NULL;
    cast_reader_done(&f->reader);
}

int cast_file_put(struct cast_file *f, struct slice bytes)
{
    if (fwrite(bytes.data, 1, bytes.len, f->file) == bytes.len)
        return 0;
    return errno != 0 ? -errno : -EIO;
}

void cast_file_rewind(struct cast_file *f)
{
    rewind(f->file);
    f->rest = slice_of(NULL, 0);
    cast_reader_done(&f->reader);
    cast_reader_init(&f->reader);
}

/* Version 2 was asked for. */
bool cast_file_next(struct cast_file *f, struct cast_event *ret)
{
    for (;;) {
        size_t len;

        switch (cast_reader_next(&f->reader, &f->rest, ret)) {
        case CAST_EVENT:
            return true;
        case CAST_HEADER:
            (void)cast_reader_begin(&f->reader, 2);
            break;
        case CAST_NEED_MORE:
            len = fread(f->block, 1, sizeof f->block, f->file);
            if (len == 0)
                return false;
            f->rest = slice_of(f->block, len);
            break;
        }
    }
}

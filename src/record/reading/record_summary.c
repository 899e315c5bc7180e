#include "record/reading/record_summary.h"

#include "record/record_cast.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool record_summary_open(struct record_summary *s, const char *directory,
                         const struct record_found *found)
{
    *s = (struct record_summary){ .found = *found };
    return record_reading_open(&s->last, directory, found,
                               found->file[found->file_count - 1].part);
}

void record_summary_close(struct record_summary *s)
{
    record_reading_close(&s->last);
}

/* The last four bytes of a packed file are the size of its content. */
static uint64_t unpacked_size(int fd, uint64_t size)
{
    uint8_t end[4];

    if (size < sizeof end ||
        pread(fd, end, sizeof end, (off_t)(size - sizeof end)) != sizeof end)
        return size;
    return (uint64_t)end[0] | (uint64_t)end[1] << 8 | (uint64_t)end[2] << 16 |
           (uint64_t)end[3] << 24;
}

static void size_next(struct record_summary *s)
{
    const struct record_scan_file *file = &s->found.file[s->sized++];
    const struct record_reading_part part = {
        file->part,
        file->is_compressed,
    };
    bool is_packed;
    int fd = record_reading_file(&s->last, &part, &is_packed);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0)
        s->bytes += is_packed ? unpacked_size(fd, (uint64_t)st.st_size)
                              : (uint64_t)st.st_size;
    else
        s->lost++;
    if (fd >= 0)
        close(fd);
}

/* "gap: 4096 bytes are missing: ..." */
static uint64_t bytes_of_gap(struct slice text)
{
    size_t at = sizeof RECORD_CAST_GAP ": " - 1;
    uint64_t count = 0;

    for (; at < text.len && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        count = count < INT64_MAX / 20 ? count * 10 + text.data[at] - '0'
                                       : INT64_MAX;
    return count;
}

static bool end(struct record_summary *s)
{
    const struct record_reading *last = &s->last;
    const struct record_scan_file *file = s->found.file;
    uint32_t count = s->found.file_count;

    s->gaps += last->facts.gaps;
    s->missing += last->facts.missing;
    s->length_us = last->facts.offset_us + last->time_us;
    s->is_complete = s->lost == 0 && file[0].part == 1 &&
                     file[count - 1].part == count && last->damages == 0 &&
                     last->has_ended;
    return false;
}

bool record_summary_step(struct record_summary *s)
{
    enum record_reading_item item;
    struct cast_event event;

    if (s->sized < s->found.file_count) {
        size_next(s);
        return true;
    }
    while ((item = record_reading_next(&s->last, &event)) ==
           RECORD_READING_EVENT) {
        if (!record_reading_is_marker(&event, RECORD_CAST_GAP))
            continue;
        s->gaps++;
        s->missing += bytes_of_gap(event.text);
    }
    return item == RECORD_READING_AGAIN || end(s);
}

#include "base/process_usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Entries of one call of process_count_files: half a millisecond. */
enum { FILES_AT_ONCE = 512 };

static uint64_t microseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

/* In pages: size, resident, and more. */
static void read_memory(struct process_usage *usage)
{
    FILE *file = fopen("/proc/self/statm", "re");
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    unsigned long long size, resident;

    if (file == NULL)
        return;
    if (fscanf(file, "%llu %llu", &size, &resident) == 2) {
        usage->virtual_bytes = size * page;
        usage->resident_bytes = resident * page;
    }
    fclose(file);
}

struct process_usage process_read_usage(void)
{
    struct process_usage usage = { .cpu_us = 0 };
    struct rusage used;
    struct stat folder;

    if (getrusage(RUSAGE_SELF, &used) == 0)
        usage.cpu_us =
            microseconds(used.ru_utime) + microseconds(used.ru_stime);
    if (stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0)
        usage.open_files = (uint64_t)folder.st_size;
    read_memory(&usage);
    return usage;
}

bool process_count_files(struct process_files *files, const char *folder)
{
    if (files->folder == NULL)
        files->folder = opendir(folder);
    if (files->folder == NULL)
        return true;
    for (int i = 0; i < FILES_AT_ONCE; i++) {
        const struct dirent *entry = readdir(files->folder);

        if (entry == NULL) {
            process_files_done(files);
            return true;
        }
        /* The descriptor that counts is none of them. */
        if (entry->d_name[0] != '.' &&
            atoi(entry->d_name) != dirfd(files->folder))
            files->count++;
    }
    return false;
}

void process_files_done(struct process_files *files)
{
    if (files->folder != NULL)
        closedir(files->folder);
    files->folder = NULL;
}

/*
 * process_usage.h - what the process has of the system: processor time, memory,
 * open files; as the kernel says.
 */
#ifndef BASE_PROCESS_USAGE_H
#define BASE_PROCESS_USAGE_H

#include <stdbool.h>
#include <stdint.h>

/* What the kernel does not say is 0. */
struct process_usage {
    uint64_t cpu_us;         /* of all threads, user and system */
    uint64_t resident_bytes; /* of memory */
    uint64_t virtual_bytes;  /* of address space */
    uint64_t open_files;     /* 0 before Linux 6.2, which has no number */
};

/* Costs some microseconds, however many files are open. */
struct process_usage process_read_usage(void);

/*
 * The number of open files where the kernel has none: they are counted, some
 * hundred at a time, because all of 20,000 would take 10 ms. All zeros at
 * first.
 */
struct process_files {
    void *folder; /* DIR; NULL: not begun, or at its end */
    uint64_t count;
};

/* Counts on. True: all are counted. folder: /proc/self/fd, or a test's. */
bool process_count_files(struct process_files *files, const char *folder);

/* Accepts one that has not begun, or has ended. */
void process_files_done(struct process_files *files);

#endif

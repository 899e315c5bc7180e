#include "measure.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void die(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("vspc-load: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    /* Not exit(): another thread may be using what atexit would tear down. */
    _exit(1);
}

void *zalloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (!memory)
        die("no memory for %zu x %zu bytes", count, size);
    return memory;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t now_us(void)
{
    return clock_ns(CLOCK_MONOTONIC) / 1000;
}

uint64_t own_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/*
 * The first number of /proc/PID/task/TID/schedstat is in nanoseconds, where
 * the times in /proc/PID/stat are in ticks of 10 ms, too coarse for a few
 * hundred VMs at some tens of microseconds each.
 */
static uint64_t process_cpu_ns(pid_t pid)
{
    char path[64];
    uint64_t total = 0, ns;
    struct dirent *entry;
    DIR *tasks;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    if (!tasks)
        die("the server's process %d is gone", (int)pid);
    while ((entry = readdir(tasks))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", (int)pid,
                 entry->d_name);
        f = fopen(path, "r");
        if (!f)
            continue; /* a thread that ended meanwhile */
        if (fscanf(f, "%" SCNu64, &ns) == 1)
            total += ns;
        fclose(f);
    }
    closedir(tasks);
    return total;
}

uint64_t server_cpu_ns(const struct server *s)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < s->count; i++)
        total += process_cpu_ns(s->pids[i]);
    return total;
}

static uint64_t process_rss_kib(pid_t pid)
{
    char path[64], line[256];
    uint64_t kib = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    if (!f)
        die("the server's process %d is gone", (int)pid);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1)
            break;
    fclose(f);
    return kib;
}

uint64_t server_rss_kib(const struct server *s)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < s->count; i++)
        total += process_rss_kib(s->pids[i]);
    return total;
}

static int compare_samples(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

uint32_t percentile(uint32_t *samples, size_t count, double share)
{
    size_t at = (size_t)(share * (double)count);

    if (count == 0)
        return 0;
    qsort(samples, count, sizeof *samples, compare_samples);
    return samples[at < count ? at : count - 1];
}

#include "api/diagnosis/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

enum { FILE_MAX = 4096, FILE_PATH_MAX = 1024 };

/* The beginning of a small file of the kernel; "" if there is none. */
static void read_small(const char *root, const char *path, char to[FILE_MAX])
{
    char whole[FILE_PATH_MAX];
    ssize_t len = -1;
    int fd;

    snprintf(whole, sizeof whole, "%s%s", root, path);
    fd = open(whole, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        len = read(fd, to, FILE_MAX - 1);
        close(fd);
    }
    to[len > 0 ? len : 0] = '\0';
}

/* ---- memory ---------------------------------------------------------------
 */

static uint64_t find_kibibytes(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at != NULL ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

static void read_memory(struct machine *m, const char *root)
{
    char text[FILE_MAX];

    read_small(root, "/proc/meminfo", text);
    m->memory_bytes = find_kibibytes(text, "MemTotal:");
    m->available_bytes = find_kibibytes(text, "MemAvailable:");
}

/* "max", or what is no number: no limit. */
static uint64_t read_group(const char *root, const char *group,
                           const char *name)
{
    char path[FILE_PATH_MAX];
    char text[FILE_MAX];

    snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", group, name);
    read_small(root, path, text);
    return strtoull(text, NULL, 10);
}

/* The limit is the lowest one on the way up to the root of the hierarchy. */
static void read_control_group(struct machine *m, const char *root)
{
    char text[FILE_MAX];
    char group[FILE_PATH_MAX / 2];
    const char *line;
    uint64_t limit;

    read_small(root, "/proc/self/cgroup", text);
    line = strstr(text, "0::/");
    if (line == NULL)
        return;
    line += strlen("0::");
    snprintf(group, sizeof group, "%.*s", (int)strcspn(line, "\n"), line);
    m->group_bytes = read_group(root, group, "memory.current");
    for (char *slash = group + strlen(group); slash != NULL;
         slash = strrchr(group, '/')) {
        *slash = '\0';
        limit = read_group(root, group, "memory.max");
        if (limit != 0 &&
            (m->group_limit_bytes == 0 || limit < m->group_limit_bytes))
            m->group_limit_bytes = limit;
    }
}

/* ---- disks ----------------------------------------------------------------
 */

/* What is not there yet will be in the folder above. */
static int look(const char *path, struct statvfs *ret, char *ret_path)
{
    snprintf(ret_path, MACHINE_PATH_MAX, "%s", path);
    while (statvfs(ret_path, ret) < 0) {
        char *slash = strrchr(ret_path, '/');

        if (errno != ENOENT || slash == NULL || ret_path[1] == '\0')
            return errno;
        slash[slash == ret_path] = '\0';
    }
    return 0;
}

static void read_disk(struct machine_disk *d)
{
    char path[MACHINE_PATH_MAX];
    struct statvfs facts;

    d->error = look(d->path, &facts, path);
    if (d->error != 0)
        return;
    d->is_read_only = (facts.f_flag & ST_RDONLY) != 0;
    d->is_writable = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
    d->size_bytes = (uint64_t)facts.f_blocks * facts.f_frsize;
    d->free_bytes = (uint64_t)facts.f_bavail * facts.f_frsize;
    d->files = facts.f_files;
    d->free_files = facts.f_favail;
}

/* ---- clock and ports ------------------------------------------------------
 */

static void read_clock(struct machine *m)
{
    struct timex facts = { .modes = 0 };
    int state = adjtimex(&facts);

    m->has_clock = state >= 0;
    m->is_clock_synchronised =
        state >= 0 && state != TIME_ERROR && !(facts.status & STA_UNSYNC);
}

static void read_ports(struct machine *m, const char *root)
{
    char text[FILE_MAX];
    char *end;

    read_small(root, "/proc/sys/net/ipv4/ip_local_port_range", text);
    m->local_first = (unsigned)strtoul(text, &end, 10);
    m->local_last = (unsigned)strtoul(end, NULL, 10);
    read_small(root, "/proc/sys/net/ipv4/ip_local_reserved_ports", text);
    snprintf(m->local_reserved, sizeof m->local_reserved, "%.*s",
             (int)strcspn(text, "\n"), text);
}

void machine_read(struct machine *m, const char *root)
{
    read_memory(m, root);
    read_control_group(m, root);
    read_clock(m);
    read_ports(m, root);
    for (unsigned i = 0; i < m->disk_count; i++)
        read_disk(&m->disk[i]);
}

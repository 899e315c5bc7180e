#include "conlog_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

enum { FILES_MAX = 40, LINE_MAX_LEN = 2048 };

void files_init(struct files *f)
{
    const char *base = getenv("TMPDIR");

    snprintf(f->path, sizeof f->path, "%s/conlog-test.XXXXXX",
             base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(f->path));
    f->directory = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(f->directory >= 0);
}

/* The names that are there, sorted; the caller frees each. */
static int list(struct files *f, struct dirent ***ret)
{
    int count = scandir(f->path, ret, NULL, alphasort);

    assert_true(count >= 0);
    return count;
}

static void remove_all(struct files *f)
{
    struct dirent **entries;
    int count = list(f, &entries);

    for (int i = 0; i < count; i++) {
        if (unlinkat(f->directory, entries[i]->d_name, 0) < 0)
            unlinkat(f->directory, entries[i]->d_name, AT_REMOVEDIR);
        free(entries[i]);
    }
    free(entries);
}

void files_done(struct files *f)
{
    remove_all(f);
    close(f->directory);
    assert_int_equal(rmdir(f->path), 0);
}

void files_write(struct files *f, const char *name, const void *bytes,
                 size_t len, mode_t mode)
{
    int fd = openat(f->directory, name,
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

void files_set_mtime(struct files *f, const char *name, int64_t s, long ns)
{
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
                                       { .tv_sec = s, .tv_nsec = ns } };

    assert_int_equal(utimensat(f->directory, name, times, 0), 0);
}

static int is_packed(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && strcmp(name + len - 3, ".gz") == 0;
}

static gzFile open_gz(struct files *f, const char *name, int flags,
                      const char *mode)
{
    int fd = openat(f->directory, name, flags | O_CLOEXEC, 0600);
    gzFile gz = fd >= 0 ? gzdopen(fd, mode) : NULL;

    assert_non_null(gz);
    return gz;
}

void files_make(struct files *f, const char *line)
{
    char copy[LINE_MAX_LEN], *rest = NULL;
    int count = 0;

    remove_all(f);
    snprintf(copy, sizeof copy, "%s", line);
    for (char *item = strtok_r(copy, " ", &rest); item != NULL;
         item = strtok_r(NULL, " ", &rest)) {
        char *content = strchr(item, '=');

        assert_non_null(content);
        *content++ = '\0';
        if (is_packed(item)) {
            gzFile gz = open_gz(f, item, O_WRONLY | O_CREAT, "wb");

            gzputs(gz, content);
            assert_int_equal(gzclose(gz), Z_OK);
        } else {
            files_write(f, item, content, strlen(content), 0640);
        }
        files_set_mtime(f, item, 1000 + count++, 0);
    }
}

size_t files_unpack(struct files *f, const char *name, void *to, size_t size)
{
    gzFile gz = open_gz(f, name, O_RDONLY, "rb");
    int n = gzread(gz, to, (unsigned)size);

    assert_true(n >= 0);
    assert_int_equal(gzclose(gz), Z_OK);
    return (size_t)n;
}

void files_expect(struct files *f, const char *line)
{
    char found[LINE_MAX_LEN] = "", content[256];
    struct dirent **entries;
    int count = list(f, &entries);
    size_t at = 0;

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if (name[0] != '.') {
            /* What is not packed gzread hands out as it is. */
            size_t len = files_unpack(f, name, content, sizeof content - 1);

            content[len] = '\0';
            at += (size_t)snprintf(found + at, sizeof found - at, "%s%s=%s",
                                   at > 0 ? " " : "", name, content);
        }
        free(entries[i]);
    }
    free(entries);
    assert_string_equal(found, line);
}

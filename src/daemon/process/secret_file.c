#include "daemon/process/secret_file.h"

#include "base/mem.h"
#include "net/tls/tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_MIN = 16, SECRET_MAX = 4096 };

/* At most len bytes; fewer only at the end of the file. -errno. */
static ssize_t read_all(int fd, char *to, size_t len)
{
    size_t got = 0;
    ssize_t n = 1;

    while (got < len && n != 0) {
        n = read(fd, to + got, len - got);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            got += (size_t)n;
    }
    return (ssize_t)got;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* One byte more than there may be shows that there are more. */
enum { ROOM = SECRET_MAX + 1 };

/* Returns the length, or negative with err filled. */
static ssize_t read_secret(int fd, const char *path, const char *what,
                           char to[ROOM], struct err *err)
{
    ssize_t len = read_all(fd, to, ROOM);

    while (len > 0 && is_line_end(to[len - 1]))
        len--;
    if (len < 0) {
        err_set(err, "%.150s: %s", path, strerror((int)-len));
    } else if (len < SECRET_MIN || len > SECRET_MAX) {
        len = -EINVAL;
        err_set(err, "%.150s: expected %s of %d to %d bytes", path, what,
                SECRET_MIN, SECRET_MAX);
    }
    return len;
}

static ssize_t read_file(const char *path, const char *what, char to[ROOM],
                         struct err *err)
{
    ssize_t len;
    int r = tls_context_check_secret(path, what, err);
    int fd;

    if (r < 0)
        return r;
    /* Without O_NONBLOCK a FIFO would hold up the start for ever. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        r = -errno;
        err_set(err, "%.150s: %s", path, strerror(-r));
        return r;
    }
    len = read_secret(fd, path, what, to, err);
    close(fd);
    return len;
}

int secret_file_read_text(const char *path, const char *what, char **ret,
                          struct err *err)
{
    char bytes[ROOM];
    ssize_t len = read_file(path, what, bytes, err);

    if (len >= 0 && memchr(bytes, '\0', (size_t)len) != NULL) {
        err_set(err, "%.150s: expected %s without NUL bytes", path, what);
        len = -EINVAL;
    }
    if (len >= 0)
        *ret = xstrndup(bytes, (size_t)len);
    explicit_bzero(bytes, sizeof bytes);
    return len < 0 ? (int)len : 0;
}

int secret_file_read_vm_key(const struct settings *s,
                            uint8_t ret[TLS_DIGEST_LEN], struct err *err)
{
    char bytes[ROOM];
    struct err why;
    ssize_t len;

    memset(ret, 0, TLS_DIGEST_LEN);
    if (s->vm_key_file == NULL)
        return 0;
    len = read_file(s->vm_key_file, "the key of VMs' keys", bytes, &why);
    if (len < 0)
        err_set(err, "%.120s: %.360s", options_where(s, "vm-key-file", 0).text,
                why.text);
    else
        tls_digest(slice_of(bytes, (size_t)len), ret);
    explicit_bzero(bytes, sizeof bytes);
    return len < 0 ? (int)len : 0;
}

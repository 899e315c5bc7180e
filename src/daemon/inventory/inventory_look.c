#include "daemon/inventory/inventory_look.h"

#include "base/clock.h"
#include "base/text.h"
#include "hook/hook_start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    ERRORS_KEPT = 240, /* last bytes of a program's errors */
    US_PER_MS = 1000,
    US_PER_S = 1000 * 1000,
};

/* ---- the file ------------------------------------------------------------ */

static struct inventory_stamp stamp_of(const struct stat *s)
{
    struct inventory_stamp stamp;

    memset(&stamp, 0, sizeof stamp);
    stamp.device = s->st_dev;
    stamp.inode = s->st_ino;
    stamp.size = s->st_size;
    stamp.modified = s->st_mtim;
    stamp.changed = s->st_ctim;
    return stamp;
}

struct inventory_stamp inventory_stamp(const char *path)
{
    struct inventory_stamp none = { .inode = 0 };
    struct stat s;

    return stat(path, &s) == 0 ? stamp_of(&s) : none;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool inventory_stamp_is_same(const struct inventory_stamp *a,
                             const struct inventory_stamp *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size == b->size && is_same_time(&a->modified, &b->modified) &&
           is_same_time(&a->changed, &b->changed);
}

static bool say_errno(struct err *err, const char *path)
{
    err_set(err, "%.200s: %s", path, strerror(errno));
    return false;
}

static bool say_wrong(struct err *err, const char *path,
                      const struct inventory_reader *reader)
{
    if (reader->line != 0)
        err_set(err, "%.200s:%u: %s", path, reader->line, reader->why);
    else
        err_set(err, "%.200s: %s", path, reader->why);
    return false;
}

static bool check_file(const char *path, const struct stat *s, struct err *err)
{
    if (!S_ISREG(s->st_mode)) {
        err_set(err, "%.200s is not a regular file", path);
        return false;
    }
    if ((s->st_mode & S_IWOTH) != 0) {
        err_set(err,
                "%.200s: everybody may write it, and so decide who may read "
                "what: see chmod o-w",
                path);
        return false;
    }
    return true;
}

static bool read_file(int fd, const char *path, struct inventory_reader *reader,
                      struct err *err)
{
    uint8_t bytes[READ_SIZE];

    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);

        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return say_errno(err, path);
        if (!inventory_reader_feed(reader, slice_of(bytes, (size_t)got)))
            return say_wrong(err, path, reader);
    }
}

/* A file that is written at this very moment is not what it was at the
 * beginning. */
static bool look_at(int fd, const char *path, struct inventory_reader *reader,
                    struct inventory_stamp *ret_stamp, struct err *err)
{
    struct inventory_stamp stamp;
    struct stat s;

    if (fstat(fd, &s) < 0)
        return say_errno(err, path);
    *ret_stamp = stamp_of(&s);
    if (!check_file(path, &s, err) || !read_file(fd, path, reader, err))
        return false;
    if (fstat(fd, &s) < 0)
        return say_errno(err, path);
    stamp = stamp_of(&s);
    if (inventory_stamp_is_same(&stamp, ret_stamp))
        return true;
    err_set(err, "%.200s: it was written while it was read", path);
    memset(ret_stamp, 0, sizeof *ret_stamp);
    return false;
}

bool inventory_look_at_file(const char *path, struct inventory_reader *reader,
                            struct inventory_stamp *ret_stamp, struct err *err)
{
    /* Without O_NONBLOCK a FIFO would hold up the thread for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool is_read;

    memset(ret_stamp, 0, sizeof *ret_stamp);
    if (fd < 0)
        return say_errno(err, path);
    is_read = look_at(fd, path, reader, ret_stamp, err);
    close(fd);
    return is_read;
}

struct inventory *inventory_look_end(const char *path,
                                     struct inventory_reader *reader,
                                     struct err *err)
{
    struct inventory *table = inventory_reader_end(reader);

    if (table == NULL)
        (void)say_wrong(err, path, reader);
    return table;
}

/* ---- the program --------------------------------------------------------- */

struct run {
    const char *program;
    struct inventory_reader *reader;
    pid_t pid;
    int pidfd;
    int output, errors; /* -1: the program has closed it */
    uint64_t due_us;    /* of the next signal */
    unsigned signals;   /* that were sent */
    const char *why;    /* static text: why it was ended; NULL: it was not */
    size_t kept;
    char printed[ERRORS_KEPT];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A pipe whose read end is ours and does not block. */
static int make_pipe(int *ret_read, int *ret_write)
{
    int fds[2];
    int r = 0;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
        r = -errno;
    *ret_read = fds[0];
    *ret_write = fds[1];
    return r;
}

/* Whoever may write the program runs as vspcd. */
static int check_program(const char *program, struct err *err)
{
    struct stat s;

    if (stat(program, &s) < 0) {
        int r = -errno;

        (void)say_errno(err, program);
        return r;
    }
    return check_file(program, &s, err) ? 0 : -EACCES;
}

static int start(struct run *run)
{
    static char path[] =
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char lang[] = "LANG=C.UTF-8";
    char *environment[] = { path, lang, NULL };
    struct hook_start how = { .program = run->program,
                              .environment = environment,
                              .input = open("/dev/null", O_RDONLY | O_CLOEXEC),
                              .output = -1,
                              .errors = -1 };
    int r = how.input < 0 ? -errno : 0;

    hook_start_allow();
    if (r == 0)
        r = make_pipe(&run->output, &how.output);
    if (r == 0)
        r = make_pipe(&run->errors, &how.errors);
    if (r == 0)
        r = hook_start(&how, &run->pid, &run->pidfd);
    close_fd(&how.input);
    close_fd(&how.output);
    close_fd(&how.errors);
    if (r < 0) {
        close_fd(&run->output);
        close_fd(&run->errors);
    }
    return r;
}

/* False: it has to end. */
static bool use(struct run *run, bool is_output, const uint8_t *bytes,
                size_t len)
{
    if (is_output)
        return inventory_reader_feed(run->reader, slice_of(bytes, len));
    run->kept = text_keep_end(run->printed, sizeof run->printed, run->kept,
                              slice_of(bytes, len));
    return true;
}

/* Reads all that is there now, of a program that is not much faster than this;
 * else once. */
static bool read_some(struct run *run, int *fd, bool is_output)
{
    uint8_t bytes[READ_SIZE];

    for (int i = 0; i < 16 && *fd >= 0; i++) {
        ssize_t got = read(*fd, bytes, sizeof bytes);

        if (got > 0) {
            if (!use(run, is_output, bytes, (size_t)got))
                return false;
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        } else {
            close_fd(fd);
        }
    }
    return true;
}

static void send_signal(struct run *run, uint64_t now_us)
{
    kill(-run->pid, run->signals == 0 ? SIGTERM : SIGKILL);
    run->signals++;
    run->due_us = now_us + INVENTORY_KILL_GRACE_US;
}

static void stop(struct run *run, const char *why)
{
    if (run->why == NULL)
        run->why = why;
    /* Nobody reads any more; a program that goes on writing gets SIGPIPE. */
    close_fd(&run->output);
    run->due_us = 0;
}

/* Returns when something may have happened; true: the program has ended. */
static bool wait_for(struct run *run, const struct inventory_stop *end)
{
    struct pollfd polled[] = { { .fd = run->pidfd, .events = POLLIN },
                               { .fd = run->output, .events = POLLIN },
                               { .fd = run->errors, .events = POLLIN },
                               { .fd = atomic_load(end->is_stopped) ? -1
                                                                    : end->wake,
                                 .events = POLLIN } };
    uint64_t now_us = clock_now_us();
    int ms = run->due_us <= now_us
                 ? 0
                 : (int)((run->due_us - now_us) / US_PER_MS) + 1;

    if (poll(polled, sizeof polled / sizeof *polled, ms) < 0)
        return false;
    if (polled[3].revents != 0) {
        uint64_t ignored;
        ssize_t got = read(end->wake, &ignored, sizeof ignored);

        (void)got;
    }
    return polled[0].revents != 0;
}

/* Until the program has ended; what it has left running gets no time. */
static void watch(struct run *run, const struct inventory_stop *end)
{
    bool has_ended = false;

    while (!has_ended) {
        has_ended = wait_for(run, end);
        if (!read_some(run, &run->output, true))
            stop(run, "its output cannot be used");
        (void)read_some(run, &run->errors, false);
        if (atomic_load(end->is_stopped) && run->signals < 2) {
            run->signals = 1; /* SIGKILL at once */
            stop(run, "it was stopped");
        }
        if (has_ended || clock_now_us() < run->due_us)
            continue;
        if (run->why == NULL)
            stop(run, "it ran for longer than 120 s");
        send_signal(run, clock_now_us());
    }
}

/* The group's number may be another's once the program was waited for, and its
 * output is complete only when no process of the group can write. */
static int finish(struct run *run)
{
    int status = 0;
    size_t before;

    kill(-run->pid, SIGKILL);
    waitpid(run->pid, &status, 0);
    do {
        before = run->reader->bytes;
        if (!read_some(run, &run->output, true))
            stop(run, "its output cannot be used");
    } while (run->output >= 0 && run->reader->bytes != before);
    (void)read_some(run, &run->errors, false);
    close_fd(&run->output);
    close_fd(&run->errors);
    close(run->pidfd);
    return status;
}

/* The last line of its errors says more than its status. */
static void say_failed(const struct run *run, int status, struct err *err)
{
    char line[ERRORS_KEPT + 1];
    char how[64];

    (void)text_clean(line, sizeof line,
                     text_last_line(slice_of(run->printed, run->kept)));
    if (run->why != NULL)
        snprintf(how, sizeof how, "%s", run->why);
    else if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "ended by signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof how, "exit status %d", WEXITSTATUS(status));
    err_set(err, "%.200s: %s%s%s", run->program, how,
            line[0] != '\0' ? ": " : "", line);
}

bool inventory_look_at_program(const char *program,
                               const struct inventory_stop *stop,
                               struct inventory_reader *reader, struct err *err)
{
    struct run run = {
        .program = program, .reader = reader, .output = -1, .errors = -1
    };
    int status;
    int r = check_program(program, err);

    if (r < 0)
        return false;
    r = start(&run);
    if (r < 0) {
        err_set(err, "%.200s: %s", program,
                r == -ENOEXEC ? "not a program, and no first line such as "
                                "#!/bin/sh"
                              : strerror(-r));
        return false;
    }
    run.due_us = clock_now_us() + INVENTORY_PROGRAM_US;
    watch(&run, stop);
    status = finish(&run);
    if (reader->why != NULL)
        return say_wrong(err, program, reader);
    if (run.why == NULL && status == 0)
        return true;
    say_failed(&run, status, err);
    return false;
}

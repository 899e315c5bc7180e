#include "net/descriptors.h"

#include "base/clock.h"
#include "base/err.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/descriptors_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    RETRY_US = 1000 * 1000,
    TELL_AGAIN_US = 60 * 1000 * 1000,
};

/* ---- the process's ----------------------------------------------------- */

void descriptors_open_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

uint64_t descriptors_raise_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return 0;
    if (files.rlim_cur < files.rlim_max) {
        struct rlimit raised = { files.rlim_max, files.rlim_max };

        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            files = raised;
    }
    return files.rlim_cur;
}

/* ---- a loop's ---------------------------------------------------------- */

/* A waiter that finds no descriptor may wait again while we are in the list: it
 * is then left for the next time, or this loop would not end. */
static void wake_all(struct descriptors *d)
{
    struct list woken;

    deadline_stop(&d->retry);
    list_init(&woken);
    list_move_all(&d->waiting, &woken);
    while (!list_is_empty(&woken)) {
        struct descriptor_waiter *w =
            CONTAINER_OF(woken.next, struct descriptor_waiter, node);

        list_remove(&w->node);
        w->wake(w);
    }
}

static void descriptors_retry_due(struct deadline *retry, void *owner)
{
    (void)retry;
    wake_all(owner);
}

void descriptors_init(struct descriptors *d)
{
    *d = (struct descriptors){ .reserve_fd = -1 };
    list_init(&d->waiting);
    deadline_init(&d->retry);
    deadline_queue_open(&d->retries, RETRY_US, descriptors_retry_due, d);
    descriptors_take_reserve_back(d);
}

void descriptors_done(struct descriptors *d)
{
    if (d->reserve_fd >= 0)
        close(d->reserve_fd);
    d->reserve_fd = -1;
}

bool descriptors_is_lack(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM ||
           error == ENOBUFS;
}

/* At the limit, each connection that ends admits one more, and then there is a
 * lack again: that is one state, logged once. */
static bool is_news(struct descriptors *d)
{
    uint64_t now_us = clock_now_us();
    bool is_new = !d->is_starved &&
                  (d->told_us == 0 || now_us - d->told_us >= TELL_AGAIN_US);

    d->is_starved = true;
    if (is_new)
        d->told_us = now_us;
    return is_new;
}

void descriptors_report_lack(struct descriptors *d, int error)
{
    struct err why;

    d->lack_count++;
    if (!is_news(d))
        return;
    err_set(&why,
            "%s: raise the limit of open files (LimitNOFILE= in the unit, "
            "ulimit -n)",
            strerror(error));
    log_warning(LOG_FILES_EXHAUSTED " reason=%s", LOG_TEXT(why.text));
}

void descriptors_report_success(struct descriptors *d)
{
    d->is_starved = false;
    /* Another thread may have taken the place of a reserve that was lent. */
    descriptors_take_reserve_back(d);
}

void descriptors_wait(struct descriptors *d, struct descriptor_waiter *w)
{
    list_remove(&w->node);
    list_add_tail(&d->waiting, &w->node);
    if (!deadline_is_running(&d->retry))
        deadline_start(&d->retries, &d->retry, clock_now_us());
}

void descriptors_freed(struct descriptors *d)
{
    if (!list_is_empty(&d->waiting))
        wake_all(d);
}

bool descriptors_lend_reserve(struct descriptors *d)
{
    if (d->reserve_fd < 0)
        return false;
    close(d->reserve_fd);
    d->reserve_fd = -1;
    return true;
}

void descriptors_take_reserve_back(struct descriptors *d)
{
    if (d->reserve_fd < 0)
        d->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

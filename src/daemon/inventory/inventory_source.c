#include "daemon/inventory/inventory_source.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"
#include "daemon/inventory/inventory_look.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    US_PER_MS = 1000,
    LOOK_US = 2 * 1000 * 1000,
    SETTLE_US = 500 * 1000,
    SETTLES_MAX = 20, /* then it is read all the same */
    GIVEN_MAX = 4,    /* tables that come back before the thread frees them */
};

struct inventory_source {
    struct worker_crew crew; /* its lock protects the members below */
    struct worker worker;
    uint64_t seed[2];
    int wake;  /* for a thread that waits for a program */
    int first; /* readable: there were news */
    char *file;
    char *program;
    uint64_t every_us;
    unsigned settings; /* how often they were others than before */
    bool wants_look;
    atomic_bool is_stopped; /* the program that runs has to end */
    bool has_news;
    struct inventory_news news;
    struct inventory *given[GIVEN_MAX];
    /* The thread's alone. */
    struct inventory *last; /* what was given out last; the loop's */
    bool has_failed;        /* the look before; that was told */
    unsigned seen;          /* settings that were looked at */
    struct inventory_stamp read, changed;
    unsigned settles;
    char *path; /* of the look */
    bool is_program;
};

/* ---- the thread ---------------------------------------------------------- */

/* With the lock. The table that was given out last is compared with the next
 * one, so it is freed when that has come. */
static void free_given(struct inventory_source *s)
{
    for (int i = 0; i < GIVEN_MAX; i++) {
        if (s->given[i] == NULL || s->given[i] == s->last)
            continue;
        inventory_free(s->given[i]);
        s->given[i] = NULL;
    }
}

/* With the lock: news that nobody has taken are replaced, and what was not
 * taken is not in force. */
static void drop_news(struct inventory_source *s)
{
    if (s->has_news && s->news.table != NULL) {
        if (s->last == s->news.table)
            s->last = NULL;
        inventory_free(s->news.table);
    }
    s->has_news = false;
}

/* Without the lock. */
static void look(struct inventory_source *s, struct inventory_news *news)
{
    struct inventory_reader *reader = xmalloc(sizeof *reader);
    const struct inventory_stop stop = { &s->is_stopped, s->wake };
    uint64_t begun_us = clock_now_us();
    bool is_read;

    memset(news, 0, sizeof *news);
    inventory_reader_init(reader, s->seed);
    if (s->is_program)
        is_read = inventory_look_at_program(s->path, &stop, reader, &news->why);
    else
        is_read = inventory_look_at_file(s->path, reader, &s->read, &news->why);
    if (is_read)
        news->table = inventory_look_end(s->path, reader, &news->why);
    news->doubts = reader->build.doubts;
    news->changed = inventory_differences(s->last, news->table);
    news->took_us = clock_now_us() - begun_us;
    inventory_reader_done(reader);
    free(reader);
}

/* With the lock. */
static void tell(struct inventory_source *s, struct inventory_news *news)
{
    if (news->table != NULL && s->last != NULL && news->changed == 0) {
        inventory_free(news->table);
        news->table = NULL;
        if (!s->has_failed)
            return;
    }
    s->has_failed = news->why.text[0] != '\0';
    if (news->table == NULL && s->has_news) {
        s->news.why = news->why;
        return;
    }
    drop_news(s);
    s->news = *news;
    s->has_news = true;
    if (news->table != NULL)
        s->last = news->table;
    free_given(s);
    (void)eventfd_write(s->first, 1);
    worker_call_owner(&s->crew);
}

/* With the lock. Whether the file has to be read now; else *ret_until_us says
 * when it is looked at again. */
static bool is_file_due(struct inventory_source *s,
                        const struct inventory_stamp *now,
                        uint64_t *ret_until_us)
{
    uint64_t now_us = clock_now_us();

    *ret_until_us = now_us + LOOK_US;
    if (inventory_stamp_is_same(now, &s->read)) {
        s->settles = 0;
        return false;
    }
    if (inventory_stamp_is_same(now, &s->changed) ||
        s->settles == SETTLES_MAX) {
        s->settles = 0;
        return true;
    }
    s->changed = *now;
    s->settles++;
    *ret_until_us = now_us + SETTLE_US;
    return false;
}

/* With the lock, which is released for the look. */
static void look_now(struct inventory_source *s)
{
    struct inventory_news news;
    unsigned settings = s->settings;

    atomic_store(&s->is_stopped, s->crew.is_ending);
    worker_unlock(&s->crew);
    look(s, &news);
    worker_lock(&s->crew);
    /* What was looked at may be another one by now. */
    if (settings == s->settings && !s->crew.is_ending)
        tell(s, &news);
    else
        inventory_free(news.table);
}

/* With the lock. What the loop has given back is in force no more. */
static void take_settings(struct inventory_source *s)
{
    const char *path = s->program != NULL ? s->program : s->file;

    free(s->path);
    s->path = path != NULL ? xstrdup(path) : NULL;
    s->is_program = s->program != NULL;
    memset(&s->read, 0, sizeof s->read);
    memset(&s->changed, 0, sizeof s->changed);
    s->settles = 0;
    for (int i = 0; i < GIVEN_MAX; i++) {
        if (s->given[i] != NULL && s->given[i] == s->last)
            s->last = NULL;
    }
    s->seen = s->settings;
}

/* With the lock, released for the look at the disk. Returns when to go on. */
static uint64_t work(struct inventory_source *s)
{
    struct inventory_stamp stamp;
    uint64_t until_us;
    bool wants_look = s->wants_look;

    s->wants_look = false;
    if (s->seen != s->settings)
        take_settings(s);
    if (s->path == NULL)
        return UINT64_MAX;
    if (s->is_program || wants_look) {
        look_now(s);
        return clock_now_us() + (s->is_program ? s->every_us : LOOK_US);
    }
    worker_unlock(&s->crew);
    stamp = inventory_stamp(s->path);
    worker_lock(&s->crew);
    if (is_file_due(s, &stamp, &until_us)) {
        look_now(s);
        /* So that a file that is not there is told once. */
        s->read = stamp;
    }
    return until_us;
}

static void inventory_source_run(void *arg)
{
    struct inventory_source *s = arg;

    while (!s->crew.is_ending) {
        uint64_t until_us = work(s);

        free_given(s);
        while (!s->crew.is_ending && !s->wants_look &&
               clock_now_us() < until_us) {
            bool goes_on = until_us == UINT64_MAX
                               ? worker_wait(&s->crew)
                               : worker_wait_until(&s->crew, until_us);

            free_given(s);
            if (!goes_on)
                break;
        }
    }
}

/* ---- the loop ------------------------------------------------------------ */

struct inventory_source *inventory_source_open(const uint64_t seed[2],
                                               void (*on_news)(void *owner),
                                               void *owner)
{
    struct inventory_source *s = xcalloc(1, sizeof *s);

    memcpy(s->seed, seed, sizeof s->seed);
    worker_crew_init(&s->crew, on_news, owner);
    s->wake = -1;
    s->first = -1;
    return s;
}

static int start(struct inventory_source *s)
{
    if (worker_is_running(&s->worker))
        return 0;
    if (s->wake < 0)
        s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake >= 0 && s->first < 0)
        s->first = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->first < 0)
        return -errno;
    return worker_start(&s->worker, &s->crew, inventory_source_run, s);
}

/* A thread that waits for a program. */
static void wake(const struct inventory_source *s)
{
    if (s->wake >= 0)
        (void)eventfd_write(s->wake, 1);
}

/* With the lock. The thread frees it. */
static void give_back(struct inventory_source *s, struct inventory *table)
{
    for (int i = 0; i < GIVEN_MAX && table != NULL; i++) {
        if (s->given[i] != NULL)
            continue;
        s->given[i] = table;
        table = NULL;
    }
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static char *copy(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

int inventory_source_set(struct inventory_source *s,
                         const struct inventory_source_settings *settings)
{
    int r = 0;

    worker_lock(&s->crew);
    if (!is_same(s->file, settings->file) ||
        !is_same(s->program, settings->program)) {
        s->settings++;
        /* News of the former one are nobody's any more. */
        give_back(s, s->has_news ? s->news.table : NULL);
        s->has_news = false;
        atomic_store(&s->is_stopped, true);
        wake(s);
    }
    free(s->file);
    free(s->program);
    s->file = copy(settings->file);
    s->program = copy(settings->program);
    s->every_us = settings->every_us;
    s->wants_look = true;
    if (settings->file != NULL || settings->program != NULL)
        r = start(s);
    worker_wake(&s->crew);
    worker_unlock(&s->crew);
    return r;
}

void inventory_source_wait(struct inventory_source *s, uint64_t wait_us)
{
    struct pollfd polled = { .fd = s->first, .events = POLLIN };

    if (s->first >= 0)
        (void)poll(&polled, 1, (int)(wait_us / US_PER_MS));
}

bool inventory_source_take(struct inventory_source *s,
                           struct inventory_news *ret)
{
    bool has_news;

    worker_lock(&s->crew);
    has_news = s->has_news;
    if (has_news)
        *ret = s->news;
    s->has_news = false;
    worker_unlock(&s->crew);
    return has_news;
}

/* The loop has one table, and one that is news: there is a place. */
void inventory_source_give_back(struct inventory_source *s,
                                struct inventory *table)
{
    if (table == NULL)
        return;
    worker_lock(&s->crew);
    give_back(s, table);
    worker_wake(&s->crew);
    worker_unlock(&s->crew);
}

void inventory_source_close(struct inventory_source *s, uint64_t wait_us)
{
    worker_lock(&s->crew);
    worker_ask_to_end(&s->crew);
    atomic_store(&s->is_stopped, true);
    worker_unlock(&s->crew);
    wake(s);
    (void)worker_crew_end(&s->crew, wait_us);
    /* A thread that hangs in the disk keeps all that it can reach. */
    if (!worker_crew_done(&s->crew))
        return;
    drop_news(s);
    for (int i = 0; i < GIVEN_MAX; i++)
        inventory_free(s->given[i]);
    free(s->file);
    free(s->program);
    free(s->path);
    if (s->wake >= 0)
        close(s->wake);
    if (s->first >= 0)
        close(s->first);
    free(s);
}

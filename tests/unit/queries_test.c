/*
 * Questions that block: who shares an answer, which lane is served, what there
 * is no room or no thread for, and a thread that hangs at the end.
 */
#include "net/queries.h"

#include "base/clock.h"
#include "base/mem.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 3, BEHIND = 1, ASKED_MAX = 6, LATE = 100 };

/* ---- the questions: numbers, from LATE on without an answer at first ----- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_released;
    int begun;
    int freed;
} server = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, 0 };

struct number {
    struct query query;
    int number;
    int answer;
};

static struct number *number_of(struct query *q)
{
    return CONTAINER_OF(q, struct number, query);
}

static bool is_same(const struct query *a, const struct query *b)
{
    return ((const struct number *)a)->number ==
           ((const struct number *)b)->number;
}

static void answer(struct query *q)
{
    struct number *n = number_of(q);

    pthread_mutex_lock(&server.lock);
    server.begun++;
    pthread_cond_broadcast(&server.changed);
    while (n->number >= LATE && !server.is_released)
        pthread_cond_wait(&server.changed, &server.lock);
    pthread_mutex_unlock(&server.lock);
    n->answer = -n->number;
}

static void free_number(struct query *q)
{
    server.freed++;
    free(number_of(q));
}

static void wait_until_begun(int count)
{
    pthread_mutex_lock(&server.lock);
    while (server.begun < count)
        pthread_cond_wait(&server.changed, &server.lock);
    pthread_mutex_unlock(&server.lock);
}

static int begun(void)
{
    int count;

    pthread_mutex_lock(&server.lock);
    count = server.begun;
    pthread_mutex_unlock(&server.lock);
    return count;
}

/* Never of this thread. */
static bool is_awake(const char *task)
{
    char path[sizeof "/proc/self/task//stat" + NAME_MAX];
    char stat[256] = "";
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%s/stat", task);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fgets(stat, sizeof stat, file) == NULL)
        stat[0] = '\0';
    fclose(file);
    /* The state is behind the name, which is in brackets. */
    return atoi(task) != gettid() && strstr(stat, ") S ") == NULL;
}

/* How many threads there are; and of the others, whether any is awake. */
static int look_at_threads(bool *ret_awake)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int count = 0;

    assert_non_null(tasks);
    *ret_awake = false;
    while ((task = readdir(tasks)) != NULL) {
        if (task->d_name[0] == '.')
            continue;
        count++;
        *ret_awake |= is_awake(task->d_name);
    }
    closedir(tasks);
    return count;
}

static int thread_count(void)
{
    bool are_awake;

    return look_at_threads(&are_awake);
}

static void wait_until_others_sleep(void)
{
    bool are_awake;

    do {
        sched_yield();
        (void)look_at_threads(&are_awake);
    } while (are_awake);
}

static void release(void)
{
    pthread_mutex_lock(&server.lock);
    server.is_released = true;
    pthread_cond_broadcast(&server.changed);
    pthread_mutex_unlock(&server.lock);
}

/* ---- threads that the system does not give ------------------------------- */

static atomic_bool has_no_threads;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*body)(void *), void *arg)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *found = dlsym(RTLD_NEXT, "pthread_create");

    if (has_no_threads)
        return EAGAIN;
    /* ISO C has no way from a pointer to a function. */
    memcpy(&next, &found, sizeof next);
    return next(thread, attributes, body, arg);
}

/* ---- who asks ------------------------------------------------------------ */

struct bench {
    struct loop *loop;
    struct queries *queries;
    struct deadline_queue limits; /* a test that hangs fails */
    struct deadline limit;
    struct query *kept; /* of the last answer, if is_keeping */
    bool is_keeping;
    int answers, awaited;
    int last;
};

struct caller {
    struct asker asker;
    struct bench *bench;
};

static void tell(struct asker *a, struct query *q)
{
    struct caller *c = CONTAINER_OF(a, struct caller, asker);
    struct bench *b = c->bench;

    free(c);
    b->last = number_of(q)->answer;
    if (++b->answers == b->awaited)
        loop_stop(b->loop);
}

static void on_told(void *owner, struct query *q)
{
    struct bench *b = owner;

    if (b->is_keeping)
        b->kept = q;
    else
        free_number(q);
}

static const struct queries_kind kind = {
    .lanes = 2,
    .threads_max = { THREADS, BEHIND },
    .asked_max = ASKED_MAX,
    .is_same = is_same,
    .answer = answer,
    .tell = tell,
    .on_told = on_told,
    .free = free_number,
};

static void too_late(struct deadline *d, void *owner)
{
    (void)d;
    (void)owner;
    fail_msg("no answer");
}

static int set_up(void **state)
{
    struct bench *b = xcalloc(1, sizeof *b);

    server.is_released = false;
    server.begun = server.freed = 0;
    assert_int_equal(loop_open(&b->loop), 0);
    assert_int_equal(queries_open(&b->queries, b->loop, &kind, b), 0);
    deadline_queue_open(&b->limits, 30 * 1000 * 1000, too_late, b);
    deadline_init(&b->limit);
    loop_watch(b->loop, &b->limits);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    release();
    queries_close(b->queries);
    deadline_queue_close(&b->limits);
    loop_close(b->loop);
    free(b);
    return 0;
}

static struct caller *new_caller(struct bench *b)
{
    struct caller *c = xcalloc(1, sizeof *c);

    c->bench = b;
    return c;
}

static int ask(struct bench *b, int number, unsigned lane,
               struct caller **ret_caller)
{
    struct number *n = xcalloc(1, sizeof *n);
    struct caller *c = new_caller(b);
    int r;

    n->number = number;
    query_init(&n->query, lane);
    r = queries_ask(b->queries, &n->query, &c->asker);
    if (r < 0)
        free(c);
    else if (ret_caller != NULL)
        *ret_caller = c;
    return r;
}

static void cancel(struct caller *c)
{
    queries_cancel(&c->asker);
    free(c);
}

static void wait_answers(struct bench *b, int count)
{
    b->awaited = b->answers + count;
    deadline_start(&b->limits, &b->limit, clock_now_us());
    loop_run(b->loop);
    deadline_stop(&b->limit);
    assert_int_equal(b->answers, b->awaited);
}

/* ---- what holds ---------------------------------------------------------- */

static void all_who_ask_at_a_time_share_a_query(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(b, LATE, 0, NULL), 0);
    assert_int_equal(server.freed, 2); /* queries that were not needed */
    release();
    wait_answers(b, 3);
    assert_int_equal(b->last, -LATE);
    assert_int_equal(begun(), 1);
    assert_int_equal(server.freed, 3);
}

/* An answer that waits for the loop is as good as one under way. */
static void who_asks_before_the_answer_is_told_shares_it(void **state)
{
    struct bench *b = *state;

    b->is_keeping = true;
    assert_int_equal(ask(b, 1, 0, NULL), 0);
    wait_answers(b, 1);
    queries_answer(b->queries, b->kept, &new_caller(b)->asker);
    b->is_keeping = false;
    assert_int_equal(ask(b, 1, 0, NULL), 0);
    assert_int_equal(b->answers, 1); /* in a later turn */
    wait_answers(b, 2);
    assert_int_equal(begun(), 1);
}

/* Threads for lane 1 are few; lane 0 has all others. */
static void a_lane_that_hangs_does_not_hold_up_those_before_it(void **state)
{
    struct bench *b = *state;
    struct caller *caller[3];

    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(b, LATE + i, 1, &caller[i]), 0);
    wait_until_begun(BEHIND);
    assert_int_equal(ask(b, 1, 0, NULL), 0);
    wait_answers(b, 1);
    assert_int_equal(begun(), BEHIND + 1);
    for (int i = 0; i < 3; i++)
        cancel(caller[i]);
}

static void a_query_changes_to_a_lane_that_is_before_its_own(void **state)
{
    struct bench *b = *state;
    struct caller *hangs;
    struct caller *waits;

    assert_int_equal(ask(b, LATE, 1, &hangs), 0);
    wait_until_begun(1);
    assert_int_equal(ask(b, 1, 1, &waits), 0);
    /* The other threads have looked for what they may do, and found nothing. */
    wait_until_others_sleep();
    assert_int_equal(ask(b, 1, 0, NULL), 0);
    wait_answers(b, 2);
    cancel(hangs);
}

static void a_query_without_askers_is_not_begun(void **state)
{
    struct bench *b = *state;
    struct caller *caller[ASKED_MAX];

    for (int i = 0; i < ASKED_MAX; i++)
        assert_int_equal(ask(b, LATE + i, 0, &caller[i]), 0);
    wait_until_begun(THREADS);
    assert_int_equal(ask(b, 1, 0, NULL), -EBUSY);
    for (int i = 0; i < ASKED_MAX; i++)
        cancel(caller[i]);
    assert_int_equal(server.freed, 1 + ASKED_MAX - THREADS);
    assert_int_equal(ask(b, 1, 0, NULL), 0);
    release();
    wait_answers(b, 1);
    assert_int_equal(begun(), THREADS + 1);
}

static void without_any_thread_nobody_waits(void **state)
{
    struct bench *b = *state;

    has_no_threads = true;
    assert_int_equal(ask(b, 1, 0, NULL), -EAGAIN);
    assert_int_equal(server.freed, 1);
    has_no_threads = false;
    assert_int_equal(ask(b, 1, 0, NULL), 0);
    wait_answers(b, 1);
}

/* The one thread that there is answers both. */
static void fewer_threads_are_enough(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ask(b, LATE, 0, NULL), 0);
    wait_until_begun(1);
    has_no_threads = true;
    assert_int_equal(ask(b, 2, 0, NULL), 0);
    has_no_threads = false;
    release();
    wait_answers(b, 2);
    assert_int_equal(b->last, -2);
}

/* ASan and valgrind see a thread that uses what was freed; and a leak, if
 * nothing knows of what a thread has kept that returns before the end. */
static void a_thread_that_hangs_is_left_behind(void **state)
{
    struct bench *b = *state;
    int before = thread_count();
    struct caller *c;

    assert_int_equal(ask(b, LATE, 0, &c), 0);
    wait_until_begun(1);
    cancel(c);
    queries_close(b->queries);
    b->queries = NULL;
    assert_int_equal(server.freed, 0);
    release();
    while (thread_count() > before)
        sched_yield();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_who_ask_at_a_time_share_a_query),
        TEST(who_asks_before_the_answer_is_told_shares_it),
        TEST(a_lane_that_hangs_does_not_hold_up_those_before_it),
        TEST(a_query_changes_to_a_lane_that_is_before_its_own),
        TEST(a_query_without_askers_is_not_begun),
        TEST(without_any_thread_nobody_waits),
        TEST(fewer_threads_are_enough),
        TEST(a_thread_that_hangs_is_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

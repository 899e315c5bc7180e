/*
 * Sessions that are judged some at a time: each once, whichever of them end, or
 * come, in between.
 */
#include "core/directory.h"
#include "session/session.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SESSIONS = 6 };

static struct directory directory;
static struct session_list all;
static struct session session[SESSIONS];
static unsigned judged[SESSIONS];

static bool session_judge_test_judge(struct session *s)
{
    judged[s - session]++;
    /* The second one ends with the first, and the last with itself. */
    if (s == &session[0])
        session_mark_ending(&all, &session[1]);
    if (s == &session[SESSIONS - 1])
        session_mark_ending(&all, s);
    return false;
}

static void session_judge_test_nothing(struct session *s)
{
    (void)s;
}

static const struct session_ops ops = {
    .judge = session_judge_test_judge,
    .end = session_judge_test_nothing,
    .free = session_judge_test_nothing,
};

static void each_session_is_judged_once(void **state)
{
    static const struct directory_settings settings = { .ring_max = 65536 };
    unsigned turns = 0;

    (void)state;
    directory_init(&directory, &settings);
    session_list_init(&all, &directory);
    assert_false(session_judge_some(&all, 1));
    session_judge_begin(&all);
    assert_false(session_judge_some(&all, 1));
    for (int i = 0; i < SESSIONS - 1; i++)
        session_start(&all, &session[i], &ops);
    session_judge_begin(&all);
    while (session_judge_some(&all, 1)) {
        /* What waits for its turn ends; what has had it, too. */
        if (++turns == 2) {
            session_mark_ending(&all, &session[3]);
            session_mark_ending(&all, &session[0]);
            (void)session_end_marked(&all);
            session_free_ended(&all);
            session_start(&all, &session[5], &ops);
        }
    }
    assert_int_equal(judged[0], 1);
    assert_int_equal(judged[1], 0);
    assert_int_equal(judged[2], 1);
    assert_int_equal(judged[3], 0);
    assert_int_equal(judged[4], 1);
    assert_int_equal(judged[5], 1);
    assert_false(session_judge_some(&all, 10));
    (void)session_end_marked(&all);
    session_free_ended(&all);
    directory_done(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_session_is_judged_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

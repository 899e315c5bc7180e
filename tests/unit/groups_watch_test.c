/*
 * Groups that change under open sessions. The name service is played here.
 */
#include "auth/groups_watch.h"

#include "base/clock.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 40, STAFF = 7, WHEEL = 8, LIMIT_US = 30 * 1000 * 1000 };

/* ---- the name service: "p0", "p1", ... ------------------------------------
 */

static struct {
    atomic_int asked;
    atomic_bool is_failing;
    atomic_bool has_wheel[PEOPLE]; /* of each person, besides staff */
    atomic_bool is_gone[PEOPLE];   /* there is no such account */
} service;

static int person_of(const char *name)
{
    return atoi(name + 1);
}

int getpwnam_r(const char *name, struct passwd *entry, char *bytes, size_t size,
               struct passwd **ret)
{
    service.asked++;
    *ret = NULL;
    if (service.is_failing)
        return EIO;
    if (service.is_gone[person_of(name)])
        return 0;
    snprintf(bytes, size, "%s", name);
    *entry = (struct passwd){ .pw_name = bytes, .pw_uid = 1, .pw_gid = STAFF };
    *ret = entry;
    return 0;
}

int getgrouplist(const char *user, gid_t own, gid_t *groups, int *count)
{
    *count = service.has_wheel[person_of(user)] ? 2 : 1;
    groups[0] = own;
    groups[1] = WHEEL;
    return *count;
}

int getgrgid_r(gid_t gid, struct group *entry, char *bytes, size_t size,
               struct group **ret)
{
    snprintf(bytes, size, "%s", gid == WHEEL ? "wheel" : "staff");
    *entry = (struct group){ .gr_name = bytes, .gr_gid = gid };
    *ret = entry;
    return 0;
}

/* ---- sessions ----------------------------------------------------------- */

struct session {
    struct principal who;
    struct groups_watched watched;
    int changes;
    bool leaves; /* at its next change */
};

struct bench {
    struct loop *loop;
    struct groups *groups;
    struct groups_watch watch;
    struct deadline_queue looks; /* is the round over */
    struct deadline look;
    uint64_t late_us;
    struct session session[2 * PEOPLE];
};

/* The pause begins when a round is over. */
static void bench_look(struct deadline *d, void *owner)
{
    struct bench *b = owner;

    if (clock_now_us() > b->late_us)
        fail_msg("the round is never over");
    if (b->watch.lookup != NULL)
        deadline_start(&b->looks, d, clock_now_us());
    else
        loop_stop(b->loop);
}

static void round_of(struct bench *b)
{
    b->late_us = clock_now_us() + LIMIT_US;
    groups_forget(b->groups);
    groups_watch_begin(&b->watch);
    deadline_start(&b->looks, &b->look, clock_now_us());
    loop_run(b->loop);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    memset(&service, 0, sizeof service);
    assert_int_equal(loop_open(&b->loop), 0);
    assert_int_equal(groups_open(&b->groups, b->loop, 1000), 0);
    groups_watch_open(&b->watch, b->loop, b->groups);
    deadline_queue_open(&b->looks, 1000, bench_look, b);
    deadline_init(&b->look);
    loop_watch(b->loop, &b->looks);
    for (int i = 0; i < 2 * PEOPLE; i++)
        groups_watched_init(&b->session[i].watched);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 2 * PEOPLE; i++) {
        groups_watch_remove(&b->session[i].watched);
        principal_done(&b->session[i].who);
    }
    groups_watch_close(&b->watch);
    groups_close(b->groups);
    deadline_queue_close(&b->looks);
    loop_close(b->loop);
    free(b);
    return 0;
}

static void session_changed(void *owner)
{
    struct session *s = owner;

    s->changes++;
    if (s->leaves)
        groups_watch_remove(&s->watched);
}

static struct session *add(struct bench *b, int number, int person,
                           bool is_token)
{
    struct session *s = &b->session[number];
    char *staff = (char *)"staff";
    char name[16];

    snprintf(name, sizeof name, "p%d", person);
    assert_true(principal_prove(&s->who, is_token ? PROOF_TOKEN : PROOF_UID,
                                is_token ? "ci" : name));
    if (is_token) {
        s->who.owner = calloc(1, sizeof *s->who.owner);
        assert_true(principal_prove(s->who.owner, PROOF_UID, name));
    }
    principal_set_groups(is_token ? s->who.owner : &s->who, &staff, 1);
    groups_watch_add(&b->watch, &s->watched, &s->who, session_changed, s);
    return s;
}

static void changes_are_told_to_all_of_the_person(void **state)
{
    struct bench *b = *state;
    struct session *first = add(b, 0, 1, false);
    struct session *other = add(b, 1, 2, false);
    struct session *second = add(b, 2, 1, false);
    struct session *token = add(b, 3, 1, true);

    round_of(b);
    assert_int_equal(service.asked, 2);
    assert_int_equal(first->changes + second->changes + token->changes, 0);
    service.has_wheel[1] = true;
    round_of(b);
    assert_int_equal(service.asked, 4);
    assert_int_equal(first->changes, 1);
    assert_int_equal(second->changes, 1);
    assert_int_equal(token->changes, 1);
    assert_int_equal(other->changes, 0);
    assert_true(principal_has_group(&first->who, "wheel"));
    assert_true(principal_has_group(token->who.owner, "wheel"));
    assert_false(principal_has_group(&other->who, "wheel"));
    service.has_wheel[1] = false;
    round_of(b);
    assert_int_equal(second->changes, 2);
    assert_false(principal_has_group(&second->who, "wheel"));
}

static void a_round_asks_for_everybody(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 2 * PEOPLE; i++)
        add(b, i, i % PEOPLE, false);
    for (int i = 0; i < PEOPLE; i++)
        service.has_wheel[i] = true;
    round_of(b);
    assert_int_equal(service.asked, PEOPLE);
    for (int i = 0; i < 2 * PEOPLE; i++)
        assert_int_equal(b->session[i].changes, 1);
}

static void one_that_leaves_at_its_change_ends_no_round(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 6; i++) {
        add(b, i, i % 2, false)->leaves = i != 4;
        service.has_wheel[i % 2] = true;
    }
    round_of(b);
    for (int i = 0; i < 6; i++)
        assert_int_equal(b->session[i].changes, 1);
    service.has_wheel[0] = false;
    round_of(b);
    for (int i = 0; i < 6; i++)
        assert_int_equal(b->session[i].changes, i == 4 ? 2 : 1);
}

static void a_failing_name_service_takes_nothing_away(void **state)
{
    struct bench *b = *state;
    struct session *s = add(b, 0, 1, false);

    service.is_failing = true;
    round_of(b);
    assert_int_equal(service.asked, 1);
    assert_int_equal(s->changes, 0);
    assert_true(principal_has_group(&s->who, "staff"));
}

static void a_token_whose_owner_is_gone_is_told_once(void **state)
{
    struct bench *b = *state;
    struct session *token = add(b, 0, 1, true);

    service.is_gone[1] = true;
    round_of(b);
    assert_int_equal(token->changes, 1);
    assert_null(token->who.owner);
    round_of(b);
    assert_int_equal(service.asked, 1);
    assert_int_equal(token->changes, 1);
}

static void rounds_come_by_themselves_while_anybody_is_watched(void **state)
{
    struct bench *b = *state;
    struct session *s = &b->session[0];
    uint64_t due_us;

    assert_false(deadline_is_running(&b->watch.pause));
    add(b, 0, 1, false);
    assert_true(deadline_is_running(&b->watch.pause));
    due_us = b->watch.pause.due_us;
    deadline_queue_fire(&b->watch.pauses, due_us - 1);
    assert_null(b->watch.lookup);
    deadline_queue_fire(&b->watch.pauses, due_us);
    assert_non_null(b->watch.lookup);
    round_of(b); /* begins no other one */
    assert_int_equal(service.asked, 1);
    assert_true(deadline_is_running(&b->watch.pause));
    groups_watch_remove(&s->watched);
    deadline_queue_fire(&b->watch.pauses, b->watch.pause.due_us);
    assert_false(deadline_is_running(&b->watch.pause));
    assert_null(b->watch.lookup);
}

static void who_has_no_account_is_not_watched(void **state)
{
    struct bench *b = *state;
    struct session *s = &b->session[0];

    groups_watch_add(&b->watch, &s->watched, &s->who, session_changed, s);
    assert_true(list_is_empty(&b->watch.watched));
    assert_true(principal_prove(&s->who, PROOF_CERTIFICATE, "p1"));
    groups_watch_add(&b->watch, &s->watched, &s->who, session_changed, s);
    assert_true(list_is_empty(&b->watch.watched));
    assert_false(deadline_is_running(&b->watch.pause));
}

int main(void)
{
#define WITH_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        WITH_BENCH(changes_are_told_to_all_of_the_person),
        WITH_BENCH(a_round_asks_for_everybody),
        WITH_BENCH(one_that_leaves_at_its_change_ends_no_round),
        WITH_BENCH(a_failing_name_service_takes_nothing_away),
        WITH_BENCH(a_token_whose_owner_is_gone_is_told_once),
        WITH_BENCH(rounds_come_by_themselves_while_anybody_is_watched),
        WITH_BENCH(who_has_no_account_is_not_watched),
    };

    return cmocka_run_group_tests_name("groups_watch", tests, NULL, NULL);
}

/*
 * Accounts and their groups: what is asked, shared, kept and given up, and what
 * a principal gets of it. The name service is played here.
 */
#include "auth/groups.h"

#include "auth/peer_uid.h"
#include "base/clock.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ALICE = 1001, KEEPER = 1002, MANY_GROUPS = 3000, FIRST_OF_MANY = 5000 };

/* ---- the name service -----------------------------------------------------
 */

/* Accounts that begin with "dead" are answered when is_released is set. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_released;
    int asked; /* accounts, in all */
} service = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 };

static void note_question(bool is_dead)
{
    pthread_mutex_lock(&service.lock);
    service.asked++;
    pthread_cond_broadcast(&service.changed);
    while (is_dead && !service.is_released)
        pthread_cond_wait(&service.changed, &service.lock);
    pthread_mutex_unlock(&service.lock);
}

static void release(void)
{
    pthread_mutex_lock(&service.lock);
    service.is_released = true;
    pthread_cond_broadcast(&service.changed);
    pthread_mutex_unlock(&service.lock);
}

static void wait_until_asked(int count)
{
    pthread_mutex_lock(&service.lock);
    while (service.asked < count)
        pthread_cond_wait(&service.changed, &service.lock);
    pthread_mutex_unlock(&service.lock);
}

static int asked(void)
{
    int count;

    pthread_mutex_lock(&service.lock);
    count = service.asked;
    pthread_mutex_unlock(&service.lock);
    return count;
}

static int give_account(const char *name, uid_t uid, struct passwd *entry,
                        char *bytes, size_t size, struct passwd **ret)
{
    *ret = NULL;
    if (size < 10000) /* the first buffer is too small */
        return ERANGE;
    snprintf(bytes, size, "%s", name);
    *entry = (struct passwd){ .pw_name = bytes, .pw_uid = uid, .pw_gid = 1 };
    *ret = entry;
    return 0;
}

int getpwnam_r(const char *name, struct passwd *entry, char *bytes, size_t size,
               struct passwd **ret)
{
    if (size < 10000)
        return ERANGE;
    note_question(strncmp(name, "dead", 4) == 0);
    *ret = NULL;
    if (strcmp(name, "nobody-here") == 0)
        return 0;
    if (strcmp(name, "broken") == 0)
        return EIO;
    return give_account(name,
                        strcmp(name, "root") == 0     ? 0
                        : strcmp(name, "keeper") == 0 ? KEEPER
                                                      : ALICE,
                        entry, bytes, size, ret);
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *bytes, size_t size,
               struct passwd **ret)
{
    if (size < 10000)
        return ERANGE;
    note_question(false);
    *ret = NULL;
    if (uid != ALICE)
        return ENOENT;
    return give_account("alice", uid, entry, bytes, size, ret);
}

/* "many" is in more groups than there is room for at first, and than count. */
int getgrouplist(const char *user, gid_t own, gid_t *groups, int *count)
{
    int have = strcmp(user, "many") == 0 ? MANY_GROUPS : 3;
    int room = *count;

    *count = have;
    if (room < have)
        return -1;
    groups[0] = own;
    for (int i = 1; i < have; i++)
        groups[i] = have == 3 ? (gid_t)i + 1 : (gid_t)(FIRST_OF_MANY + i);
    return have;
}

/* 1 staff, 2 wheel, 3 has no name; a large group needs a larger buffer. */
int getgrgid_r(gid_t gid, struct group *entry, char *bytes, size_t size,
               struct group **ret)
{
    *ret = NULL;
    if (gid == 2 && size < 100000)
        return ERANGE;
    if (gid == 3)
        return 0;
    if (gid >= FIRST_OF_MANY)
        snprintf(bytes, size, "g%u", (unsigned)gid);
    else
        snprintf(bytes, size, "%s", gid == 1 ? "staff" : "wheel");
    *entry = (struct group){ .gr_name = bytes, .gr_gid = gid };
    *ret = entry;
    return 0;
}

/* ---- who asks ----------------------------------------------------------- */

struct bench {
    struct loop *loop;
    struct groups *groups;
    struct deadline_queue limits; /* a test that hangs fails */
    struct deadline limit;
    struct principal p;
    int answers;
    int awaited;
    enum groups_outcome outcome;
    char name[64];
    char group[2][16];
    size_t count;
    bool has_changed;
    struct err err;
};

static void too_late(struct deadline *d, void *owner)
{
    (void)d;
    (void)owner;
    fail_msg("no answer");
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    service.is_released = false;
    service.asked = 0;
    assert_int_equal(loop_open(&b->loop), 0);
    assert_int_equal(groups_open(&b->groups, b->loop, KEEPER), 0);
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
    groups_close(b->groups);
    deadline_queue_close(&b->limits);
    loop_close(b->loop);
    principal_done(&b->p);
    free(b);
    return 0;
}

static void on_answer(void *owner, const struct groups_answer *answer)
{
    struct bench *b = owner;

    b->outcome = answer->outcome;
    snprintf(b->name, sizeof b->name, "%s",
             answer->name != NULL ? answer->name : "");
    b->count = answer->count;
    for (size_t i = 0; i < 2 && i < answer->count; i++)
        snprintf(b->group[i], sizeof b->group[i], "%s", answer->group[i]);
    b->has_changed = groups_give(b->groups, answer, &b->p);
    b->answers++;
    if (b->answers == b->awaited)
        loop_stop(b->loop);
}

static void must_not_be_called(void *owner, const struct groups_answer *answer)
{
    (void)owner;
    (void)answer;
    fail_msg("a lookup that was cancelled is answered");
}

static struct groups_lookup *ask(struct bench *b, const char *name)
{
    return groups_ask_name(b->groups, name, on_answer, b, &b->err);
}

static void wait_answers(struct bench *b, int count)
{
    b->awaited = b->answers + count;
    deadline_start(&b->limits, &b->limit, clock_now_us());
    loop_run(b->loop);
    deadline_stop(&b->limit);
    assert_int_equal(b->answers, b->awaited);
}

static void an_account_has_its_groups(void **state)
{
    struct bench *b = *state;

    assert_non_null(ask(b, "alice"));
    assert_int_equal(b->answers, 0);
    wait_answers(b, 1);
    assert_int_equal(b->outcome, GROUPS_FOUND);
    assert_string_equal(b->name, "alice");
    assert_int_equal(b->count, 2);
    assert_string_equal(b->group[0], "staff");
    assert_string_equal(b->group[1], "wheel");
}

static void an_account_of_many_groups_has_as_many_as_fit(void **state)
{
    struct bench *b = *state;

    assert_non_null(ask(b, "many"));
    wait_answers(b, 1);
    assert_int_equal(b->outcome, GROUPS_FOUND);
    assert_int_equal(b->count, PRINCIPAL_GROUPS_MAX);
}

static void an_answer_is_kept_and_comes_in_a_later_turn(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 3; i++) {
        assert_non_null(ask(b, "alice"));
        assert_int_equal(b->answers, i);
        wait_answers(b, 1);
        assert_int_equal(b->count, 2);
        assert_non_null(ask(b, "nobody-here"));
        wait_answers(b, 1);
        assert_int_equal(b->outcome, GROUPS_NO_ACCOUNT);
        b->answers = i + 1;
    }
    assert_int_equal(asked(), 2);
}

static void a_failure_is_not_kept(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 2; i++) {
        assert_non_null(ask(b, "broken"));
        wait_answers(b, 1);
        assert_int_equal(b->outcome, GROUPS_FAILED);
    }
    assert_int_equal(asked(), 2);
}

static void all_who_ask_share_a_lookup(void **state)
{
    struct bench *b = *state;
    struct groups_lookup *given_up;

    assert_non_null(ask(b, "dead"));
    given_up =
        groups_ask_name(b->groups, "dead", must_not_be_called, b, &b->err);
    assert_non_null(given_up);
    wait_until_asked(1);
    assert_non_null(ask(b, "dead"));
    groups_cancel(given_up);
    release();
    wait_answers(b, 2);
    assert_int_equal(asked(), 1);
}

/* The other threads are there for the others. */
static void one_that_hangs_holds_up_nobody_else(void **state)
{
    struct bench *b = *state;
    struct groups_lookup *dead =
        groups_ask_name(b->groups, "dead", must_not_be_called, b, &b->err);

    assert_non_null(dead);
    wait_until_asked(1);
    assert_non_null(ask(b, "alice"));
    wait_answers(b, 1);
    assert_string_equal(b->name, "alice");
    groups_cancel(dead);
}

static void too_many_are_refused_and_giving_up_makes_room(void **state)
{
    struct bench *b = *state;
    struct groups_lookup *lookup[GROUPS_WAITING_MAX];
    char name[16];

    for (int i = 0; i < GROUPS_WAITING_MAX; i++) {
        snprintf(name, sizeof name, "dead%d", i);
        lookup[i] =
            groups_ask_name(b->groups, name, must_not_be_called, b, &b->err);
        assert_non_null(lookup[i]);
    }
    assert_null(ask(b, "alice"));
    assert_string_equal(b->err.text, "too many accounts are looked up");
    wait_until_asked(GROUPS_THREADS_MAX);
    for (int i = 0; i < GROUPS_WAITING_MAX; i++)
        groups_cancel(lookup[i]);
    assert_non_null(ask(b, "alice"));
    release();
    wait_answers(b, 1);
    assert_int_equal(asked(), GROUPS_THREADS_MAX + 1);
}

static void a_name_that_is_too_long_is_not_asked_for(void **state)
{
    struct bench *b = *state;
    char name[PRINCIPAL_NAME_MAX + 1];

    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_null(ask(b, name));
}

/* ---- principals --------------------------------------------------------- */

static struct principal token_of(const char *owner)
{
    struct principal p = principal_of_address(false, (struct ip){ 0 });

    assert_true(principal_prove(&p, PROOF_TOKEN, "ci"));
    p.owner = calloc(1, sizeof *p.owner);
    assert_true(principal_prove(p.owner, PROOF_UID, owner));
    return p;
}

static struct principal person_of(const char *name)
{
    struct principal p = principal_of_address(false, (struct ip){ 0 });

    assert_true(principal_prove(&p, PROOF_PASSWORD, name));
    return p;
}

static void only_accounts_are_asked_for(void **state)
{
    struct bench *b = *state;
    struct principal token = token_of("alice");

    b->p = principal_of_address(false, (struct ip){ 0 });
    assert_null(groups_person(&b->p));
    assert_true(principal_prove(&b->p, PROOF_CERTIFICATE, "alice"));
    assert_null(groups_person(&b->p));
    assert_true(principal_prove(&b->p, PROOF_PROXY, "alice"));
    assert_null(groups_person(&b->p));
    assert_true(principal_prove(&b->p, PROOF_PASSWORD, "alice"));
    assert_ptr_equal(groups_person(&b->p), &b->p);
    assert_ptr_equal(groups_person(&token), token.owner);
    principal_done(&token);
}

static void a_person_gets_the_groups_and_changes_are_noticed(void **state)
{
    struct bench *b = *state;

    b->p = person_of("alice");
    assert_non_null(ask(b, "alice"));
    wait_answers(b, 1);
    assert_true(b->has_changed);
    assert_true(principal_has_group(&b->p, "wheel"));
    assert_false(b->p.is_keeper);
    assert_non_null(ask(b, "alice"));
    wait_answers(b, 1);
    assert_false(b->has_changed);
    /* The name service that fails takes nothing away. */
    assert_non_null(ask(b, "broken"));
    wait_answers(b, 1);
    assert_false(b->has_changed);
    assert_non_null(ask(b, "nobody-here"));
    wait_answers(b, 1);
    assert_true(b->has_changed);
    assert_int_equal(b->p.group_count, 0);
    assert_string_equal(b->p.name, "alice");
}

static void root_and_our_own_user_are_keepers(void **state)
{
    struct bench *b = *state;

    b->p = person_of("root");
    assert_non_null(ask(b, "root"));
    wait_answers(b, 1);
    assert_true(b->p.is_keeper);
    principal_done(&b->p);
    b->p = token_of("keeper");
    assert_non_null(ask(b, "keeper"));
    wait_answers(b, 1);
    assert_true(b->p.owner->is_keeper);
    assert_false(b->p.is_keeper);
    assert_true(principal_has_group(b->p.owner, "staff"));
}

static void a_token_ends_with_its_owners_account(void **state)
{
    struct bench *b = *state;

    b->p = token_of("nobody-here");
    assert_non_null(ask(b, "nobody-here"));
    wait_answers(b, 1);
    assert_true(b->has_changed);
    assert_null(b->p.owner);
    assert_null(groups_person(&b->p));
}

static void on_peer(void *owner, const struct groups_answer *answer)
{
    struct bench *b = owner;

    principal_done(&b->p);
    b->p = peer_uid_principal(b->groups, answer->uid, answer);
    if (++b->answers == b->awaited)
        loop_stop(b->loop);
}

static void the_peer_of_a_unix_socket_is_its_uid(void **state)
{
    struct bench *b = *state;

    assert_non_null(groups_ask_uid(b->groups, ALICE, on_peer, b, &b->err));
    wait_answers(b, 1);
    assert_int_equal(b->p.proof, PROOF_UID);
    assert_string_equal(b->p.name, "alice");
    assert_true(b->p.is_local);
    assert_false(b->p.is_keeper);
    assert_true(principal_has_group(&b->p, "wheel"));
    assert_non_null(groups_ask_uid(b->groups, 77, on_peer, b, &b->err));
    wait_answers(b, 1);
    assert_string_equal(b->p.name, "uid:77");
    assert_int_equal(b->p.group_count, 0);
    assert_false(b->p.is_keeper);
    /* In a container, our own user may have no account. */
    assert_non_null(groups_ask_uid(b->groups, KEEPER, on_peer, b, &b->err));
    wait_answers(b, 1);
    assert_string_equal(b->p.name, "uid:1002");
    assert_true(b->p.is_keeper);
}

int main(void)
{
#define WITH_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        WITH_BENCH(an_account_has_its_groups),
        WITH_BENCH(an_account_of_many_groups_has_as_many_as_fit),
        WITH_BENCH(an_answer_is_kept_and_comes_in_a_later_turn),
        WITH_BENCH(a_failure_is_not_kept),
        WITH_BENCH(all_who_ask_share_a_lookup),
        WITH_BENCH(one_that_hangs_holds_up_nobody_else),
        WITH_BENCH(too_many_are_refused_and_giving_up_makes_room),
        WITH_BENCH(a_name_that_is_too_long_is_not_asked_for),
        WITH_BENCH(only_accounts_are_asked_for),
        WITH_BENCH(a_person_gets_the_groups_and_changes_are_noticed),
        WITH_BENCH(root_and_our_own_user_are_keepers),
        WITH_BENCH(a_token_ends_with_its_owners_account),
        WITH_BENCH(the_peer_of_a_unix_socket_is_its_uid),
    };

    return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}

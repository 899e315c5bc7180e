/* Who may come in, how often, and who has to go of the newcomers. */
#include "access/admission.h"
#include "access/newcomers.h"
#include "access/places.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SECOND_US = 1000 * 1000 };

/* Any time but the start of the clock. */
static const uint64_t now_us = 77u * SECOND_US;

static struct ip ipv4(uint32_t number)
{
    uint8_t bytes[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                         (uint8_t)(number >> 8), (uint8_t)number };

    return ip_from_ipv4(bytes);
}

static struct ip ipv6(uint64_t site, uint64_t host)
{
    return (struct ip){ 0x20010db800000000 | site, host };
}

/* ---- rates ------------------------------------------------------------ */

static int take_all(struct rates *r, uint64_t key, const struct rate *rate,
                    uint64_t at_us)
{
    int taken = 0;

    while (taken < 100000 && rates_take(r, key, rate, at_us))
        taken++;
    return taken;
}

static void a_burst_and_then_the_rate(void **state)
{
    struct rate rate = rate_per_second(10, 5);
    struct rates r;

    (void)state;
    rates_init(&r, 16);
    assert_int_equal(take_all(&r, 1, &rate, now_us), 5);
    assert_int_equal(take_all(&r, 1, &rate, now_us + 99999), 0);
    assert_int_equal(take_all(&r, 1, &rate, now_us + 100000), 1);
    assert_int_equal(take_all(&r, 1, &rate, now_us + 300000), 2);
    assert_int_equal(take_all(&r, 1, &rate, now_us + 3600u * SECOND_US), 5);
    /* Another one. */
    assert_int_equal(take_all(&r, 2, &rate, now_us), 5);
    rates_done(&r);
}

static void no_limit(void **state)
{
    struct rate rate = rate_per_second(0, 1);
    struct rates r;

    (void)state;
    rates_init(&r, 1);
    assert_int_equal(take_all(&r, 1, &rate, now_us), 100000);
    rates_done(&r);
}

static void rates_at_their_ends(void **state)
{
    struct rate slow = rate_per_second(1, 1000000);
    struct rate fast = rate_per_second(1000000, 1);
    struct rates r;

    (void)state;
    rates_init(&r, 1);
    for (int i = 0; i < 1000000; i++)
        assert_true(rates_take(&r, 1, &slow, 0));
    assert_false(rates_take(&r, 1, &slow, 0));
    assert_true(rates_take(&r, 1, &slow, SECOND_US));
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(rates_take(&r, 2, &fast, now_us + i));
        assert_false(rates_take(&r, 2, &fast, now_us + i));
    }
    rates_done(&r);
}

/* Nobody waits longer than for its burst. */
static void a_clock_that_goes_back(void **state)
{
    struct rate rate = rate_per_second(10, 5);
    struct rates r;

    (void)state;
    rates_init(&r, 16);
    assert_int_equal(take_all(&r, 1, &rate, now_us), 5);
    assert_int_equal(take_all(&r, 1, &rate, 0), 0);
    assert_true(rates_take(&r, 3, &rate, now_us));
    assert_int_equal(take_all(&r, 3, &rate, 0), 0);
    /* Taken back then: it is as if the burst had just been emptied. */
    assert_int_equal(take_all(&r, 1, &rate, now_us + 500000), 5);
    rates_done(&r);
}

static void a_rate_that_changes(void **state)
{
    struct rate before = rate_per_second(1, 1000);
    struct rate after = rate_per_second(10, 5);
    struct rates r;

    (void)state;
    rates_init(&r, 16);
    assert_int_equal(take_all(&r, 1, &before, now_us), 1000);
    assert_int_equal(take_all(&r, 1, &after, now_us), 0);
    assert_int_equal(take_all(&r, 1, &after, now_us + 1000u * SECOND_US), 5);
    rates_done(&r);
}

/* Ever more addresses cost nobody anything that stays within its rate, and
 * those that come too often are not let in by it either. */
static void a_table_that_is_full(void **state)
{
    struct rate rate = rate_per_second(1, 10);
    struct rates r;
    uint64_t random = 88172645463325252;
    int heavy = 0;

    (void)state;
    rates_init(&r, 64);
    heavy += take_all(&r, 5, &rate, now_us);
    for (int i = 0; i < 100000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        assert_true(rates_take(&r, random, &rate, now_us));
        if (i % 100 == 0)
            heavy += take_all(&r, 5, &rate, now_us);
    }
    assert_int_equal(heavy, 10);
    rates_done(&r);
}

/* ---- admission -------------------------------------------------------- */

struct setup {
    struct network networks[2];
    struct admission_settings settings;
    struct admission admission;
};

static void set_up(struct setup *t)
{
    *t = (struct setup){ .settings = { .seed = { 1, 2 } } };
    admission_init(&t->admission, &t->settings);
}

static enum admission_verdict judge(struct setup *t, struct ip ip)
{
    return admission_judge(&t->admission, ADMISSION_CLIENT, ip, now_us);
}

static void everybody_by_default(void **state)
{
    struct setup t;

    (void)state;
    set_up(&t);
    assert_int_equal(judge(&t, ipv4(1)), ADMITTED);
    assert_int_equal(judge(&t, ipv6(1, 1)), ADMITTED);
    admission_done(&t.admission);
}

static void only_from_the_networks(void **state)
{
    struct admission_rules *rules;
    struct setup t;
    struct err err;

    (void)state;
    set_up(&t);
    rules = &t.settings.rules[ADMISSION_CLIENT];
    assert_int_equal(network_parse("10.0.0.0/8", &t.networks[0], &err), 0);
    assert_int_equal(network_parse("2001:db8::/64", &t.networks[1], &err), 0);
    rules->allowed = (struct network_list){ t.networks, 2 };
    rules->rate = rate_per_second(1, 1);
    admission_set(&t.admission, &t.settings);
    assert_int_equal(judge(&t, ipv4(0x0a010203)), ADMITTED);
    assert_int_equal(judge(&t, ipv6(0, 9)), ADMITTED);
    for (int i = 0; i < 3; i++)
        assert_int_equal(judge(&t, ipv4(0x0b010203)), ADMISSION_NOT_ALLOWED);
    assert_int_equal(judge(&t, ipv6(1, 9)), ADMISSION_NOT_ALLOWED);
    /* The other side has its own. */
    assert_int_equal(
        admission_judge(&t.admission, ADMISSION_VM, ipv6(1, 9), now_us),
        ADMITTED);
    assert_int_equal(
        t.admission.counts[ADMISSION_CLIENT][ADMISSION_NOT_ALLOWED], 4);
    assert_int_equal(t.admission.counts[ADMISSION_VM][ADMISSION_NOT_ALLOWED],
                     0);
    admission_done(&t.admission);
}

static void an_address_that_comes_too_often(void **state)
{
    struct setup t;

    (void)state;
    set_up(&t);
    t.settings.rules[ADMISSION_CLIENT].rate = rate_per_second(1, 3);
    admission_set(&t.admission, &t.settings);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(judge(&t, ipv6(7, i)), ADMITTED);
    /* Of a /64 all are one. */
    assert_int_equal(judge(&t, ipv6(7, 3)), ADMISSION_TOO_OFTEN);
    assert_int_equal(judge(&t, ipv6(8, 3)), ADMITTED);
    assert_int_equal(judge(&t, ipv4(7)), ADMITTED);
    admission_done(&t.admission);
}

static void new_consoles_have_a_rate_of_their_own(void **state)
{
    struct setup t;

    (void)state;
    set_up(&t);
    t.settings.new_consoles = rate_per_second(10, 3);
    t.settings.rules[ADMISSION_VM].rate = rate_per_second(1, 1);
    admission_set(&t.admission, &t.settings);
    for (uint64_t i = 0; i < 3; i++)
        assert_true(admission_admits_console(&t.admission, ipv6(7, i), now_us));
    assert_false(admission_admits_console(&t.admission, ipv6(7, 9), now_us));
    assert_int_equal(t.admission.refused_consoles, 1);
    assert_true(admission_admits_console(&t.admission, ipv4(7), now_us));
    assert_int_equal(
        admission_judge(&t.admission, ADMISSION_VM, ipv6(7, 0), now_us),
        ADMITTED);
    assert_true(admission_admits_console(&t.admission, ipv6(7, 9),
                                         now_us + SECOND_US / 10));
    admission_done(&t.admission);
}

/* ---- places ------------------------------------------------------------- */

enum { PLACES = 8 };

struct seats {
    struct places places;
    struct site_member m[PLACES];
    uint32_t taken;
};

static void seats_open(struct seats *t, struct places_limits limits)
{
    static const uint64_t seed[2] = { 1, 2 };

    *t = (struct seats){ 0 };
    places_init(&t->places, seed);
    t->places.limits = limits;
}

static void seats_close(struct seats *t)
{
    for (int i = 0; i < PLACES; i++)
        places_leave(&t->places, &t->m[i]);
    places_done(&t->places);
}

static enum admission_verdict sit(struct seats *t, struct ip ip, bool has_proof)
{
    enum admission_verdict verdict =
        places_take(&t->places, &t->m[t->taken], &ip, t->taken, has_proof);

    t->taken += verdict == ADMITTED;
    return verdict;
}

static void too_many_in_all(void **state)
{
    struct seats t;

    (void)state;
    seats_open(&t, (struct places_limits){ .all = 3 });
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(sit(&t, ipv4(i), i == 0), ADMITTED);
    assert_int_equal(sit(&t, ipv4(9), false), ADMISSION_TOO_MANY);
    assert_int_equal(sit(&t, ipv4(9), true), ADMISSION_TOO_MANY);
    seats_close(&t);
}

/* The last ones; whoever has proof may have any. */
static void some_are_kept_for_proof(void **state)
{
    struct seats t;

    (void)state;
    seats_open(&t, (struct places_limits){ .all = 4, .reserve = 2 });
    assert_int_equal(sit(&t, ipv4(1), false), ADMITTED);
    assert_int_equal(sit(&t, ipv4(2), true), ADMITTED);
    assert_int_equal(sit(&t, ipv4(3), false), ADMISSION_RESERVED);
    assert_int_equal(sit(&t, ipv4(3), true), ADMITTED);
    assert_int_equal(sit(&t, ipv4(3), true), ADMITTED);
    assert_int_equal(sit(&t, ipv4(3), true), ADMISSION_TOO_MANY);
    seats_close(&t);
    /* More than there are: nobody else gets any. */
    seats_open(&t, (struct places_limits){ .all = 1, .reserve = 2 });
    assert_int_equal(sit(&t, ipv4(1), false), ADMISSION_RESERVED);
    assert_int_equal(sit(&t, ipv4(1), true), ADMITTED);
    seats_close(&t);
}

static void one_site_has_not_all(void **state)
{
    struct seats t;

    (void)state;
    seats_open(&t, (struct places_limits){ .of_site = 2 });
    assert_int_equal(sit(&t, ipv6(7, 1), false), ADMITTED);
    assert_int_equal(sit(&t, ipv6(7, 2), false), ADMITTED);
    assert_int_equal(sit(&t, ipv6(7, 3), false), ADMISSION_TOO_MANY_OF_SITE);
    assert_int_equal(sit(&t, ipv6(8, 3), false), ADMITTED);
    /* Proof is judged apart from strangers behind one address. */
    assert_int_equal(sit(&t, ipv6(7, 3), true), ADMITTED);
    places_leave(&t.places, &t.m[0]);
    assert_int_equal(sit(&t, ipv6(7, 4), false), ADMITTED);
    assert_int_equal(sit(&t, ipv6(7, 5), false), ADMISSION_TOO_MANY_OF_SITE);
    /* A peer without an address. */
    assert_int_equal(places_take(&t.places, &t.m[7], NULL, t.taken, false),
                     ADMITTED);
    seats_close(&t);
}

/* ---- newcomers -------------------------------------------------------- */

static const uint64_t seed[2] = { 3, 4 };

static void room_for_all(void **state)
{
    struct newcomers all;
    struct newcomer n[3];

    (void)state;
    newcomers_init(&all, seed);
    for (size_t i = 0; i < 3; i++)
        assert_null(newcomers_add(&all, &n[i], ipv4(1), now_us));
    assert_int_equal(all.count, 3);
    assert_int_equal(newcomers_of_site(&all, ipv4(1)), 3);
    assert_int_equal(newcomers_of_site(&all, ipv4(2)), 0);
    for (size_t i = 0; i < 3; i++)
        newcomers_remove(&all, &n[(i + 1) % 3]);
    newcomers_remove(&all, &n[0]);
    assert_int_equal(all.count, 0);
    assert_int_equal(all.sites.oldest.count, 0);
    newcomers_done(&all);
}

static void the_oldest_goes(void **state)
{
    struct newcomers all;
    struct newcomer n[4];

    (void)state;
    newcomers_init(&all, seed);
    all.limit = 2;
    assert_null(newcomers_add(&all, &n[0], ipv4(1), now_us));
    assert_null(newcomers_add(&all, &n[1], ipv4(2), now_us));
    assert_ptr_equal(newcomers_add(&all, &n[2], ipv4(2), now_us), &n[0]);
    newcomers_remove(&all, &n[0]);
    assert_ptr_equal(newcomers_add(&all, &n[3], ipv4(3), now_us), &n[1]);
    newcomers_remove(&all, &n[1]);
    newcomers_remove(&all, &n[2]);
    newcomers_remove(&all, &n[3]);
    newcomers_done(&all);
}

static void the_oldest_of_its_address_goes_first(void **state)
{
    struct newcomers all;
    struct newcomer n[5];

    (void)state;
    newcomers_init(&all, seed);
    all.limit = 4;
    all.site_limit = 2;
    assert_null(newcomers_add(&all, &n[0], ipv4(1), now_us));
    assert_null(newcomers_add(&all, &n[1], ipv6(2, 1), now_us));
    assert_null(newcomers_add(&all, &n[2], ipv6(2, 2), now_us));
    assert_ptr_equal(newcomers_add(&all, &n[3], ipv6(2, 3), now_us), &n[1]);
    newcomers_remove(&all, &n[1]);
    assert_ptr_equal(newcomers_add(&all, &n[4], ipv6(2, 4), now_us), &n[2]);
    newcomers_remove(&all, &n[2]);
    /* One that has said who it is makes room. */
    newcomers_remove(&all, &n[3]);
    assert_null(newcomers_add(&all, &n[3], ipv6(2, 5), now_us));
    newcomers_remove(&all, &n[0]);
    newcomers_remove(&all, &n[3]);
    newcomers_remove(&all, &n[4]);
    newcomers_done(&all);
}

static void a_limit_of_one(void **state)
{
    struct newcomers all;
    struct newcomer n[2];

    (void)state;
    newcomers_init(&all, seed);
    all.limit = 1;
    all.site_limit = 1;
    assert_null(newcomers_add(&all, &n[0], ipv4(1), now_us));
    assert_ptr_equal(newcomers_add(&all, &n[1], ipv4(1), now_us), &n[0]);
    newcomers_remove(&all, &n[0]);
    newcomers_remove(&all, &n[1]);
    newcomers_done(&all);
}

static void who_is_there_for_long(void **state)
{
    struct newcomers all;
    struct newcomer n[2];

    (void)state;
    newcomers_init(&all, seed);
    assert_null(newcomers_find_old(&all, 5, now_us + 5));
    newcomers_add(&all, &n[0], ipv4(1), now_us);
    newcomers_add(&all, &n[1], ipv4(1), now_us + 1);
    assert_null(newcomers_find_old(&all, 5, now_us + 4));
    assert_ptr_equal(newcomers_find_old(&all, 5, now_us + 5), &n[0]);
    newcomers_remove(&all, &n[0]);
    assert_null(newcomers_find_old(&all, 5, now_us + 5));
    assert_ptr_equal(newcomers_find_old(&all, 5, now_us + 9), &n[1]);
    newcomers_remove(&all, &n[1]);
    newcomers_done(&all);
}

static void bytes_kept_for_them(void **state)
{
    struct newcomers all;
    struct newcomer n[2];

    (void)state;
    newcomers_init(&all, seed);
    newcomers_add(&all, &n[0], ipv4(1), now_us);
    newcomers_add(&all, &n[1], ipv4(2), now_us);
    assert_true(newcomers_keep(&all, &n[0], 60, 100));
    assert_true(newcomers_keep(&all, &n[1], 40, 100));
    assert_false(newcomers_keep(&all, &n[1], 1, 100));
    assert_false(newcomers_keep(&all, &n[1], SIZE_MAX, 100));
    newcomers_remove(&all, &n[0]);
    assert_true(newcomers_keep(&all, &n[1], 60, 100));
    /* Who has left is not counted any more. */
    assert_true(newcomers_keep(&all, &n[0], 1000, 100));
    newcomers_remove(&all, &n[1]);
    assert_int_equal(all.kept, 0);
    newcomers_done(&all);
}

/* Against what is to be: arrays that are searched from end to end. */

enum { CROWD = 64, SITES = 5, LIMIT = 40, SITE_LIMIT = 12 };

struct model {
    struct newcomer n[CROWD];
    uint64_t since[CROWD]; /* 0: not there */
    uint32_t site[CROWD];
};

static size_t oldest_in(const struct model *m, int64_t site, size_t *ret_count)
{
    size_t oldest = CROWD;

    *ret_count = 0;
    for (size_t i = 0; i < CROWD; i++) {
        if (m->since[i] == 0 || (site >= 0 && m->site[i] != site))
            continue;
        (*ret_count)++;
        if (oldest == CROWD || m->since[i] < m->since[oldest])
            oldest = i;
    }
    return oldest;
}

static size_t who_must_go(const struct model *m, size_t newest)
{
    size_t count;
    size_t oldest = oldest_in(m, m->site[newest], &count);

    if (count > SITE_LIMIT)
        return oldest;
    oldest = oldest_in(m, -1, &count);
    return count > LIMIT ? oldest : CROWD;
}

static void a_crowd_that_comes_and_goes(void **state)
{
    static struct model m;
    struct newcomers all;
    uint32_t random = 1;

    (void)state;
    newcomers_init(&all, seed);
    all.limit = LIMIT;
    all.site_limit = SITE_LIMIT;
    for (uint64_t turn = 1; turn < 20000; turn++) {
        struct newcomer *gone;
        size_t i, expected;

        random = random * 1664525 + 1013904223;
        i = random >> 8 & (CROWD - 1);
        if (m.since[i] != 0) {
            newcomers_remove(&all, &m.n[i]);
            m.since[i] = 0;
            continue;
        }
        m.since[i] = turn;
        m.site[i] = (random >> 20) % SITES;
        gone = newcomers_add(&all, &m.n[i], ipv4(m.site[i]), now_us);
        expected = who_must_go(&m, i);
        assert_ptr_equal(gone, expected == CROWD ? NULL : &m.n[expected]);
        if (gone != NULL) {
            newcomers_remove(&all, gone);
            m.since[expected] = 0;
        }
    }
    for (size_t i = 0; i < CROWD; i++) {
        if (m.since[i] != 0)
            newcomers_remove(&all, &m.n[i]);
    }
    newcomers_done(&all);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_then_the_rate),
        cmocka_unit_test(no_limit),
        cmocka_unit_test(rates_at_their_ends),
        cmocka_unit_test(a_clock_that_goes_back),
        cmocka_unit_test(a_rate_that_changes),
        cmocka_unit_test(a_table_that_is_full),
        cmocka_unit_test(everybody_by_default),
        cmocka_unit_test(only_from_the_networks),
        cmocka_unit_test(an_address_that_comes_too_often),
        cmocka_unit_test(new_consoles_have_a_rate_of_their_own),
        cmocka_unit_test(too_many_in_all),
        cmocka_unit_test(some_are_kept_for_proof),
        cmocka_unit_test(one_site_has_not_all),
        cmocka_unit_test(room_for_all),
        cmocka_unit_test(the_oldest_goes),
        cmocka_unit_test(the_oldest_of_its_address_goes_first),
        cmocka_unit_test(a_limit_of_one),
        cmocka_unit_test(who_is_there_for_long),
        cmocka_unit_test(bytes_kept_for_them),
        cmocka_unit_test(a_crowd_that_comes_and_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the log has told of lately: counted, bounded, and shared by address. */
#include "log/log_tally.h"

#include "log/log.h"
#include "log/log_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t seed[2] = { 1, 2 };
static const char *const messages[] = { LOG_CONNECTION_REFUSED, LOG_VM_REFUSED,
                                        NULL };

static int open_tally(void **state)
{
    static struct log_tally t;

    log_tally_init(&t, seed, messages, 0);
    *state = &t;
    return 0;
}

static int close_tally(void **state)
{
    log_tally_done(*state);
    return 0;
}

static const struct log_tally_entry *only(const struct log_tally *t)
{
    const struct log_tally_entry *e = log_tally_next(t, NULL);

    assert_non_null(e);
    assert_null(log_tally_next(t, e));
    return e;
}

static unsigned count(const struct log_tally *t, const char *address)
{
    unsigned n = 0;

    for (const struct log_tally_entry *e = log_tally_next(t, NULL); e != NULL;
         e = log_tally_next(t, e))
        n += address == NULL || strcmp(e->address, address) == 0;
    return n;
}

static void a_line_is_known_by_its_message(void **state)
{
    assert_ptr_equal(log_tally_message(*state, LOG_VM_REFUSED " peer=%s"),
                     messages[1]);
    assert_ptr_equal(log_tally_message(*state, LOG_VM_REFUSED), messages[1]);
    assert_null(log_tally_message(*state, LOG_VM_REFUSED "s peer=%s"));
    assert_null(log_tally_message(*state, LOG_VM_CONNECTED " peer=%s"));
    assert_null(log_tally_message(*state, ""));
}

static void an_entry_has_what_the_line_says(void **state)
{
    const struct log_tally_entry *e;

    log_tally_add(*state, messages[0], "192.0.2.7:4711", NULL,
                  LOG_CONNECTION_REFUSED
                  " side=vm peer=192.0.2.7:4711 vm=\"my \\\"vm\\\"\" uuid=none "
                  "console=web-01 secret=x reason=\"too often: see \\\\\"",
                  1000);
    e = only(*state);
    assert_string_equal(e->message, LOG_CONNECTION_REFUSED);
    assert_string_equal(e->reason, "too often: see \\");
    assert_string_equal(e->door, "vm");
    assert_string_equal(e->address, "192.0.2.7");
    assert_string_equal(e->vm, "my \"vm\"");
    assert_string_equal(e->uuid, "");
    assert_string_equal(e->console, "web-01");
    assert_int_equal(e->count, 1);
    assert_int_equal(e->first_ms, 1000);
}

static void lines_that_say_the_same_are_counted(void **state)
{
    const struct log_tally_entry *e;

    for (int i = 0; i < 5; i++) {
        char peer[32];

        snprintf(peer, sizeof peer, "[2001:db8::%d]:%d", i, 1000 + i);
        log_tally_add(*state, messages[0], peer, "c", "x reason=a", i);
    }
    e = only(*state);
    assert_int_equal(e->count, 5);
    assert_int_equal(e->first_ms, 0);
    assert_int_equal(e->last_ms, 4);
    assert_string_equal(e->address, "2001:db8::4");
}

static void what_differs_has_an_entry_of_its_own(void **state)
{
    const struct log_tally_entry *e;

    log_tally_add(*state, messages[0], "192.0.2.7:1", "c", "x reason=a", 1);
    log_tally_add(*state, messages[1], "192.0.2.7:1", "c", "x reason=a", 2);
    log_tally_add(*state, messages[0], "192.0.2.8:1", "c", "x reason=a", 3);
    log_tally_add(*state, messages[0], "192.0.2.7:1", "d", "x reason=a", 4);
    log_tally_add(*state, messages[0], "192.0.2.7:1", "c", "x reason=b", 5);
    assert_int_equal(count(*state, NULL), 5);
    e = log_tally_next(*state, NULL);
    assert_string_equal(e->reason, "b");
    e = log_tally_next(*state, e);
    assert_int_equal(e->last_ms, 4);
}

/* Whatever one address does, others' entries stay. */
static void noise_of_one_address_pushes_out_its_own(void **state)
{
    struct log_tally *t = *state;
    char text[64];

    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "192.0.2.%d:1", i);
        log_tally_add(t, messages[0], text, NULL, "x reason=a", i);
    }
    for (int i = 0; i < 10000; i++) {
        snprintf(text, sizeof text, "x reason=r%d", i);
        log_tally_add(t, messages[0], "198.51.100.1:1", NULL, text, 1000 + i);
    }
    assert_int_equal(count(t, "198.51.100.1"), LOG_TALLY_OF_SITE);
    assert_int_equal(count(t, NULL), 100 + LOG_TALLY_OF_SITE);
    assert_int_equal(t->dropped, 10000 - LOG_TALLY_OF_SITE);
    assert_string_equal(log_tally_next(t, NULL)->reason, "r9999");
}

/* A full tally: those who have most go first. */
static void many_addresses_share_the_tally(void **state)
{
    struct log_tally *t = *state;
    char peer[32], text[64];

    log_tally_add(t, messages[0], "203.0.113.1:1", NULL, "x reason=a", 0);
    for (int site = 0; site < 20; site++) {
        for (int i = 0; i < LOG_TALLY_OF_SITE; i++) {
            snprintf(peer, sizeof peer, "192.0.2.%d:1", site);
            snprintf(text, sizeof text, "x reason=r%d", i);
            log_tally_add(t, messages[0], peer, NULL, text, 1 + i);
        }
    }
    assert_int_equal(count(t, NULL), LOG_TALLY_ENTRIES);
    assert_int_equal(count(t, "203.0.113.1"), 1);
    for (int site = 0; site < 20; site++) {
        snprintf(peer, sizeof peer, "192.0.2.%d", site);
        assert_in_range(count(t, peer), 1, LOG_TALLY_OF_SITE);
    }
}

static void after_a_pause_an_entry_begins_anew(void **state)
{
    struct log_tally *t = *state;

    t->pause_ms = 100;
    log_tally_add(t, messages[0], NULL, "c", "x", 0);
    log_tally_add(t, messages[0], NULL, "c", "x", 100);
    assert_int_equal(only(t)->count, 2);
    log_tally_add(t, messages[0], NULL, "c", "x", 201);
    assert_int_equal(only(t)->count, 1);
    assert_int_equal(only(t)->first_ms, 201);
}

/* ---- in the log ----------------------------------------------------------
 */

static size_t drop(void *owner, const char *bytes, size_t len)
{
    (void)owner;
    (void)bytes;
    return len;
}

static void lines_that_are_left_out_are_counted(void **state)
{
    static const struct log_output to_nobody = { .write = drop };
    const struct log_tally_entry *e;

    (void)state;
    assert_null(log_tally_of(LOG_REFUSALS));
    log_set_output(&to_nobody);
    log_open_gate(seed);
    log_set_level(LOG_ERROR);
    for (int i = 0; i < 300; i++) {
        log_limited(LOG_WARNING, "192.0.2.7:1", NULL,
                    LOG_CONNECTION_REFUSED " reason=%s", LOG_TEXT("too often"));
        log_limited(LOG_DEBUG, "192.0.2.7:1", NULL,
                    LOG_CONNECTION_REFUSED " reason=%s", "details");
        log_audit(LOG_INFO, "192.0.2.9:1", "u/s0",
                  LOG_VM_CONNECTED " console=%s", "web-01");
    }
    e = only(log_tally_of(LOG_REFUSALS));
    assert_int_equal(e->count, 300);
    assert_string_equal(e->reason, "too often");
    e = only(log_tally_of(LOG_ARRIVALS));
    assert_int_equal(e->count, 300);
    assert_string_equal(e->console, "web-01");
    log_close_gate();
    assert_null(log_tally_of(LOG_REFUSALS));
}

#define TALLY_TEST(function)                                                   \
    cmocka_unit_test_setup_teardown(function, open_tally, close_tally)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TALLY_TEST(a_line_is_known_by_its_message),
        TALLY_TEST(an_entry_has_what_the_line_says),
        TALLY_TEST(lines_that_say_the_same_are_counted),
        TALLY_TEST(what_differs_has_an_entry_of_its_own),
        TALLY_TEST(noise_of_one_address_pushes_out_its_own),
        TALLY_TEST(many_addresses_share_the_tally),
        TALLY_TEST(after_a_pause_an_entry_begins_anew),
        cmocka_unit_test(lines_that_are_left_out_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

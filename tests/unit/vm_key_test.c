/* The key in a VM's service URI: who is served with it, and without. */
#include "session_peer.h"

#include "session/vm/vm_session_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t site_key[TLS_DIGEST_LEN] = { 1, 2, 3, 255 };

static int setup(void **state)
{
    static struct site s;
    struct directory_settings settings = site_settings();

    site_open(&s, &settings);
    memcpy(s.ctx.settings.vm_site_key, site_key, sizeof site_key);
    s.ctx.settings.vm_keys = VM_KEYS_OPTIONAL;
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    site_close(*state);
    return 0;
}

static struct peer *vm_with(struct site *s, const char *label, const char *key)
{
    char uri[256];

    snprintf(uri, sizeof uri, "%s?key=%s", label, key);
    return vm_start_as(s, UUID_TEXT, uri);
}

static struct peer *vm_keyed(struct site *s)
{
    return vm_with(s, LABEL, vm_key_make(site_key, UUID, LABEL).text);
}

static void leave(struct peer *p)
{
    peer_half_close(p);
    assert_true(p->stream.is_closed);
}

/* Made by another program: HMAC-SHA256 of "serial port", "u1", "s0", and of
 * "VM", "u1", each with its NUL. */
static void a_key_is_an_hmac(void **state)
{
    (void)state;
    assert_string_equal(vm_key_make(site_key, "u1", "s0").text,
                        "576d952b9fbafec9039356e2d1c0b423");
    assert_string_equal(vm_key_make(site_key, "u1", NULL).text,
                        "4d8efd2b32a125b2fcc374748ae3b566");
}

static void the_right_key_is_served(void **state)
{
    struct site *s = *state;
    struct peer *vm = vm_keyed(s);

    assert_false(vm->stream.is_closed);
    assert_non_null(site_console(s));
    assert_true(site_console(s)->is_keyed);
    assert_string_equal(site_console(s)->label, LABEL);
}

static void the_key_of_the_vm_is_good_for_each_port(void **state)
{
    struct site *s = *state;
    struct vm_key key = vm_key_make(site_key, UUID, NULL);

    (void)vm_with(s, "s0", key.text);
    (void)vm_with(s, "s1", key.text);
    assert_true(directory_find(&s->directory, UUID, "s0")->is_keyed);
    assert_true(directory_find(&s->directory, UUID, "s1")->is_keyed);
}

static void a_wrong_key_is_refused(void **state)
{
    static const char *const others[] = {
        "",
        "0",
        "00000000000000000000000000000000",
        "000000000000000000000000000000000",
    };
    struct site *s = *state;
    struct vm_key of_other_port = vm_key_make(site_key, UUID, "s1");
    struct vm_key of_other_vm = vm_key_make(site_key, "other", NULL);

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_true(vm_with(s, LABEL, others[i])->stream.is_closed);
    assert_true(vm_with(s, LABEL, of_other_port.text)->stream.is_closed);
    assert_true(vm_with(s, LABEL, of_other_vm.text)->stream.is_closed);
    assert_null(site_console(s));
}

static void each_digit_of_a_key_counts(void **state)
{
    struct site *s = *state;

    for (size_t i = 0; i < VM_KEY_LEN; i += 7) {
        struct vm_key key = vm_key_make(site_key, UUID, LABEL);

        key.text[i] = key.text[i] == '0' ? '1' : '0';
        assert_true(vm_with(s, LABEL, key.text)->stream.is_closed);
    }
}

static void without_a_key_it_depends_on_who_came_before(void **state)
{
    struct site *s = *state;
    struct peer *plain = vm_start(s);

    assert_false(plain->stream.is_closed);
    assert_false(site_console(s)->is_keyed);
    leave(plain);
    leave(vm_keyed(s));
    assert_true(vm_start(s)->stream.is_closed);
    assert_null(site_console(s)->link);
    /* The VM's other serial ports are other consoles. */
    assert_false(vm_start_as(s, UUID_TEXT, "s1")->stream.is_closed);
}

static void all_may_need_a_key(void **state)
{
    struct site *s = *state;

    s->ctx.settings.vm_keys = VM_KEYS_REQUIRED;
    assert_true(vm_start(s)->stream.is_closed);
    assert_null(site_console(s));
    assert_false(vm_keyed(s)->stream.is_closed);
}

static void a_key_is_no_part_of_the_label_where_keys_are_off(void **state)
{
    struct site *s = *state;

    s->ctx.settings.vm_keys = VM_KEYS_OFF;
    leave(vm_with(s, LABEL, "whatever"));
    assert_string_equal(site_console(s)->label, LABEL);
    assert_false(site_console(s)->is_keyed);
}

static void a_mark_goes_while_keys_are_off(void **state)
{
    struct site *s = *state;

    leave(vm_keyed(s));
    s->ctx.settings.vm_keys = VM_KEYS_OFF;
    /* What is not looked at decides nothing. */
    leave(vm_with(s, LABEL, "whatever"));
    assert_true(site_console(s)->is_keyed);
    leave(vm_start(s));
    assert_false(site_console(s)->is_keyed);
}

static void a_mark_is_told_once(void **state)
{
    struct site *s = *state;

    leave(vm_keyed(s));
    assert_int_equal(s->seen[FACT_PROVEN].count, 1);
    leave(vm_keyed(s));
    assert_int_equal(s->seen[FACT_PROVEN].count, 1);
}

/* The second request of a connection brings a key of its own, or none. */
static void each_request_has_its_own_key(void **state)
{
    struct site *s = *state;
    struct peer *vm = vm_keyed(s);

    vm_put_start(vm, UUID_TEXT, "s1");
    site_run(s);
    assert_false(vm->stream.is_closed);
    assert_false(directory_find(&s->directory, UUID, "s1")->is_keyed);
    vm_put_start(vm, UUID_TEXT, LABEL);
    site_run(s);
    assert_true(vm->stream.is_closed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_key_is_an_hmac),
        TEST(the_right_key_is_served),
        TEST(the_key_of_the_vm_is_good_for_each_port),
        TEST(a_wrong_key_is_refused),
        TEST(each_digit_of_a_key_counts),
        TEST(without_a_key_it_depends_on_who_came_before),
        TEST(all_may_need_a_key),
        TEST(a_key_is_no_part_of_the_label_where_keys_are_off),
        TEST(a_mark_goes_while_keys_are_off),
        TEST(a_mark_is_told_once),
        TEST(each_request_has_its_own_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

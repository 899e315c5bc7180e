/* Principals: what they own, what they forget, whose names are names. */
#include "access/asked.h"
#include "access/principal.h"

#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct principal at(const char *text)
{
    struct ip ip = { 0 };

    assert_true(text == NULL || ip_parse(text, &ip));
    return principal_of_address(text != NULL, ip);
}

static void loopback_and_unix_sockets_are_this_machine(void **state)
{
    (void)state;
    assert_true(at(NULL).is_local);
    assert_true(at("127.1.2.3").is_local);
    assert_true(at("::1").is_local);
    assert_true(at("::ffff:127.0.0.1").is_local);
    assert_false(at("192.0.2.1").is_local);
    assert_false(at("fe80::1").is_local);
    assert_false(at("::").is_local);
}

static void a_name_that_nobody_can_have_proves_nothing(void **state)
{
    char longest[PRINCIPAL_NAME_MAX + 1];
    static const char *const bad[] = { "",     "a\n",           "a\x7f",
                                       "\xff", "a\xe2\x80\x8b", "\x1b[1m" };
    struct principal p = at("192.0.2.1");

    (void)state;
    assert_true(principal_prove(&p, PROOF_UID, "alice"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(principal_prove(&p, PROOF_PASSWORD, bad[i]));
    memset(longest, 'a', sizeof longest);
    longest[PRINCIPAL_NAME_MAX] = '\0';
    assert_false(principal_prove(&p, PROOF_PASSWORD, longest));
    assert_string_equal(p.name, "alice");
    assert_int_equal(p.proof, PROOF_UID);
    longest[PRINCIPAL_NAME_MAX - 1] = '\0';
    assert_true(principal_prove(&p, PROOF_PASSWORD, longest));
    principal_done(&p);
}

static void a_new_proof_forgets_the_former_one(void **state)
{
    static char *groups[] = { "wheel" };
    struct principal p = at("192.0.2.1");
    struct ip ip = p.ip;

    (void)state;
    assert_true(principal_prove(&p, PROOF_UID, "root"));
    principal_set_groups(&p, groups, 1);
    p.is_keeper = true;
    p.owner = xcalloc(1, sizeof *p.owner);
    assert_true(principal_prove(p.owner, PROOF_UID, "alice"));
    p.consoles = xstrdup("*");
    p.right_max = RIGHT_ADMIN;
    assert_true(principal_prove(&p, PROOF_CERTIFICATE, p.name));
    assert_string_equal(p.name, "root");
    assert_false(p.is_keeper);
    assert_false(principal_has_group(&p, "wheel"));
    assert_null(p.owner);
    assert_null(p.consoles);
    assert_int_equal(p.right_max, RIGHT_NONE);
    assert_true(ip_is_equal(p.ip, ip));
    principal_done(&p);
    assert_null(p.name);
}

static void groups_are_found_whatever_their_order(void **state)
{
    static char *groups[] = { "staff", "adm", "wheel", "adm" };
    struct principal p = at(NULL);

    (void)state;
    principal_set_groups(&p, groups, 4);
    for (int i = 0; i < 4; i++)
        assert_true(principal_has_group(&p, groups[i]));
    assert_false(principal_has_group(&p, "ad"));
    assert_false(principal_has_group(&p, "Adm"));
    /* Also from the list that it has. */
    principal_set_groups(&p, p.group, p.group_count);
    assert_true(principal_has_group(&p, "wheel"));
    principal_set_groups(&p, NULL, 0);
    assert_false(principal_has_group(&p, "wheel"));
    principal_done(&p);
}

static void groups_are_bounded(void **state)
{
    static char *groups[PRINCIPAL_GROUPS_MAX + 1];
    struct principal p = at(NULL);

    (void)state;
    for (size_t i = 0; i <= PRINCIPAL_GROUPS_MAX; i++)
        groups[i] = "g";
    principal_set_groups(&p, groups, PRINCIPAL_GROUPS_MAX + 1);
    assert_int_equal(p.group_count, PRINCIPAL_GROUPS_MAX);
    principal_done(&p);
}

static void a_token_owns_its_owner(void **state)
{
    static char *groups[] = { "b", "a" };
    struct principal token = at("192.0.2.1");

    (void)state;
    assert_true(principal_prove(&token, PROOF_TOKEN, "ci"));
    token.owner = xcalloc(1, sizeof *token.owner);
    assert_true(principal_prove(token.owner, PROOF_UID, "alice"));
    principal_set_groups(token.owner, groups, 2);
    token.consoles = xstrdup("web-*");
    assert_string_equal(principal_format(&token).text, "token ci (for alice)");
    principal_done(&token);
    assert_null(token.owner);
}

static void a_principal_has_words(void **state)
{
    struct principal p = at("192.0.2.1");

    (void)state;
    assert_string_equal(principal_format(&p).text, "anybody");
    assert_true(principal_prove(&p, PROOF_PASSWORD, "alice"));
    assert_string_equal(principal_format(&p).text, "alice (password)");
    assert_true(principal_prove(&p, PROOF_TOKEN, "ci"));
    assert_string_equal(principal_format(&p).text, "token ci");
    principal_done(&p);
}

static const char *asked(const char *text)
{
    static char shown[400];
    struct principal p;
    struct err err;

    if (asked_principal(text, &p, &err) < 0)
        return "wrong";
    snprintf(shown, sizeof shown, "%s%s%s", principal_format(&p).text,
             p.is_local ? " local" : " ",
             ip_is_none(p.ip) ? "" : ip_format(p.ip).text);
    principal_done(&p);
    return shown;
}

static void principals_are_written_so(void **state)
{
    (void)state;
    assert_string_equal(asked("alice"), "alice (password) local");
    assert_string_equal(asked("user:alice from 192.0.2.1"),
                        "alice (password) 192.0.2.1");
    assert_string_equal(asked("certificate:a from b from local"),
                        "a from b (certificate) local");
    assert_string_equal(asked("token:ci"), "token ci local");
    assert_string_equal(asked("anybody from 127.0.0.1"),
                        "anybody local127.0.0.1");
    assert_string_equal(asked("unix:wheel"), "wrong");
    assert_string_equal(asked("alice from nowhere"), "wrong");
    assert_string_equal(asked(""), "wrong");
    assert_string_equal(asked("user:"), "wrong");
}

static void consoles_are_written_so(void **state)
{
    struct asked_console c;
    struct err err;

    (void)state;
    assert_int_equal(asked_console("web-1/s0 from 192.0.2.1", &c, &err), 0);
    assert_string_equal(c.view.name, "web-1");
    assert_string_equal(c.view.label, "s0");
    assert_null(c.view.uuid);
    assert_string_equal(ip_format(c.view.host).text, "192.0.2.1");
    asked_console_done(&c);
    assert_int_equal(
        asked_console("500C1E2F33415A6B7C8D9EAFB0C1D2E3", &c, &err), 0);
    assert_string_equal(c.view.uuid, "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3");
    assert_null(c.view.name);
    assert_null(c.view.label);
    asked_console_done(&c);
    assert_int_equal(asked_console("web-1 from x", &c, &err), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(principals_are_written_so),
        cmocka_unit_test(consoles_are_written_so),
        cmocka_unit_test(loopback_and_unix_sockets_are_this_machine),
        cmocka_unit_test(a_name_that_nobody_can_have_proves_nothing),
        cmocka_unit_test(a_new_proof_forgets_the_former_one),
        cmocka_unit_test(groups_are_found_whatever_their_order),
        cmocka_unit_test(groups_are_bounded),
        cmocka_unit_test(a_token_owns_its_owner),
        cmocka_unit_test(a_principal_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

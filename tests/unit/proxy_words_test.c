/*
 * Why a connection to a concentrator is over: which fact decides the sentence,
 * and which advice stands behind it.
 */
#include "vm/host/proxy_words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct proxy_facts plain = {
    .name = "host:13370",
    .said = "",
    .is_negotiating = true,
    .tls_problem = "",
};

static void check(struct err got, const char *expected)
{
    assert_non_null(strstr(got.text, "host:13370"));
    if (strstr(got.text, expected) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", expected, got.text);
}

static struct err lost(struct proxy_facts *f, int error)
{
    f->error = error;
    return proxy_words(PROXY_LOST, f);
}

static void an_open_connection_ends_as_the_system_says(void **state)
{
    struct proxy_facts f = plain;

    (void)state;
    f.is_negotiating = false;
    check(lost(&f, 0), ": the connection was closed");
    check(lost(&f, -ECONNRESET), strerror(ECONNRESET));
}

static void before_the_port_is_taken_the_port_is_in_doubt(void **state)
{
    struct proxy_facts f = plain;

    (void)state;
    check(lost(&f, 0), "is this a concentrator's port for VMs?");
    f.said = "SSH-2.0";
    check(lost(&f, 0), "it says: SSH-2.0");
    f.is_destination = true;
    check(lost(&f, 0), "before VMOTION-PEER-OK");
}

static void a_problem_of_tls_goes_before_all_else(void **state)
{
    struct proxy_facts f = plain;

    (void)state;
    f.is_destination = true;
    f.tls_problem = "TLS: no";
    check(lost(&f, -EPROTO), "TLS: no; compare the URI");
    check(lost(&f, -ECONNRESET), "TLS: no; its log may say why");
    f.policy = AUTH_NOT_NEEDED;
    check(lost(&f, -ECONNRESET), "does this port take telnets://");
    f.had_tls = true;
    check(lost(&f, -EPROTO), "TLS: no");
    assert_null(strchr(lost(&f, -EPROTO).text, ';'));
    f.is_wrong_peer = true;
    check(lost(&f, -EPROTO), "--show-tls");
}

static void who_waits_for_tls_is_told_so(void **state)
{
    struct proxy_facts f = plain;

    (void)state;
    check(proxy_words(PROXY_LATE, &f),
          "does not answer as a concentrator does");
    f.policy = AUTH_REQUIRED;
    check(proxy_words(PROXY_LATE, &f), "does not go on to TLS");
    f.auth = TELAUTH_STATE_SECURE;
    check(proxy_words(PROXY_LATE, &f),
          "does not answer as a concentrator does");
}

static void each_refusal_of_tls_has_its_reason(void **state)
{
    struct proxy_facts f = plain;

    (void)state;
    f.auth = TELAUTH_STATE_REFUSED;
    check(proxy_words(PROXY_INSECURE, &f), "DONT AUTHENTICATION");
    f.auth = TELAUTH_STATE_NO_SSL;
    check(proxy_words(PROXY_INSECURE, &f), "SEND without SSL");
    f.auth = TELAUTH_STATE_REJECTED;
    check(proxy_words(PROXY_INSECURE, &f), "REPLY SSL REJECT");
}

static void what_it_refuses_is_named(void **state)
{
    struct proxy_facts f = plain;

    (void)state;
    f.direction = 'C';
    f.uri = "tcp://a:1";
    check(proxy_words(PROXY_REFUSED, &f),
          "direction 'C' with URI \"tcp://a:1\"");
    check(proxy_words(PROXY_NO_EXTENSION, &f), "VMware's telnet extension");
    check(proxy_words(PROXY_NO_TELNET, &f), "no telnet");
}

static void each_reason_has_words(void **state)
{
    struct proxy_facts f = plain;

    (void)state;
    f.uri = "s0";
    for (int i = 0; i < PROXY_REASON_COUNT; i++)
        check(proxy_words((enum proxy_reason)i, &f), "host:13370");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_connection_ends_as_the_system_says),
        cmocka_unit_test(before_the_port_is_taken_the_port_is_in_doubt),
        cmocka_unit_test(a_problem_of_tls_goes_before_all_else),
        cmocka_unit_test(who_waits_for_tls_is_told_so),
        cmocka_unit_test(each_refusal_of_tls_has_its_reason),
        cmocka_unit_test(what_it_refuses_is_named),
        cmocka_unit_test(each_reason_has_words),
    };

    return cmocka_run_group_tests_name("proxy_words", tests, NULL, NULL);
}

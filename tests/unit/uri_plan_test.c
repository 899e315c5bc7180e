/* Which vSPC URI a server gets; each is read by our own reader. */
#include "cli/uri/uri_plan.h"

#include "proto/uri/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define SHA1 "64:36:79:1D:05:2B:78:CF:EA:98:4C:FF:8C:8A:2C:40:E2:89:23:CC"
#define SHA256                                                                 \
    "39:BA:85:5A:3B:F0:E7:11:C6:9E:8C:A2:3F:1D:BA:3A:56:A4:AB:2A:B1:C0:BF:B5:" \
    "E3:06:E5:35:A8:FD:ED:85"

/* A server's answer; texts are parts of JSON. */
struct server {
    const char *listeners; /* NULL: one for all addresses, telnets */
    const char *names;
    const char *certified; /* NULL: there is no certificate */
    const char *addresses;
    const char *keys; /* NULL: off */
    bool is_self_signed;
};

static json_t *answer_of(const struct server *s)
{
    const char *listeners =
        s->listeners != NULL
            ? s->listeners
            : "{\"address\":\"0.0.0.0\",\"port\":13370,\"tls\":\"telnets\"}";
    json_t *answer = json_loads("{}", 0, NULL);
    json_t *certificate = json_null();
    char text[512];

    if (s->certified != NULL) {
        snprintf(text, sizeof text,
                 "{\"names\":[%s],\"sha1\":\"" SHA1 "\",\"sha256\":\"" SHA256
                 "\",\"is_self_signed\":%s}",
                 s->certified, s->is_self_signed ? "true" : "false");
        certificate = json_loads(text, 0, NULL);
    }
    snprintf(text, sizeof text,
             "{\"listeners\":[%s],\"names\":[%s],\"addresses\":[%s]}",
             listeners, s->names != NULL ? s->names : "",
             s->addresses != NULL ? s->addresses : "");
    json_decref(answer);
    answer = json_loads(text, 0, NULL);
    assert_non_null(answer);
    assert_non_null(certificate);
    json_object_set_new(answer, "certificate", certificate);
    json_object_set_new(answer, "vm_keys",
                        json_string(s->keys != NULL ? s->keys : "off"));
    return answer;
}

static struct uri_plan plan(const struct server *s,
                            const struct uri_plan_wish *wish)
{
    json_t *answer = answer_of(s);
    struct uri_plan plan;
    struct err err;
    struct uri uri;
    size_t at;

    if (uri_plan_make(&plan, answer, wish, &err) < 0)
        fail_msg("%s", err.text);
    json_decref(answer);
    assert_int_equal(
        uri_parse(slice_of_text(plan.uri), URI_PROXY, 0, &uri, &at), URI_OK);
    assert_int_equal(uri.port, plan.port);
    assert_string_equal(uri.host, plan.host);
    return plan;
}

#define NO_WISH (&(struct uri_plan_wish){ .host = NULL })
#define WISH(...) (&(struct uri_plan_wish){ __VA_ARGS__ })
#define SERVER(...) (&(struct server){ __VA_ARGS__ })

static void refuses(const struct server *s, const struct uri_plan_wish *wish,
                    const char *words)
{
    json_t *answer = answer_of(s);
    struct uri_plan plan;
    struct err err;

    assert_true(uri_plan_make(&plan, answer, wish, &err) < 0);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s' instead of '%s'", err.text, words);
    json_decref(answer);
}

static void a_name_in_the_certificate_is_first(void **state)
{
    struct uri_plan p =
        plan(SERVER(.names = "\"localhost\",\"vspc.example.org\",\"vm\"",
                    .certified = "\"localhost\",\"*.example.org\","
                                 "\"127.0.0.1\",\"vspc.example.org\"",
                    .addresses = "\"192.0.2.5\",\"2001:db8::5\""),
             WISH(.reached = "alias.example.org"));

    (void)state;
    assert_string_equal(p.uri,
                        "telnets://vspc.example.org:13370#thumbprint=" SHA1);
    assert_string_equal(p.why, "a name in its certificate");
    assert_int_equal(p.other_count, 4);
    assert_string_equal(p.other[0], "vm");
    assert_string_equal(p.other[1], "192.0.2.5");
    assert_string_equal(p.other[2], "2001:db8::5");
    assert_string_equal(p.other[3], "alias.example.org");
    assert_int_equal(p.note_count, 0);
}

static void the_next_best_host_is_taken(void **state)
{
    struct server s = { .names = "\"vm\"",
                        .certified = "\"localhost\"",
                        .addresses = "\"192.0.2.5\"" };

    (void)state;
    assert_string_equal(plan(&s, WISH(.reached = "a.example.org")).host,
                        "a.example.org");
    assert_string_equal(plan(&s, WISH(.reached = "127.0.0.1")).host,
                        "192.0.2.5");
    assert_string_equal(plan(&s, NO_WISH).host, "192.0.2.5");
    s.names = "\"vm\",\"vm.example.org\"";
    assert_string_equal(plan(&s, NO_WISH).host, "vm.example.org");
    s.names = "\"vm\"";
    s.addresses = "";
    assert_string_equal(plan(&s, NO_WISH).host, "vm");
    s.names = "";
    assert_string_equal(plan(&s, NO_WISH).host, "localhost");
    assert_int_equal(plan(&s, NO_WISH).note_count, 1);
}

static void what_cannot_be_a_host_is_not_named(void **state)
{
    struct uri_plan p =
        plan(SERVER(.certified = "\"a;b.org\",\"vspc.example.org\"",
                    .names = "\"\",\"\\u001b[31m.a\",\"gr\u00fcn.org\"",
                    .addresses = "\"192.0.2.5\\nid\",\"2001:db8::x\""),
             NO_WISH);

    (void)state;
    assert_string_equal(p.host, "vspc.example.org");
    assert_int_equal(p.other_count, 0);
}

static void a_listener_for_one_address_is_known_by_it(void **state)
{
    struct server s = { .listeners =
                            "{\"address\":\"2001:db8::7\",\"port\":992,"
                            "\"tls\":\"required\"}",
                        .names = "\"vspc.example.org\"",
                        .certified = "\"vspc.example.org\"" };

    (void)state;
    assert_string_equal(plan(&s, NO_WISH).uri,
                        "telnets://[2001:db8::7]:992#thumbprint=" SHA1);
    assert_string_equal(plan(&s, WISH(.host = "[2001:db8::8]")).uri,
                        "telnets://[2001:db8::8]:992#thumbprint=" SHA1);
    assert_string_equal(plan(&s, WISH(.host = "192.0.2.1")).uri,
                        "telnets://192.0.2.1:992#thumbprint=" SHA1);
}

static void tls_is_what_the_server_takes(void **state)
{
    struct server s = {
        .listeners =
            "{\"address\":\"0.0.0.0\",\"port\":1,\"tls\":\"off\"},"
            "{\"address\":\"0.0.0.0\",\"port\":2,\"tls\":\"telnets\"},"
            "{\"address\":\"0.0.0.0\",\"port\":3,\"tls\":\"required\"}",
        .names = "\"v.example\"",
        .certified = "\"v.example\"",
    };

    (void)state;
    assert_string_equal(plan(&s, NO_WISH).uri, "telnet://v.example:1");
    assert_int_equal(plan(&s, NO_WISH).note_count, 1);
    assert_string_equal(plan(&s, WISH(.tls = "telnets")).uri,
                        "telnets://v.example:2#thumbprint=" SHA1);
    assert_string_equal(plan(&s, WISH(.tls = "offered")).uri,
                        "telnet://v.example:3#thumbprint=" SHA1);
    s.listeners = "{\"address\":\"::\",\"port\":4,\"tls\":\"required\"}";
    assert_string_equal(plan(&s, NO_WISH).uri,
                        "telnets://v.example:4#thumbprint=" SHA1);
    refuses(&s, WISH(.tls = "off"), "--tls off: no port");
    refuses(&s, WISH(.tls = "on"), "--tls on: expected off");
    s.listeners = "";
    refuses(&s, NO_WISH, "the server has no port for VMs");
}

static void thumbprints_are_chosen(void **state)
{
    struct server s = { .names = "\"v.example\"",
                        .certified = "\"w.example\"" };
    struct uri_plan p;

    (void)state;
    p = plan(&s, WISH(.host = "v.example", .verify = "sha256"));
    assert_string_equal(p.uri, "telnets://v.example:13370#thumbprint=" SHA256);
    p = plan(&s, WISH(.host = "v.example", .verify = "none"));
    assert_string_equal(p.uri, "telnets://v.example:13370");
    assert_int_equal(p.note_count, 1); /* any certificate is taken */
    refuses(&s, WISH(.verify = "md5"), "--verify md5: expected");
    refuses(&s, WISH(.tls = "off", .verify = "sha1"), "without TLS");
    s.certified = NULL;
    assert_string_equal(plan(&s, WISH(.host = "v.example")).uri,
                        "telnets://v.example:13370");
}

static void a_known_ca_is_enough(void **state)
{
    struct server s = { .certified = "\"v.example\",\"2001:db8::7\"" };

    (void)state;
    assert_string_equal(plan(&s, WISH(.verify = "ca")).uri,
                        "telnets://v.example:13370#verify&peerName=v.example");
    assert_string_equal(
        plan(&s, WISH(.host = "2001:db8::7", .verify = "ca")).uri,
        "telnets://[2001:db8::7]:13370#verify&peerName=2001:db8::7");
    refuses(&s, WISH(.host = "w.example", .verify = "ca"),
            "w.example is no name in the server's certificate");
    s.certified = "\"*.Example.org\"";
    assert_string_equal(
        plan(&s, WISH(.host = "v.example.org", .verify = "ca")).uri,
        "telnets://v.example.org:13370#verify&peerName=v.example.org");
    refuses(&s, WISH(.host = "v.w.example.org", .verify = "ca"),
            "is no name in the server's certificate");
    s.is_self_signed = true;
    refuses(&s, WISH(.verify = "ca"), "signed by itself");
}

static void hosts_that_no_uri_can_have_are_refused(void **state)
{
    static const char *const hosts[] = { "a b", "a/b", "a#b",  "user@a", "a:b",
                                         "",    "1.2", "[::1", "a&b?c" };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        refuses(SERVER(.certified = ""), WISH(.host = hosts[i]), "--host ");
}

static void keys_are_noticed(void **state)
{
    struct uri_plan p = plan(SERVER(.keys = "optional"), NO_WISH);

    (void)state;
    assert_true(p.wants_keys);
    assert_false(plan(SERVER(.keys = NULL), NO_WISH).wants_keys);
    assert_true(plan(SERVER(.keys = "required"), NO_WISH).wants_keys);
}

/* A server may answer with anything. */
static void what_is_no_answer_is_refused(void **state)
{
    static const char *const answers[] = {
        "{}",
        "[]",
        "{\"listeners\":[1]}",
        "{\"listeners\":[{\"address\":7,\"port\":\"x\"}]}",
        "{\"listeners\":[{\"address\":\"0.0.0.0\",\"port\":70000}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        json_t *answer = json_loads(answers[i], 0, NULL);
        struct uri_plan p;
        struct err err;

        assert_true(uri_plan_make(&p, answer, NO_WISH, &err) < 0);
        json_decref(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_in_the_certificate_is_first),
        cmocka_unit_test(the_next_best_host_is_taken),
        cmocka_unit_test(what_cannot_be_a_host_is_not_named),
        cmocka_unit_test(a_listener_for_one_address_is_known_by_it),
        cmocka_unit_test(tls_is_what_the_server_takes),
        cmocka_unit_test(thumbprints_are_chosen),
        cmocka_unit_test(a_known_ca_is_enough),
        cmocka_unit_test(hosts_that_no_uri_can_have_are_refused),
        cmocka_unit_test(keys_are_noticed),
        cmocka_unit_test(what_is_no_answer_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

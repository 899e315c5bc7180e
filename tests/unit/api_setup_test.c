/* What is entered into vSphere: GET /vm-listeners, POST /vm-keys. */
#include "api_fixture.h"
#include "tls_lab.h"

#include "conf/options.h"
#include "session/vm/vm_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text != NULL ? text : "-";
}

static const json_t *first_of(const json_t *json, const char *name)
{
    return json_array_get(json_object_get(json, name), 0);
}

static void doors(void *owner,
                  void (*tell)(void *to, const struct api_door *door), void *to)
{
    const struct api_door web = { "web", "192.0.2.1:8443", "required" };
    const struct api_door vms = { "vms", "0.0.0.0:13370", "telnets" };
    const struct api_door more = { "vms", "[2001:db8::5]:992", "required" };

    (void)owner;
    tell(to, &web);
    tell(to, &vms);
    tell(to, &more);
}

static void ports_for_vms_are_listed(void **state)
{
    struct api_fixture *f = *state;
    const char *address, *tls, *other_address, *other_tls;
    int port, other_port;
    json_t *json;

    f->means.each_door = doors;
    json = api_fixture_get(f, 200, "/vm-listeners");
    assert_int_equal(json_unpack(json,
                                 "{s:[{s:s, s:i, s:s}, {s:s, s:i, s:s}!]}",
                                 "listeners", "address", &address, "port",
                                 &port, "tls", &tls, "address", &other_address,
                                 "port", &other_port, "tls", &other_tls),
                     0);
    assert_string_equal(address, "0.0.0.0");
    assert_int_equal(port, 13370);
    assert_string_equal(tls, "telnets");
    assert_string_equal(other_address, "2001:db8::5");
    assert_int_equal(other_port, 992);
    assert_string_equal(other_tls, "required");
    json_decref(json);
}

static void without_tls_there_is_no_certificate(void **state)
{
    struct api_fixture *f = *state;
    json_t *json = api_fixture_get(f, 200, "/vm-listeners");
    char machine[256];

    assert_int_equal(gethostname(machine, sizeof machine), 0);
    assert_true(json_is_null(json_object_get(json, "certificate")));
    assert_string_equal(json_string_value(first_of(json, "names")), machine);
    assert_string_equal(text_of(json, "tls_min"), "1.2");
    assert_string_equal(text_of(json, "vm_keys"), "off");
    assert_string_equal(text_of(json, "vm_certs"), "off");
    json_decref(json);
}

static void the_certificate_has_its_names_and_thumbprints(void **state)
{
    struct api_fixture *f = *state;
    const struct lab_wish wish = {
        .common_name = "other",
        .names = "DNS:vspc.example.org,email:a@b,IP:2001:db8::5,IP:192.0.2.5",
        .is_self_signed = true,
        .from_s = 0,
        .to_s = LAB_DAY,
    };
    const char *name, *v6, *v4;
    const json_t *certificate;
    struct lab_certificate made;
    struct lab lab;
    json_t *json;

    lab_open(&lab);
    made = lab_make(&lab, "vspcd.pem", &wish);
    f->site.ctx.vm_tls =
        lab_server(&(struct tls_settings){ .certificate_path = made.path });
    json = api_fixture_get(f, 200, "/vm-listeners");
    certificate = json_object_get(json, "certificate");
    assert_int_equal(json_unpack(json_object_get(certificate, "names"),
                                 "[sss!]", &name, &v6, &v4),
                     0);
    assert_string_equal(name, "vspc.example.org");
    assert_string_equal(v6, "2001:db8::5");
    assert_string_equal(v4, "192.0.2.5");
    assert_string_equal(text_of(certificate, "sha1"), made.sha1);
    assert_string_equal(text_of(certificate, "sha256"), made.sha256);
    assert_string_equal(text_of(certificate, "subject"), "CN=other");
    assert_string_equal(text_of(certificate, "issuer"), "CN=other");
    assert_string_equal(text_of(certificate, "pem"), made.pem);
    assert_string_equal(text_of(certificate, "key"), "EC prime256v1");
    assert_true(json_is_true(json_object_get(certificate, "is_self_signed")));
    assert_true(strcmp(text_of(certificate, "not_before"),
                       text_of(certificate, "not_after")) < 0);
    json_decref(json);
    tls_context_close(f->site.ctx.vm_tls);
    f->site.ctx.vm_tls = NULL;
    lab_close(&lab);
}

static void a_certificate_without_other_names_is_for_its_common_name(
    void **state)
{
    struct api_fixture *f = *state;
    const struct lab_wish wish = { .common_name = "vspc.example.org" };
    const json_t *certificate;
    struct lab_certificate made;
    struct lab lab;
    json_t *json;

    lab_open(&lab);
    made = lab_make(&lab, "vspcd.pem", &wish);
    /* That of the other ports, if those for VMs are without TLS. */
    f->site.ctx.client_tls =
        lab_server(&(struct tls_settings){ .certificate_path = made.path });
    json = api_fixture_get(f, 200, "/vm-listeners");
    certificate = json_object_get(json, "certificate");
    assert_string_equal(json_string_value(first_of(certificate, "names")),
                        "vspc.example.org");
    assert_false(json_is_true(json_object_get(certificate, "is_self_signed")));
    json_decref(json);
    tls_context_close(f->site.ctx.client_tls);
    f->site.ctx.client_tls = NULL;
    lab_close(&lab);
}

static void settings_that_uris_depend_on_are_said(void **state)
{
    struct settings settings = {
        .vm_tls_min = "1.0",
        .tls_min = "1.3",
        .vm_certs = SETTINGS_CERTS_REQUIRED,
        .service_listen = { .text = { "*:7000-7999" }, .count = 1 },
        .service_connect = { .text = { "vspc://*" }, .count = 1 },
    };
    struct api_fixture *f = *state;
    const char *listen, *connect;
    json_t *json;

    f->means.settings = &settings;
    f->site.ctx.settings.vm_keys = VM_KEYS_OPTIONAL;
    json = api_fixture_get(f, 200, "/vm-listeners");
    assert_int_equal(json_unpack(json, "{s:{s:[s!], s:[s!]}}", "services",
                                 "listen", &listen, "connect", &connect),
                     0);
    assert_string_equal(listen, "*:7000-7999");
    assert_string_equal(connect, "vspc://*");
    assert_string_equal(text_of(json, "tls_min"), "1.0");
    assert_string_equal(text_of(json, "vm_keys"), "optional");
    assert_string_equal(text_of(json, "vm_certs"), "required");
    json_decref(json);
}

static json_t *ask_key(struct api_fixture *f, unsigned status, const char *body)
{
    return api_fixture_json(f, status, HTTP_VERB_POST, "/vm-keys", body);
}

static void the_key_of_a_vm_is_the_one_that_it_needs(void **state)
{
    static const char uuid[] = "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3";
    struct api_fixture *f = *state;
    struct session_settings *s = &f->site.ctx.settings;
    struct vm_key of_port, of_vm;
    json_t *json;

    s->vm_keys = VM_KEYS_REQUIRED;
    memset(s->vm_site_key, 7, sizeof s->vm_site_key);
    of_port = vm_key_make(s->vm_site_key, uuid, "s0");
    of_vm = vm_key_make(s->vm_site_key, uuid, NULL);
    json = ask_key(f, 200,
                   "{\"uuid\": \"50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af b0 c1 d2 "
                   "e3\", \"label\": \"s0\"}");
    assert_string_equal(text_of(json, "uuid"), uuid);
    assert_string_equal(text_of(json, "key"), of_port.text);
    assert_memory_equal(text_of(json, "port_uri"), "s0?key=", 7);
    assert_string_equal(text_of(json, "port_uri") + 7, of_port.text);
    json_decref(json);
    json = ask_key(f, 200, "{\"uuid\": \"500c1e2f33415a6b7c8d9eafb0c1d2e3\"}");
    assert_string_equal(text_of(json, "key"), of_vm.text);
    assert_memory_equal(text_of(json, "port_uri"), "?key=", 5);
    json_decref(json);
    json = ask_key(f, 200, "{\"uuid\": \"u\", \"label\": \"v?port=s0\"}");
    assert_memory_equal(text_of(json, "port_uri"), "v?port=s0&key=", 14);
    json_decref(json);
    json_decref(ask_key(f, 400, "{\"uuid\": \"\\u200b\"}"));
    json_decref(ask_key(f, 400, "{\"uuid\": \"u\", \"label\": \"\\u200b\"}"));
    json_decref(ask_key(f, 400, "{\"label\": \"s0\"}"));
}

static void keys_are_for_those_who_administer(void **state)
{
    struct api_fixture *f = *state;

    json_decref(ask_key(f, 409, "{\"uuid\": \"u\"}"));
    f->site.ctx.settings.vm_keys = VM_KEYS_OPTIONAL;
    api_fixture_allow(f, "alice", "*", RIGHT_CONTROL);
    api_fixture_be(f, "alice");
    json_decref(ask_key(f, 403, "{\"uuid\": \"u\"}"));
    api_fixture_allow(f, "alice", "*", RIGHT_ADMIN);
    json_decref(ask_key(f, 200, "{\"uuid\": \"u\"}"));
}

static void they_are_for_those_who_may_read_all(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_allow(f, "alice", "web-*", RIGHT_ADMIN);
    api_fixture_be(f, "alice");
    json_decref(api_fixture_get(f, 403, "/vm-listeners"));
    api_fixture_be(f, NULL);
    json_decref(api_fixture_get(f, 401, "/vm-listeners"));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, api_fixture_setup,                   \
                                    api_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ports_for_vms_are_listed),
        TEST(without_tls_there_is_no_certificate),
        TEST(the_certificate_has_its_names_and_thumbprints),
        TEST(a_certificate_without_other_names_is_for_its_common_name),
        TEST(settings_that_uris_depend_on_are_said),
        TEST(the_key_of_a_vm_is_the_one_that_it_needs),
        TEST(keys_are_for_those_who_administer),
        TEST(they_are_for_those_who_may_read_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

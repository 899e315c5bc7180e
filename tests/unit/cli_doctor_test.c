/*
 * The doctor's judgements: facts in, findings out; a firewall's rules; texts of
 * errors.
 */
#include "cli/doctor/judge/checks.h"
#include "cli/doctor/judge/firewall_words.h"
#include "cli/doctor/judge/remedies.h"
#include "log/log_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2026-01-31T12:00:00Z */
#define NOW "1769860800000"

/* The check of this code with these facts, in which ' stands for ". */
static json_t *judge(const char *code, const char *facts)
{
    const struct check *only[] = { checks_find(code), NULL };
    char text[4096];
    json_error_t error;
    json_t *json, *items;

    snprintf(text, sizeof text, "%s", facts);
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '\'')
            *c = '"';
    }
    json = json_loads(text, 0, &error);
    if (json == NULL)
        fail_msg("%s: %s at %d", code, error.text, error.position);
    assert_non_null(only[0]);
    items = checks_judge(json, only);
    json_decref(json);
    return items;
}

/* The first finding has this weight, and these words in what it says. */
static void expect(const char *code, const char *facts,
                   enum finding_weight weight, const char *words)
{
    json_t *items = judge(code, facts);
    char *text = json_dumps(items, 0);
    const json_t *first = json_array_get(items, 0);

    assert_string_equal(json_string_value(json_object_get(first, "code")),
                        code);
    if (strcmp(json_string_value(json_object_get(first, "weight")),
               finding_weight_name(weight)) != 0 ||
        strstr(text, words) == NULL)
        fail_msg("%s: %s expected, with \"%s\": %s", code,
                 finding_weight_name(weight), words, text);
    free(text);
    json_decref(items);
}

/* What is wrong or a note says what to do. */
static void wrong(const char *code, const char *facts, const char *words)
{
    json_t *items = judge(code, facts);

    assert_int_not_equal(
        json_array_size(json_object_get(json_array_get(items, 0), "steps")), 0);
    json_decref(items);
    expect(code, facts, FINDING_WRONG, words);
}

static void well(const char *code, const char *facts)
{
    expect(code, facts, FINDING_OK, "");
}

static void note(const char *code, const char *facts, const char *words)
{
    expect(code, facts, FINDING_NOTE, words);
}

/* ---- the table ----------------------------------------------------------- */

static void codes_are_unique_and_ascend(void **state)
{
    const struct check *c;
    char before[8] = "";
    size_t at = 0;

    (void)state;
    while ((c = checks_next(&at)) != NULL) {
        assert_int_equal(strlen(c->code), 4);
        assert_true(strcmp(before, c->code) < 0);
        assert_ptr_equal(checks_find(c->code), c);
        snprintf(before, sizeof before, "%s", c->code);
    }
    assert_true(at > 30);
    assert_null(checks_find("D999"));
    assert_ptr_equal(checks_find("d101"), checks_find("D101"));
}

static void without_facts_nothing_is_well(void **state)
{
    json_t *facts = json_pack("{s:{s:s}}", "missing", "diagnosis",
                              "you may not ask for it");
    json_t *items = checks_judge(facts, NULL);
    size_t unknown = 0;

    (void)state;
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *weight = json_string_value(json_object_get(item, "weight"));

        assert_string_not_equal(weight, "ok");
        unknown += strcmp(weight, "unknown") == 0;
    }
    assert_true(unknown + 1 == json_array_size(items));
    assert_int_equal(checks_worst(items), FINDING_WRONG);
    json_decref(items);
    expect("D303", "{'missing': {'diagnosis': 'you may not ask for it'}}",
           FINDING_UNKNOWN, "you may not ask for it");
    json_decref(facts);
}

/* A name of somebody else is pasted into no shell. */
static void commands_have_no_strange_words(void **state)
{
    json_t *items;
    char *text;

    (void)state;
    items = judge("D604", "{'diagnosis': {'arrivals': [{'console': "
                          "'x; rm -rf ~', 'count': 9, 'address': '192.0.2.7',"
                          "'first': '2026-01-31T11:00:00Z', "
                          "'last': '2026-01-31T11:05:00Z'}]}}");
    text = json_dumps(json_object_get(json_array_get(items, 0), "steps"), 0);
    assert_null(strstr(text, "rm -rf"));
    assert_non_null(strstr(text, "--match CONSOLE"));
    free(text);
    json_decref(items);
    assert_string_equal(checks_word("web-01", "X"), "web-01");
    assert_string_equal(checks_word("-rf", "X"), "X");
    assert_string_equal(checks_word("", "X"), "X");
    assert_string_equal(checks_word("a b", "X"), "X");
}

/* ---- D1 ------------------------------------------------------------------ */

#define REACH(kind, why)                                                       \
    "{'here': {'place': 'x'}, 'reach': {'is_reached': false, 'kind': '" kind   \
    "', 'host': 'vspcd.example.org', 'port': 8443, 'why': '" why "'}}"

static void who_is_not_reached_is_told_why(void **state)
{
    (void)state;
    well("D101", "{'here': {'place': 'x'}, 'reach': {'is_reached': true}}");
    wrong("D101", REACH("socket", "no server: is vspcd running?"),
          "systemctl status vspcd");
    wrong("D101", REACH("socket", "no permission for /run"), "group");
    wrong("D101", REACH("https", "refused by 192.0.2.5"), "nobody listens");
    wrong("D101", REACH("https", "TLS: not trusted"), "--thumbprint");
    wrong("D101", REACH("https", "cannot resolve it"), "getent ahosts");
    wrong("D101", REACH("https", "no answer in time"), "firewall");
}

#define TRY(address, more)                                                     \
    "{'for': 'vms', 'address': '" address "', 'port': 13370, 'tls': "          \
    "'telnets', " more "}"

static void ports_have_to_answer(void **state)
{
    (void)state;
    well("D102", "{'tries': [" TRY("192.0.2.5", "'end': 'connected'") "]}");
    well("D102", "{'tries': []}");
    wrong("D102",
          "{'here': {'is_server': true}, 'tries': [" TRY(
              "192.0.2.5", "'end': 'refused', 'why': 'refused there'") "]"
                                                                       "}",
          "192.0.2.5:13370");
    wrong("D102",
          "{'here': {'is_server': false}, 'tries': [" TRY(
              "2001:db8::5", "'end': 'timeout', 'why': 'no answer'") "]}",
          "[2001:db8::5]:13370");
    note("D102",
         "{'tries': [], 'vm_listeners': {'listeners': [{'address': "
         "'127.0.0.1'}, {'address': '::1'}]}}",
         "proxy-iface");
    /* One way is enough for a client. */
    note(
        "D102",
        "{'here': {'is_server': false}, 'tries': [" TRY(
            "10.0.0.5",
            "'end': 'timeout', 'why': 'no answer'") "," TRY("192.0.2.5",
                                                            "'end': "
                                                            "'connected'") "]}",
        "10.0.0.5:13370");
    /* Other ports are another check's. */
    well("D105", "{'tries': [" TRY("192.0.2.5", "'end': 'refused'") "]}");
}

static void vms_are_greeted(void **state)
{
    (void)state;
    well("D103", "{'tries': [" TRY("192.0.2.5", "'greeting': 'telnet'") "]}");
    wrong("D103",
          "{'tries': [" TRY("192.0.2.5",
                            "'greeting': 'something else came'") "]}",
          "something else came");
    well("D104", "{'tries': [" TRY("192.0.2.5", "'handshake': 'done', 'terms': "
                                                "'TLSv1.3'") "]}");
    wrong("D104",
          "{'tries': [" TRY("192.0.2.5", "'handshake': 'failed', "
                                         "'handshake_why': 'TLS: another "
                                         "certificate'") "]}",
          "another certificate");
}

static void the_firewall_is_judged(void **state)
{
    (void)state;
    well("D106", "{'firewall': []}");
    well("D106", "{'firewall': [{'tool': 'nft', 'output': ''}]}");
    wrong("D106",
          "{'firewall': [{'tool': 'ufw', 'output': 'Status: active\\n"
          "Default: deny (incoming)\\n22/tcp ALLOW Anywhere\\n'}]}",
          "ufw allow 13370/tcp");
    expect("D106", "{'firewall': [{'tool': 'nft', 'why': 'only root'}]}",
           FINDING_UNKNOWN, "sudo vspc doctor");
    /* The port of the listener counts. */
    well("D106",
         "{'vm_listeners': {'listeners': [{'port': 4711}]}, 'firewall': "
         "[{'tool': 'ufw', 'output': 'Status: active\\n"
         "Default: deny (incoming)\\n4711/tcp ALLOW Anywhere\\n'}]}");
}

static void hosts_get_commands_with_this_servers_name(void **state)
{
    (void)state;
    note("D107",
         "{'reach': {'is_reached': true}, 'status': {'consoles': {'connected': "
         "0}}, 'vm_listeners': "
         "{'names': ['vm', 'vspc.example.org'], 'listeners': [{'port': 4711}]}"
         "}",
         "nc -z vspc.example.org 4711");
    note("D107",
         "{'reach': {'is_reached': true}, 'vm_listeners': {'names': ['vm'], "
         "'listeners': [{'address': '0.0.0.0', 'port': 13370}]}}",
         "nc -z HOST-OF-VSPCD 13370");
    well("D107", "{'status': {'consoles': {'connected': 3}}}");
    expect("D107", "{'reach': {'is_reached': false}}", FINDING_UNKNOWN,
           "nc -z HOST-OF-VSPCD 13370");
}

/* ---- D2 ------------------------------------------------------------------ */

#define CERTIFICATE(from, until, more)                                         \
    "{'here': {'time_ms': " NOW "}, 'vm_listeners': {'names': ['vm', "         \
    "'vspc.example.org'], 'certificate': {'not_before': '" from                \
    "', 'not_after': '" until "', 'names': ['vm', '*.example.org'], 'key': "   \
    "'EC prime256v1'" more "}}}"

static void a_certificate_has_dates_names_and_a_key(void **state)
{
    const char *good =
        CERTIFICATE("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");

    (void)state;
    well("D201", good);
    well("D201", "{'vm_listeners': {'certificate': null}}");
    wrong("D201",
          CERTIFICATE("2025-01-01T00:00:00Z", "2026-01-31T11:59:59Z", ""),
          "has expired");
    wrong("D201",
          CERTIFICATE("2026-02-01T00:00:00Z", "2027-01-01T00:00:00Z", ""),
          "not valid yet");
    wrong("D201",
          CERTIFICATE("2025-01-01T00:00:00Z", "2026-02-02T00:00:00Z", ""),
          "expires in");
    note("D201",
         CERTIFICATE("2025-01-01T00:00:00Z", "2026-02-25T00:00:00Z", ""),
         "expires in");
    well("D202", good);
    note("D202",
         "{'vm_listeners': {'names': ['a.b.example.org'], 'certificate': "
         "{'names': ['*.example.org']}}}",
         "a.b.example.org");
    note("D202",
         "{'reach': {'kind': 'https', 'host': 'other'}, 'vm_listeners': "
         "{'names': [], 'certificate': {'names': ['vm']}}}",
         "other");
    well("D203", good);
    wrong("D203", "{'vm_listeners': {'certificate': {'key': 'RSA 1024'}}}",
          "1024 bits");
    well("D203", "{'vm_listeners': {'certificate': {'key': 'RSA 2048'}}}");
    note("D203", "{'vm_listeners': {'certificate': {'key': 'RSA 4096'}}}",
         "4096 bits");
}

static void vms_in_the_clear_are_named(void **state)
{
    (void)state;
    note("D204",
         "{'vm_listeners': {'certificate': {'sha1': 'x'}}, 'consoles': "
         "{'items': [{'name': 'web-01', 'tls': false}, {'name': 'db-01', "
         "'tls': true}, {'name': 'away', 'tls': null}]}}",
         "1 VMs come in the clear, 1 in TLS: web-01");
    well("D204", "{'vm_listeners': {'certificate': {'sha1': 'x'}}, 'consoles': "
                 "{'items': [{'name': 'db-01', 'tls': true}]}}");
}

#define REFUSED(message, reason)                                               \
    "{'refusals': {'items': [{'message': '" message "', 'reason': '" reason    \
    "', 'door': null, 'address': '192.0.2.7', 'vm': 'web-01', 'uuid': null, "  \
    "'console': null, 'count': 3, 'last': '2026-01-31T11:59:59Z'}]}}"

static void old_hosts_are_named(void **state)
{
    (void)state;
    wrong("D205",
          REFUSED(LOG_CONNECTION_CLOSED,
                  "TLS: the peer speaks TLS 1.0 at most; "
                  "at least TLS 1.2 is wanted"),
          "192.0.2.7");
    wrong("D205",
          REFUSED(LOG_CONNECTION_CLOSED, "TLS: no cipher in common with "
                                         "the peer"),
          "tls-ciphers");
    well("D205", REFUSED(LOG_CONNECTION_CLOSED, "closed by the host"));
}

/* ---- D3 ------------------------------------------------------------------ */

static void files_and_memory_have_to_suffice(void **state)
{
    (void)state;
    well("D301", "{'diagnosis': {'files': {'used': 20, 'limit': 20000}}}");
    wrong("D301", "{'diagnosis': {'files': {'used': 900, 'limit': 1000}}}",
          "LimitNOFILE");
    wrong("D301",
          "{'diagnosis': {'files': {'used': 20, 'limit': 1024}}, 'status': "
          "{'consoles': {'total': 800}}}",
          "800 consoles");
    wrong("D301",
          "{'diagnosis': {'files': {'used': 20, 'limit': 1024}, 'counts': "
          "{'accepts_starved': 2}}}",
          "2 times");
    expect("D301", "{'diagnosis': {'files': {'limit': null}}}", FINDING_UNKNOWN,
           "");
    well("D302", "{'diagnosis': {'memory': {'resident_bytes': 1000000, "
                 "'machine_bytes': 8000000000, 'available_bytes': 4000000000}}"
                 "}");
    wrong("D302",
          "{'diagnosis': {'memory': {'machine_bytes': 8000000000, "
          "'available_bytes': 100000000}}}",
          "history-total");
    wrong("D302",
          "{'diagnosis': {'memory': {'machine_bytes': 8000000000, "
          "'available_bytes': 4000000000, 'group_bytes': 950, "
          "'group_limit_bytes': 1000}}}",
          "MemoryMax");
    /* As the unit has it: no /proc/meminfo. */
    expect("D302",
           "{'diagnosis': {'memory': {'resident_bytes': 1000, "
           "'machine_bytes': null, 'available_bytes': null, 'group_bytes': "
           "1048576, 'group_limit_bytes': 4194304}}}",
           FINDING_OK, "1.0 MiB of the 4.0 MiB");
    expect("D302", "{'diagnosis': {'memory': {'resident_bytes': 1000}}}",
           FINDING_UNKNOWN, "cannot see");
}

#define DISK(more)                                                             \
    "{'diagnosis': {'disks': [{'for': 'console-logs', 'path': "                \
    "'/var/log/consoles', 'problem': null, " more "}]}}"

static void disks_are_judged(void **state)
{
    const char *good =
        DISK("'is_read_only': false, 'is_writable': true, 'size_bytes': "
             "100000000000, 'free_bytes': 50000000000, 'files': 100000, "
             "'free_files': 90000");

    (void)state;
    well("D303", good);
    wrong("D303", DISK("'size_bytes': 100000000000, 'free_bytes': 1000000000"),
          "/var/log/consoles");
    note("D303", DISK("'size_bytes': 100000000000, 'free_bytes': 10000000000"),
         "console-logs");
    wrong("D303", DISK("'size_bytes': 100000000, 'free_bytes': 50000000"),
          "df -h /var/log/consoles");
    well("D304", good);
    well("D304", DISK("'files': 0, 'free_files': 0"));
    wrong("D304", DISK("'files': 100000, 'free_files': 10"), "inodes");
    well("D305", good);
    wrong("D305", DISK("'is_read_only': true, 'is_writable': false"),
          "read-only");
    wrong("D305", DISK("'is_read_only': false, 'is_writable': false"),
          "may not write");
    wrong("D305",
          "{'diagnosis': {'disks': [{'for': 'state', 'path': '/x', 'problem': "
          "'Permission denied'}]}}",
          "Permission denied");
    well("D305", "{'diagnosis': {'disks': []}}");
}

#define CLOCK(synchronised, ms)                                                \
    "{'answered_ms': " ms ", 'diagnosis': {'clock': {'time': "                 \
    "'2026-01-31T12:00:00.000Z', 'is_synchronised': " synchronised "}}}"

static void clocks_have_to_agree(void **state)
{
    (void)state;
    well("D306", CLOCK("true", "1769860801000"));
    well("D306", CLOCK("null", "1769860801000"));
    note("D306", CLOCK("false", "1769860801000"), "NTP");
    wrong("D306", CLOCK("true", "1769860860000"), "60 s behind");
    wrong("D306", CLOCK("true", "1769860740000"), "60 s ahead of");
}

#define PORTS(reserved)                                                        \
    "{'diagnosis': {'ports': {'is_used': true, 'first': 50000, 'last': "       \
    "65535, 'local_first': 32768, 'local_last': 60999, "                       \
    "'local_reserved': " reserved "}}}"

static void ports_of_consoles_are_theirs(void **state)
{
    (void)state;
    well("D307", "{'diagnosis': {'ports': {'is_used': false}}}");
    expect("D307",
           "{'diagnosis': {'ports': {'is_used': true, 'first': 50000, 'last': "
           "65535, 'local_last': null}}}",
           FINDING_UNKNOWN, "50000 to 65535");
    note("D307", PORTS("null"), "ip_local_reserved_ports=50000-60999");
    note("D307", PORTS("'50000-50010,60000-65535'"), "50000 to 60999");
    well("D307", PORTS("'8080,50000-65535'"));
    wrong("D307",
          "{'status': {'consoles': {'total': 99}}, 'diagnosis': {'ports': "
          "{'is_used': true, 'first': 1, 'last': 100}}}",
          "99 consoles");
    well("D308", "{'diagnosis': {'is_root': false}}");
    note("D308", "{'diagnosis': {'is_root': true}}", "root");
    well("D309", "{'here': {'version': '1.0'}, 'version': {'version': '1.0'}}");
    note("D309", "{'here': {'version': '1.1'}, 'version': {'version': '1.0'}}",
         "vspcd is 1.0");
}

/* ---- D4 ------------------------------------------------------------------ */

static void names_lead_to_the_server_and_back(void **state)
{
    (void)state;
    well("D401", "{'vm_listeners': {'addresses': ['192.0.2.5']}, 'names': "
                 "[{'name': 'vm', 'addresses': ['192.0.2.5'], 'why': null}]}");
    note("D401",
         "{'vm_listeners': {'addresses': ['192.0.2.5']}, 'names': [{'name': "
         "'vm', 'addresses': ['198.51.100.1'], 'why': null}]}",
         "198.51.100.1");
    note("D401",
         "{'names': [{'name': 'vm', 'addresses': [], 'why': 'not "
         "known'}]}",
         "not found in DNS");
    well("D402", "{'addresses': [{'address': '192.0.2.5', 'names': ['vm']}]}");
    note("D402", "{'addresses': [{'address': '192.0.2.5', 'names': []}]}",
         "192.0.2.5");
}

/* ---- D5 ------------------------------------------------------------------ */

static void doors_for_others_need_rules(void **state)
{
    (void)state;
    well("D501", "{'diagnosis': {'access': {'has_rules': true}}}");
    well("D501",
         "{'diagnosis': {'access': {'has_rules': false}}, 'status': {'doors': "
         "[{'for': 'vms', 'address': '0.0.0.0:13370'}, {'for': 'socket', "
         "'address': '/run/x'}, {'for': 'web', 'address': '127.0.0.1:8443'}, "
         "{'for': 'web', 'address': '[::1]:8443'}]}}");
    wrong("D501",
          "{'diagnosis': {'access': {'has_rules': false}}, 'status': {'doors': "
          "[{'for': 'web', 'address': '0.0.0.0:8443'}]}}",
          "web 0.0.0.0:8443");
    wrong("D501", "{'diagnosis': {'access': {'is_everybody_writing': true}}}",
          "everybody may type");
    note("D502", "{'diagnosis': {'counts': {'clients_refused_right': 2}}}",
         "2 clients");
    note("D502", "{'diagnosis': {'access': {'logins_failed': 4}}}", "4 logins");
    well("D502", "{'diagnosis': {'counts': {}}}");
    note("D503", "{'diagnosis': {'access': {'is_open_to_vms': true}}}",
         "vm-allow");
    well("D503", "{'diagnosis': {'access': {'is_open_to_vms': false}}}");
}

static void settings_are_judged(void **state)
{
    (void)state;
    well("D504", "{'config': {'problems': [], 'warnings': [], 'changes': []}}");
    wrong("D504", "{'config': {'problems': [{'text': 'x.conf:3: bad'}]}}",
          "x.conf:3: bad");
    note("D504", "{'config': {'warnings': [{'text': 'strange'}]}}", "strange");
    note("D504", "{'config': {'changes': [{'name': 'vm-allow'}]}}",
         "vspc reload");
}

/* ---- D6 ------------------------------------------------------------------ */

static void refused_vms_are_told_with_a_remedy(void **state)
{
    (void)state;
    well("D601", "{'refusals': {'items': []}}");
    /* An hour and a second ago: it may have been mended since. */
    note("D601",
         "{'here': {'time_ms': 1769864400000}, 'refusals': {'items': "
         "[{'message': '" LOG_VM_KEY_REFUSED "', 'reason': 'x', 'address': "
         "'192.0.2.7', 'count': 3, 'last': '2026-01-31T11:59:59.000Z'}]}}",
         "last 2026-01-31T11:59:59");
    wrong("D601",
          "{'here': {'time_ms': 1769864400000}, 'refusals': {'items': "
          "[{'message': '" LOG_VM_KEY_REFUSED "', 'reason': 'x', 'address': "
          "'192.0.2.7', 'count': 3, 'last': '2026-01-31T12:00:01.000Z'}]}}",
          "last 2026-01-31T12:00:01");
    wrong("D601",
          REFUSED(LOG_VM_KEY_REFUSED,
                  "its service URI has no key, and --vm-keys is required; "
                  "--vm-key prints it"),
          "vspcd --vm-key");
    wrong("D601",
          REFUSED(LOG_CONNECTION_CLOSED,
                  "TLS is required on this port: use telnets:// in the proxy "
                  "URI"),
          "vspc uri");
    note("D601", REFUSED(LOG_CONNECTION_CLOSED, "closed by the host"),
         "3 times");
    well("D601", "{'refusals': {'items': [{'message': '" LOG_CONNECTION_CLOSED
                 "', 'reason': 'closed by the host', 'count': 2}]}}");
    note("D602", REFUSED(LOG_API_DENIED, "admin"), "needs the right admin");
    well("D601", REFUSED(LOG_LOGIN_FAILED, "wrong password"));
    note("D602", REFUSED(LOG_LOGIN_FAILED, "denied"), LOG_LOGIN_FAILED);
    note("D601",
         "{'refusals': {'items': [{'message': '" LOG_CONNECTION_CLOSED
         "', 'reason': 'TLS: the peer refuses our certificate', 'address': "
         "'::1'}]}}",
         "rehearse");
    note("D601",
         "{'vm_listeners': {'addresses': ['192.0.2.5']}, 'refusals': {'items': "
         "[{'message': '" LOG_CONNECTION_CLOSED
         "', 'reason': 'TLS: the peer refuses our certificate', 'address': "
         "'192.0.2.5'}]}}",
         "rehearse");
    wrong(
        "D601",
        "{'vm_listeners': {'addresses': ['192.0.2.5']}, 'refusals': {'items': "
        "[{'message': '" LOG_CONNECTION_CLOSED
        "', 'reason': 'TLS: the peer refuses our certificate', 'address': "
        "'192.0.2.5'}, {'message': "
        "'" LOG_CONNECTION_CLOSED "', 'reason': 'TLS: the peer refuses our "
        "certificate', 'address': '192.0.2.6'}]}}",
        "192.0.2.6");
    well("D602", REFUSED(LOG_VM_REFUSED, "x"));
}

/* A reason that many have is told once. */
static void hosts_with_the_same_reason_are_one_finding(void **state)
{
    json_t *facts = json_pack("{s:{s:[]}}", "refusals", "items");
    json_t *refused =
        json_object_get(json_object_get(facts, "refusals"), "items");
    const struct check *only[] = { checks_find("D601"), NULL };
    json_t *items;
    char address[32];

    (void)state;
    for (int i = 0; i < 9; i++) {
        snprintf(address, sizeof address, "192.0.2.%d", i);
        json_array_append_new(
            refused, json_pack("{s:s, s:s, s:s, s:s, s:i}", "message",
                               LOG_CONNECTION_REFUSED, "door", "vm", "reason",
                               "the address is in no network of --vm-allow",
                               "address", address, "count", 2));
    }
    items = checks_judge(facts, only);
    assert_int_equal(json_array_size(items), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(items, 0), "subject")),
        "192.0.2.0, 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4 and 4 more");
    assert_non_null(strstr(
        json_string_value(json_object_get(json_array_get(items, 0), "found")),
        "18 times"));
    json_decref(items);
    json_decref(facts);
}

static void silent_and_restless_vms_are_named(void **state)
{
    (void)state;
    note("D603",
         "{'consoles': {'items': [{'name': 'web-01', 'state': 'connected', "
         "'last_output': null}, {'name': 'db-01', 'state': 'connected', "
         "'last_output': 'x'}, {'name': 'off', 'state': 'none', 'last_output': "
         "null}]}}",
         "1 of 2 connected VMs have printed nothing since vspcd was started: "
         "web-01");
    expect("D603", "{'consoles': {'items': []}}", FINDING_OK,
           "no VM is connected");
    expect("D603",
           "{'consoles': {'items': [{'name': 'web-01', 'state': 'connected', "
           "'last_output': 'x'}]}}",
           FINDING_OK, "all VMs (1) have printed");
    wrong("D604",
          "{'diagnosis': {'arrivals': [{'console': 'web-01', 'count': 11, "
          "'address': '192.0.2.7', 'first': '2026-01-31T11:00:00Z', 'last': "
          "'2026-01-31T11:10:00Z'}]}}",
          "each 60 s");
    well("D604",
         "{'diagnosis': {'arrivals': [{'console': 'rehearsal-1-0001', 'count': "
         "11, 'address': '192.0.2.7', 'first': '2026-01-31T11:00:00Z', 'last': "
         "'2026-01-31T11:10:00Z'}]}}");
    well("D604",
         "{'diagnosis': {'arrivals': [{'console': 'web-01', 'count': 6, "
         "'address': '192.0.2.7', 'first': '2026-01-31T07:00:00Z', 'last': "
         "'2026-01-31T11:10:00Z'}]}}");
}

static void services_that_fail_are_named(void **state)
{
    (void)state;
    wrong("D605",
          "{'consoles': {'items': [{'name': 'web-01', 'state': 'connected', "
          "'service': {'asks_for': 'tcp://logs:7000', 'state': 'waiting'}}]}}",
          "tcp://logs:7000");
    wrong("D605",
          "{'consoles': {'items': [{'name': 'web-01', 'state': 'connected', "
          "'service': {'asks_for': 'tcp://:7000', 'state': 'refused'}}]}}",
          "rules");
    well(
        "D605",
        "{'consoles': {'items': [{'name': 'web-01', 'state': 'none', "
        "'service': {'asks_for': 'tcp://:7000', 'state': 'waiting'}}, {'name': "
        "'x', 'state': 'connected', 'service': null}]}}");
}

/* ---- D7 ------------------------------------------------------------------ */

static void parts_that_fail_are_named(void **state)
{
    (void)state;
    well("D701", "{'status': {'health': {'state': 'ok', 'ready': 'ok'}}}");
    wrong("D701", "{'status': {'health': {'logs': 'failing'}}}", "failing");
    well("D702", "{'diagnosis': {'counts': {}}}");
    wrong("D702", "{'diagnosis': {'counts': {'webhooks_given_up': 3}}}",
          "3 deliveries");
    note("D702", "{'diagnosis': {'counts': {'log_gaps': 1}}}", "gaps");
    well("D703", "{'rules': {'items': []}}");
    well("D703", "{'rules': {'items': [{}]}}");
    wrong("D703",
          "{'rules': {'items': [{}]}, 'webhooks': {'items': [{'name': 'chat', "
          "'state': 'failing'}]}}",
          "vspc alerts test chat");
    well("D704", "{'diagnosis': {'access': {'has_audit_log': true}}}");
    wrong("D704", "{'diagnosis': {'counts': {'audit_lost': 2}}}", "2 audit");
    wrong("D704",
          "{'diagnosis': {}, 'status': {'health': {'audit': 'failing'}}}",
          "not written");
}

/* ---- firewalls ----------------------------------------------------------- */

#define NFT(policy, rules)                                                     \
    "table inet filter {\n\tchain input {\n\t\ttype filter hook input "        \
    "priority filter; policy " policy ";\n" rules "\t}\n}\n"

static void rules_of_nft_are_read(void **state)
{
    static const struct {
        const char *rules;
        enum firewall_meaning verdict;
    } cases[] = {
        { "", FIREWALL_NONE },
        { "garbage { \n }}}} dport", FIREWALL_NONE },
        { NFT("accept", ""), FIREWALL_OPEN },
        { NFT("drop", ""), FIREWALL_CLOSED },
        { NFT("drop", "\t\ttcp dport 22 accept\n"), FIREWALL_CLOSED },
        { NFT("drop", "\t\ttcp dport 13370 accept\n"), FIREWALL_OPEN },
        { NFT("drop", "\t\ttcp dport { 22, 13000-14000 } accept\n"),
          FIREWALL_OPEN },
        { NFT("drop", "\t\tudp dport 13370 accept\n"), FIREWALL_CLOSED },
        { NFT("drop", "\t\ttcp dport != 13370 accept\n"), FIREWALL_CLOSED },
        { NFT("drop", "\t\ttcp dport 113370 accept\n"), FIREWALL_CLOSED },
        { NFT("drop", "\t\tip saddr 10.0.0.0/8 accept\n"), FIREWALL_PARTLY },
        { NFT("drop", "\t\tiifname \"lo\" accept\n"), FIREWALL_CLOSED },
        { NFT("accept", "\t\ttcp dport 13370 drop\n"), FIREWALL_CLOSED },
        { NFT("accept", "\t\tct state established accept\n\t\treject with "
                        "icmpx admin-prohibited\n"),
          FIREWALL_CLOSED },
        { "table ip x {\n\tchain forward {\n\t\ttype filter hook forward "
          "priority 0; policy drop;\n\t}\n}\n",
          FIREWALL_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (firewall_judge("nft", cases[i].rules, 13370) != cases[i].verdict)
            fail_msg("case %zu: %s", i, cases[i].rules);
    }
}

static void rules_of_other_firewalls_are_read(void **state)
{
    static const struct {
        const char *tool, *rules;
        enum firewall_meaning verdict;
    } cases[] = {
        { "iptables", "-P INPUT ACCEPT\n-P FORWARD DROP\n", FIREWALL_NONE },
        { "iptables", "-P INPUT DROP\n", FIREWALL_CLOSED },
        { "iptables",
          "-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 13370 -j ACCEPT\n",
          FIREWALL_OPEN },
        { "iptables",
          "-P INPUT DROP\n-A x -p tcp -m multiport --dports 22,13000:14000 -j "
          "ACCEPT\n",
          FIREWALL_OPEN },
        { "iptables",
          "-P INPUT ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j "
          "REJECT --reject-with icmp-host-prohibited\n",
          FIREWALL_CLOSED },
        { "iptables", "-P INPUT DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n",
          FIREWALL_PARTLY },
        { "iptables", "-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n",
          FIREWALL_CLOSED },
        { "ufw", "Status: inactive\n", FIREWALL_NONE },
        { "ufw", "Status: active\nDefault: deny (incoming), allow (outgoing)\n",
          FIREWALL_CLOSED },
        { "ufw",
          "Status: active\nDefault: deny (incoming)\n13370/tcp   ALLOW IN  "
          "Anywhere\n",
          FIREWALL_OPEN },
        { "ufw", "Status: active\nDefault: allow (incoming)\n", FIREWALL_OPEN },
        { "ufw",
          "Status: active\nDefault: deny (incoming)\nAnywhere   ALLOW IN  "
          "10.0.0.0/8\n",
          FIREWALL_PARTLY },
        { "firewalld", "", FIREWALL_NONE },
        { "firewalld", "public (active)\n  target: default\n  ports: 22/tcp\n",
          FIREWALL_CLOSED },
        { "firewalld",
          "public (active)\n  target: default\n  ports: 22/tcp "
          "13000-14000/tcp\n",
          FIREWALL_OPEN },
        { "firewalld",
          "x\n  target: default\n  ports: \n  rich rules: \n\trule "
          "family=\"ipv4\" port port=\"13370\" protocol=\"tcp\" accept\n",
          FIREWALL_OPEN },
        { "firewalld", "trusted\n  target: ACCEPT\n  ports: \n",
          FIREWALL_OPEN },
        { "pf", "block all\n", FIREWALL_STRANGE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (firewall_judge(cases[i].tool, cases[i].rules, 13370) !=
            cases[i].verdict)
            fail_msg("case %zu: %s", i, cases[i].rules);
    }
}

/* ---- texts of errors ----------------------------------------------------- */

static const char *subject_of(const char *text)
{
    size_t at = 0;
    const struct remedy *remedy = remedies_next(text, &at);

    return remedy != NULL ? remedy->subject : "?";
}

static void texts_are_known_by_their_words(void **state)
{
    (void)state;
    assert_string_equal(
        subject_of("Unable to connect virtual device 'serial0'."),
        "the connection of the host");
    assert_string_equal(subject_of("2026-01-31 UNABLE to  connect\n\"web-01\" "
                                   "virtual-device serial1!"),
                        "the connection of the host");
    assert_string_equal(subject_of("unable to connec virtual device serial0"),
                        "?");
    assert_string_equal(subject_of("virtual device serial0: unable to connect"),
                        "?");
    assert_string_equal(subject_of("WONT-PROXY"), "a port URI that is not "
                                                  "served");
    assert_string_equal(
        subject_of("Connection control operation failed for device 'serial0'."),
        "the connection of the host");
    assert_string_equal(
        subject_of("Feature 'X' is not licensed with this edition."),
        "the license of the host");
    assert_string_equal(subject_of("The attempted operation cannot be "
                                   "performed in the current state (Powered "
                                   "on)."),
                        "a VM that is powered on");
    assert_string_equal(subject_of("Invalid operation for device '0'."),
                        "a VM that is powered on");
    assert_string_equal(subject_of("Invalid configuration for device '0'."),
                        "the settings of the serial port");
    assert_string_equal(subject_of("the snowfall is heavy"), "?");
    assert_string_equal(subject_of(""), "?");
    assert_string_equal(subject_of("VMOTION-NOTNOW"),
                        "a vMotion that may not begin now");
}

static void a_text_may_have_several_causes(void **state)
{
    static const char text[] =
        "Virtual device 'serial0' will start disconnected.\n"
        "vspcd: VM refused (WONT-PROXY) reason=\"...\"";
    const struct remedy *first, *second;
    size_t at = 0;

    (void)state;
    first = remedies_next(text, &at);
    second = remedies_next(text, &at);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    while (remedies_next(text, &at) != NULL)
        ;
    assert_null(remedies_next(text, &at));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_unique_and_ascend),
        cmocka_unit_test(without_facts_nothing_is_well),
        cmocka_unit_test(commands_have_no_strange_words),
        cmocka_unit_test(who_is_not_reached_is_told_why),
        cmocka_unit_test(ports_have_to_answer),
        cmocka_unit_test(vms_are_greeted),
        cmocka_unit_test(the_firewall_is_judged),
        cmocka_unit_test(hosts_get_commands_with_this_servers_name),
        cmocka_unit_test(a_certificate_has_dates_names_and_a_key),
        cmocka_unit_test(vms_in_the_clear_are_named),
        cmocka_unit_test(old_hosts_are_named),
        cmocka_unit_test(files_and_memory_have_to_suffice),
        cmocka_unit_test(disks_are_judged),
        cmocka_unit_test(clocks_have_to_agree),
        cmocka_unit_test(ports_of_consoles_are_theirs),
        cmocka_unit_test(names_lead_to_the_server_and_back),
        cmocka_unit_test(doors_for_others_need_rules),
        cmocka_unit_test(settings_are_judged),
        cmocka_unit_test(refused_vms_are_told_with_a_remedy),
        cmocka_unit_test(hosts_with_the_same_reason_are_one_finding),
        cmocka_unit_test(silent_and_restless_vms_are_named),
        cmocka_unit_test(services_that_fail_are_named),
        cmocka_unit_test(parts_that_fail_are_named),
        cmocka_unit_test(rules_of_nft_are_read),
        cmocka_unit_test(rules_of_other_firewalls_are_read),
        cmocka_unit_test(texts_are_known_by_their_words),
        cmocka_unit_test(a_text_may_have_several_causes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

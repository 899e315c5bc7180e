/* Commands about keys of ssh, with their file and without its thread. */
#include "api_fixture.h"

#include "auth/ssh_key.h"
#include "net/tls/tls_digest.h"
#include "store/sqlite_file.h"
#include "store/tokens/token_job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    struct api_fixture api;
    struct settings settings;
    char directory[64];
    char path[128];
    struct token_file *file;
    struct token_job *job; /* that waits, if is_slow */
    bool is_slow;
    bool is_full;
};

static bool ask_tokens(void *owner, struct token_job *job)
{
    struct fixture *f = owner;

    if (f->is_full)
        return false;
    token_job_run(job, &f->file, f->path);
    if (f->is_slow)
        f->job = job;
    else
        job->on_done(job->waiter, job);
    return true;
}

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof f);
    api_fixture_open(&f.api);
    f.api.means.owner = &f;
    f.api.means.ask_tokens = ask_tokens;
    f.api.means.settings = &f.settings;
    snprintf(f.directory, sizeof f.directory, "/tmp/api-ssh-keys-XXXXXX");
    assert_non_null(mkdtemp(f.directory));
    snprintf(f.path, sizeof f.path, "%s/tokens", f.directory);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    token_file_close(f->file);
    token_job_free(f->job);
    (void)unlink(f->path);
    (void)rmdir(f->directory);
    api_fixture_close(&f->api);
    return 0;
}

/* The nth key of its kind. */
static const char *key_of(unsigned n)
{
    uint8_t blob[4 + 11 + 4 + 32] = { 0, 0, 0, 11 };
    static char text[12 + TLS_BASE64_LEN(sizeof blob) + 1];

    memcpy(blob + 4, "ssh-ed25519", 11);
    blob[18] = 32;
    memcpy(blob + 19, &n, sizeof n);
    strcpy(text, "ssh-ed25519 ");
    tls_base64_encode(slice_of(blob, sizeof blob), text + 12);
    return text;
}

static json_t *add(struct fixture *f, unsigned status, const char *name,
                   const char *key)
{
    char body[512];

    snprintf(body, sizeof body, "{\"name\":\"%s\",\"key\":\"%s\"}", name, key);
    return api_fixture_json(&f->api, status, HTTP_VERB_POST, "/ssh-keys", body);
}

static const char *text_of(const json_t *json, const char *member)
{
    const char *text = json_string_value(json_object_get(json, member));

    return text != NULL ? text : "-";
}

/* Names in the order of the list, each with a blank behind it. */
static const char *list(struct fixture *f, const char *target)
{
    static char text[4096];
    json_t *json = api_fixture_get(&f->api, 200, target);
    size_t len = 0, i;
    json_t *item;

    text[0] = '\0';
    json_array_foreach (json_object_get(json, "items"), i, item) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s ",
                                text_of(item, "name"));
    }
    assert_int_equal(json_integer_value(json_object_get(json, "total")), i);
    json_decref(json);
    return text;
}

/* "/ssh-keys?key=...", encoded. */
static const char *target_of(const char *key)
{
    static char target[512];
    size_t len = (size_t)snprintf(target, sizeof target, "/ssh-keys?key=");

    for (; *key != '\0'; key++)
        len += (size_t)snprintf(target + len, sizeof target - len, "%%%02x",
                                (unsigned char)*key);
    return target;
}

static void delete_key(struct fixture *f, unsigned status, const char *id)
{
    char target[256];

    snprintf(target, sizeof target, "/ssh-keys/%s", id);
    json_decref(
        api_fixture_json(&f->api, status, HTTP_VERB_DELETE, target, NULL));
}

static void keys_come_and_go(void **state)
{
    struct fixture *f = *state;
    json_t *json;
    char id[32];

    assert_string_equal(list(f, "/ssh-keys"), "");
    delete_key(f, 404, "1");
    json = add(f, 200, "alice", key_of(1));
    assert_string_equal(text_of(json, "name"), "alice");
    assert_string_equal(text_of(json, "key"), key_of(1));
    assert_string_equal(text_of(json, "created_by"), "root");
    assert_int_equal(strlen(text_of(json, "fingerprint")),
                     SSH_KEY_FINGERPRINT_LEN);
    snprintf(id, sizeof id, "%lld",
             json_integer_value(json_object_get(json, "id")));
    json_decref(json);
    json_decref(add(f, 200, "alice", key_of(2)));
    json_decref(add(f, 200, "bob", key_of(3)));
    json_decref(add(f, 409, "bob", key_of(1)));
    assert_string_equal(list(f, "/ssh-keys"), "alice alice bob ");
    assert_string_equal(list(f, target_of(key_of(3))), "bob ");
    assert_string_equal(list(f, target_of(key_of(4))), "");
    delete_key(f, 200, id);
    delete_key(f, 404, id);
    assert_string_equal(list(f, "/ssh-keys"), "alice bob ");
    /* Its number is not used again. */
    json = add(f, 200, "alice", key_of(1));
    assert_int_equal(json_integer_value(json_object_get(json, "id")), 4);
    json_decref(json);
}

static void what_is_no_key_is_refused(void **state)
{
    struct fixture *f = *state;

    json_decref(add(f, 400, "a b", key_of(1)));
    json_decref(add(f, 400, "-a", key_of(1)));
    json_decref(add(f, 400, "alice", "ssh-ed25519 AAAA"));
    json_decref(api_fixture_get(&f->api, 400, "/ssh-keys?key=x"));
    delete_key(f, 404, "x");
    assert_string_equal(list(f, "/ssh-keys"), "");
}

static void there_is_a_most(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < SSH_KEY_ROWS_MAX; i++) {
        struct ssh_key key;
        struct err err;
        const struct ssh_key_record record = {
            .fingerprint = key.fingerprint,
            .name = "alice",
            .key = key.text,
            .comment = "",
            .created_by = "root",
        };

        if (i == 0) {
            json_decref(add(f, 200, "alice", key_of(0)));
            assert_int_equal(sqlite_file_run(token_file_sqlite(f->file),
                                             "PRAGMA synchronous = OFF"),
                             0);
            continue;
        }
        assert_int_equal(ssh_key_parse(&key, key_of(i), &err), 0);
        assert_int_equal(
            ssh_key_rows_add(token_file_sqlite(f->file), &record, &err), 0);
    }
    json_decref(add(f, 429, "alice", key_of(SSH_KEY_ROWS_MAX)));
}

/* The account that people share learns whose a key is, if it has the key. */
static void the_login_asks_about_one_key(void **state)
{
    struct fixture *f = *state;
    char login[] = "console";

    json_decref(add(f, 200, "alice", key_of(1)));
    api_fixture_be(&f->api, "console");
    json_decref(api_fixture_get(&f->api, 403, target_of(key_of(1))));
    f->settings.ssh_login_user = login;
    assert_string_equal(list(f, target_of(key_of(1))), "alice ");
    assert_string_equal(list(f, target_of(key_of(2))), "");
    json_decref(api_fixture_get(&f->api, 403, "/ssh-keys"));
    json_decref(add(f, 403, "console", key_of(2)));
    delete_key(f, 403, "1");
    /* The name alone is not the account. */
    assert_true(principal_prove(&f->api.who, PROOF_SSH, "console"));
    json_decref(api_fixture_get(&f->api, 403, target_of(key_of(1))));
    api_fixture_be(&f->api, "alice");
    json_decref(api_fixture_get(&f->api, 403, target_of(key_of(1))));
    api_fixture_be(&f->api, NULL);
    json_decref(api_fixture_get(&f->api, 401, target_of(key_of(1))));
}

/* The job is done after the caller has gone, and nobody is told. */
static void a_caller_that_has_gone_is_not_called(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call call;

    f->is_slow = true;
    api_fixture_begin(&f->api, &call, HTTP_VERB_GET, "/ssh-keys", NULL);
    assert_int_equal(call.answered, 0);
    api_fixture_end(&call);
    assert_null(f->job->on_done);
}

static void without_a_place_there_are_no_keys(void **state)
{
    struct fixture *f = *state;

    f->is_full = true;
    json_decref(add(f, 503, "alice", key_of(1)));
    json_decref(api_fixture_get(&f->api, 503, "/ssh-keys"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_come_and_go),
        TEST(what_is_no_key_is_refused),
        TEST(there_is_a_most),
        TEST(the_login_asks_about_one_key),
        TEST(a_caller_that_has_gone_is_not_called),
        TEST(without_a_place_there_are_no_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

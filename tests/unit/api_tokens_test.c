/*
 * Commands about access tokens, with their file and without its thread; and
 * what the rules say of somebody.
 */
#include "api_fixture.h"

#include "auth/token.h"
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
    f.api.means.census = (struct census_source){ .owner = NULL };
    snprintf(f.directory, sizeof f.directory, "/tmp/api-tokens-XXXXXX");
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

static json_t *create(struct fixture *f, unsigned status, const char *body)
{
    return api_fixture_json(&f->api, status, HTTP_VERB_POST, "/tokens", body);
}

static const char *text_of(const json_t *json, const char *member)
{
    const char *text = json_string_value(json_object_get(json, member));

    return text != NULL ? text : "-";
}

/* "NAME STATE NAME STATE TOTAL HIDDEN" */
static const char *list(struct fixture *f)
{
    static char text[4096];
    json_t *json = api_fixture_get(&f->api, 200, "/tokens");
    size_t len = 0, i;
    json_t *item;

    json_array_foreach (json_object_get(json, "items"), i, item) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s %s ",
                                text_of(item, "name"), text_of(item, "state"));
        assert_null(json_object_get(item, "token"));
    }
    snprintf(text + len, sizeof text - len, "%lld %lld",
             json_integer_value(json_object_get(json, "total")),
             json_integer_value(json_object_get(json, "hidden")));
    json_decref(json);
    return text;
}

static void a_person_makes_tokens_for_himself(void **state)
{
    struct fixture *f = *state;
    json_t *json;

    api_fixture_allow(&f->api, "alice", "web-*", RIGHT_READ);
    api_fixture_be(&f->api, "alice");
    json = create(f, 200,
                  "{\"name\":\"ci\",\"may\":\"write\",\"consoles\":\"web-*\"}");
    assert_int_equal(token_form(slice_of_text(text_of(json, "token"))),
                     TOKEN_WHOLE);
    assert_string_equal(text_of(json, "owner"), "alice");
    assert_string_equal(text_of(json, "may"), "write");
    assert_string_equal(text_of(json, "consoles"), "web-*");
    assert_string_equal(text_of(json, "created_by"), "alice");
    assert_true(json_is_string(json_object_get(json, "expires")));
    json_decref(json);
    json_decref(create(f, 409, "{\"name\":\"ci\"}"));
    json_decref(create(f, 403, "{\"name\":\"cd\",\"owner\":\"bob\"}"));
    json_decref(create(f, 400, "{\"name\":\"a b\"}"));
    json_decref(create(f, 400, "{\"name\":\"cd\",\"consoles\":\"[\"}"));
    assert_string_equal(list(f), "ci holds 1 0");
}

static void what_is_shown_is_what_holds(void **state)
{
    struct fixture *f = *state;
    json_t *json = create(f, 200, "{\"name\":\"ci\",\"expires\":0}");
    const char *text = text_of(json, "token");
    uint8_t digest[TOKEN_DIGEST_LEN];
    struct token_list all;
    unsigned damaged;
    struct err err;

    token_digest(slice_of_text(text), digest);
    assert_int_equal(token_file_load(f->file, &all, &damaged, &err), 0);
    assert_memory_equal(all.item[0]->digest, digest, sizeof digest);
    assert_int_equal(all.item[0]->expires_s, 0);
    token_list_done(&all);
    assert_true(json_is_null(json_object_get(json, "expires")));
    json_decref(json);
}

static void others_tokens_are_hidden(void **state)
{
    struct fixture *f = *state;

    json_decref(create(f, 200, "{\"name\":\"mine\"}"));
    json_decref(create(f, 200, "{\"name\":\"hers\",\"owner\":\"alice\"}"));
    assert_string_equal(list(f), "mine holds hers holds 2 0");
    api_fixture_be(&f->api, "alice");
    assert_string_equal(list(f), "hers holds 1 1");
    json_decref(
        api_fixture_json(&f->api, 404, HTTP_VERB_DELETE, "/tokens/mine", NULL));
    json_decref(
        api_fixture_json(&f->api, 200, HTTP_VERB_DELETE, "/tokens/hers", NULL));
    json_decref(
        api_fixture_json(&f->api, 200, HTTP_VERB_DELETE, "/tokens/hers", NULL));
    assert_string_equal(list(f), "hers revoked 1 1");
}

/* A certificate's name may be the name of somebody else's account; and a token
 * makes no other one. */
static void who_has_no_account_has_no_tokens(void **state)
{
    static const enum principal_proof others[] = { PROOF_CERTIFICATE,
                                                   PROOF_TOKEN, PROOF_PROXY,
                                                   PROOF_SSH };
    struct fixture *f = *state;

    api_fixture_be(&f->api, NULL);
    json_decref(create(f, 401, "{\"name\":\"ci\"}"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        api_fixture_be(&f->api, "alice");
        assert_true(principal_prove(&f->api.who, others[i], "alice"));
        json_decref(create(f, 403, "{\"name\":\"ci\"}"));
        json_decref(api_fixture_get(&f->api, 403, "/tokens"));
    }
    api_fixture_be(&f->api, "root");
    assert_string_equal(list(f), "0 0");
}

/* It would outlive the one that has made it, whose end was to be the end of
 * what it may. */
static void a_token_that_may_administer_makes_no_other(void **state)
{
    struct fixture *f = *state;
    struct principal *who = &f->api.who;

    json_decref(create(f, 200, "{\"name\":\"ci\",\"may\":\"admin\"}"));
    assert_true(principal_prove(who, PROOF_TOKEN, "ci"));
    who->right_max = RIGHT_ADMIN;
    who->owner = calloc(1, sizeof *who->owner);
    assert_non_null(who->owner);
    assert_true(principal_prove(who->owner, PROOF_PASSWORD, "root"));
    who->owner->is_keeper = true;
    assert_string_equal(list(f), "ci holds 1 0");
    json_decref(create(f, 403, "{\"name\":\"cd\",\"owner\":\"alice\"}"));
    assert_string_equal(list(f), "ci holds 1 0");
}

/* Whose owner nobody can look up, only root makes. */
static void an_administrator_asks_about_the_owner(void **state)
{
    struct fixture *f = *state;

    api_fixture_allow(&f->api, "alice", "*", RIGHT_ADMIN);
    api_fixture_be(&f->api, "alice");
    json_decref(create(f, 200, "{\"name\":\"mine\"}"));
    json_decref(create(f, 503, "{\"name\":\"ci\",\"owner\":\"root\"}"));
    assert_string_equal(list(f), "mine holds 1 0");
}

static void a_person_has_so_many_at_most(void **state)
{
    struct fixture *f = *state;
    char body[64];

    api_fixture_allow(&f->api, "alice", "*", RIGHT_READ);
    api_fixture_be(&f->api, "alice");
    for (int i = 0; i <= 32; i++) {
        snprintf(body, sizeof body, "{\"name\":\"t%d\"}", i);
        json_decref(create(f, i < 32 ? 200 : 429, body));
    }
}

/* The job is done after the caller has gone: whoever has it knows by its
 * missing waiter that nobody has seen the token. */
static void a_caller_that_has_gone_is_not_called(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call call;

    f->is_slow = true;
    api_fixture_begin(&f->api, &call, HTTP_VERB_POST, "/tokens",
                      "{\"name\":\"ci\"}");
    assert_int_equal(call.answered, 0);
    api_fixture_end(&call);
    assert_null(f->job->on_done);
}

static void without_a_place_there_are_no_tokens(void **state)
{
    struct fixture *f = *state;

    f->is_full = true;
    json_decref(create(f, 503, "{\"name\":\"ci\"}"));
    json_decref(api_fixture_get(&f->api, 503, "/tokens"));
}

/* ---- what the rules say ---------------------------------------------------
 */

static void one_is_told_of_oneself(void **state)
{
    struct fixture *f = *state;
    json_t *json;

    (void)api_fixture_add(&f->api, "uuid-1", "s0", "web-1");
    (void)api_fixture_add(&f->api, "uuid-2", "s0", "db-1");
    api_fixture_allow(&f->api, "alice", "web-*", RIGHT_WRITE);
    api_fixture_be(&f->api, "alice");
    json = api_fixture_get(&f->api, 200, "/access/explain?console=web-1");
    assert_string_equal(text_of(json, "right"), "write");
    assert_string_equal(text_of(json, "id"), "uuid-1/s0");
    assert_int_equal(json_integer_value(json_object_get(json, "line")), 1);
    assert_true(json_is_null(json_object_get(json, "explanation")));
    json_decref(json);
    json = api_fixture_get(&f->api, 200,
                           "/access/explain?principal=alice&console=web-1");
    assert_string_equal(text_of(json, "right"), "write");
    assert_string_equal(text_of(json, "account"), "unknown");
    json_decref(json);
    /* Of a console that may not be read, as of none. */
    json = api_fixture_get(&f->api, 200, "/access/explain?console=db-1");
    assert_string_equal(text_of(json, "right"), "none");
    assert_true(json_is_null(json_object_get(json, "id")));
    json_decref(json);
    json_decref(api_fixture_get(&f->api, 403,
                                "/access/explain?principal=bob&console=web-1"));
}

static void an_administrator_is_told_of_others(void **state)
{
    struct fixture *f = *state;
    json_t *json;

    (void)api_fixture_add(&f->api, "uuid-1", "s0", "web-1");
    api_fixture_allow(&f->api, "alice", "web-*", RIGHT_WRITE);
    json = api_fixture_get(&f->api, 200,
                           "/access/explain?principal=alice&console=web-1");
    assert_string_equal(text_of(json, "principal"), "alice (password)");
    assert_string_equal(text_of(json, "right"), "write");
    assert_true(json_array_size(json_object_get(json, "explanation")) > 0);
    json_decref(json);
    json = api_fixture_get(&f->api, 200,
                           "/access/explain?principal=anybody&console=x");
    assert_string_equal(text_of(json, "right"), "none");
    json_decref(json);
    json_decref(api_fixture_get(
        &f->api, 400, "/access/explain?principal=unix:a&console=web-1"));
    json_decref(api_fixture_get(
        &f->api, 400, "/access/explain?principal=a%20from%20b&console=web-1"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_person_makes_tokens_for_himself),
        TEST(what_is_shown_is_what_holds),
        TEST(others_tokens_are_hidden),
        TEST(who_has_no_account_has_no_tokens),
        TEST(a_token_that_may_administer_makes_no_other),
        TEST(an_administrator_asks_about_the_owner),
        TEST(a_person_has_so_many_at_most),
        TEST(a_caller_that_has_gone_is_not_called),
        TEST(without_a_place_there_are_no_tokens),
        TEST(one_is_told_of_oneself),
        TEST(an_administrator_is_told_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "api_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 64 * 1024 * KIB };

static void fixture_read_console(void *owner, const struct console *c,
                                 struct census_console *ret)
{
    (void)owner;
    census_read_console(ret, c);
}

static void fixture_read(void *owner, struct census *ret)
{
    const struct api_fixture *f = owner;

    *ret = f->census;
    census_read_directory(ret, &f->site.directory);
}

static size_t fixture_read_addresses(
    void *owner, struct census_address ret_rows[CENSUS_ADDRESSES_MAX])
{
    const struct api_fixture *f = owner;

    return census_read_addresses(&f->site.directory, ret_rows);
}

void api_fixture_open(struct api_fixture *f)
{
    struct directory_settings settings = site_settings();

    memset(f, 0, sizeof *f);
    site_open(&f->site, &settings);
    past_moves_init(&f->moves);
    f->means = (struct api_means){
        .owner = f,
        .census = { .owner = f,
                    .read = fixture_read,
                    .read_console = fixture_read_console,
                    .read_addresses = fixture_read_addresses },
        .moves = &f->moves,
    };
    f->api = api_new(&f->site.ctx, &f->means);
    api_fixture_be(f, "root");
}

void api_fixture_close(struct api_fixture *f)
{
    api_free(f->api);
    principal_done(&f->who);
    past_moves_done(&f->moves);
    site_close(&f->site);
}

int api_fixture_setup(void **state)
{
    static struct api_fixture f;

    api_fixture_open(&f);
    *state = &f;
    return 0;
}

int api_fixture_teardown(void **state)
{
    api_fixture_close(*state);
    return 0;
}

struct console *api_fixture_add(struct api_fixture *f, const char *uuid,
                                const char *label, const char *name)
{
    static const struct console_past used = { .is_proven = true };
    const struct vm_identity identity = {
        .uuid = uuid,
        .label = label,
        .name = name,
    };
    struct console *c = directory_restore(&f->site.directory, &identity, &used);

    assert_non_null(c);
    return c;
}

void api_fixture_be(struct api_fixture *f, const char *name)
{
    struct ip ip;

    principal_done(&f->who);
    assert_true(ip_parse("192.0.2.9", &ip));
    f->who = principal_of_address(name == NULL, ip);
    if (name != NULL)
        assert_true(principal_prove(&f->who, PROOF_UID, name));
    f->who.is_keeper = name != NULL && strcmp(name, "root") == 0;
}

void api_fixture_allow(struct api_fixture *f, const char *name,
                       const char *pattern, enum right right)
{
    const struct access_text person = { name, 1 };
    const struct access_text root = { "root", 2 };
    struct access_section_source sections[2] = {
        { .pattern = { pattern, 1 } },
        { .pattern = { "*", 2 } },
    };
    const struct access_source source = { .section = sections,
                                          .section_count = 2 };

    sections[0].members[RIGHT_ADMIN] = (struct access_texts){ &root, 1 };
    sections[0].members[right] = (struct access_texts){ &person, 1 };
    sections[1].members[RIGHT_ADMIN] = (struct access_texts){ &root, 1 };
    site_set_rules(&f->site, &source);
}

/* ---- calls -------------------------------------------------------------- */

static void fixture_answered(struct api_call *call)
{
    struct api_fixture_call *c = call->owner;

    c->answered++;
}

static void fixture_woken(struct api_call *call)
{
    struct api_fixture_call *c = call->owner;

    c->woken++;
}

/* As a transport that has no WebSockets. */
static void fixture_open(struct api_call *call)
{
    if (call->command->run != NULL)
        call->command->run(call);
    else
        api_fail(call, API_BAD_REQUEST, NULL, "this address is a WebSocket");
}

static const struct api_call_ops ops = {
    .answered = fixture_answered,
    .woken = fixture_woken,
    .open = fixture_open,
};

/* The call's arguments are set. False: why not. */
static bool prepare(struct api_fixture *f, struct api_fixture_call *c,
                    enum http_verb verb, const char *target, const char *body,
                    struct err *why)
{
    struct api_found_row row;
    char whole[2048];

    *c = (struct api_fixture_call){ .answered = 0 };
    buf_init(&c->body, ANSWER_MAX);
    snprintf(whole, sizeof whole, "%s%s",
             strncmp(target, "//", 2) == 0 ? "" : "/api/v1",
             strncmp(target, "//", 2) == 0 ? target + 1 : target);
    assert_null(http_target_parse(&c->target, slice_of_text(whole)));
    assert_int_equal(api_find(f->api, verb, &c->target, &row), API_FOUND);
    api_call_init(&c->call, f->api, &row, &ops);
    c->call.who = &f->who;
    c->call.peer = ""; /* a Unix socket's has no address */
    c->call.door = "socket";
    c->call.is_private = !f->is_in_the_clear;
    c->call.owner = c;
    return api_set_query(&c->call, &c->target, why) &&
           (body == NULL || api_set_json(&c->call, slice_of_text(body), why));
}

void api_fixture_begin(struct api_fixture *f, struct api_fixture_call *c,
                       enum http_verb verb, const char *target,
                       const char *body)
{
    struct err why = { "" };

    if (!prepare(f, c, verb, target, body, &why))
        fail_msg("%s: %s", target, why.text);
    api_begin(&c->call);
    directory_settle(&f->site.directory);
}

static void take_body(struct api_fixture_call *c)
{
    const struct api_answer *answer = &c->call.answer;

    assert_int_equal(buf_append(&c->body, slice_of(answer->body, answer->len)),
                     0);
    c->has_ended = true;
}

void api_fixture_take(struct api_fixture_call *c)
{
    struct directory *d = api_sessions(c->call.api)->directory;
    enum api_more more = API_MORE;

    if (c->answered == 0 || c->has_ended)
        return;
    if (c->call.answer.body != NULL) {
        take_body(c);
        return;
    }
    while (more == API_MORE) {
        more = api_produce(&c->call, &c->body);
        directory_settle(d);
        c->pieces++;
    }
    c->has_ended = more == API_END;
}

void api_fixture_end(struct api_fixture_call *c)
{
    struct directory *d = api_sessions(c->call.api)->directory;

    api_call_done(&c->call);
    directory_settle(d);
    http_target_done(&c->target);
    buf_done(&c->body);
}

char *api_fixture_text(struct api_fixture *f, unsigned status,
                       enum http_verb verb, const char *target,
                       const char *body)
{
    struct api_fixture_call c;
    char *text;

    api_fixture_begin(f, &c, verb, target, body);
    api_fixture_take(&c);
    assert_int_equal(c.answered, 1);
    assert_true(c.has_ended);
    if (c.call.answer.status != status)
        fail_msg("%s: status %u: %.*s", target, c.call.answer.status,
                 (int)c.body.len, (const char *)buf_bytes(&c.body).data);
    text = calloc(1, c.body.len + 1);
    assert_non_null(text);
    if (c.body.len > 0)
        memcpy(text, buf_bytes(&c.body).data, c.body.len);
    api_fixture_end(&c);
    return text;
}

json_t *api_fixture_json(struct api_fixture *f, unsigned status,
                         enum http_verb verb, const char *target,
                         const char *body)
{
    char *text = api_fixture_text(f, status, verb, target, body);
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    if (json == NULL)
        fail_msg("%s: %s: %s", target, error.text, text);
    free(text);
    return json;
}

json_t *api_fixture_get(struct api_fixture *f, unsigned status,
                        const char *target)
{
    return api_fixture_json(f, status, HTTP_VERB_GET, target, NULL);
}

const char *api_fixture_refused(struct api_fixture *f, enum http_verb verb,
                                const char *target, const char *body)
{
    static struct err why;
    struct api_fixture_call c;

    assert_false(prepare(f, &c, verb, target, body, &why));
    api_fixture_end(&c);
    return why.text;
}

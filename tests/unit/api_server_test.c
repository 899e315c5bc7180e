/*
 * What the server says of itself: whoami, status, limits, version,
 * openapi.json.
 */
#include "api_fixture.h"

#include "conf/option_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/api_private.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text != NULL ? text : "-";
}

/* ---- who asks ------------------------------------------------------------ */

static void the_caller_learns_who_it_is(void **state)
{
    struct api_fixture *f = *state;
    json_t *json = api_fixture_get(f, 200, "/whoami");

    assert_string_equal(text_of(json, "name"), "root");
    assert_string_equal(text_of(json, "proof"), "uid");
    assert_string_equal(text_of(json, "right"), "admin");
    assert_string_equal(text_of(json, "door"), "socket");
    json_decref(json);
    api_fixture_be(f, NULL);
    json = api_fixture_get(f, 200, "/whoami");
    assert_true(json_is_null(json_object_get(json, "name")));
    assert_string_equal(text_of(json, "proof"), "address");
    assert_string_equal(text_of(json, "right"), "none");
    json_decref(json);
}

static void the_version_is_for_everybody(void **state)
{
    struct api_fixture *f = *state;
    json_t *json;

    api_fixture_be(f, NULL);
    json = api_fixture_get(f, 200, "/version");
    assert_string_equal(text_of(json, "version"), VSPCD_VERSION);
    assert_string_equal(text_of(json, "api"), "v1");
    json_decref(json);
}

/* ---- how it is ----------------------------------------------------------- */

static void two_doors(void *owner,
                      void (*tell)(void *to, const struct api_door *door),
                      void *to)
{
    const struct api_door vms = { "vms", "192.0.2.1:13370", "required" };
    const struct api_door web = { "socket", "/run/x.sock", "off" };

    (void)owner;
    tell(to, &vms);
    tell(to, &web);
}

static void the_status_has_totals_and_doors(void **state)
{
    struct api_fixture *f = *state;
    int total, connected, vacant;
    const char *kind, *tls, *path, *health;
    json_t *json;

    api_fixture_add(f, "u1", "s0", "web");
    (void)vm_start(&f->site);
    f->means.each_door = two_doors;
    json = api_fixture_get(f, 200, "/status");
    assert_int_equal(
        json_unpack(json, "{s:{s:i, s:i, s:i}, s:[{s:s, s:s}, {s:s}], s:{s:s}}",
                    "consoles", "total", &total, "connected", &connected,
                    "none", &vacant, "doors", "for", &kind, "tls", &tls,
                    "address", &path, "health", "audit", &health),
        0);
    assert_int_equal(total, 2);
    assert_int_equal(connected, 1);
    assert_int_equal(vacant, 1);
    assert_string_equal(kind, "vms");
    assert_string_equal(tls, "required");
    assert_string_equal(path, "/run/x.sock");
    assert_string_equal(health, "ok");
    json_decref(json);
}

static const char *not_ready(void *owner)
{
    (void)owner;
    return "the disk is full";
}

static void what_fails_is_seen_in_the_status(void **state)
{
    struct api_fixture *f = *state;
    json_t *json;

    f->census.audit_failing = 1;
    f->census.logs_failing = 3;
    f->census.inventory_failing = 1;
    f->means.census.why_not_ready = not_ready;
    json = api_fixture_get(f, 200, "/status");
    assert_string_equal(text_of(json_object_get(json, "health"), "audit"),
                        "failing");
    assert_string_equal(text_of(json_object_get(json, "health"), "state"),
                        "ok");
    assert_string_equal(text_of(json_object_get(json, "health"), "logs"),
                        "failing");
    assert_string_equal(text_of(json_object_get(json, "health"), "inventory"),
                        "failing");
    assert_string_equal(text_of(json_object_get(json, "health"), "ready"),
                        "the disk is full");
    json_decref(json);
}

static const json_t *limit_named(const json_t *json, const char *name)
{
    const json_t *items = json_object_get(json, "items");

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        if (strcmp(text_of(item, "name"), name) == 0)
            return item;
    }
    fail_msg("there is no limit %s", name);
    return NULL;
}

static void limits_have_their_use_and_their_setting(void **state)
{
    struct settings settings = { .vm_rate = 70 };
    struct api_fixture *f = *state;
    const json_t *limit;
    json_t *json;

    f->means.settings = &settings;
    f->site.directory.settings.console_limit = 5;
    api_fixture_add(f, "u1", "s0", "web");
    json = api_fixture_get(f, 200, "/limits");
    limit = limit_named(json, "consoles");
    assert_int_equal(json_integer_value(json_object_get(limit, "used")), 1);
    assert_int_equal(json_integer_value(json_object_get(limit, "limit")), 5);
    assert_string_equal(text_of(limit, "setting"), "console-limit");
    limit = limit_named(json, "vm-rate");
    assert_true(json_is_null(json_object_get(limit, "used")));
    assert_int_equal(json_integer_value(json_object_get(limit, "limit")), 70);
    limit = limit_named(json, "clients-of-console");
    assert_true(json_is_null(json_object_get(limit, "limit")));
    json_decref(json);
}

/* A setting that is named and does not exist helps nobody. */
static void the_settings_of_limits_exist(void **state)
{
    struct settings settings = { .vm_rate = 70 };
    struct api_fixture *f = *state;
    json_t *json;

    f->means.settings = &settings;
    json = api_fixture_get(f, 200, "/limits");
    for (size_t i = 0; i < json_array_size(json_object_get(json, "items"));
         i++) {
        const json_t *item = json_array_get(json_object_get(json, "items"), i);
        const char *name = text_of(item, "setting");

        if (strcmp(name, "-") != 0)
            assert_non_null(option_find(name));
    }
    json_decref(json);
}

static void the_server_is_for_those_who_may_read_all(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_allow(f, "alice", "web-*", RIGHT_ADMIN);
    api_fixture_be(f, "alice");
    json_decref(api_fixture_get(f, 403, "/status"));
    json_decref(api_fixture_get(f, 403, "/limits"));
    api_fixture_be(f, NULL);
    json_decref(api_fixture_get(f, 401, "/status"));
}

/* ---- openapi.json ---------------------------------------------------------
 */

/* What the rules of OpenAPI 3.1 say of the parts that we use. */
struct checked {
    const json_t *document;
    const json_t *ids[256]; /* operationId of each command */
    size_t count;
};

static const json_t *need(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);

    if (value == NULL)
        fail_msg("%s is missing in %s", name, json_dumps(json, 0));
    return value;
}

static void check_reference(const struct checked *c, const char *reference)
{
    static const char begin[] = "#/components/schemas/";
    const json_t *schemas = need(need(c->document, "components"), "schemas");

    assert_memory_equal(reference, begin, sizeof begin - 1);
    (void)need(schemas, reference + sizeof begin - 1);
}

/* A schema, with all that is in it. */
static void check_schema(const struct checked *c, const json_t *schema);

static void check_members(const struct checked *c, const json_t *schema)
{
    json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *member;

    json_object_foreach (properties, name, member)
        check_schema(c, member);
}

static void check_type(const struct checked *c, const json_t *schema,
                       const char *type)
{
    static const char *const types[] = { "string",  "integer", "number",
                                         "boolean", "object",  "array",
                                         "null" };
    bool is_known = false;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        is_known |= strcmp(types[i], type) == 0;
    assert_true(is_known);
    if (strcmp(type, "array") == 0)
        check_schema(c, need(schema, "items"));
}

static void check_schema(const struct checked *c, const json_t *schema)
{
    const json_t *reference = json_object_get(schema, "$ref");
    const json_t *any = json_object_get(schema, "anyOf");
    const json_t *words = json_object_get(schema, "enum");

    assert_true(json_is_object(schema));
    if (reference != NULL) {
        check_reference(c, json_string_value(reference));
        return;
    }
    for (size_t i = 0; i < json_array_size(any); i++)
        check_schema(c, json_array_get(any, i));
    assert_true(words == NULL || json_array_size(words) > 0);
    if (any == NULL)
        check_type(c, schema, json_string_value(need(schema, "type")));
    check_members(c, schema);
    if (json_object_get(schema, "additionalProperties") != NULL)
        check_schema(c, json_object_get(schema, "additionalProperties"));
}

static bool has_parameter(const json_t *parameters, const char *name,
                          size_t len)
{
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *p = json_array_get(parameters, i);
        const char *text = text_of(p, "name");

        if (strcmp(text_of(p, "in"), "path") == 0 && strlen(text) == len &&
            memcmp(text, name, len) == 0)
            return json_is_true(json_object_get(p, "required"));
    }
    return false;
}

/* Each {name} of a path is a parameter, and each such parameter is there. */
static void check_path(const char *path, const json_t *parameters)
{
    size_t in_path = 0, declared = 0;

    assert_int_equal(path[0], '/');
    for (const char *at = strchr(path, '{'); at != NULL;
         at = strchr(at + 1, '{')) {
        assert_true(has_parameter(parameters, at + 1, strcspn(at + 1, "}")));
        in_path++;
    }
    for (size_t i = 0; i < json_array_size(parameters); i++)
        declared +=
            strcmp(text_of(json_array_get(parameters, i), "in"), "path") == 0;
    assert_int_equal(in_path, declared);
}

static void check_parameters(const struct checked *c, const json_t *parameters)
{
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *p = json_array_get(parameters, i);

        check_schema(c, need(p, "schema"));
        assert_string_not_equal(text_of(p, "description"), "-");
        for (size_t j = 0; j < i; j++) {
            const json_t *other = json_array_get(parameters, j);

            assert_false(json_equal(json_object_get(p, "name"),
                                    json_object_get(other, "name")) &&
                         json_equal(json_object_get(p, "in"),
                                    json_object_get(other, "in")));
        }
    }
}

static void check_content(const struct checked *c, const json_t *content)
{
    const char *type;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)content, type, value) {
        assert_non_null(strchr(type, '/'));
        if (json_object_get(value, "schema") != NULL)
            check_schema(c, json_object_get(value, "schema"));
    }
}

static void check_responses(const struct checked *c, const json_t *responses)
{
    const char *status;
    json_t *response;

    assert_true(json_object_size(responses) >= 2);
    json_object_foreach ((json_t *)(uintptr_t)responses, status, response) {
        assert_true(
            strcmp(status, "default") == 0 ||
            (status[0] >= '1' && status[0] <= '5' && strlen(status) == 3));
        assert_string_not_equal(text_of(response, "description"), "-");
        check_content(c, json_object_get(response, "content"));
    }
}

static void check_operation(struct checked *c, const char *path,
                            const json_t *operation)
{
    const json_t *parameters = need(operation, "parameters");
    const json_t *id = need(operation, "operationId");
    const json_t *body = json_object_get(operation, "requestBody");

    for (size_t i = 0; i < c->count; i++)
        assert_false(json_equal(c->ids[i], id));
    assert_true(c->count < sizeof c->ids / sizeof *c->ids);
    c->ids[c->count++] = id;
    check_path(path, parameters);
    check_parameters(c, parameters);
    check_responses(c, need(operation, "responses"));
    if (body != NULL)
        check_content(c, need(body, "content"));
}

/* Whoever asks has a text of his own. */
static void the_document_is_made_once(void **state)
{
    struct api_fixture *f = *state;
    const char *made;

    json_decref(api_fixture_get(f, 200, "/openapi.json"));
    made = f->api->openapi;
    assert_non_null(made);
    json_decref(api_fixture_get(f, 200, "/openapi.json"));
    assert_ptr_equal(f->api->openapi, made);
}

static void the_document_is_openapi(void **state)
{
    struct api_fixture *f = *state;
    json_t *json = api_fixture_get(f, 200, "/openapi.json");
    struct checked c = { .document = json };
    const char *name, *verb;
    json_t *value, *operation;

    assert_string_equal(text_of(json, "openapi"), "3.1.0");
    assert_string_not_equal(text_of(need(json, "info"), "title"), "-");
    assert_string_not_equal(text_of(need(json, "info"), "version"), "-");
    json_object_foreach (json_object_get(json, "paths"), name, value) {
        json_object_foreach (value, verb, operation) {
            assert_non_null(strstr(" get put post delete ", verb));
            check_operation(&c, name, operation);
        }
    }
    json_object_foreach (
        json_object_get(json_object_get(json, "components"), "schemas"), name,
        value)
        check_schema(&c, value);
    assert_true(c.count > 10);
    json_decref(json);
}

static void every_command_is_in_the_document(void **state)
{
    struct api_fixture *f = *state;
    json_t *json = api_fixture_get(f, 200, "/openapi.json");
    struct api_cursor cursor = { 0 };
    const struct api_command *row;

    while ((row = api_next_row(&cursor)) != NULL) {
        char path[200], verb[16];
        const json_t *operation;

        snprintf(path, sizeof path, "%s%s",
                 strncmp(row->path, "//", 2) == 0 ? "" : "/api/v1",
                 row->path + (strncmp(row->path, "//", 2) == 0));
        snprintf(verb, sizeof verb, "%s",
                 row->verb == HTTP_VERB_GET      ? "get"
                 : row->verb == HTTP_VERB_POST   ? "post"
                 : row->verb == HTTP_VERB_DELETE ? "delete"
                                                 : "put");
        operation = need(need(need(json, "paths"), path), verb);
        assert_string_equal(text_of(operation, "operationId"), row->name);
    }
    json_decref(json);
}

/* What is answered has the members that the document says, and no others. */
static void check_answer(struct api_fixture *f, const json_t *document,
                         const char *target, const char *schema)
{
    const json_t *properties =
        need(need(need(need(document, "components"), "schemas"), schema),
             "properties");
    json_t *json = api_fixture_get(f, 200, target);
    const char *name;
    json_t *value;

    json_object_foreach (json, name, value)
        (void)need(properties, name);
    json_decref(json);
}

static void answers_are_as_the_document_says(void **state)
{
    struct api_fixture *f = *state;
    json_t *document = api_fixture_get(f, 200, "/openapi.json");

    api_fixture_add(f, "u1", "s0", "web");
    check_answer(f, document, "/consoles", "Consoles");
    check_answer(f, document, "/consoles/web", "Console");
    check_answer(f, document, "/whoami", "Whoami");
    check_answer(f, document, "/status", "Status");
    check_answer(f, document, "/limits", "Limits");
    check_answer(f, document, "/version", "Version");
    check_answer(f, document, "/vm-listeners", "VmListeners");
    json_decref(document);
}

#define ONE(test)                                                              \
    cmocka_unit_test_setup_teardown(test, api_fixture_setup,                   \
                                    api_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(the_caller_learns_who_it_is),
        ONE(the_version_is_for_everybody),
        ONE(the_status_has_totals_and_doors),
        ONE(what_fails_is_seen_in_the_status),
        ONE(limits_have_their_use_and_their_setting),
        ONE(the_settings_of_limits_exist),
        ONE(the_server_is_for_those_who_may_read_all),
        ONE(the_document_is_openapi),
        ONE(the_document_is_made_once),
        ONE(every_command_is_in_the_document),
        ONE(answers_are_as_the_document_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

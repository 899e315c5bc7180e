#include "api/schema/show_openapi.h"

#include "api/api_private.h"
#include "api/schema/show_schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- types --------------------------------------------------------------- */

static json_t *reference_to(const char *name, size_t len)
{
    char text[80];

    snprintf(text, sizeof text, "#/components/schemas/%.*s", (int)len, name);
    return json_pack("{s:s}", "$ref", text);
}

/* "a|b|c" as an array of its words. */
static json_t *words_of(const char *text, size_t len)
{
    json_t *words = json_array();

    for (size_t at = 0; at < len;) {
        size_t end = at;

        while (end < len && text[end] != '|')
            end++;
        (void)json_array_append_new(words, json_stringn(text + at, end - at));
        at = end + 1;
    }
    return words;
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static json_t *plain_type(const char *text, size_t len)
{
    if (is_word(text, len, "number"))
        return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
    if (is_word(text, len, "seconds"))
        return json_pack("{s:s}", "type", "number");
    if (is_word(text, len, "flag"))
        return json_pack("{s:s}", "type", "boolean");
    if (is_word(text, len, "time"))
        return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
    if (memchr(text, '|', len) != NULL)
        return json_pack("{s:s, s:o}", "type", "string", "enum",
                         words_of(text, len));
    if (isupper((unsigned char)text[0]))
        return reference_to(text, len);
    return json_pack("{s:s}", "type", "string");
}

/* show_schema.h has the types. */
static json_t *type_of(const char *text)
{
    size_t len = strlen(text);
    bool is_optional = text[len - 1] == '?';
    json_t *type;

    len -= is_optional;
    if (text[0] == '[')
        type = json_pack("{s:s, s:o}", "type", "array", "items",
                         plain_type(text + 1, len - 2));
    else if (text[0] == '{')
        type = json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                         plain_type(text + 1, len - 2));
    else
        type = plain_type(text, len);
    if (!is_optional)
        return type;
    return json_pack("{s:[o, {s:s}]}", "anyOf", type, "type", "null");
}

/* ---- schemas ------------------------------------------------------------- */

static json_t *schema_of(const struct show_schema *schema)
{
    json_t *properties = json_object();
    struct show_member member;

    for (size_t i = 0; show_schema_member(schema, i, &member); i++) {
        json_t *type = type_of(member.type);

        (void)json_object_set_new(type, "description",
                                  json_string(member.help));
        (void)json_object_set_new(properties, member.name, type);
    }
    return json_pack("{s:s, s:s, s:o}", "type", "object", "description",
                     schema->help, "properties", properties);
}

static json_t *all_schemas(void)
{
    json_t *all = json_object();
    const struct show_schema *schema;

    for (size_t i = 0; (schema = show_schema_at(i)) != NULL; i++)
        (void)json_object_set_new(all, schema->name, schema_of(schema));
    return all;
}

/* ---- arguments ----------------------------------------------------------- */

static json_t *standard_of(const struct api_argument *a)
{
    if (a->type == API_NUMBER)
        return json_integer(strtoll(a->standard, NULL, 10));
    if (a->type == API_FLAG)
        return json_boolean(strcmp(a->standard, "true") == 0);
    return json_string(a->standard);
}

static json_t *argument_type(const struct api_argument *a)
{
    json_t *type;

    if (a->type == API_NUMBER)
        type = type_of("number");
    else if (a->type == API_FLAG)
        type = type_of("flag");
    else if (a->type == API_WORD)
        type = type_of(a->words);
    else
        type = type_of("text");
    if (a->type == API_NUMBER && a->max > 0)
        (void)json_object_set_new(type, "maximum",
                                  json_integer((json_int_t)a->max));
    if (a->standard != NULL)
        (void)json_object_set_new(type, "default", standard_of(a));
    return type;
}

static json_t *parameter(const char *name, const char *place, bool is_required,
                         const char *help, json_t *type)
{
    return json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", name, "in", place,
                     "required", is_required, "description", help, "schema",
                     type);
}

static void add_path_parameters(json_t *to, const char *path)
{
    while ((path = strchr(path, '{')) != NULL) {
        size_t len = strcspn(++path, "}");
        char name[40];

        snprintf(name, sizeof name, "%.*s", (int)len, path);
        (void)json_array_append_new(
            to, parameter(name, "path", true,
                          strcmp(name, "console") == 0
                              ? "UUID/LABEL with %2F for the slash, a UUID, or "
                                "an exact name as shown."
                              : "Which one.",
                          type_of("text")));
    }
}

static json_t *parameters_of(const struct api_command *row)
{
    json_t *all = json_array();

    add_path_parameters(all, row->path);
    for (const struct api_argument *a = row->argument;
         a != NULL && a->name != NULL; a++) {
        if (a->place == API_IN_QUERY)
            (void)json_array_append_new(all, parameter(a->name, "query",
                                                       a->is_required, a->help,
                                                       argument_type(a)));
    }
    return all;
}

static void add_body_member(json_t *properties, json_t *required,
                            const struct api_argument *a)
{
    json_t *type = argument_type(a);
    char name[64];

    (void)json_object_set_new(type, "description", json_string(a->help));
    (void)json_object_set_new(properties, a->name, type);
    if (a->is_required && a->type != API_BYTES)
        (void)json_array_append_new(required, json_string(a->name));
    if (a->type != API_BYTES)
        return;
    snprintf(name, sizeof name, "%s_base64", a->name);
    (void)json_object_set_new(
        properties, name,
        json_pack("{s:s, s:s, s:s}", "type", "string", "contentEncoding",
                  "base64", "description", "The same, for any bytes."));
}

/* NULL: the command takes no body. */
static json_t *body_of(const struct api_command *row)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    json_t *content = json_object();
    bool takes_octets = false;

    for (const struct api_argument *a = row->argument;
         a != NULL && a->name != NULL; a++) {
        if (a->place == API_IN_BODY)
            add_body_member(properties, required, a);
        takes_octets |= a->type == API_BYTES;
    }
    if (json_object_size(properties) == 0) {
        json_decref(properties);
        json_decref(required);
        json_decref(content);
        return NULL;
    }
    (void)json_object_set_new(content, "application/json",
                              json_pack("{s:{s:s, s:o, s:o}}", "schema", "type",
                                        "object", "properties", properties,
                                        "required", required));
    if (takes_octets)
        (void)json_object_set_new(content, "application/octet-stream",
                                  json_object());
    return json_pack("{s:o}", "content", content);
}

/* ---- commands ------------------------------------------------------------ */

static json_t *answer_of(const struct api_command *row)
{
    if (row->kind == API_ATTACHES)
        return json_pack("{s:s}", "description", "A WebSocket.");
    if (row->kind == API_EVENTS)
        return json_pack("{s:s, s:{s:{s:o}}}", "description", row->summary,
                         "content", "text/event-stream", "schema",
                         type_of("text"));
    if (row->returns == NULL)
        return json_pack("{s:s}", "description", row->summary);
    return json_pack("{s:s, s:{s:{s:o}}}", "description", row->summary,
                     "content", "application/json", "schema",
                     reference_to(row->returns, strlen(row->returns)));
}

static json_t *operation_of(const struct api_command *row)
{
    json_t *operation = json_pack(
        "{s:s, s:s, s:s, s:o, s:{s:o, s:{s:s, s:{s:{s:o}}}}}", "operationId",
        row->name, "summary", row->summary, "x-right", right_name(row->right),
        "parameters", parameters_of(row), "responses",
        row->kind == API_ATTACHES ? "101" : "200", answer_of(row), "default",
        "description", "Why not.", "content", "application/json", "schema",
        reference_to("Error", 5));
    json_t *body = row->verb != HTTP_VERB_GET ? body_of(row) : NULL;

    if (body != NULL)
        (void)json_object_set_new(operation, "requestBody", body);
    return operation;
}

static void add_command(json_t *paths, const struct api_command *row)
{
    bool is_of_root = strncmp(row->path, "//", 2) == 0;
    char verb[16], path[160];
    json_t *place;

    snprintf(path, sizeof path, "%s%s", is_of_root ? "" : "/api/v1",
             row->path + is_of_root);
    snprintf(verb, sizeof verb, "%s", http_verb_name(row->verb));
    for (char *c = verb; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    place = json_object_get(paths, path);
    if (place == NULL) {
        place = json_object();
        (void)json_object_set_new(paths, path, place);
    }
    (void)json_object_set_new(place, verb, operation_of(row));
}

static json_t *all_paths(void)
{
    struct api_cursor cursor = { 0 };
    const struct api_command *row;
    json_t *paths = json_object();

    while ((row = api_next_row(&cursor)) != NULL)
        add_command(paths, row);
    return paths;
}

static json_t *all_proofs(void)
{
    return json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "token", "type", "http",
                     "scheme", "bearer", "password", "type", "http", "scheme",
                     "basic");
}

static json_t *document(void)
{
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:o, s:o}, "
        "s:[{}, {s:[]}, {s:[]}]}",
        "openapi", "3.1.0", "info", "title", "vspcd", "version", VSPCD_VERSION,
        "description",
        "Consoles of virtual machines: who has them, what they say, "
        "typing into them.",
        "paths", all_paths(), "components", "schemas", all_schemas(),
        "securitySchemes", all_proofs(), "security", "token", "password");
}

/* Everybody may ask, and it takes some milliseconds to make: so it is made
 * once. */
void show_openapi(struct api_call *call)
{
    struct api *api = call->api;
    char *text;

    if (api->openapi == NULL)
        api->openapi = api_json_text(document());
    text = api->openapi != NULL ? strdup(api->openapi) : NULL;
    if (text == NULL)
        api_fail(call, API_UNAVAILABLE, NULL, "there is no memory for that");
    else
        api_answer_text(call, "application/json", text, strlen(text));
}

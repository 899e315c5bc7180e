#include "vm/rehearse/stage/server.h"

#include <stdio.h>
#include <string.h>

int server_open(struct server *ret, const struct choice_options *options,
                struct err *err)
{
    struct choice choice;
    int r = choice_make(&choice, options, err);

    *ret = (struct server){ .requests = NULL };
    if (r == 0)
        r = remote_open(&ret->requests, &choice.settings, err);
    if (r == 0)
        r = remote_open(&ret->consoles, &choice.settings, err);
    ret->place = choice.settings.place;
    choice_done(&choice);
    if (r < 0)
        server_close(ret);
    return r;
}

void server_close(struct server *s)
{
    remote_close(s->requests);
    remote_close(s->consoles);
    *s = (struct server){ .requests = NULL };
}

static void describe_refusal(const json_t *root, unsigned status,
                             struct err *err)
{
    const json_t *error = json_object_get(root, "error");
    const char *words = json_string_value(json_object_get(error, "message"));

    if (words != NULL)
        err_set(err, "%.300s", words);
    else
        err_set(err, "the server answers with status %u", status);
}

/* The body of an answer with this status, or NULL. */
static json_t *ask(struct server *s, enum http_verb verb,
                   const struct target *target, unsigned *ret_status,
                   struct err *err)
{
    const struct remote_request request = { .verb = verb,
                                            .target = target->text,
                                            .is_prompt = true };
    struct remote_answer answer;
    struct slice body;
    json_t *root;

    *ret_status = 0;
    if (target->is_oversized) {
        err_set(err, "the request is too long");
        return NULL;
    }
    remote_call(s->requests, &request, &answer);
    if (answer.end != REMOTE_ANSWERED) {
        err_set(err, "%s", answer.why.text);
        remote_answer_done(&answer);
        return NULL;
    }
    *ret_status = answer.status;
    body = buf_bytes(&answer.body);
    root = json_loadb((const char *)body.data, body.len, 0, NULL);
    if (answer.status == 200 && !json_is_object(root))
        err_set(err, "the server does not answer as vspcd does: no JSON");
    else if (answer.status != 200)
        describe_refusal(root, answer.status, err);
    if (answer.status != 200 || !json_is_object(root)) {
        json_decref(root);
        root = NULL;
    }
    remote_answer_done(&answer);
    return root;
}

json_t *server_get(struct server *s, const char *path, unsigned *ret_status,
                   struct err *err)
{
    struct target target;

    target_init(&target, path);
    return ask(s, HTTP_VERB_GET, &target, ret_status, err);
}

json_t *server_list(struct server *s, const char *match, const char *fields,
                    struct err *err)
{
    struct target target;
    unsigned status;
    json_t *root;
    json_t *items;

    target_init(&target, "/api/v1/consoles");
    target_add_query(&target, "match", match);
    target_add_query(&target, "fields", fields);
    root = ask(s, HTTP_VERB_GET, &target, &status, err);
    items = json_incref(json_object_get(root, "items"));
    if (root != NULL && !json_is_array(items)) {
        err_set(err, "the server does not answer as vspcd does: no items");
        json_decref(items);
        items = NULL;
    }
    json_decref(root);
    return items;
}

unsigned server_delete(struct server *s, const char *path, const char *id,
                       struct err *err)
{
    struct target target;
    unsigned status;

    target_init(&target, path);
    target_add_segment(&target, id);
    json_decref(ask(s, HTTP_VERB_DELETE, &target, &status, err));
    return status;
}

static const char *text_of(const json_t *item, const char *name)
{
    const char *text = json_string_value(json_object_get(item, name));

    return text != NULL ? text : "";
}

/* 0: it is somebody else's. */
static int rank(const json_t *item, const struct server_refused *whose)
{
    const char *uuid = text_of(item, "uuid");
    const char *name = text_of(item, "vm");
    const char *door = text_of(item, "door");

    if (strcmp(uuid, whose->uuid) == 0)
        return 3;
    if (strncmp(name, whose->name_start, strlen(whose->name_start)) == 0)
        return 2;
    return uuid[0] == '\0' && name[0] == '\0' &&
           (door[0] == '\0' || strcmp(door, "vm") == 0) &&
           strcmp(text_of(item, "address"), whose->address) == 0;
}

struct server_reason server_find_refusal(struct server *s,
                                         const struct server_refused *whose)
{
    struct server_reason reason = { "" };
    int best = 0;
    unsigned status;
    struct err err;
    json_t *root = server_get(s, "/api/v1/refusals", &status, &err);
    const json_t *items = json_object_get(root, "items");

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *why = text_of(item, "reason");

        if (rank(item, whose) <= best)
            continue;
        best = rank(item, whose);
        snprintf(reason.text, sizeof reason.text, "%s%s%s",
                 text_of(item, "message"), why[0] != '\0' ? ": " : "", why);
    }
    json_decref(root);
    return reason;
}

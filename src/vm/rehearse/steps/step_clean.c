/* Nothing is left behind; or it is said what is. */
#include "vm/rehearse/steps/steps.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* A console can be forgotten once its VM and its clients have gone there, too:
 * a client that is lost without a goodbye after 15 s. */
enum { FORGET_MS = 20 * 1000, AGAIN_MS = 100, TURN_US = 100 * 1000 };

static bool are_all_gone(void *owner)
{
    const struct stage *s = owner;

    LIST_EACH (node, after, &s->readers)
        if (!CONTAINER_OF(node, struct reader, node)->is_over)
            return false;
    LIST_EACH (node, after, &s->vms)
        if (!played_vm_is_idle(CONTAINER_OF(node, struct played_vm, node)))
            return false;
    return true;
}

/* A connection that does not end in time is cut with the stage. */
static void end_all(struct stage *s)
{
    LIST_EACH (node, after, &s->readers) {
        struct reader *r = CONTAINER_OF(node, struct reader, node);

        if (!r->is_over)
            reader_leave(r);
    }
    LIST_EACH (node, after, &s->vms)
        played_vm_finish(CONTAINER_OF(node, struct played_vm, node));
    (void)stage_wait_ms(s, FORGET_MS, are_all_gone, s);
}

/* ---- what the server has --------------------------------------------------
 */

struct remains {
    unsigned forgotten;
    unsigned kept;
    unsigned recordings; /* that were deleted */
    unsigned logs;       /* that stay */
    char log[200];       /* the first one's path */
    unsigned status;     /* of the last answer; 0: there was none */
    bool is_hopeless;    /* the others would be kept, too */
    struct err why;
};

static void note_log(struct remains *r, const json_t *item)
{
    const char *path = json_string_value(
        json_object_get(json_object_get(item, "log"), "path"));

    if (path == NULL)
        return;
    if (r->logs++ == 0)
        snprintf(r->log, sizeof r->log, "%s", path);
}

/* 409: the server has not seen yet that the VM or a client has gone. */
static bool forget(struct stage *s, const char *id, uint64_t until_us,
                   struct remains *r)
{
    for (;;) {
        r->status = server_delete(s->server, "/api/v1/consoles/", id, &r->why);
        if (r->status == 200 || r->status == 404)
            return true;
        r->is_hopeless = r->status == 0 || r->status == 401 || r->status == 403;
        if ((r->status != 409 && r->status != 429) ||
            clock_now_us() >= until_us)
            return false;
        stage_pause(s, AGAIN_MS);
    }
}

static void forget_all(struct stage *s, const json_t *items, struct remains *r)
{
    uint64_t until_us = clock_now_us() + FORGET_MS * (uint64_t)1000;
    uint64_t turn_us = clock_now_us();

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *id = json_string_value(json_object_get(item, "id"));

        /* By the UUID, which nobody else has: names can be alike. */
        if (id == NULL || !stage_is_own(s, id))
            continue;
        note_log(r, item);
        if (r->is_hopeless || !forget(s, id, until_us, r))
            r->kept++;
        else
            r->forgotten++;
        /* A second ^C is seen here. */
        if (clock_now_us() - turn_us >= TURN_US) {
            stage_pause(s, 0);
            turn_us = clock_now_us();
        }
    }
}

static void delete_recordings(struct stage *s, struct remains *r)
{
    struct target target;
    struct err err;
    unsigned status;
    json_t *root;
    const json_t *items;

    target_init(&target, "/api/v1/recordings");
    target_add_query(&target, "match", stage_match(s).text);
    root = server_get(s->server, target.text, &status, &err);
    items = json_object_get(root, "items");
    for (size_t i = 0; i < json_array_size(items) && status != 0; i++) {
        const json_t *item = json_array_get(items, i);
        const char *id = json_string_value(json_object_get(item, "id"));
        const char *uuid = json_string_value(
            json_object_get(json_object_get(item, "console"), "uuid"));

        if (id == NULL || uuid == NULL || !stage_is_own(s, uuid))
            continue;
        status = server_delete(s->server, "/api/v1/recordings/", id, &err);
        r->recordings += status == 200;
    }
    json_decref(root);
}

static void describe(const struct remains *r, struct outcome *o)
{
    char logs[300] = "";

    if (r->logs > 0)
        snprintf(logs, sizeof logs,
                 "; %u console log%s stay%s on the server: %s%s", r->logs,
                 r->logs > 1 ? "s" : "", r->logs > 1 ? "" : "s", r->log,
                 r->logs > 1 ? " and the like" : "");
    if (r->kept > 0)
        outcome_set(o,
                    r->status == 401 || r->status == 403 ? OUTCOME_SKIPPED
                                                         : OUTCOME_FAILED,
                    "%u consoles stay until they expire (%.150s)%s", r->kept,
                    r->why.text, logs);
    else
        outcome_set(o, OUTCOME_OK, "%u console%s forgotten%s", r->forgotten,
                    r->forgotten == 1 ? "" : "s", logs);
    outcome_put_count(o, "forgotten", r->forgotten);
    outcome_put_count(o, "kept", r->kept);
    outcome_put_count(o, "recordings_deleted", r->recordings);
    outcome_put_count(o, "console_logs", r->logs);
}

void step_clean(struct stage *s, const struct step *step, struct outcome *o)
{
    struct remains remains = { .forgotten = 0 };
    json_t *items;

    (void)step;
    stage_forgive(s);
    end_all(s);
    if (s->server == NULL) {
        outcome_set(o, OUTCOME_SKIPPED,
                    "no --server: consoles %s stay until they expire, unused "
                    "ones of vspcd after 5 minutes",
                    stage_match(s).text);
        return;
    }
    items = server_list(s->server, stage_match(s).text, "id,log", &remains.why);
    if (items == NULL) {
        outcome_set(o, OUTCOME_FAILED, "consoles %s may stay: %.300s",
                    stage_match(s).text, remains.why.text);
        return;
    }
    forget_all(s, items, &remains);
    delete_recordings(s, &remains);
    describe(&remains, o);
    json_decref(items);
}

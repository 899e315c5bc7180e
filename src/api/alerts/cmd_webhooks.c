/*
 * Webhooks: how they do, and whether one works. Where they are is not shown: a
 * URL may be as good as a password.
 */
#include "api/alerts/alert_call.h"
#include "api/api_commands.h"
#include "api/show/show_items.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

static json_t *show_webhook(const struct webhook_state *state)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:I}", "name",
                     state->name, "format", webhook_format_name(state->format),
                     "state", state->is_failing ? "failing" : "ok", "waiting",
                     (int)state->waiting, "sent", (json_int_t)state->sent,
                     "retried", (json_int_t)state->retried, "given_up",
                     (json_int_t)state->given_up, "dropped",
                     (json_int_t)state->dropped);
}

static void run_list(struct api_call *call)
{
    const struct alerts_means *means = alert_means(call);
    struct webhook_state state;
    json_t *items;

    if (means == NULL)
        return;
    items = json_array();
    for (size_t i = 0; means->webhook(means->owner, i, &state); i++)
        (void)json_array_append_new(items, show_webhook(&state));
    api_answer_json(call, 200, show_items_all(items));
}

/* ---- test ---------------------------------------------------------------- */

struct testing {
    struct alerts_test waiter;
    struct api_call *call;
};

static void cmd_webhooks_tested(void *owner,
                                const struct webhook_result *result)
{
    struct testing *t = owner;
    uint64_t ms = result->took_us / 1000;

    api_answer_json(
        t->call, 200,
        json_pack("{s:s, s:b, s:o, s:s, s:f}", "webhook", result->webhook,
                  "delivered", result->is_delivered, "status",
                  result->status != 0 ? show_number(result->status)
                                      : json_null(),
                  "message", result->reason, "took", (double)ms / 1000));
}

static void cmd_webhooks_end(struct api_call *call)
{
    struct testing *t = call->state;

    list_remove(&t->waiter.node);
    free(t);
}

static void run_test(struct api_call *call)
{
    static const struct api_work work = { .end = cmd_webhooks_end };
    const struct alerts_means *means = alert_means(call);
    const char *name = api_text(call, "webhook");
    enum webhook_asked asked;
    struct testing *t;

    if (means == NULL)
        return;
    t = xcalloc(1, sizeof *t);
    list_init(&t->waiter.node);
    t->waiter.on_done = cmd_webhooks_tested;
    t->waiter.owner = t;
    t->call = call;
    api_work_on(call, &work, t);
    asked = means->test(means->owner, name, &t->waiter);
    if (asked == WEBHOOK_NO_SUCH)
        api_fail(call, API_NOT_FOUND,
                 "GET /api/v1/alerts/webhooks lists the webhooks",
                 "there is no webhook \"%s\"", text_show(name).text);
    else if (asked == WEBHOOK_BUSY)
        api_fail(call, API_TOO_MANY, "try again in a while",
                 "%d tests are under way", WEBHOOK_TESTS_MAX);
}

static const struct api_argument test_arguments[] = {
    { .name = "webhook",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = WEBHOOK_NAME_MAX - 1,
      .is_required = true,
      .help = "The name of its section alert-webhook." },
    { .name = NULL },
};

const struct api_command api_webhooks_commands[] = {
    {
        .name = "alerts.webhooks",
        .verb = HTTP_VERB_GET,
        .path = "/alerts/webhooks",
        .right = RIGHT_READ,
        .summary = "The receivers of alerts, and how they do.",
        .returns = "Webhooks",
        .run = run_list,
    },
    {
        .name = "alerts.test",
        .verb = HTTP_VERB_POST,
        .path = "/alerts/test",
        .right = RIGHT_ADMIN,
        .is_change = true,
        .summary = "Sends a sample to a webhook, once, and says what its "
                   "receiver answers.",
        .returns = "WebhookTest",
        .argument = test_arguments,
        .run = run_test,
    },
    { .name = NULL },
};

/*
 * Alerts and mutes as the state file has them, and what receivers of webhooks
 * get of them: whatever the texts are, an alert that was read is written as it
 * was, and each form is JSON.
 */
#include "alert/book/alert_mutes.h"
#include "webhook/webhook_body.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What is written is read as the same, and written the same. */
static void check_item(const struct alert_item *item)
{
    json_t *json = alert_item_json(item, true);
    struct alert_item *again = alert_item_read(json);
    json_t *written;

    require(again != NULL);
    written = alert_item_json(again, true);
    require(json_equal(json, written));
    json_decref(json);
    json_decref(written);
    alert_item_free(again);
}

static void check_bodies(const struct alert_item *item)
{
    for (int i = 0; i < WEBHOOK_FORMATS; i++) {
        const struct webhook_spec spec = {
            .format = (enum webhook_format)i,
            .secret = (char *)(uintptr_t) "KEY",
        };
        enum webhook_event event =
            item->by != NULL ? WEBHOOK_ACKNOWLEDGED : WEBHOOK_ALERT;
        char *body =
            webhook_body(&spec, event, item, "https://vspc.example.org", 1);
        json_t *json = body != NULL ? json_loads(body, 0, NULL) : NULL;

        require(json != NULL);
        json_decref(json);
        free(body);
    }
}

static void check_mute(const struct alert_mute *mute)
{
    json_t *json = alert_mute_json(mute, true);
    struct alert_mute *again = alert_mute_read(json);

    require(again != NULL);
    json_decref(json);
    alert_mute_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb((const char *)data, size, 0, NULL);
    struct alert_item *item = alert_item_read(json);
    struct alert_mute *mute = alert_mute_read(json);

    if (item != NULL) {
        check_item(item);
        check_bodies(item);
    }
    if (mute != NULL)
        check_mute(mute);
    alert_item_free(item);
    alert_mute_free(mute);
    json_decref(json);
    return 0;
}

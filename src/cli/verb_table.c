#include "cli/verb_table.h"

#include "base/text.h"
#include "cli/alerts/alerts.h"
#include "cli/attach/attach.h"
#include "cli/complete.h"
#include "cli/doctor/doctor.h"
#include "cli/help.h"
#include "cli/play/play.h"
#include "cli/run/run.h"
#include "cli/ssh/ssh.h"
#include "cli/uri/uri.h"
#include "cli/verbs/verbs.h"
#include "cli/watch/watch.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct verb *const verb_table[] = {
    &verb_list,
    &verb_show,
    &verb_attach,
    &verb_watch,
    &verb_logs,
    &verb_play,
    &verb_wait,
    &verb_who,
    &verb_events,
    &verb_alerts_list,
    &verb_alerts_show,

    &verb_send,
    &verb_break,
    &verb_run,
    &verb_message,
    &verb_kick,
    &verb_lock,
    &verb_unlock,
    &verb_forget,
    &verb_record_list,
    &verb_record_get,
    &verb_record_delete,
    &verb_record,
    &verb_alerts_ack,

    &verb_status,
    &verb_doctor,
    &verb_limits,
    &verb_uri,
    &verb_reload,
    &verb_config_check,
    &verb_config_show,
    &verb_config_ssh,
    &verb_alerts_mute,
    &verb_alerts_mutes,
    &verb_alerts_unmute,
    &verb_alerts_rules,
    &verb_alerts_webhooks,
    &verb_alerts_test,
    &verb_access_explain,
    &verb_token_create,
    &verb_token_list,
    &verb_token_revoke,
    &verb_ssh_key_add,
    &verb_ssh_key_list,
    &verb_ssh_key_delete,
    &verb_ssh_keys,
    &verb_ssh_session,

    &verb_context_list,
    &verb_context_use,
    &verb_context_set,
    &verb_context_delete,
    &verb_completion,
    &verb_complete,
    &verb_version,
    &verb_help,
    NULL,
};
/* clang-format on */

/* How many of the words the name has; 0: it is not their beginning. */
static int match(const char *name, int count, char *const *words)
{
    int taken = 0;

    for (; name[0] != '\0'; taken++) {
        size_t len = strcspn(name, " ");

        if (taken == count || strlen(words[taken]) != len ||
            memcmp(words[taken], name, len) != 0)
            return 0;
        name += len;
        name += strspn(name, " ");
    }
    return taken;
}

static const char *find_near(int count, char *const *words)
{
    const char *best = NULL;
    size_t best_distance = 3;
    char typed[TEXT_DISTANCE_MAX + 1];

    snprintf(typed, sizeof typed, "%s%s%s", words[0], count > 1 ? " " : "",
             count > 1 ? words[1] : "");
    for (const struct verb *const *v = verb_table; *v != NULL; v++) {
        bool has_two = strchr((*v)->name, ' ') != NULL;
        size_t distance = text_distance((*v)->name, has_two ? typed : words[0]);

        if (!(*v)->is_hidden && distance < best_distance) {
            best = (*v)->name;
            best_distance = distance;
        }
    }
    return best;
}

const struct verb *verb_table_find(int count, char *const *words,
                                   int *ret_taken, const char **ret_near)
{
    const struct verb *best = NULL;

    *ret_near = NULL;
    *ret_taken = 0;
    /* The longest name: "alerts" is a verb, and "alerts show" another one. */
    for (const struct verb *const *v = verb_table; *v != NULL; v++) {
        int taken = match((*v)->name, count, words);

        if (taken == 0 && (*v)->alias != NULL)
            taken = match((*v)->alias, count, words);
        if (taken > *ret_taken) {
            *ret_taken = taken;
            best = *v;
        }
    }
    if (best == NULL)
        *ret_near = find_near(count, words);
    return best;
}

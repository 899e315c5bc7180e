#include "daemon/daemon_means.h"

#include "daemon/assembly.h"
#include "daemon/daemon_doors.h"
#include "daemon/daemon_facts.h"
#include "daemon/daemon_reload.h"
#include "daemon/parts/logs_settings.h"
#include "daemon/process/state_path.h"

static void daemon_means_forget(void *owner, struct console *c)
{
    daemon_facts_forget(owner, c);
}

static void daemon_means_reload(void *owner, struct api_reload *waiter)
{
    daemon_reload_ask(owner, waiter);
}

static void daemon_means_check(void *owner, const struct options_text *text,
                               api_config_done_fn *on_done, void *done_owner)
{
    daemon_reload_check(owner, text, on_done, done_owner);
}

static bool daemon_means_ask_tokens(void *owner, struct token_job *job)
{
    struct daemon *d = owner;

    return daemon_tokens_ask(&d->tokens, job);
}

static void daemon_means_each_place(void *owner,
                                    void (*tell)(void *to, const char *what,
                                                 const char *path),
                                    void *to)
{
    const struct daemon *d = owner;
    const char *logs = logs_settings_directory(d->settings);
    const char *recordings = record_directory(d->records.recorder);
    char state[STATE_PATH_MAX];
    struct err err;

    if (d->settings->backend == SETTINGS_BACKEND_FILE &&
        state_path_find(d->settings, state, &err) == 0)
        tell(to, "state", state);
    if (logs != NULL)
        tell(to, "console-logs", logs);
    if (recordings != NULL && recordings[0] != '\0')
        tell(to, "recordings", recordings);
    if (d->settings->audit_log != NULL)
        tell(to, "audit-log", d->settings->audit_log);
}

struct api_means daemon_means(struct daemon *d)
{
    return (struct api_means){
        .owner = d,
        .census = daemon_census_source(&d->census),
        .moves = &d->moves,
        .events = d->events,
        .alerts = &d->alerts.means,
        .settings = d->settings,
        .recorder = d->records.recorder,
        .each_door = daemon_doors_tell,
        .each_place = daemon_means_each_place,
        .forget = daemon_means_forget,
        .reload = daemon_means_reload,
        .check = daemon_means_check,
        .ask_tokens = daemon_means_ask_tokens,
    };
}

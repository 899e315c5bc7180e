#include "daemon/daemon_means.h"

#include "daemon/assembly.h"
#include "daemon/daemon_doors.h"
#include "daemon/daemon_facts.h"
#include "daemon/daemon_reload.h"

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
        .forget = daemon_means_forget,
        .reload = daemon_means_reload,
        .check = daemon_means_check,
        .ask_tokens = daemon_means_ask_tokens,
    };
}

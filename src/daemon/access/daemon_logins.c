#include "daemon/access/daemon_logins.h"

#include "auth/authenticate.h"
#include "auth/pam.h"
#include "session/session_context.h"

#include <string.h>
#include <unistd.h>

int daemon_logins_open(struct daemon_logins *l,
                       const struct logins_links *links, struct err *err)
{
    struct authenticate_means means = { .tokens = links->tokens };
    int r = groups_open(&l->groups, links->loop, geteuid());

    if (r < 0) {
        err_set(err, "cannot look up groups: %s", strerror(-r));
        return r;
    }
    groups_watch_open(&l->watch, links->loop, l->groups);
    l->pam = pam_service_new(links->loop, links->settings->pam_socket,
                             links->pam_control);
    means.pam = l->pam;
    means.groups = l->groups;
    l->authenticate = authenticate_new(links->loop, &means, links->seed);
    return 0;
}

void daemon_logins_close(struct daemon_logins *l)
{
    authenticate_free(l->authenticate);
    pam_service_free(l->pam);
    groups_watch_close(&l->watch);
    groups_close(l->groups);
}

void daemon_logins_use(struct daemon_logins *l,
                       struct session_context *sessions)
{
    sessions->authenticate = l->authenticate;
    sessions->groups = &l->watch;
}

void daemon_logins_set(struct daemon_logins *l, const struct settings *settings)
{
    pam_service_set_path(l->pam, settings->pam_socket);
}

void daemon_logins_look_again(struct daemon_logins *l)
{
    groups_forget(l->groups);
    groups_watch_begin(&l->watch);
}

#include "daemon/parts/daemon_web.h"

#include "api/api.h"
#include "api/api_jobs.h"
#include "api/diagnosis/diagnosis.h"
#include "api/output/output_reads.h"
#include "api/series/series_sampler.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/session_context.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the socket -----------------------------------------------------------
 */

/* The directory is made, but not its parents: where they are missing, nobody
 * has a place for such files. False: there is no place. */
static bool find_standard(char to[DAEMON_SOCKET_MAX])
{
    const char *given = getenv("RUNTIME_DIRECTORY");
    const char *run = getenv("XDG_RUNTIME_DIR");
    char directory[DAEMON_SOCKET_MAX] = "";
    mode_t mode = 0700;

    /* systemd separates several directories by colons. */
    if (given != NULL && given[0] == '/') {
        snprintf(directory, sizeof directory, "%.*s", (int)strcspn(given, ":"),
                 given);
    } else if (geteuid() == 0) {
        snprintf(directory, sizeof directory, "/run/vspcd");
        mode = 0755;
    } else if (run != NULL && run[0] == '/') {
        snprintf(directory, sizeof directory, "%s/vspcd", run);
    }
    if (directory[0] == '\0')
        return false;
    if (mkdir(directory, mode) == 0)
        (void)chmod(directory, mode); /* whatever the umask is */
    return (size_t)snprintf(to, DAEMON_SOCKET_MAX, "%s/vspcd.sock", directory) <
           DAEMON_SOCKET_MAX;
}

/* (gid_t)-1: the process's. */
static int find_group(const struct settings *s, gid_t *ret, struct err *err)
{
    const char *name = s->socket_group != NULL ? s->socket_group : "vspcd";
    const struct group *group = getgrnam(name);

    *ret = (gid_t)-1;
    if (group != NULL && (geteuid() == 0 || s->socket_group != NULL))
        *ret = group->gr_gid;
    if (group != NULL || s->socket_group == NULL)
        return 0;
    err_set(err, "--socket-group: there is no group '%.100s'", name);
    return -EINVAL;
}

static int listen_there(struct daemon_web *w, gid_t group, struct err *err)
{
    const struct unix_socket_place place = {
        .path = w->socket,
        .mode = 0660,
        .group = group,
    };
    int r = web_open_socket(w->web, &place);

    if (r == 0)
        return 0;
    err_set(err, "cannot listen on the socket %.120s: %s%s", w->socket,
            r == -EADDRINUSE ? "another program listens there" : strerror(-r),
            "; choose another path with --socket, or --socket none");
    w->socket[0] = '\0';
    return r;
}

static int open_socket(struct daemon_web *w, struct err *err)
{
    const struct settings *s = w->links.settings;
    gid_t group;
    int r;

    if (s->socket != NULL && strcmp(s->socket, "none") == 0)
        return 0;
    r = find_group(s, &group, err);
    if (r < 0)
        return r;
    if (s->socket == NULL) {
        if (find_standard(w->socket))
            (void)listen_there(w, group, &w->socket_problem);
        else
            err_set(&w->socket_problem,
                    "there is no folder for it, because XDG_RUNTIME_DIR is "
                    "not set; choose a path with --socket, or --socket none");
        return 0;
    }
    if (strlen(s->socket) >= sizeof w->socket) {
        err_set(err, "--socket: the path is too long: %d bytes at most",
                DAEMON_SOCKET_MAX - 1);
        return -ENAMETOOLONG;
    }
    snprintf(w->socket, sizeof w->socket, "%s", s->socket);
    return listen_there(w, group, err);
}

/* ---- ports ----------------------------------------------------------------
 */

static bool is_loopback(const struct address *address)
{
    struct ip ip;

    return address_ip(address, &ip) && ip_range(ip) == IP_LOOPBACK;
}

static int open_port(struct daemon_web *w, uint64_t i, struct err *err)
{
    const struct settings *s = w->links.settings;
    const struct settings_port *port = &s->web.item[i];
    char host[ADDRESS_HOST_MAX + 1];
    struct address address;
    uint16_t number = 0;
    struct err why;
    bool is_tls;
    int r = address_split(port->address, 0, host, &number, &why);

    if (r == 0)
        r = address_parse(host, number, &address, &why);
    if (r < 0) {
        err_set(err, "%.120s: %.120s", options_where(s, "web", i).text,
                why.text);
        return r;
    }
    is_tls =
        port->has_tls ? port->tls == SETTINGS_WEB_TLS : !is_loopback(&address);
    r = web_open_port(w->web, &address, is_tls);
    if (r < 0)
        err_set(err,
                "cannot listen for the API on %s: %s; choose another "
                "address or port with --web",
                address_format(&address).text, strerror(-r));
    return r;
}

/* ---- all of it ------------------------------------------------------------
 */

static struct web_settings web_settings_of(struct daemon_web *w)
{
    const struct settings *s = w->links.settings;

    for (uint64_t i = 0; i < s->web_origins.count; i++)
        w->origin[i] = s->web_origins.text[i];
    return (struct web_settings){
        .proxies = { s->web_proxies.item, s->web_proxies.count },
        .trusts_socket = s->web_proxy_socket,
        .user_field = s->web_user_field,
        .groups_field = s->web_groups_field,
        .ssh_login = s->ssh_login_user,
        .origin = w->origin,
        .origin_count = s->web_origins.count,
    };
}

/* A list, or a search, leaves one for whoever wants a recording. */
static const unsigned recording_threads[] = { 3, 2 };

/* A disk that hangs holds its thread: nobody else's. */
static const unsigned diagnosis_threads[] = { DIAGNOSES_MAX };

static int open_jobs(struct daemon_web *w, struct err *err)
{
    struct loop *loop = w->links.sessions->loop;
    struct directory *directory = w->links.sessions->directory;
    int r =
        api_jobs_open(&w->recording_jobs, loop, directory, recording_threads,
                      sizeof recording_threads / sizeof *recording_threads);

    if (r == 0)
        r = api_jobs_open(&w->diagnosis_jobs, loop, directory,
                          diagnosis_threads, 1);
    if (r < 0)
        err_set(err, "the API cannot read files: %s", strerror(-r));
    w->links.means.recording_jobs = w->recording_jobs;
    w->links.means.diagnosis_jobs = w->diagnosis_jobs;
    return r;
}

int daemon_web_open(struct daemon_web *w, const struct web_links *links,
                    struct err *err)
{
    struct web_settings settings;
    int r;

    *w = (struct daemon_web){ .links = *links };
    r = output_reads_open(&w->reads, links->sessions->loop,
                          links->sessions->directory);
    if (r < 0) {
        err_set(err, "cannot read console logs: %s", strerror(-r));
        return r;
    }
    r = open_jobs(w, err);
    if (r < 0) {
        daemon_web_close(w);
        return r;
    }
    links->sessions->past.ask_from = output_reads_ask_past;
    links->sessions->past.owner = w->reads;
    w->links.means.output_reads = w->reads;
    w->series =
        series_sampler_open(links->sessions->loop, &links->means.census);
    w->links.means.series = w->series;
    settings = web_settings_of(w);
    w->api = api_new(links->sessions, &w->links.means);
    w->web = web_new(links->sessions, w->api, links->groups, &settings);
    r = open_socket(w, err);
    for (uint64_t i = 0; i < links->settings->web.count && r == 0; i++)
        r = open_port(w, i, err);
    if (r < 0)
        daemon_web_close(w);
    return r;
}

void daemon_web_close(struct daemon_web *w)
{
    web_free(w->web);
    w->web = NULL;
    api_free(w->api);
    w->api = NULL;
    series_sampler_close(w->series);
    w->series = NULL;
    w->links.sessions->past.ask_from = NULL;
    api_jobs_close(w->recording_jobs);
    w->recording_jobs = NULL;
    api_jobs_close(w->diagnosis_jobs);
    w->diagnosis_jobs = NULL;
    output_reads_close(w->reads);
    w->reads = NULL;
}

void daemon_web_use(struct daemon_web *w)
{
    struct web_settings settings = web_settings_of(w);

    web_set(w->web, &settings);
}

void daemon_web_stop(struct daemon_web *w)
{
    web_close_doors(w->web);
}

/* A census may be read before the API is open. */
void daemon_web_count(const struct daemon_web *w, struct census *census)
{
    struct web_counts counts;

    if (w->web == NULL)
        return;
    counts = web_counts(w->web);
    census->api_connections = counts.connections;
    memcpy(census->api_requests, counts.requests, sizeof counts.requests);
}

void daemon_web_log(const struct daemon_web *w)
{
    struct address address;
    bool is_tls;

    if (w->socket[0] != '\0')
        log_info(LOG_API_OPENED " socket=%s", LOG_TEXT(w->socket));
    else if (w->socket_problem.text[0] != '\0')
        log_warning(LOG_API_NO_SOCKET " reason=%s",
                    LOG_TEXT(w->socket_problem.text));
    for (size_t i = 0; web_port(w->web, i, &address, &is_tls); i++)
        log_info(LOG_API_OPENED " address=%s", address_format(&address).text);
}

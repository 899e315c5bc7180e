/*
 * daemon_web.h - the API of the running program: its commands (api/), and the
 * doors that the settings --socket and --web open (web/).
 */
#ifndef DAEMON_PARTS_DAEMON_WEB_H
#define DAEMON_PARTS_DAEMON_WEB_H

#include "api/api_means.h"
#include "base/err.h"
#include "conf/options.h"
#include "web/web.h"

struct groups;

enum { DAEMON_SOCKET_MAX = 108 }; /* bytes of a path with its NUL: sun_path */

struct web_links {
    const struct settings *settings; /* borrowed; always the present ones */
    struct session_context *sessions;
    struct groups *groups;
    struct api_means means; /* what commands may ask for */
};

struct daemon_web {
    struct web_links links;
    struct output_reads *reads;
    struct series_sampler *series;
    struct api_jobs *recording_jobs;
    struct api_jobs *diagnosis_jobs;
    struct api *api;
    struct web *web;
    const char *origin[SETTINGS_RULES_MAX];
    char socket[DAEMON_SOCKET_MAX]; /* where it is; "": there is none */
    struct err socket_problem;      /* why there is none; "": none was wanted */
};

/* 0, or negative with err filled. w must not move. A socket that nobody has
 * asked for is left out if it cannot be had. */
int daemon_web_open(struct daemon_web *w, const struct web_links *links,
                    struct err *err);
void daemon_web_close(struct daemon_web *w);

/* The settings have changed: those that need no restart hold. */
void daemon_web_use(struct daemon_web *w);

/* No new connections. */
void daemon_web_stop(struct daemon_web *w);

void daemon_web_count(const struct daemon_web *w, struct census *census);

/* Logs where the API is. */
void daemon_web_log(const struct daemon_web *w);

#endif

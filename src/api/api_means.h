/*
 * api_means.h - what commands need of the daemon, as functions: so api/ knows
 * no assembly. Members may be NULL in a test; a command answers 503 then.
 */
#ifndef API_API_MEANS_H
#define API_API_MEANS_H

#include "base/list.h"
#include "conf/options.h"
#include "core/census/census.h"
#include "record/record.h"
#include "store/tokens/token_job.h"

/* A configuration that was read: what a reload makes of it. Borrowed. */
struct api_config_report {
    const struct problems *problems; /* 0: it can be used */
    const struct problems *warnings; /* NULL: none are known */
    /* NULL if there are problems. */
    const struct options_changes *changes;
    const struct settings *before, *after;
    uint32_t closed; /* connections that the rules do not allow any more */
};
typedef void api_config_done_fn(void *owner,
                                const struct api_config_report *report);

/* Somebody who waits for a reload. list_remove cancels that. */
struct api_reload {
    struct list node;
    api_config_done_fn *on_done;
    void *owner;
};

struct alerts_means;
struct api_jobs;
struct event_hub;
struct output_reads;
struct past_moves;
struct series_sampler;
struct settings;

/* An address at which vspcd is reached. */
struct api_door {
    const char *kind;    /* "vms", "consoles", "menu", "socket", "web", ... */
    const char *address; /* ADDRESS:PORT, "ADDRESS:FIRST-LAST", or a path */
    const char *tls;     /* a tls_policy_name */
};

struct api_means {
    void *owner;
    struct census_source census;
    const struct past_moves *moves;  /* of all consoles; borrowed */
    const struct settings *settings; /* in force; borrowed */
    /* Tells of each door that is open. */
    void (*each_door)(void *owner,
                      void (*tell)(void *to, const struct api_door *door),
                      void *to);
    struct output_reads *output_reads;   /* reads console logs */
    struct event_hub *events;            /* what happens */
    const struct series_sampler *series; /* numbers over time */
    const struct alerts_means *alerts;   /* alerts_means.h */
    struct recorder *recorder;
    struct api_jobs *recording_jobs; /* read recordings: lane 0 one of them,
                                      * or the addresses of this machine; lane
                                      * 1 many */

    struct api_jobs *diagnosis_jobs; /* look at the machine: lane 0 */
    /* Tells of each file or folder that is written; path is borrowed. */
    void (*each_place)(void *owner,
                       void (*tell)(void *to, const char *what,
                                    const char *path),
                       void *to);

    /* The console goes: its port, its state. It has neither VM nor client. */
    void (*forget)(void *owner, struct console *c);

    /* What SIGHUP does, at the end of the turn; on_done is called then. */
    void (*reload)(void *owner, struct api_reload *waiter);

    /* What a reload would do with the file, or with this text in its place;
     * on_done is called at once. text NULL: the file. */
    void (*check)(void *owner, const struct options_text *text,
                  api_config_done_fn *on_done, void *done_owner);

    /* job->on_done gets it in a later turn, and owns it; if that is NULL by
     * then, a token that was created is revoked, because nobody has seen it.
     * False: there is no place for tokens, or too many wait; the job stays the
     * caller's. */
    bool (*ask_tokens)(void *owner, struct token_job *job);
};

#endif

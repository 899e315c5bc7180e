#include "store/tokens/token_job.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct token_job *token_job_new(enum token_job_kind kind)
{
    struct token_job *job = xcalloc(1, sizeof *job);

    list_init(&job->node);
    job->kind = kind;
    return job;
}

void token_job_free(struct token_job *job)
{
    if (job == NULL)
        return;
    list_remove(&job->node);
    token_list_done(&job->list);
    ssh_key_list_done(&job->keys);
    free(job);
}

const struct token_record *token_job_record(const struct token_job *job)
{
    for (size_t i = 0; i < job->list.count; i++) {
        if (job->list.item[i]->id == job->id)
            return job->list.item[i];
    }
    return NULL;
}

static int load(struct token_job *job, struct token_file *file)
{
    unsigned damaged;

    token_list_done(&job->list);
    return token_file_load(file, &job->list, &damaged, &job->err);
}

/* ---- creating ----------------------------------------------------------- */

static unsigned count_of_owner(const struct token_job *job)
{
    unsigned count = 0;

    for (size_t i = 0; i < job->list.count; i++) {
        const struct token_record *r = job->list.item[i];

        count += token_record_holds(r, job->now_s) &&
                 strcmp(r->owner, job->owner) == 0;
    }
    return count;
}

static int create(struct token_job *job, struct token_file *file)
{
    struct token_record record = {
        .name = job->name,
        .owner = job->owner,
        .rights = job->rights,
        .consoles = job->consoles,
        .created_s = job->now_s,
        .created_by = job->by,
        .expires_s = job->expires_s,
        .used_from = "",
        .revoked_by = "",
    };
    int r = load(job, file);

    if (r != 0)
        return r;
    if (job->owner_max != 0 && count_of_owner(job) >= job->owner_max) {
        err_set(&job->err, "%s has %u tokens, the most that there can be",
                job->owner, job->owner_max);
        return TOKEN_FILE_FULL;
    }
    memcpy(record.digest, job->digest, sizeof record.digest);
    return token_file_create(file, &record, &job->err);
}

/* ---- revoking ----------------------------------------------------------- */

static const struct token_record *find_named(const struct token_job *job)
{
    for (size_t i = 0; i < job->list.count; i++) {
        if (token_record_holds(job->list.item[i], job->now_s) &&
            strcmp(job->list.item[i]->name, job->name) == 0)
            return job->list.item[i];
    }
    return NULL;
}

/* One that holds, by its name or id; else one that has ended, by its id, or the
 * last one of this name. */
static const struct token_record *find(const struct token_job *job)
{
    const struct token_record *found = find_named(job);
    unsigned long id = 0;

    if (found != NULL)
        return found;
    (void)text_number(job->name, ULONG_MAX, &id);
    for (size_t i = job->list.count; i > 0; i--) {
        const struct token_record *r = job->list.item[i - 1];

        if ((id != 0 && r->id == id) || strcmp(r->name, job->name) == 0)
            return r;
    }
    return NULL;
}

static int revoke(struct token_job *job, struct token_file *file)
{
    const struct token_record *found;
    int r = load(job, file);

    if (r != 0)
        return r;
    found = find(job);
    if (found == NULL ||
        (job->is_owners_only && strcmp(found->owner, job->owner) != 0)) {
        err_set(&job->err, "there is no token with this name or id");
        return TOKEN_FILE_NO_SUCH_NAME;
    }
    job->id = found->id;
    if (!token_record_holds(found, job->now_s))
        return 0;
    return token_file_revoke(file, found->name, job->by, job->now_s, &job->err);
}

/* ---- keys of ssh -------------------------------------------------------- */

static int add_key(struct token_job *job, const struct sqlite_file *file)
{
    const struct ssh_key_record record = {
        .fingerprint = job->fingerprint,
        .name = job->name,
        .key = job->key,
        .comment = job->comment,
        .created_s = job->now_s,
        .created_by = job->by,
    };
    int r = ssh_key_rows_add(file, &record, &job->err);

    return r == 0 ? ssh_key_rows_load(file, job->fingerprint, &job->keys,
                                      &job->err)
                  : r;
}

static int run_keys(struct token_job *job, struct token_file *file)
{
    const struct sqlite_file *sqlite = token_file_sqlite(file);
    int r;

    if (job->kind == TOKEN_JOB_ADD_KEY)
        return add_key(job, sqlite);
    r = ssh_key_rows_load(sqlite, job->fingerprint, &job->keys, &job->err);
    if (r != 0 || job->kind == TOKEN_JOB_LIST_KEYS)
        return r;
    return ssh_key_rows_delete(sqlite, job->fingerprint, &job->err);
}

static bool is_about_keys(const struct token_job *job)
{
    return job->kind >= TOKEN_JOB_LIST_KEYS;
}

/* ---- running ------------------------------------------------------------ */

static int run(struct token_job *job, struct token_file *file)
{
    const struct token_record *made;
    int r = 0;

    if (is_about_keys(job))
        return run_keys(job, file);
    if (job->kind == TOKEN_JOB_CREATE)
        r = create(job, file);
    if (job->kind == TOKEN_JOB_REVOKE)
        r = revoke(job, file);
    if (r == 0)
        r = load(job, file);
    if (r != 0 || job->kind != TOKEN_JOB_CREATE)
        return r;
    made = find_named(job);
    job->id = made != NULL ? made->id : 0;
    return 0;
}

/* No file is no tokens and no keys. */
static int run_without_file(struct token_job *job)
{
    if (job->kind == TOKEN_JOB_LIST || job->kind == TOKEN_JOB_LIST_KEYS)
        return 0;
    if (is_about_keys(job)) {
        err_set(&job->err, "there are no keys");
        return SSH_KEY_ROWS_NO_SUCH_KEY;
    }
    err_set(&job->err, "there are no tokens");
    return TOKEN_FILE_NO_SUCH_NAME;
}

void token_job_run(struct token_job *job, struct token_file **file,
                   const char *path)
{
    int r = 0;

    if (*file == NULL)
        r = token_file_open(file, path,
                            job->kind == TOKEN_JOB_CREATE ||
                                job->kind == TOKEN_JOB_ADD_KEY,
                            &job->err);
    if (r == 0)
        r = run(job, *file);
    else if (r == -ENOENT)
        r = run_without_file(job);
    if (r < 0) {
        token_file_close(*file);
        *file = NULL;
    }
    job->result = r;
}

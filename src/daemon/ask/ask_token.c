#include "daemon/ask/ask_token.h"

#include "access/pattern.h"
#include "auth/token.h"
#include "base/clock.h"
#include "daemon/process/privileges.h"
#include "daemon/process/state_path.h"
#include "log/log_format.h"
#include "store/tokens/token_file.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CALLER_MAX = 64 };

struct request {
    const struct settings *settings;
    int descriptor;
    FILE *words;
    char caller[CALLER_MAX]; /* name of the account */
    char path[STATE_PATH_MAX];
    struct token_file *file;
};

/* ---- who asks, and for which file --------------------------------------- */

/* By sudo a person acts, and not root. Whoever can pretend that is root. */
static void find_caller(struct request *q)
{
    const char *by_sudo = getenv("SUDO_USER");
    const struct passwd *account = getpwuid(getuid());

    if (getuid() == 0 && by_sudo != NULL && getpwnam(by_sudo) != NULL)
        snprintf(q->caller, sizeof q->caller, "%s", by_sudo);
    else if (account != NULL)
        snprintf(q->caller, sizeof q->caller, "%s", account->pw_name);
    else
        snprintf(q->caller, sizeof q->caller, "uid:%lu",
                 (unsigned long)getuid());
}

/*
 * The file is vspcd's: so it is made and written as the user of the directory,
 * whoever that is. It also means that root follows no link that another user
 * has put there.
 */
static int become_owner(const struct request *q, struct err *err)
{
    char directory[STATE_PATH_MAX], account[64];
    struct stat s;

    snprintf(directory, sizeof directory, "%.*s",
             (int)(strrchr(q->path, '/') - q->path) + 1, q->path);
    if (geteuid() != 0 || stat(directory, &s) < 0 || s.st_uid == 0)
        return 0;
    snprintf(account, sizeof account, "%lu:%lu", (unsigned long)s.st_uid,
             (unsigned long)s.st_gid);
    return privileges_drop(account, err);
}

static int find_file(struct request *q, struct err *err)
{
    const struct settings *s = q->settings;
    int r;

    if (s->backend != SETTINGS_BACKEND_FILE) {
        err_set(err, "--token: needs --backend File, which keeps tokens");
        return -EINVAL;
    }
    r = geteuid() == 0 ? privileges_drop(s->user, err) : 0;
    if (r == 0)
        r = state_path_find_tokens(s, q->path, err);
    if (r == -ENOENT)
        err_set(err, "there is no directory for the tokens: set "
                     "STATE_DIRECTORY, or give --file");
    return r == 0 ? become_owner(q, err) : r;
}

static int open_file(struct request *q, bool is_made, struct err *err)
{
    struct err why = { "" };
    int r = token_file_open(&q->file, q->path, is_made, &why);

    if (r == -ENOENT || r == 0)
        return r;
    err_set(err, "%.200s: %.200s%s", q->path, why.text,
            access(q->path, R_OK | W_OK) < 0 && errno == EACCES
                ? "; only root and the user of vspcd may do this"
                : "");
    return r;
}

/* ---- the commands ------------------------------------------------------- */

static int need_name(const struct request *q, struct err *err)
{
    const char *name = q->settings->token_name;

    if (name != NULL && token_is_name(name))
        return 0;
    if (name == NULL)
        err_set(err, "--token %s: needs --token-name", q->settings->token);
    else
        err_set(err, "--token-name: expected 1 to %d letters, digits, or ._-",
                TOKEN_NAME_MAX);
    return -EINVAL;
}

static int check_consoles(const struct request *q, struct err *err)
{
    const char *consoles = q->settings->token_consoles;
    struct err why;

    if (consoles == NULL)
        return 0;
    if (strlen(consoles) >= TOKEN_FILE_TEXT_MAX) {
        err_set(err, "--token-consoles: the pattern is too long");
        return -EINVAL;
    }
    if (pattern_check(consoles, &why) == 0)
        return 0;
    err_set(err, "--token-consoles: %s", why.text);
    return -EINVAL;
}

/* An account that a directory server does not tell now may be there tomorrow:
 * so it is a warning. */
static int find_owner(const struct request *q, const char **ret_owner,
                      struct err *err)
{
    const char *owner = q->settings->token_owner;

    if (owner == NULL)
        owner = q->caller;
    if (strlen(owner) >= TOKEN_FILE_TEXT_MAX) {
        err_set(err, "--token-owner: the name is too long");
        return -EINVAL;
    }
    if (getpwnam(owner) == NULL)
        fprintf(q->words,
                "vspcd: warning: this system has no account '%s'; the token "
                "has no right until there is one\n",
                LOG_TEXT(owner));
    *ret_owner = owner;
    return 0;
}

static int make_text(char text[TOKEN_LEN + 1], struct err *err)
{
    uint8_t random[TOKEN_RANDOM_LEN];

    if (getrandom(random, sizeof random, 0) != sizeof random) {
        err_set(err, "the system has no random numbers: %s", strerror(errno));
        return -EIO;
    }
    token_make(random, text);
    explicit_bzero(random, sizeof random);
    return 0;
}

/* A token that nobody has seen must not hold. */
static int show(const struct request *q, char text[TOKEN_LEN + 1],
                struct err *err)
{
    struct err why = { "" };
    ssize_t put;
    int error;

    text[TOKEN_LEN] = '\n';
    put = write(q->descriptor, text, TOKEN_LEN + 1);
    error = errno;
    if (put == TOKEN_LEN + 1)
        return 0;
    (void)token_file_revoke(q->file, q->settings->token_name, q->caller,
                            clock_utc_s(), &why);
    err_set(err, "the token cannot be shown, and was revoked: %s",
            put < 0 ? strerror(error) : "not all of it was written");
    return -EIO;
}

static void say_created(const struct request *q, const struct token_record *r)
{
    fprintf(q->words,
            "vspcd: token %s for %s: %s on %s, expires %s; it is shown once, "
            "and kept nowhere\n",
            r->name, LOG_TEXT(r->owner), r->rights,
            r->consoles[0] != '\0' ? LOG_TEXT(r->consoles) : "all consoles",
            token_time(r->expires_s, "never").text);
}

static int put(struct request *q, struct token_record *r, struct err *err)
{
    char text[TOKEN_LEN + 1];
    int result = make_text(text, err);

    if (result == 0) {
        token_digest(slice_of(text, TOKEN_LEN), r->digest);
        result = token_file_create(q->file, r, err);
    }
    if (result == 0)
        result = show(q, text, err);
    explicit_bzero(text, sizeof text);
    return result;
}

static int create_token(struct request *q, struct err *err)
{
    const struct settings *s = q->settings;
    int64_t now_s = clock_utc_s();
    struct token_record record = {
        .name = s->token_name,
        .rights = s->token_right,
        .consoles = s->token_consoles != NULL ? s->token_consoles : "",
        .created_s = now_s,
        .created_by = q->caller,
        .expires_s =
            s->token_expires_s != 0 ? now_s + (int64_t)s->token_expires_s : 0,
        .used_from = "",
        .revoked_by = "",
    };
    int r = need_name(q, err);

    if (r == 0)
        r = check_consoles(q, err);
    if (r == 0)
        r = find_owner(q, &record.owner, err);
    if (r == 0)
        r = find_file(q, err);
    /* After a failure, opening the file fails too, and reports it. */
    if (r == 0 && s->state_file == NULL)
        (void)state_path_make(q->path);
    if (r == 0)
        r = open_file(q, true, err);
    if (r == 0)
        r = put(q, &record, err);
    if (r == 0)
        say_created(q, &record);
    return r;
}

static int revoke_token(struct request *q, struct err *err)
{
    int r = need_name(q, err);

    if (r == 0)
        r = find_file(q, err);
    if (r == 0)
        r = open_file(q, false, err);
    if (r == 0)
        r = token_file_revoke(q->file, q->settings->token_name, q->caller,
                              clock_utc_s(), err);
    else if (r == -ENOENT && q->path[0] != '\0')
        err_set(err, "there are no tokens");
    return r;
}

static void print(const struct request *q, const struct token_record *r,
                  int64_t now_s)
{
    dprintf(q->descriptor,
            "token=%s owner=%s right=%s consoles=%s created=%s by=%s "
            "expires=%s used=%s from=%s state=%s\n",
            LOG_TEXT(r->name), LOG_TEXT(r->owner), LOG_TEXT(r->rights),
            LOG_TEXT(r->consoles[0] != '\0' ? r->consoles : "*"),
            token_time(r->created_s, "unknown").text, LOG_TEXT(r->created_by),
            token_time(r->expires_s, "never").text,
            token_time(r->used_s, "never").text, LOG_ANY(r->used_from),
            token_record_holds(r, now_s) ? "holds"
            : r->revoked_s != 0          ? "revoked"
                                         : "expired");
}

static int list_tokens(struct request *q, struct err *err)
{
    struct token_list all = { 0 };
    unsigned damaged = 0;
    int r = find_file(q, err);

    if (r == 0) {
        r = open_file(q, false, err);
        if (r == -ENOENT)
            return 0;
    }
    if (r == 0)
        r = token_file_load(q->file, &all, &damaged, err);
    for (size_t i = 0; i < all.count; i++)
        print(q, all.item[i], clock_utc_s());
    if (damaged > 0)
        fprintf(q->words, "vspcd: warning: %u rows are damaged\n", damaged);
    token_list_done(&all);
    return r;
}

int ask_token(const struct settings *settings, int descriptor, FILE *words,
              struct problems *problems)
{
    struct request q = {
        .settings = settings,
        .descriptor = descriptor,
        .words = words,
    };
    struct err err = { "" };
    int r;

    problems->count = 0;
    privileges_lower();
    find_caller(&q);
    if (strcmp(settings->token, "create") == 0)
        r = create_token(&q, &err);
    else if (strcmp(settings->token, "revoke") == 0)
        r = revoke_token(&q, &err);
    else
        r = list_tokens(&q, &err);
    token_file_close(q.file);
    if (r != 0)
        problems_add(problems, 0, "%s", err.text);
    return r != 0 ? -EINVAL : 0;
}

#include "auth/account_lookup.h"

#include "access/principal.h"
#include "base/mem.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_FIRST = 4096,
    /* An entry of a group has the names of all its members. */
    BUFFER_MAX = 4 * 1024 * 1024,
    GIDS_FIRST = 64,
    GIDS_MAX = 65536, /* NGROUPS_MAX of the kernel */
};

/* Memory for the texts of one entry, which grows as it has to. */
struct buffer {
    char *bytes;
    size_t size;
};

/* False: it is as large as it may be. */
static bool grow(struct buffer *b)
{
    size_t size = b->size > 0 ? 4 * b->size : BUFFER_FIRST;

    if (size > BUFFER_MAX)
        return false;
    free(b->bytes);
    b->bytes = xmalloc(size);
    b->size = size;
    return true;
}

/* 0 or an errno; *ret_found is NULL if there is none. */
static int find_account(const char *name, uid_t uid, struct buffer *b,
                        struct passwd *entry, struct passwd **ret_found)
{
    int r = ERANGE;

    while (r == ERANGE && grow(b))
        r = name != NULL ? getpwnam_r(name, entry, b->bytes, b->size, ret_found)
                         : getpwuid_r(uid, entry, b->bytes, b->size, ret_found);
    return r;
}

/* NULL: the group has no name, or the name service does not tell. */
static char *name_of_group(gid_t gid, struct buffer *b)
{
    struct group entry;
    struct group *found = NULL;
    int r = b->size > 0 ? getgrgid_r(gid, &entry, b->bytes, b->size, &found)
                        : ERANGE;

    while (r == ERANGE && grow(b))
        r = getgrgid_r(gid, &entry, b->bytes, b->size, &found);
    return r == 0 && found != NULL ? xstrdup(found->gr_name) : NULL;
}

/* NULL: there are too many. */
static gid_t *list_gids(const char *name, gid_t own, int *ret_count)
{
    int count = GIDS_FIRST;
    gid_t *gids = xcalloc((size_t)count, sizeof *gids);

    while (getgrouplist(name, own, gids, &count) < 0) {
        free(gids);
        if (count > GIDS_MAX)
            return NULL;
        gids = xcalloc((size_t)count, sizeof *gids);
    }
    *ret_count = count;
    return gids;
}

static void list_groups(const struct passwd *account, struct groups_answer *ret)
{
    struct buffer b = { 0 };
    int count = 0;
    gid_t *gids = list_gids(account->pw_name, account->pw_gid, &count);

    if (gids == NULL) {
        ret->outcome = GROUPS_FAILED;
        err_set(&ret->err, "the account has more than %d groups", GIDS_MAX);
        return;
    }
    if (count > PRINCIPAL_GROUPS_MAX)
        count = PRINCIPAL_GROUPS_MAX;
    ret->group = xcalloc((size_t)count + 1, sizeof *ret->group);
    for (int i = 0; i < count; i++) {
        char *name = name_of_group(gids[i], &b);

        if (name != NULL)
            ((char **)ret->group)[ret->count++] = name;
    }
    free(b.bytes);
    free(gids);
}

void account_lookup(const char *name, uid_t uid, struct groups_answer *ret)
{
    struct passwd entry;
    struct passwd *found = NULL;
    struct buffer b = { 0 };
    int r = find_account(name, uid, &b, &entry, &found);

    *ret = (struct groups_answer){ .outcome = GROUPS_NO_ACCOUNT, .uid = uid };
    if (r == 0 && found != NULL) {
        ret->outcome = GROUPS_FOUND;
        ret->name = xstrdup(found->pw_name);
        ret->uid = found->pw_uid;
        list_groups(found, ret);
    } else if (r != 0 && r != ENOENT && r != ESRCH) {
        /* getpwnam(3): both mean that there is no such account. */
        ret->outcome = GROUPS_FAILED;
        err_set(&ret->err, "the name service failed: %s", strerror(r));
    }
    free(b.bytes);
}

void account_lookup_done(struct groups_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++)
        free(answer->group[i]);
    free((char **)answer->group);
    free((char *)answer->name);
    *answer = (struct groups_answer){ 0 };
}

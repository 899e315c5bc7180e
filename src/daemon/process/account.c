#include "daemon/process/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char *text, uint32_t *ret)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number >= UINT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

static int find_user(struct account *a, struct err *err)
{
    const struct passwd *passwd;

    if (a->user[0] == '\0' || parse_number(a->user, &a->uid))
        return 0;
    passwd = getpwnam(a->user);
    if (passwd == NULL) {
        err_set(err, "there is no user '%s'", a->user);
        return -EINVAL;
    }
    a->uid = passwd->pw_uid;
    return 0;
}

static int find_group(struct account *a, const char *name, struct err *err)
{
    const struct group *group;

    if (parse_number(name, &a->gid))
        return 0;
    group = getgrnam(name);
    if (group == NULL) {
        err_set(err, "there is no group '%.64s'", name);
        return -EINVAL;
    }
    a->gid = group->gr_gid;
    return 0;
}

int account_parse(const char *text, struct account *ret, struct err *err)
{
    struct account a = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
    size_t len = strcspn(text, ":");
    int r;

    if (len > ACCOUNT_NAME_MAX) {
        err_set(err, "the user's name is too long");
        return -EINVAL;
    }
    memcpy(a.user, text, len);
    r = find_user(&a, err);
    if (r == 0 && text[len] == ':')
        r = find_group(&a, text + len + 1, err);
    if (r == 0)
        *ret = a;
    return r;
}

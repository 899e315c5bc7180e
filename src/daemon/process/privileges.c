#include "daemon/process/privileges.h"

#include "daemon/process/account.h"
#include "daemon/process/state_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif

#define RUN_DIRECTORY "/run/vspcd" /* as in daemon_web.c */

/* The sanitizers look into their own process (LeakSanitizer by ptrace). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
enum { IS_SANITIZED = true };
#else
enum { IS_SANITIZED = false };
#endif

void privileges_lower(void)
{
    if (!IS_SANITIZED)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* Fails on kernels without ambient capabilities, which have none to
     * lower. */
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int fail(struct err *err, const char *user, const char *what)
{
    int r = errno != 0 ? -errno : -EPERM;

    err_set(err, "--user %.64s: %s: %s", user, what, strerror(-r));
    return r;
}

/* Completes what the setting leaves out. */
static int find_account(const char *user, struct account *a, struct err *err)
{
    const struct passwd *passwd;
    int r = account_parse(user, a, err);

    if (r < 0)
        return r;
    if (a->uid == (uid_t)-1) {
        err_set(err, "'%.64s' has no user: expected USER or USER:GROUP", user);
        return -EINVAL;
    }
    if (a->gid != (gid_t)-1)
        return 0;
    passwd = getpwuid(a->uid);
    if (passwd == NULL) {
        err_set(err,
                "the system does not know the user '%.64s': expected "
                "USER:GROUP",
                user);
        return -EINVAL;
    }
    a->gid = passwd->pw_gid;
    return 0;
}

/* A directory that is there already is left as it is. */
static int make_directory(const struct account *a, const char *path,
                          mode_t mode, struct err *err)
{
    int fd;
    int r;

    if (mkdir(path, mode) < 0)
        return errno == EEXIST ? 0 : fail(err, a->user, path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    r = fd < 0 || fchown(fd, a->uid, a->gid) < 0 || fchmod(fd, mode) < 0
            ? fail(err, a->user, path)
            : 0;
    if (fd >= 0)
        close(fd);
    return r;
}

static int make_state_directory(const struct account *a, struct err *err)
{
    char path[STATE_DIRECTORY_MAX];

    if (getenv("STATE_DIRECTORY") != NULL || !state_directory_find(path))
        return 0;
    /* Found for root; the user would have another one. */
    (void)setenv("STATE_DIRECTORY", path, 1);
    return make_directory(a, path, 0700, err);
}

/* For the API's socket, where root's is. Without it vspcd serves, too, and says
 * why there is no socket. */
static void make_run_directory(const struct account *a)
{
    const char *given = getenv("RUNTIME_DIRECTORY");
    struct err err;

    if (given != NULL && given[0] == '/')
        return;
    (void)setenv("RUNTIME_DIRECTORY", RUN_DIRECTORY, 1);
    (void)make_directory(a, RUN_DIRECTORY, 0755, &err);
}

static int set_groups(const struct account *a)
{
    const struct passwd *passwd = getpwuid(a->uid);

    errno = 0;
    return passwd != NULL ? initgroups(passwd->pw_name, a->gid)
                          : setgroups(1, &a->gid);
}

/* Root may have less than all of them, in a container. */
static int keep_low_ports(void)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
    uint32_t kept;

    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    kept = data[0].permitted & 1u << CAP_NET_BIND_SERVICE;
    memset(data, 0, sizeof data);
    data[0].permitted = kept;
    data[0].effective = kept;
    return (int)syscall(SYS_capset, &header, data);
}

/* No program that we start, such as one with set-user-ID, gets more. */
static void lower_bound(void)
{
    for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
        if (i != CAP_NET_BIND_SERVICE)
            (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    }
}

/* Groups first: only root can set them. */
static int become(const struct account *a, struct err *err)
{
    lower_bound();
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || set_groups(a) < 0 ||
        setresgid(a->gid, a->gid, a->gid) < 0 ||
        setresuid(a->uid, a->uid, a->uid) < 0 || keep_low_ports() < 0 ||
        prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
        return fail(err, a->user, "cannot become this user");
    errno = 0;
    if (a->uid != 0 && setuid(0) == 0)
        return fail(err, a->user, "root can be had again");
    return 0;
}

int privileges_check(const char *user, struct err *err)
{
    struct account a;

    return user != NULL ? find_account(user, &a, err) : 0;
}

int privileges_drop(const char *user, struct err *err)
{
    struct account a;
    int r = 0;

    if (user == NULL)
        return 0;
    r = find_account(user, &a, err);
    if (r < 0 || (geteuid() == a.uid && geteuid() != 0))
        return r;
    if (geteuid() != 0) {
        err_set(err, "--user %.64s: only root can become another user", user);
        return -EPERM;
    }
    make_run_directory(&a);
    r = make_state_directory(&a, err);
    if (r == 0)
        r = become(&a, err);
    /* The kernel makes a process that has changed its user dumpable as the
     * system's default says. */
    if (r == 0)
        privileges_lower();
    return r;
}

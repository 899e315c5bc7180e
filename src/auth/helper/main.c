/*
 * vspcd-pam - checks passwords by PAM for vspcd, which is not root.
 */
#include "auth/helper/helper_login.h"
#include "auth/helper/helper_parent.h"

#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

struct helper_options {
    bool is_parent;
    const char *peer_user;
    const char *service;
};

static void print_help(void)
{
    puts(
        "Usage: vspcd-pam [OPTION]...\n"
        "\n"
        "Checks a password by PAM for vspcd. systemd starts it for each login\n"
        "(vspcd-pam.socket); a vspcd that is started as root starts its own.\n"
        "The connection to vspcd is standard input.\n"
        "\n"
        "      --peer-user USER  the user, besides root, whose connections "
        "are\n"
        "                        served [vspcd]\n"
        "      --service NAME    PAM's service, in /etc/pam.d [vspcd]\n"
        "      --control         standard input brings connections; vspcd's "
        "own\n"
        "  -h, --help\n"
        "  -V, --version\n"
        "\n"
        "See also: man vspcd-pam.");
}

/* The status with which the program ends at once; -1: it goes on. */
static int read_options(int argc, char **argv, struct helper_options *o)
{
    static const struct option known[] = {
        { "control", no_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { "peer-user", required_argument, NULL, 'u' },
        { "service", required_argument, NULL, 's' },
        { "version", no_argument, NULL, 'V' },
        { 0 },
    };
    int letter;

    while ((letter = getopt_long(argc, argv, "hV", known, NULL)) != -1) {
        switch (letter) {
        case 'c':
            o->is_parent = true;
            break;
        case 'h':
            print_help();
            return EXIT_SUCCESS;
        case 'u':
            o->peer_user = optarg;
            break;
        case 's':
            o->service = optarg;
            break;
        case 'V':
            puts("vspcd-pam " VSPCD_VERSION);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "vspcd-pam: what is '%s'?\n", argv[optind]);
    return EXIT_USAGE;
}

/* Root alone if there is no such user. */
static uid_t find_user(const char *name)
{
    const struct passwd *passwd;
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    if (name[0] >= '0' && name[0] <= '9' && *end == '\0')
        return (uid_t)number;
    passwd = getpwnam(name);
    return passwd != NULL ? passwd->pw_uid : 0;
}

/* What is in memory is people's passwords; what is in the environment is for
 * other programs than PAM's modules and what they start. */
static void confine(void)
{
    const struct rlimit none = { 0 };

    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)clearenv();
    (void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    (void)umask(077);
    if (chdir("/") < 0)
        _exit(EXIT_FAILURE);
    /* vspcd's terminal is not ours to be ended by. */
    (void)setsid();
}

/* Modules, and programs that they run, must not read answers from the
 * connection, nor write into it. */
static int move_connection(void)
{
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0)
        return -1;
    if (null > STDERR_FILENO)
        close(null);
    return fd;
}

int main(int argc, char **argv)
{
    struct helper_options o = { .peer_user = "vspcd", .service = "vspcd" };
    int status = read_options(argc, argv, &o);
    struct stat input;
    uid_t user;
    int fd;

    if (status >= 0)
        return status;
    if (fstat(STDIN_FILENO, &input) < 0 || !S_ISSOCK(input.st_mode)) {
        fputs("vspcd-pam: standard input is no socket: vspcd or systemd starts "
              "this program, see man vspcd-pam\n",
              stderr);
        return EXIT_USAGE;
    }
    confine();
    openlog("vspcd-pam", LOG_PID, LOG_AUTHPRIV);
    user = find_user(o.peer_user);
    fd = move_connection();
    if (fd >= 0 && o.is_parent)
        fd = helper_parent_run(fd);
    if (fd < 0)
        return EXIT_SUCCESS;
    if (!helper_login_allows(fd, user)) {
        syslog(LOG_ERR,
               "connection refused: the peer is neither root nor the user %s",
               o.peer_user);
        return EXIT_SUCCESS;
    }
    helper_login_run(fd, o.service);
    /* Without atexit handlers: modules have nothing to do any more. */
    _exit(EXIT_SUCCESS);
}

/*
 * vspcd - a virtual serial port concentrator.
 */
#include "auth/pam_helper.h"
#include "daemon/ask/ask_token.h"
#include "daemon/ask/check_access.h"
#include "daemon/ask/check_settings.h"
#include "daemon/ask/check_uri.h"
#include "daemon/ask/explain_access.h"
#include "daemon/ask/import_ports.h"
#include "daemon/ask/print_vm_key.h"
#include "daemon/ask/verify_audit.h"
#include "daemon/daemon.h"
#include "daemon/daemon_serving.h"
#include "daemon/parts/daemon_tls.h"
#include "daemon/process/account.h"
#include "daemon/process/background.h"
#include "daemon/process/messages.h"
#include "daemon/process/pidfile.h"
#include "daemon/process/privileges.h"
#include "net/descriptors.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static void print_help(void)
{
    puts("Usage: vspcd [OPTION]...\n"
         "\n"
         "A virtual serial port concentrator: VMware ESXi hosts connect the\n"
         "serial ports of their VMs to vspcd; people and programs reach these\n"
         "consoles by telnet.\n"
         "\n"
         "Without options, vspcd runs in the foreground until ^C.\n"
         "Settings can also be given in " VSPCD_CONFIG_FILE ".\n"
         "Defaults are shown in [].\n"
         "SECONDS can have a unit: 10m, 2h, 1d. So can BYTES: 64K, 16M, 1G.\n");
    options_print_help(stdout);
    puts("\n"
         "In vSphere, set the VM's serial port to: use network, direction\n"
         "server, port URI s0 (or any name), and the URI\n"
         "telnet://THIS-HOST:13370 for the concentrator.\n"
         "To try vspcd without vSphere:\n"
         "\n"
         "  vspc-vm --proxy localhost --name test --exec sh\n"
         "  telnet localhost 50000\n"
         "\n"
         "See also: man vspcd, man vspcd.conf.");
}

static void print_problems(const struct problems *problems)
{
    int kept = problems_kept(problems);

    for (int i = 0; i < kept; i++)
        fprintf(stderr, "vspcd: %s\n", problems->item[i].text);
    if (problems->count > kept)
        fprintf(stderr, "vspcd: and %d more\n", problems->count - kept);
}

/* The other processes of this program. */
struct companions {
    int waiting; /* descriptor of the one that waits for readiness; -1: none */
    struct pam_helper pam;
};

static bool asks_for_passwords(const struct settings *s)
{
    return s->login == 0 || s->menu_port != 0;
}

/*
 * vspcd-pam stays root when we become another user, so it is started before. If
 * that fails, vspcd serves nevertheless, and each login finds out that
 * passwords cannot be checked. Where nobody is asked for one, nobody needs a
 * process that tries them, least of all somebody who has taken us over.
 */
static void start_pam(const struct settings *s, struct pam_helper *ret)
{
    char user[ACCOUNT_NAME_MAX + 1] = "0"; /* root */
    struct err err;

    if (geteuid() != 0 || s->pam_socket != NULL || !asks_for_passwords(s))
        return;
    if (s->user != NULL)
        snprintf(user, sizeof user, "%.*s", (int)strcspn(s->user, ":"),
                 s->user);
    if (pam_helper_start(user, ret, &err) < 0)
        fprintf(stderr, "vspcd: %s\n", err.text);
}

static int serve(struct settings *settings, struct messages *messages,
                 const struct pidfile *pidfile, const struct companions *others,
                 struct err *err)
{
    struct daemon *d;
    int r = daemon_open(&d, settings, messages, others->pam.control, err);

    if (r < 0)
        return r;
    r = pidfile_write(pidfile, err);
    /* A reader of the number may send signals: it is written after they are
     * caught. */
    if (r == 0) {
        daemon_serving_say_ready(d);
        if (others->waiting >= 0)
            background_done(others->waiting);
        daemon_run(d);
    }
    daemon_close(d);
    return r;
}

static int run(struct settings *settings)
{
    struct problems problems = { 0 };
    struct messages messages;
    struct pidfile pidfile;
    struct companions others = { .waiting = -1, .pam.control = -1 };
    struct err err;
    int r = 0;

    /* Problems of settings are reported before anything is touched. Then the
     * order is: fork (threads would stay behind); the pidfile's lock, which
     * belongs to a process, so after the fork, and which keeps a second vspcd
     * from the ports and the state; vspcd-pam; the user, so that SIGHUP finds
     * what the start has found; the log. */
    check_settings(settings, &problems);
    if (problems.count > 0) {
        print_problems(&problems);
        return EXIT_USAGE;
    }
    privileges_lower();
    if (settings->directory != NULL)
        r = background_begin(&others.waiting, &err);
    if (r == 0)
        r = pidfile_open(&pidfile, settings->pidfile, &err);
    if (r == 0) {
        start_pam(settings, &others.pam);
        r = privileges_drop(settings->user, &err);
        if (r < 0)
            pidfile_close(&pidfile);
    }
    if (r == 0) {
        if (!messages_open(&messages, settings, &err))
            fprintf(stderr, "vspcd: %s\n", err.text);
        r = serve(settings, &messages, &pidfile, &others, &err);
        messages_close(&messages);
        pidfile_close(&pidfile);
    }
    pam_helper_end(&others.pam);
    if (r == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "vspcd: %s\n", err.text);
    return EXIT_USAGE;
}

/* What reads or makes files that the server needs does so as the user that the
 * server becomes. Only root can do that, and others who ask may go on. */
static int become_user(const struct settings *settings, struct err *err)
{
    return geteuid() == 0 ? privileges_drop(settings->user, err) : 0;
}

static int show_tls(const struct settings *settings)
{
    struct daemon_tls tls;
    struct err err;

    if (become_user(settings, &err) < 0 ||
        daemon_tls_open(&tls, settings, &err) < 0) {
        fprintf(stderr, "vspcd: %s\n", err.text);
        return EXIT_USAGE;
    }
    daemon_tls_print(&tls, stdout);
    daemon_tls_close(&tls);
    return EXIT_SUCCESS;
}

/* problems: those that are known. Here they are no wrong usage, but the
 * result. */
static int check_config(const struct settings *settings,
                        struct problems *problems)
{
    struct problems warnings = { 0 };
    struct err err;

    check_settings(settings, problems);
    if (problems->count == 0 && become_user(settings, &err) < 0)
        problems_add(problems, 0, "%s", err.text);
    check_settings_files(settings, problems);
    print_problems(problems);
    if (problems->count > 0)
        return EXIT_FAILURE;
    daemon_tls_warn(settings, &warnings);
    print_problems(&warnings);
    check_access_warn(settings, stderr);
    printf("nothing is wrong with the settings; configuration file: %s\n",
           settings->file != NULL     ? settings->file
           : settings->is_vspc_server ? "none"
                                      : "none, there is no " VSPCD_CONFIG_FILE);
    return EXIT_SUCCESS;
}

static int show_config(const struct settings *settings)
{
    printf("# vspcd " VSPCD_VERSION "; configuration file: %s\n",
           settings->file != NULL     ? settings->file
           : settings->is_vspc_server ? "none"
                                      : "none, there is no " VSPCD_CONFIG_FILE);
    options_print_settings(settings, stdout);
    return EXIT_SUCCESS;
}

static int import(const struct settings *settings)
{
    struct problems problems = { 0 };
    struct err err;

    if (become_user(settings, &err) < 0)
        problems_add(&problems, 0, "%s", err.text);
    else if (import_ports(settings, stdout, &problems) == 0)
        return EXIT_SUCCESS;
    print_problems(&problems);
    return EXIT_USAGE;
}

static int verify(const struct settings *settings)
{
    struct err err;
    int r = verify_audit(settings->verify_audit, stdout, &err);

    if (r < 0) {
        fprintf(stderr, "vspcd: --verify-audit: %s\n", err.text);
        return EXIT_USAGE;
    }
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int explain(const struct settings *settings)
{
    struct problems problems = { 0 };
    bool may_read = false;
    struct err err;

    check_settings(settings, &problems);
    if (problems.count == 0 && (become_user(settings, &err) < 0 ||
                                explain_access(settings, &may_read, &err) < 0))
        problems_add(&problems, 0, "%s", err.text);
    if (problems.count == 0)
        return may_read ? EXIT_SUCCESS : EXIT_FAILURE;
    print_problems(&problems);
    return EXIT_USAGE;
}

static int token(const struct settings *settings)
{
    struct problems problems;

    if (ask_token(settings, STDOUT_FILENO, stderr, &problems) == 0)
        return EXIT_SUCCESS;
    print_problems(&problems);
    return EXIT_USAGE;
}

static int print_key(const struct settings *settings)
{
    struct err err;

    if (print_vm_key(settings, stdout, stderr, &err) == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "vspcd: %s\n", err.text);
    return EXIT_USAGE;
}

static int answer(enum options_request request, struct settings *settings)
{
    switch (request) {
    case OPTIONS_SHOW_HELP:
        print_help();
        return EXIT_SUCCESS;
    case OPTIONS_SHOW_VERSION:
        puts("vspcd " VSPCD_VERSION);
        return EXIT_SUCCESS;
    case OPTIONS_SHOW_TLS:
        return show_tls(settings);
    case OPTIONS_SHOW_CONFIG:
        return show_config(settings);
    case OPTIONS_CHECK_URI:
        return check_uri(settings) ? EXIT_SUCCESS : EXIT_FAILURE;
    case OPTIONS_EXPLAIN_ACCESS:
        return explain(settings);
    case OPTIONS_VM_KEY:
        return print_key(settings);
    case OPTIONS_IMPORT_PORTS:
        return import(settings);
    case OPTIONS_VERIFY_AUDIT:
        return verify(settings);
    case OPTIONS_TOKEN:
        return token(settings);
    case OPTIONS_CHECK_CONFIG: /* handled before, with the problems */
    case OPTIONS_RUN:
        return run(settings);
    }
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct settings settings;
    enum options_request request;
    struct problems problems;
    int status = EXIT_USAGE;
    int r;

    descriptors_open_standard();
    r = options_read(argc, argv, &settings, &request, &problems);
    if (request == OPTIONS_CHECK_CONFIG)
        status = check_config(&settings, &problems);
    else if (r < 0)
        print_problems(&problems);
    else
        status = answer(request, &settings);
    options_free(&settings);
    return status;
}

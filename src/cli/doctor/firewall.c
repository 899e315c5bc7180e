#include "cli/doctor/firewall.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Their own folders alone: what somebody has in PATH is not run as root. */
static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/bin",
                                       "/bin" };

static const struct tool {
    const char *name;
    const char *program;
    const char *argument[4];
} tools[] = {
    { "nft", "nft", { "list", "ruleset" } },
    { "iptables", "iptables", { "-S" } },
    { "ufw", "ufw", { "status", "verbose" } },
    { "firewalld", "firewall-cmd", { "--list-all" } },
};
enum { TOOLS = sizeof tools / sizeof *tools };

/* A tool that runs. */
struct running {
    pid_t pid; /* 0: it does not run */
    int fd;    /* -1: its end was seen */
    char *output;
    size_t len;
};

static bool find_program(const char *name, char *to, size_t size)
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(to, size, "%s/%s", folders[i], name);
        if (access(to, X_OK) == 0)
            return true;
    }
    return false;
}

/* 0 or an errno. */
static int start(const struct tool *tool, const char *path, struct running *r)
{
    static char *const environment[] = { "LC_ALL=C",
                                         "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                         NULL };
    char *argv[6] = { (char *)(uintptr_t)tool->program };
    posix_spawn_file_actions_t actions;
    int ends[2];
    int error;

    for (int i = 0; i < 4 && tool->argument[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)tool->argument[i];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    error = posix_spawn(&r->pid, path, &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        r->pid = 0;
        return error;
    }
    r->fd = ends[0];
    r->output = xmalloc(FIREWALL_OUTPUT_MAX + 1);
    return 0;
}

/* More than is kept is read and dropped: the tool must come to its end. */
static void take(struct running *r)
{
    char rest[4096];
    bool has_room = r->len < FIREWALL_OUTPUT_MAX;
    ssize_t len =
        has_room ? read(r->fd, r->output + r->len, FIREWALL_OUTPUT_MAX - r->len)
                 : read(r->fd, rest, sizeof rest);

    if (len > 0) {
        r->len += has_room ? (size_t)len : 0;
        return;
    }
    close(r->fd);
    r->fd = -1;
}

/* Until all have ended, or the time is over. */
static void take_all(struct running all[TOOLS])
{
    uint64_t end_us = clock_now_us() + FIREWALL_MS * 1000ull;

    for (;;) {
        struct pollfd polled[TOOLS];
        uint64_t now_us = clock_now_us();
        bool any = false;

        for (size_t i = 0; i < TOOLS; i++) {
            polled[i] = (struct pollfd){ .fd = all[i].pid != 0 ? all[i].fd : -1,
                                         .events = POLLIN };
            any = any || polled[i].fd >= 0;
        }
        if (!any || now_us >= end_us)
            return;
        if (poll(polled, TOOLS, (int)((end_us - now_us) / 1000) + 1) < 0)
            continue;
        for (size_t i = 0; i < TOOLS; i++) {
            if (polled[i].fd >= 0 && polled[i].revents != 0)
                take(&all[i]);
        }
    }
}

/* why NULL: it has said all. firewall-cmd says by its status that firewalld
 * does not run: then there is nothing that filters. */
static void end(const struct tool *tool, struct running *r, json_t *item)
{
    bool is_late = r->fd >= 0;
    const char *why = NULL;
    int status = 0;

    if (is_late) {
        kill(r->pid, SIGKILL);
        close(r->fd);
    }
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
    r->output[r->len] = '\0';
    if (is_late)
        why = "it did not end in time";
    else if (status != 0 && strcmp(tool->name, "firewalld") == 0)
        r->output[0] = '\0';
    else if (status != 0)
        why = "it failed";
    if (why == NULL &&
        json_object_set_new(item, "output", json_string(r->output)) < 0)
        why = "its output is no text";
    if (why != NULL)
        (void)json_object_set_new(item, "why", json_string(why));
    free(r->output);
}

json_t *firewall_look(void)
{
    struct running all[TOOLS] = { { .pid = 0 } };
    json_t *item[TOOLS] = { NULL };
    json_t *items = json_array();
    char path[128];
    char command[128];

    for (size_t i = 0; i < TOOLS; i++) {
        if (!find_program(tools[i].program, path, sizeof path))
            continue;
        snprintf(command, sizeof command, "%s %s%s%s", tools[i].program,
                 tools[i].argument[0], tools[i].argument[1] != NULL ? " " : "",
                 tools[i].argument[1] != NULL ? tools[i].argument[1] : "");
        item[i] =
            json_pack("{s:s, s:s}", "tool", tools[i].name, "command", command);
        (void)json_array_append_new(items, item[i]);
        if (geteuid() != 0)
            (void)json_object_set_new(item[i], "why",
                                      json_string("only root is told"));
        else if (start(&tools[i], path, &all[i]) != 0)
            (void)json_object_set_new(item[i], "why",
                                      json_string("it cannot be run"));
    }
    take_all(all);
    for (size_t i = 0; i < TOOLS; i++) {
        if (all[i].pid != 0)
            end(&tools[i], &all[i], item[i]);
    }
    return items;
}

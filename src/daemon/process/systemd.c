#include "daemon/process/systemd.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/directory.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_US = 2 * 1000 * 1000 };

/* ---- sending ---------------------------------------------------------- */

/* True: systemd has the message, or never will. */
static bool send_now(const struct systemd *m, const char *text)
{
    ssize_t sent = sendto(m->fd, text, strlen(text), MSG_NOSIGNAL,
                          (const struct sockaddr *)&m->address, m->address_len);

    return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != EINTR);
}

static bool send_unsent(struct systemd *m)
{
    if (m->unsent[0] != '\0' && send_now(m, m->unsent))
        m->unsent[0] = '\0';
    return m->unsent[0] == '\0';
}

/* Sends a message that must arrive, behind those that wait. */
static void say(struct systemd *m, const char *text)
{
    size_t len = strlen(m->unsent);

    if (m->fd < 0)
        return;
    if (send_unsent(m) && send_now(m, text))
        return;
    if (len + strlen(text) < sizeof m->unsent)
        snprintf(m->unsent + len, sizeof m->unsent - len, "%s", text);
}

static void say_status(struct systemd *m)
{
    const struct directory *d = m->directory;
    char status[sizeof m->status];

    snprintf(status, sizeof status,
             "STATUS=consoles: %u, VMs: %u, clients: %u\n", d->console_count,
             d->vm_count, d->client_count);
    if (strcmp(status, m->status) == 0 || !send_unsent(m))
        return;
    if (send_now(m, status))
        memcpy(m->status, status, sizeof status);
}

/* ---- time ------------------------------------------------------------- */

static void systemd_tick_due(struct deadline *tick, void *owner)
{
    struct systemd *m = owner;

    (void)send_unsent(m);
    say_status(m);
    deadline_start(&m->ticks, tick, clock_now_us());
}

/* Sent from the loop itself: a program that hangs gives no sign. */
static void systemd_sign_due(struct deadline *sign, void *owner)
{
    struct systemd *m = owner;

    (void)send_now(m, "WATCHDOG=1\n");
    deadline_start(&m->signs, sign, clock_now_us());
}

/* sd_watchdog_enabled(3): microseconds, if the variables are for this process;
 * else 0. */
static uint64_t watchdog_us(void)
{
    const char *text = getenv("WATCHDOG_USEC");
    const char *pid_text = getenv("WATCHDOG_PID");
    unsigned long us = 0;
    unsigned long pid = 0;

    if (text == NULL || !text_number(text, UINT32_MAX * 1000000ul, &us))
        return 0;
    if (pid_text != NULL &&
        (!text_number(pid_text, INT32_MAX, &pid) || (pid_t)pid != getpid()))
        return 0;
    return us;
}

static void start_time(struct systemd *m, struct loop *loop)
{
    uint64_t watchdog = watchdog_us();
    uint64_t now_us = clock_now_us();

    deadline_queue_set_length(&m->signs, watchdog / 2);
    loop_watch(loop, &m->ticks);
    loop_watch(loop, &m->signs);
    deadline_start(&m->ticks, &m->tick, now_us);
    if (watchdog > 1)
        deadline_start(&m->signs, &m->sign, now_us);
}

/* ---- opening ---------------------------------------------------------- */

/* sd_notify(3): a path, or @ and an abstract name. False: no valid address. */
static bool find_address(struct systemd *m, const char *name)
{
    size_t len = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || len < 2 ||
        len >= sizeof m->address.sun_path)
        return false;
    m->address.sun_family = AF_UNIX;
    memcpy(m->address.sun_path, name, len);
    if (name[0] == '@')
        m->address.sun_path[0] = '\0';
    m->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

void systemd_open(struct systemd *m, struct loop *loop,
                  const struct directory *directory)
{
    const char *name = getenv("NOTIFY_SOCKET");

    *m = (struct systemd){ .fd = -1, .directory = directory };
    deadline_init(&m->tick);
    deadline_init(&m->sign);
    deadline_queue_open(&m->ticks, TICK_US, systemd_tick_due, m);
    deadline_queue_open(&m->signs, 0, systemd_sign_due, m);
    if (name != NULL && find_address(m, name))
        m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (m->fd >= 0)
        start_time(m, loop);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void systemd_ready(struct systemd *m)
{
    say(m, "READY=1\n");
    if (m->fd >= 0)
        say_status(m);
}

void systemd_reloading(struct systemd *m)
{
    char text[80];

    /* systemd has not read earlier messages: then it only needs READY, which
     * follows, and for which there must be room. */
    if (m->fd >= 0 && !send_unsent(m))
        return;
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%llu\n",
             (unsigned long long)clock_now_us());
    say(m, text);
}

void systemd_stopping(struct systemd *m)
{
    say(m, "STOPPING=1\n");
}

void systemd_close(struct systemd *m)
{
    deadline_queue_close(&m->signs);
    deadline_queue_close(&m->ticks);
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
}

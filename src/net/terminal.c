#include "net/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The size that programs assume for a terminal that cannot tell its own. */
static const struct winsize usual_size = { .ws_row = 24, .ws_col = 80 };

static int open_master(char ret_name[TERMINAL_NAME_MAX])
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (master < 0)
        return -errno;
    if (grantpt(master) == 0 && unlockpt(master) == 0 &&
        ptsname_r(master, ret_name, TERMINAL_NAME_MAX) == 0) {
        (void)ioctl(master, TIOCSWINSZ, &usual_size);
        return master;
    }
    close(master);
    return -ENOTTY;
}

/* Opens and closes the other side of a pty. 0 or -errno. */
static int reset_pty(const char *name)
{
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios raw = { 0 };
    int r = 0;

    if (slave < 0)
        return -errno;
    if (tcgetattr(slave, &raw) != 0)
        r = -errno;
    cfmakeraw(&raw);
    cfsetspeed(&raw, B115200);
    if (r == 0 && tcsetattr(slave, TCSANOW, &raw) != 0)
        r = -errno;
    (void)tcflush(slave, TCIFLUSH);
    close(slave);
    return r;
}

void terminal_reset_pty(const char *name)
{
    (void)reset_pty(name);
}

int terminal_open_pty(char ret_name[TERMINAL_NAME_MAX])
{
    int master = open_master(ret_name);
    int r;

    if (master < 0)
        return master;
    /* Also necessary because a master reports that nobody has it open only
     * after somebody had. */
    r = reset_pty(ret_name);
    if (r < 0) {
        close(master);
        return r;
    }
    return master;
}

bool terminal_is_alone(int master)
{
    struct pollfd look = { .fd = master, .events = POLLIN };

    return poll(&look, 1, 0) > 0 && (look.revents & POLLHUP) != 0 &&
           (look.revents & POLLIN) == 0;
}

/* Runs in the child, where only async-signal-safe calls are allowed. */
static _Noreturn void run_command(const char *slave_name, const char *command)
{
    struct sigaction by_default = { .sa_handler = SIG_DFL };
    sigset_t none;
    int slave;

    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &by_default, NULL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (setsid() < 0)
        _exit(126);
    slave = open(slave_name, O_RDWR);
    if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) != 0)
        _exit(126);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(slave, fd) < 0)
            _exit(126);
    (void)close_range(3, ~0u, 0);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

int terminal_spawn(const char *command, pid_t *ret_pid)
{
    char slave_name[TERMINAL_NAME_MAX];
    int master = open_master(slave_name);
    pid_t pid;

    if (master < 0)
        return master;
    pid = fork();
    if (pid < 0) {
        int error = errno;

        close(master);
        return -error;
    }
    if (pid == 0)
        run_command(slave_name, command);
    *ret_pid = pid;
    return master;
}

static int set_raw_8n1(int fd, speed_t speed, struct termios *ret_before)
{
    struct termios mode;

    if (tcgetattr(fd, ret_before) != 0)
        return -errno;
    mode = *ret_before;
    cfmakeraw(&mode);
    mode.c_iflag &= ~(tcflag_t)(IXOFF | IXANY);
    mode.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
    mode.c_cflag |= CLOCAL | CREAD;
    if (cfsetspeed(&mode, speed) != 0 || tcsetattr(fd, TCSANOW, &mode) != 0)
        return -errno;
    return 0;
}

int terminal_open_device(const char *path, speed_t speed,
                         struct termios *ret_before, struct err *err)
{
    /* O_NONBLOCK: otherwise open waits for a modem's carrier. */
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int r;

    if (fd < 0) {
        r = -errno;
        err_set(err, "%s: %s", path, strerror(-r));
        return r;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        r = -errno;
        err_set(err, "%s: another program uses it", path);
        goto fail;
    }
    r = set_raw_8n1(fd, speed, ret_before);
    if (r < 0) {
        err_set(err,
                r == -ENOTTY ? "%s: no serial port: %s"
                             : "%s: cannot be set: %s",
                path, strerror(-r));
        goto fail;
    }
    return fd;

fail:
    close(fd);
    return r;
}

/* clang-format off */
static const struct {
    unsigned baud;
    speed_t speed;
} speeds[] = {
    { 50, B50 },           { 75, B75 },           { 110, B110 },
    { 134, B134 },         { 150, B150 },         { 200, B200 },
    { 300, B300 },         { 600, B600 },         { 1200, B1200 },
    { 1800, B1800 },       { 2400, B2400 },       { 4800, B4800 },
    { 9600, B9600 },       { 19200, B19200 },     { 38400, B38400 },
    { 57600, B57600 },     { 115200, B115200 },   { 230400, B230400 },
    { 460800, B460800 },   { 500000, B500000 },   { 576000, B576000 },
    { 921600, B921600 },   { 1000000, B1000000 }, { 1152000, B1152000 },
    { 1500000, B1500000 }, { 2000000, B2000000 }, { 2500000, B2500000 },
    { 3000000, B3000000 }, { 3500000, B3500000 }, { 4000000, B4000000 },
};
/* clang-format on */

bool terminal_find_speed(unsigned baud, speed_t *ret_speed)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].baud == baud) {
            *ret_speed = speeds[i].speed;
            return true;
        }
    }
    return false;
}

bool terminal_find_baud(speed_t speed, unsigned *ret_baud)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].speed == speed) {
            *ret_baud = speeds[i].baud;
            return true;
        }
    }
    return false;
}

int terminal_get_mode(int fd, struct termios *ret_mode)
{
    return tcgetattr(fd, ret_mode) == 0 ? 0 : -errno;
}

void terminal_set_window(int fd, unsigned columns, unsigned rows)
{
    const struct winsize size = {
        .ws_col = (unsigned short)columns,
        .ws_row = (unsigned short)rows,
    };

    (void)ioctl(fd, TIOCSWINSZ, &size);
}

int terminal_get_lines(int fd, unsigned *ret_lines)
{
    int bits;

    if (ioctl(fd, TIOCMGET, &bits) != 0)
        return -errno;
    *ret_lines = (bits & TIOCM_DSR ? TERMINAL_DSR : 0u) |
                 (bits & TIOCM_CTS ? TERMINAL_CTS : 0u);
    return 0;
}

void terminal_drive_lines(int fd, unsigned lines)
{
    int on = (lines & TERMINAL_DTR ? TIOCM_DTR : 0) |
             (lines & TERMINAL_RTS ? TIOCM_RTS : 0);
    int off = (TIOCM_DTR | TIOCM_RTS) & ~on;

    (void)ioctl(fd, TIOCMBIS, &on);
    (void)ioctl(fd, TIOCMBIC, &off);
}

bool terminal_has_sent(int fd)
{
    int queued = 0;

    return ioctl(fd, TIOCOUTQ, &queued) != 0 || queued == 0;
}

int terminal_set_break(int fd, bool is_on)
{
    return ioctl(fd, is_on ? TIOCSBRK : TIOCCBRK) == 0 ? 0 : -errno;
}

int terminal_read_keys(int fd, struct termios *ret_before)
{
    struct termios mode;

    if (tcgetattr(fd, ret_before) != 0)
        return -errno;
    mode = *ret_before;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    mode.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return tcsetattr(fd, TCSANOW, &mode) == 0 ? 0 : -errno;
}

int terminal_make_raw(int fd, struct termios *ret_before)
{
    struct termios mode;

    if (tcgetattr(fd, ret_before) != 0)
        return -errno;
    mode = *ret_before;
    cfmakeraw(&mode);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return tcsetattr(fd, TCSANOW, &mode) == 0 ? 0 : -errno;
}

void terminal_restore(int fd, const struct termios *before)
{
    (void)tcsetattr(fd, TCSANOW, before);
}

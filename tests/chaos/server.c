#include "server.h"

#include "log/log_words.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void die(const char *what)
{
    fprintf(stderr, "chaos: %s: %s\n", what, strerror(errno));
    exit(2);
}

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void server_uuid(char text[40], int console)
{
    snprintf(text, 40, "c4a05c4a-05c4-4a05-8c4a-0000000000%02x",
             (unsigned)console);
}

/* ---- ports ------------------------------------------------------------ */

static bool can_bind(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    bool can;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    can = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return can;
}

/* By the name that tests/program/harness/net.py gives to its blocks. */
static bool take_block(struct server *s, uint16_t first)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int len = snprintf(name.sun_path + 1, sizeof name.sun_path - 1,
                       "vspcd-test-ports-%u", first);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    bool is_free = bind(fd, (struct sockaddr *)&name, size) == 0;

    for (uint16_t i = 0; is_free && i < 8; i++)
        is_free = can_bind(first + i);
    if (!is_free) {
        close(fd);
        return false;
    }
    s->mark = fd;
    s->block = first;
    return true;
}

void server_take_ports(struct server *s)
{
    unsigned start = (unsigned)getpid() % 150;

    for (unsigned n = 0; n < 150; n++) {
        if (take_block(s, (uint16_t)(12000 + (start + n) % 150 * SERVER_PORTS)))
            return;
    }
    die("no free block of ports");
}

/* ---- the process ------------------------------------------------------ */

static void run(const struct server *s, const char *program, int log)
{
    char settings[160];
    int none = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* Nobody is left behind whatever happens to us. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(settings, sizeof settings, "%s/vspcd.conf", s->folder);
    setenv("STATE_DIRECTORY", s->folder, 1);
    setenv("RUNTIME_DIRECTORY", s->folder, 1);
    setenv("VSPCD_CONFIG", settings, 1);
    /* One that hangs says where, when server_end asks it. */
    setenv("ASAN_OPTIONS", "handle_abort=1", 0);
    setenv("UBSAN_OPTIONS", "print_stacktrace=1", 0);
    dup2(none, STDIN_FILENO);
    dup2(none, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execl(program, program, (char *)NULL);
    _exit(127);
}

void server_start(struct server *s, const char *program, const char *folder)
{
    char path[160];
    int ends[2];

    snprintf(s->folder, sizeof s->folder, "%s", folder);
    snprintf(path, sizeof path, "%s/log", folder);
    s->log_file = fopen(path, "we");
    if (s->log_file == NULL)
        die(path);
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe");
    s->pid = fork();
    if (s->pid < 0)
        die("fork");
    if (s->pid == 0)
        run(s, program, ends[1]);
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    s->log = ends[0];
}

/* The port of a console that a line is about; 0: it has none. */
static unsigned take_port(struct server *s, const char *line)
{
    const char *text = strstr(line, " port=");
    unsigned port = text != NULL ? (unsigned)strtoul(text + 6, NULL, 10) : 0;

    if (port < s->block || port - s->block >= SERVER_PORTS)
        return 0;
    s->has_port[port - s->block] = true;
    return port;
}

/* A VM may have several consoles: its port is the one it came to last. */
static void take_console(struct server *s, const char *line)
{
    unsigned port = take_port(s, line);

    if (port == 0)
        return;
    for (int i = 0; i < SERVER_VMS_MAX; i++) {
        char uuid[40], id[48];

        server_uuid(uuid, i);
        snprintf(id, sizeof id, " id=%s", uuid);
        if (strstr(line, id) != NULL)
            s->ports[i] = (uint16_t)port;
    }
}

int server_consoles(const struct server *s)
{
    int count = 0;

    for (int i = 0; i < SERVER_PORTS; i++)
        count += s->has_port[i];
    return count;
}

static void take_line(struct server *s)
{
    const char *line = s->line;
    const char *proxy = strstr(line, " proxy=127.0.0.1:");

    fprintf(s->log_file, "%s\n", line);
    if (strstr(line, " " LOG_READY " ") != NULL && proxy != NULL)
        s->proxy =
            (uint16_t)strtoul(proxy + strlen(" proxy=127.0.0.1:"), NULL, 10);
    if (strstr(line, " " LOG_VM_CONNECTED " ") != NULL)
        take_console(s, line);
    if (strstr(line, " " LOG_CONSOLE_LISTED " ") != NULL)
        (void)take_port(s, line);
    if (strstr(line, "Sanitizer") != NULL ||
        strstr(line, "runtime error:") != NULL)
        s->has_complained = true;
}

static void take_log(struct server *s, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' || s->line_len == sizeof s->line - 1) {
            s->line[s->line_len] = '\0';
            take_line(s);
            s->line_len = 0;
        }
        if (bytes[i] != '\n')
            s->line[s->line_len++] = bytes[i];
    }
}

void server_watch(struct server *s)
{
    char bytes[16384];
    ssize_t n;

    while (s->log >= 0 && (n = read(s->log, bytes, sizeof bytes)) >= 0) {
        take_log(s, bytes, (size_t)n);
        if (n == 0) {
            close(s->log);
            s->log = -1;
        }
    }
    if (s->pid > 0 && waitpid(s->pid, &s->status, WNOHANG) == s->pid)
        s->pid = 0;
}

void server_signal(const struct server *s, int number)
{
    if (s->pid > 0)
        kill(s->pid, number);
}

/* The state behind the last parenthesis: the program's name may have some. */
static char state_of(const struct server *s)
{
    char path[40], text[512];
    const char *end;
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/stat", s->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' ? end[2] : 'X';
}

void server_stop(const struct server *s)
{
    uint64_t start = now_ms();

    server_signal(s, SIGSTOP);
    while (s->pid > 0 && strchr("TXZ", state_of(s)) == NULL &&
           now_ms() - start < 1000)
        ;
}

void server_continue(const struct server *s)
{
    server_signal(s, SIGCONT);
}

int server_descriptors(const struct server *s)
{
    char path[40];
    int count = 0;
    DIR *folder;

    snprintf(path, sizeof path, "/proc/%d/fd", s->pid);
    folder = s->pid > 0 ? opendir(path) : NULL;
    if (folder == NULL)
        return -1;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

void server_end(struct server *s)
{
    uint64_t start = now_ms();

    server_signal(s, SIGABRT);
    while (s->pid > 0 && now_ms() - start < 5000) {
        usleep(10 * 1000);
        server_watch(s);
    }
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, &s->status, 0);
        s->pid = 0;
    }
    server_watch(s);
    if (s->log >= 0)
        close(s->log);
    if (s->log_file != NULL)
        fclose(s->log_file);
    close(s->mark);
}

void server_show_log(const struct server *s, unsigned lines)
{
    char path[160], line[4096];
    unsigned count = 0, at = 0;
    FILE *file;

    fflush(s->log_file);
    snprintf(path, sizeof path, "%s/log", s->folder);
    file = fopen(path, "re");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL)
        count++;
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (count <= lines || at >= count - lines)
            printf("#   %s", line);
        at++;
    }
    fclose(file);
}

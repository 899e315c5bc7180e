/* Listeners: what they hand out, Unix sockets, and no descriptors left. */
#include "net/listener.h"

#include "base/clock.h"
#include "base/limits.h"
#include "log/log.h"
#include "net/loop_private.h"
#include "net/stream_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct site {
    struct loop *loop;
    struct listener *listener;
    struct deadline_queue patience;
    struct deadline limit;
    char folder[32];
    char path[64];
    int count;             /* of connections that were handed out */
    int awaited;           /* as many end the loop */
    bool closes;           /* the listener, when it is handed one */
    struct stream *stream; /* the last one */
    struct listener_connection connection;
};

static void site_limit_due(struct deadline *d, void *arg)
{
    (void)d;
    loop_stop(arg);
}

static int site_open(void **state)
{
    struct site *s = calloc(1, sizeof *s);

    strcpy(s->folder, "/tmp/listener-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof s->path, "%s/socket", s->folder);
    assert_int_equal(loop_open(&s->loop), 0);
    deadline_init(&s->limit);
    deadline_queue_open(&s->patience, 10 * 1000 * 1000, site_limit_due,
                        s->loop);
    loop_watch(s->loop, &s->patience);
    s->connection.fd = -1;
    *state = s;
    return 0;
}

static int site_close(void **state)
{
    struct site *s = *state;

    listener_close(s->listener);
    if (s->connection.fd >= 0)
        close(s->connection.fd);
    if (s->stream != NULL)
        stream_close(s->stream);
    deadline_stop(&s->limit);
    loop_close(s->loop);
    (void)unlink(s->path);
    assert_int_equal(rmdir(s->folder), 0);
    free(s);
    return 0;
}

/* Until so many connections are there, or the time is over. */
static void site_run(struct site *s, int awaited)
{
    s->awaited = awaited;
    deadline_start(&s->patience, &s->limit, clock_now_us());
    loop_run(s->loop);
    deadline_stop(&s->limit);
}

static void site_count(struct site *s)
{
    if (s->closes) {
        listener_close(s->listener);
        s->listener = NULL;
    }
    if (++s->count == s->awaited)
        loop_stop(s->loop);
}

static void site_on_connected(void *owner,
                              const struct listener_connection *connection)
{
    struct site *s = owner;

    if (s->connection.fd >= 0)
        close(s->connection.fd);
    s->connection = *connection;
    site_count(s);
}

static void site_on_accepted(void *owner, struct stream *stream)
{
    struct site *s = owner;

    if (s->stream != NULL)
        stream_close(s->stream);
    s->stream = stream;
    site_count(s);
}

static int listen_unix(struct site *s, mode_t mode)
{
    const struct unix_socket_place place = { s->path, mode, (gid_t)-1 };

    return listener_open_unix(s->loop, &place, LISTENER_WAIT, NULL,
                              site_on_connected, s, &s->listener);
}

static int dial_unix_path(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(at.sun_path, path);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -errno;
}

static struct address localhost(void)
{
    struct address a;
    struct err err;

    assert_int_equal(address_parse("127.0.0.1", 0, &a, &err), 0);
    return a;
}

static int dial_listener(const struct listener *l)
{
    struct address at = listener_address(l);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &at.any, address_len(&at)), 0);
    return fd;
}

static void a_unix_sockets_peer_is_known(void **state)
{
    struct site *s = *state;
    int peer;

    assert_int_equal(listen_unix(s, 0600), 0);
    peer = dial_unix_path(s->path);
    assert_true(peer >= 0);
    site_run(s, 1);
    assert_int_equal(s->count, 1);
    assert_true(s->connection.credentials.is_known);
    assert_int_equal(s->connection.credentials.pid, getpid());
    assert_int_equal(s->connection.credentials.uid, getuid());
    assert_int_equal(s->connection.credentials.gid, getgid());
    assert_int_equal(s->connection.peer.any.sa_family, AF_UNIX);
    assert_string_equal(address_format(&s->connection.peer).text, "local");
    assert_int_equal(fcntl(s->connection.fd, F_GETFD), FD_CLOEXEC);
    assert_true(fcntl(s->connection.fd, F_GETFL) & O_NONBLOCK);
    close(peer);
}

/* Whatever the umask is: no bit more, and none less. */
static void a_unix_socket_has_the_mode_that_was_asked_for(void **state)
{
    static const mode_t modes[] = { 0600, 0660, 0666 };
    static const mode_t masks[] = { 0, 022, 077 };
    struct site *s = *state;
    mode_t before = umask(022);

    for (size_t i = 0; i < 9; i++) {
        struct stat made;

        umask(masks[i / 3]);
        assert_int_equal(listen_unix(s, modes[i % 3]), 0);
        assert_int_equal(lstat(s->path, &made), 0);
        assert_true(S_ISSOCK(made.st_mode));
        assert_int_equal(made.st_mode & 07777, modes[i % 3]);
        listener_close(s->listener);
        s->listener = NULL;
        assert_int_equal(access(s->path, F_OK), -1);
    }
    umask(before);
}

static void somebody_who_listens_is_left_alone(void **state)
{
    struct site *s = *state;
    struct listener *first;
    int peer;

    assert_int_equal(listen_unix(s, 0600), 0);
    first = s->listener;
    assert_int_equal(listen_unix(s, 0600), -EADDRINUSE);
    s->listener = first;
    /* Its file is still there, and it is asked by whoever dials. The try was
     * a connection too. */
    peer = dial_unix_path(s->path);
    assert_true(peer >= 0);
    site_run(s, 2);
    assert_int_equal(s->count, 2);
    close(peer);
}

/* What a program that was killed leaves behind. */
static void a_dead_socket_is_replaced(void **state)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    struct site *s = *state;
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    int peer;

    strcpy(at.sun_path, s->path);
    assert_int_equal(bind(dead, (struct sockaddr *)&at, sizeof at), 0);
    close(dead);
    assert_int_equal(dial_unix_path(s->path), -ECONNREFUSED);
    assert_int_equal(listen_unix(s, 0600), 0);
    peer = dial_unix_path(s->path);
    assert_true(peer >= 0);
    close(peer);
}

static void what_is_no_socket_is_never_removed(void **state)
{
    struct site *s = *state;
    char target[80];
    int fd = open(s->path, O_CREAT | O_WRONLY, 0600);

    close(fd);
    assert_int_equal(listen_unix(s, 0600), -EEXIST);
    assert_int_equal(unlink(s->path), 0);
    /* Nor what a link leads to, be it a socket. */
    snprintf(target, sizeof target, "%s.real", s->path);
    assert_int_equal(symlink(target, s->path), 0);
    assert_int_equal(listen_unix(s, 0600), -EEXIST);
    assert_int_equal(unlink(s->path), 0);
}

static void places_that_cannot_be_are_refused(void **state)
{
    struct site *s = *state;
    struct unix_socket_place place = { s->path, 0600, (gid_t)-1 };
    char path[200];

    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    place.path = path;
    assert_int_equal(listener_open_unix(s->loop, &place, 0, NULL,
                                        site_on_connected, s, &s->listener),
                     -ENAMETOOLONG);
    place.path = "";
    assert_int_equal(listener_open_unix(s->loop, &place, 0, NULL,
                                        site_on_connected, s, &s->listener),
                     -EINVAL);
    place.path = "/nonexistent/socket";
    assert_int_equal(listener_open_unix(s->loop, &place, 0, NULL,
                                        site_on_connected, s, &s->listener),
                     -ENOENT);
    s->listener = NULL;
}

/* A newer program has taken the place: its file is not ours. */
static void closing_removes_no_others_file(void **state)
{
    struct site *s = *state;
    struct listener *older;

    assert_int_equal(listen_unix(s, 0600), 0);
    older = s->listener;
    assert_int_equal(unlink(s->path), 0);
    assert_int_equal(listen_unix(s, 0600), 0);
    listener_close(older);
    assert_int_equal(access(s->path, F_OK), 0);
}

static void a_port_hands_out_bare_descriptors(void **state)
{
    struct site *s = *state;
    struct address at = localhost();
    int peer;

    assert_int_equal(listener_open_bare(s->loop, &at, LISTENER_WAIT, NULL,
                                        site_on_connected, s, &s->listener),
                     0);
    peer = dial_listener(s->listener);
    assert_int_equal(write(peer, "x", 1), 1);
    site_run(s, 1);
    assert_int_equal(s->count, 1);
    assert_false(s->connection.credentials.is_known);
    assert_int_equal(s->connection.peer.any.sa_family, AF_INET);
    /* It can be made a stream later. */
    assert_int_equal(stream_fd_open(s->loop, s->connection.fd,
                                    &s->connection.peer, &s->stream),
                     0);
    s->connection.fd = -1;
    close(peer);
}

static void an_owner_closes_the_listener_that_calls_it(void **state)
{
    struct site *s = *state;
    struct address at = localhost();
    int peers[3];

    assert_int_equal(listener_open(s->loop, &at, LISTENER_WAIT, NULL,
                                   site_on_accepted, s, &s->listener),
                     0);
    for (int i = 0; i < 3; i++)
        peers[i] = dial_listener(s->listener);
    s->closes = true;
    site_run(s, 1);
    assert_int_equal(s->count, 1);
    assert_null(s->listener);
    for (int i = 0; i < 3; i++)
        close(peers[i]);
}

/* ---- connections that wait for their peer -------------------------------- */

/* Lets in port 1 alone, and counts what it is asked. */
struct door {
    struct listener_guard guard;
    struct listener_lobby lobby;
    struct site *site;
    struct stream *waiting;
    struct listener *listener;
    int judged;
    int forgotten;
};

static struct listener_answer door_judge(void *owner,
                                         const struct address *peer)
{
    struct door *d = owner;

    d->judged++;
    return (struct listener_answer){ .is_refused = address_port(peer) != 1 };
}

static bool door_is_for(void *owner, const struct address *peer)
{
    (void)owner;
    return peer->any.sa_family == AF_INET;
}

static void door_take(void *owner, struct listener *l, struct stream *stream)
{
    struct door *d = owner;

    d->waiting = stream;
    d->listener = l;
    site_count(d->site);
}

static void door_forget(void *owner, struct listener *l)
{
    struct door *d = owner;

    assert_ptr_equal(l, d->listener);
    d->forgotten++;
}

static void door_open(struct door *d, struct site *s)
{
    struct address at = localhost();

    *d = (struct door){
        .guard = { .judge = door_judge, .owner = d, .lobby = &d->lobby },
        .lobby = { .is_for = door_is_for,
                   .take = door_take,
                   .forget = door_forget,
                   .owner = d },
        .site = s,
    };
    assert_int_equal(listener_open(s->loop, &at, LISTENER_WAIT, &d->guard,
                                   site_on_accepted, s, &s->listener),
                     0);
}

/* A connection that has waited goes on as one from this port. */
static int pass_the_door(struct door *d, uint16_t port)
{
    struct site *s = d->site;
    int peer = dial_listener(s->listener);

    s->count = 0;
    site_run(s, 1);
    assert_int_equal(d->judged, 0);
    assert_null(s->stream);
    address_set_port(&d->waiting->peer, port);
    listener_admit(s->listener, d->waiting);
    assert_int_equal(d->judged, 1);
    d->judged = 0;
    return peer;
}

static void who_waits_is_judged_as_who_he_is(void **state)
{
    struct site *s = *state;
    struct door d;
    char byte;
    int peer;

    door_open(&d, s);
    peer = pass_the_door(&d, 2);
    assert_null(s->stream);
    assert_int_equal(read(peer, &byte, 1), -1);
    assert_int_equal(errno, ECONNRESET);
    close(peer);
    peer = pass_the_door(&d, 1);
    assert_ptr_equal(s->stream, d.waiting);
    close(peer);
    assert_int_equal(d.forgotten, 0);
    listener_close(s->listener);
    s->listener = NULL;
    assert_int_equal(d.forgotten, 1);
}

/* ---- what a connection costs --------------------------------------------- */

/* What a stream takes for a peer that takes nothing itself. */
static size_t taken_for_nobody(struct site *s, unsigned way)
{
    static const uint8_t zeros[64 * KIB];
    const int little = 4096;
    struct address at = localhost();
    size_t taken = 0;
    ssize_t n;
    int peer;

    assert_int_equal(listener_open(s->loop, &at, way, NULL, site_on_accepted, s,
                                   &s->listener),
                     0);
    at = listener_address(s->listener);
    peer = socket(AF_INET, SOCK_STREAM, 0);
    /* What its own system takes for it does not count. */
    assert_int_equal(
        setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &little, sizeof little), 0);
    assert_int_equal(connect(peer, &at.any, address_len(&at)), 0);
    site_run(s, 1);
    while ((n = stream_write(s->stream, zeros, sizeof zeros)) > 0)
        taken += (size_t)n;
    assert_int_equal(n, 0);
    stream_close(s->stream);
    s->stream = NULL;
    listener_close(s->listener);
    s->listener = NULL;
    s->count = 0;
    close(peer);
    return taken;
}

/* Not the 4 MiB that the system has for each. */
static void a_peer_that_takes_nothing_costs_little(void **state)
{
    assert_in_range(taken_for_nobody(*state, LISTENER_WAIT), 64 * KIB,
                    256 * KIB);
    assert_in_range(taken_for_nobody(*state, LISTENER_LITTLE), 16 * KIB,
                    128 * KIB);
}

/* ---- no descriptors left ------------------------------------------------ */

/* No descriptor but these can be opened any more. */
static struct rlimit close_the_door(void)
{
    struct rlimit before, now;
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
    return before;
}

static void a_listener_rests_and_is_woken_by_a_close(void **state)
{
    struct site *s = *state;
    struct address at = localhost();
    struct rlimit before;
    int first, second;
    uint64_t began_us;

    assert_int_equal(listener_open(s->loop, &at, LISTENER_WAIT, NULL,
                                   site_on_accepted, s, &s->listener),
                     0);
    first = dial_listener(s->listener);
    site_run(s, 1);
    assert_int_equal(s->count, 1);
    second = dial_listener(s->listener);
    before = close_the_door();
    deadline_queue_set_length(&s->patience, 100 * 1000);
    site_run(s, 2);
    assert_int_equal(s->count, 1);
    assert_int_equal(loop_starved_count(s->loop), 1);
    /* A stream of the loop is closed: at once, and not after the second that
     * it would be tried again by itself. */
    began_us = clock_now_us();
    stream_close(s->stream);
    s->stream = NULL;
    deadline_queue_set_length(&s->patience, 10 * 1000 * 1000);
    site_run(s, 2);
    assert_int_equal(s->count, 2);
    assert_true(clock_now_us() - began_us < 900 * 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(first);
    close(second);
}

static void a_person_is_told_by_the_reserve(void **state)
{
    struct site *s = *state;
    struct address at = localhost();
    struct rlimit before;
    char text[100] = "";
    int peer;

    assert_int_equal(listener_open(s->loop, &at, LISTENER_REFUSE, NULL,
                                   site_on_accepted, s, &s->listener),
                     0);
    peer = dial_listener(s->listener);
    before = close_the_door();
    deadline_queue_set_length(&s->patience, 100 * 1000);
    site_run(s, 1);
    assert_int_equal(s->count, 0);
    assert_true(read(peer, text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, "too many connections"));
    assert_int_equal(read(peer, text, sizeof text), 0);
    /* The reserve is back: nothing more can be opened. */
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(peer);
}

static struct listener_answer admit_all(void *owner, const struct address *peer)
{
    (void)owner;
    (void)peer;
    return (struct listener_answer){ .is_refused = false };
}

/* Where peers expect TLS, a line of text is garbage, and tells what is there.
 */
static void without_files_nothing_is_said_in_the_clear(void **state)
{
    struct site *s = *state;
    struct address at = localhost();
    struct rlimit before;
    struct listener_guard guard = { .judge = admit_all, .is_mute = true };
    char byte;
    int peer;

    assert_int_equal(listener_open(s->loop, &at, LISTENER_REFUSE, &guard,
                                   site_on_accepted, s, &s->listener),
                     0);
    peer = dial_listener(s->listener);
    before = close_the_door();
    deadline_queue_set_length(&s->patience, 100 * 1000);
    site_run(s, 1);
    assert_int_equal(s->count, 0);
    assert_int_equal(read(peer, &byte, 1), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(peer);
}

struct needy {
    struct descriptor_waiter waiter;
    struct descriptors *descriptors;
    int woken;
};

static void needy_wake(struct descriptor_waiter *w)
{
    struct needy *n = CONTAINER_OF(w, struct needy, waiter);

    n->woken++;
    descriptors_wait(n->descriptors, w); /* there is none again */
}

static void each_waiter_is_woken_once(void **state)
{
    struct site *s = *state;
    struct needy needy[3];

    for (int i = 0; i < 3; i++) {
        needy[i] = (struct needy){ .waiter.wake = needy_wake,
                                   .descriptors = &s->loop->descriptors };
        list_init(&needy[i].waiter.node);
        descriptors_wait(&s->loop->descriptors, &needy[i].waiter);
    }
    descriptors_freed(&s->loop->descriptors);
    for (int i = 0; i < 3; i++)
        assert_int_equal(needy[i].woken, 1);
    list_remove(&needy[1].waiter.node);
    descriptors_freed(&s->loop->descriptors);
    assert_int_equal(needy[0].woken, 2);
    assert_int_equal(needy[1].woken, 1);
    assert_int_equal(needy[2].woken, 2);
    list_remove(&needy[0].waiter.node);
    list_remove(&needy[2].waiter.node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_unix_sockets_peer_is_known, site_open,
                                        site_close),
        cmocka_unit_test_setup_teardown(
            a_unix_socket_has_the_mode_that_was_asked_for, site_open,
            site_close),
        cmocka_unit_test_setup_teardown(somebody_who_listens_is_left_alone,
                                        site_open, site_close),
        cmocka_unit_test_setup_teardown(a_dead_socket_is_replaced, site_open,
                                        site_close),
        cmocka_unit_test_setup_teardown(what_is_no_socket_is_never_removed,
                                        site_open, site_close),
        cmocka_unit_test_setup_teardown(places_that_cannot_be_are_refused,
                                        site_open, site_close),
        cmocka_unit_test_setup_teardown(closing_removes_no_others_file,
                                        site_open, site_close),
        cmocka_unit_test_setup_teardown(a_port_hands_out_bare_descriptors,
                                        site_open, site_close),
        cmocka_unit_test_setup_teardown(
            an_owner_closes_the_listener_that_calls_it, site_open, site_close),
        cmocka_unit_test_setup_teardown(who_waits_is_judged_as_who_he_is,
                                        site_open, site_close),
        cmocka_unit_test_setup_teardown(a_peer_that_takes_nothing_costs_little,
                                        site_open, site_close),
        cmocka_unit_test_setup_teardown(
            a_listener_rests_and_is_woken_by_a_close, site_open, site_close),
        cmocka_unit_test_setup_teardown(a_person_is_told_by_the_reserve,
                                        site_open, site_close),
        cmocka_unit_test_setup_teardown(
            without_files_nothing_is_said_in_the_clear, site_open, site_close),
        cmocka_unit_test_setup_teardown(each_waiter_is_woken_once, site_open,
                                        site_close),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

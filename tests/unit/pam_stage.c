#include "pam_stage.h"

#include "base/clock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { GUARD_US = 10 * 1000 * 1000 };

/* ---- the person ------------------------------------------------------- */

static void note(struct person *p, const char *what, const char *text)
{
    size_t len = strlen(p->seen);

    snprintf(p->seen + len, sizeof p->seen - len, "%s %s\n", what, text);
}

static void on_ask(struct pam_conversation *c, const char *question,
                   bool is_hidden)
{
    struct person *p = CONTAINER_OF(c, struct person, c);

    note(p, is_hidden ? "hidden" : "visible", question);
    if (p->on_ask != NULL)
        p->on_ask(p);
}

static void on_tell(struct pam_conversation *c, const char *text)
{
    note(CONTAINER_OF(c, struct person, c), "text", text);
}

static const char *const outcome_names[] = {
    [PAM_OUTCOME_ACCEPTED] = "accepted",
    [PAM_OUTCOME_DENIED] = "denied",
    [PAM_OUTCOME_EXPIRED] = "expired",
    [PAM_OUTCOME_TIMEOUT] = "timeout",
    [PAM_OUTCOME_BUSY] = "busy",
    [PAM_OUTCOME_UNAVAILABLE] = "unavailable",
};

static void on_done(struct pam_conversation *c, enum pam_outcome outcome,
                    const char *text)
{
    struct person *p = CONTAINER_OF(c, struct person, c);

    assert_false(p->is_over);
    p->is_over = true;
    note(p, outcome_names[outcome], text);
    if (p->on_done != NULL)
        p->on_done(p);
}

const struct pam_conversation_ops stage_ops = {
    .ask = on_ask,
    .tell = on_tell,
    .done = on_done,
};

void stage_begin(struct stage *s, struct person *p, const char *password)
{
    const struct pam_login login = { .user = "alice",
                                     .remote = "192.0.2.7",
                                     .password = password };

    p->stage = s;
    p->is_over = false;
    pam_conversation_begin(s->service, &p->c, &stage_ops, &login);
    assert_false(p->is_over);
}

/* ---- turns ------------------------------------------------------------ */

static void on_turn_end(void *owner)
{
    struct stage *s = owner;

    if (s->is_enough != NULL && s->is_enough(s->what))
        loop_stop(s->loop);
}

static void on_guard(struct deadline *d, void *owner)
{
    (void)d;
    (void)owner;
    fail_msg("what the test waits for does not happen");
}

void stage_run_until(struct stage *s, bool (*is_enough)(void *), void *what)
{
    s->is_enough = is_enough;
    s->what = what;
    deadline_start(&s->guards, &s->guard, clock_now_us());
    loop_run(s->loop);
    deadline_stop(&s->guard);
    s->is_enough = NULL;
}

bool stage_is_over(void *what)
{
    return ((struct person *)what)->is_over;
}

static bool has_seen_something(void *what)
{
    return ((struct person *)what)->seen[0] != '\0';
}

static bool is_read(void *what)
{
    int unread = 1;

    return ioctl(*(int *)what, SIOCOUTQ, &unread) < 0 || unread == 0;
}

bool stage_is_true(void *what)
{
    (void)what;
    return true;
}

/* What was seen since the last time. */
void stage_expect_seen(struct stage *s, struct person *p, const char *seen)
{
    stage_run_until(s, has_seen_something, p);
    assert_string_equal(p->seen, seen);
    p->seen[0] = '\0';
}

/* ---- vspcd-pam -------------------------------------------------------- */

struct arrival {
    int listener;
    int fd;
};

static bool has_arrived(void *what)
{
    struct arrival *a = what;

    a->fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC);
    return a->fd >= 0;
}

/* The next connection. */
int stage_take_connection(struct stage *s)
{
    struct arrival a = { .listener = s->listener };

    stage_run_until(s, has_arrived, &a);
    return a.fd;
}

struct expected {
    int fd;
    struct pam_wire w;
};

static bool has_come(void *what)
{
    struct expected *e = what;
    uint8_t *at;
    size_t room;

    while ((room = pam_wire_room(&e->w, &at)) > 0) {
        ssize_t n = recv(e->fd, at, room, MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            return false;
        assert_true(n > 0);
        assert_true(pam_wire_added(&e->w, (size_t)n));
    }
    return true;
}

void stage_expect(struct stage *s, int fd, enum pam_wire_kind kind,
                  const char *text)
{
    struct expected e = { .fd = fd };

    stage_run_until(s, has_come, &e);
    assert_int_equal(pam_wire_kind(&e.w), kind);
    assert_string_equal(e.w.text, text);
    if (kind == PAM_WIRE_LOGIN)
        assert_string_equal(pam_wire_remote(&e.w), "192.0.2.7");
}

int stage_take_login(struct stage *s)
{
    int fd = stage_take_connection(s);

    stage_expect(s, fd, PAM_WIRE_LOGIN, "alice");
    return fd;
}

void stage_say(int fd, enum pam_wire_kind kind, const char *text)
{
    struct pam_wire w = { 0 };

    assert_true(pam_wire_put(&w, kind, text, strlen(text)));
    assert_int_equal(send(fd, w.bytes, w.len, MSG_NOSIGNAL), w.len);
}

/* Each byte is read before the next one is there. */
void stage_say_slowly(struct stage *s, int fd, enum pam_wire_kind kind,
                      const char *text)
{
    struct pam_wire w = { 0 };

    assert_true(pam_wire_put(&w, kind, text, strlen(text)));
    for (size_t i = 0; i < w.len; i++) {
        assert_int_equal(send(fd, w.bytes + i, 1, MSG_NOSIGNAL), 1);
        stage_run_until(s, is_read, &fd);
    }
}

static bool is_closed(void *what)
{
    char byte;

    return recv(*(int *)what, &byte, 1, MSG_DONTWAIT) == 0;
}

void stage_expect_closed(struct stage *s, int fd)
{
    stage_run_until(s, is_closed, &fd);
    close(fd);
}

/* ---- the stage -------------------------------------------------------- */

int stage_set_up(void **state)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct stage *s = calloc(1, sizeof *s);

    strcpy(s->folder, "/tmp/pam-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof s->path, "%s/socket", s->folder);
    strcpy(a.sun_path, s->path);
    s->listener =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(s->listener, (const struct sockaddr *)&a, sizeof a),
                     0);
    assert_int_equal(listen(s->listener, 64), 0);
    assert_int_equal(loop_open(&s->loop), 0);
    loop_on_turn_end(s->loop, on_turn_end, s);
    deadline_queue_open(&s->guards, GUARD_US, on_guard, s);
    deadline_init(&s->guard);
    loop_watch(s->loop, &s->guards);
    s->service = pam_service_new(s->loop, s->path, -1);
    *state = s;
    return 0;
}

int stage_tear_down(void **state)
{
    struct stage *s = *state;

    assert_int_equal(s->service->count, 0);
    assert_int_equal(s->service->waiting_count, 0);
    pam_service_free(s->service);
    deadline_stop(&s->guard);
    deadline_queue_close(&s->guards);
    loop_close(s->loop);
    close(s->listener);
    unlink(s->path);
    rmdir(s->folder);
    free(s);
    return 0;
}

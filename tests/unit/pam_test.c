/* Conversations with vspcd-pam: what is said, what goes wrong, and when. */
#include "pam_stage.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define NO_RESULT                                                              \
    "unavailable vspcd-pam has ended without a result: it crashed, or PAM "    \
    "took more than 10 s\n"

/* ---- what is said ----------------------------------------------------- */

static void a_known_password_is_asked_of_nobody(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, "secret");
    fd = stage_take_login(s);
    stage_say_slowly(s, fd, PAM_WIRE_HIDDEN, "Password: ");
    stage_expect(s, fd, PAM_WIRE_ANSWER, "secret");
    assert_null(p.c.password);
    stage_say_slowly(s, fd, PAM_WIRE_ACCEPTED, "EXAMPLE\\alice");
    stage_expect_seen(s, &p, "accepted EXAMPLE\\alice\n");
    stage_expect_closed(s, fd);
}

static void other_questions_are_the_persons(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, "secret");
    fd = stage_take_login(s);
    stage_say_slowly(s, fd, PAM_WIRE_TEXT, "Welcome");
    stage_expect_seen(s, &p, "text Welcome\n");
    stage_say_slowly(s, fd, PAM_WIRE_VISIBLE, "Token number: ");
    stage_expect_seen(s, &p, "visible Token number: \n");
    assert_true(pam_conversation_answer(&p.c, "17"));
    stage_expect(s, fd, PAM_WIRE_ANSWER, "17");
    stage_say_slowly(s, fd, PAM_WIRE_HIDDEN, "Verification code: ");
    stage_expect_seen(s, &p, "hidden Verification code: \n");
    assert_true(pam_conversation_answer(&p.c, ""));
    stage_expect(s, fd, PAM_WIRE_ANSWER, "");
    /* A new one is not the one that is known. */
    stage_say(fd, PAM_WIRE_HIDDEN, "New password: ");
    stage_expect_seen(s, &p, "hidden New password: \n");
    assert_true(pam_conversation_answer(&p.c, "better"));
    stage_expect(s, fd, PAM_WIRE_ANSWER, "better");
    stage_say(fd, PAM_WIRE_HIDDEN, "PASSWORD?");
    stage_expect(s, fd, PAM_WIRE_ANSWER, "secret");
    /* It is tried once. */
    stage_say(fd, PAM_WIRE_HIDDEN, "Password: ");
    stage_expect_seen(s, &p, "hidden Password: \n");
    assert_true(pam_conversation_answer(&p.c, "again"));
    stage_expect(s, fd, PAM_WIRE_ANSWER, "again");
    stage_say(fd, PAM_WIRE_EXPIRED, "");
    stage_expect_seen(s, &p, "expired \n");
    close(fd);
}

static void texts_are_safe_to_show(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_TEXT, "");
    stage_say(fd, PAM_WIRE_TEXT, "a\x1b[2Jb\xff");
    stage_expect_seen(s, &p, "text a[2Jb\xef\xbf\xbd\n");
    stage_say(fd, PAM_WIRE_HIDDEN, "\x1b");
    stage_expect_seen(s, &p, "hidden Password: \n");
    assert_true(pam_conversation_answer(&p.c, "x"));
    stage_expect(s, fd, PAM_WIRE_ANSWER, "x");
    stage_say(fd, PAM_WIRE_VISIBLE, "");
    stage_expect_seen(s, &p, "visible Answer: \n");
    assert_true(pam_conversation_answer(&p.c, "x"));
    stage_say(fd, PAM_WIRE_FAILED, "Module\x07 is unknown");
    stage_expect_seen(s, &p, "unavailable Module is unknown\n");
    close(fd);
}

static void what_cannot_be_an_answer_is_none(void **state)
{
    char text[PAM_ANSWER_MAX + 2];
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    memset(text, 'x', sizeof text);
    text[PAM_ANSWER_MAX + 1] = '\0';
    stage_begin(s, &p, NULL);
    assert_false(pam_conversation_answer(&p.c, "early"));
    fd = stage_take_login(s);
    assert_false(pam_conversation_answer(&p.c, "early"));
    stage_say(fd, PAM_WIRE_HIDDEN, "Password: ");
    stage_expect_seen(s, &p, "hidden Password: \n");
    assert_false(pam_conversation_answer(&p.c, text));
    text[PAM_ANSWER_MAX] = '\0';
    assert_true(pam_conversation_answer(&p.c, text));
    assert_false(pam_conversation_answer(&p.c, "late"));
    stage_expect(s, fd, PAM_WIRE_ANSWER, text);
    stage_say(fd, PAM_WIRE_DENIED, "");
    stage_expect_seen(s, &p, "denied \n");
    assert_false(pam_conversation_answer(&p.c, "late"));
    close(fd);
}

static void no_password_is_too_long_for_a_no(void **state)
{
    char text[PAM_ANSWER_MAX + 2];
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    memset(text, 'x', sizeof text);
    text[PAM_ANSWER_MAX + 1] = '\0';
    stage_begin(s, &p, text);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Password: ");
    stage_expect_seen(s, &p, "denied \n");
    stage_expect_closed(s, fd);
}

static void a_name_that_cannot_be_is_denied(void **state)
{
    char name[PAM_WIRE_NAME_MAX + 2];
    const struct pam_login logins[] = { { .user = "", .remote = "" },
                                        { .user = name, .remote = "" } };
    struct stage *s = *state;

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < 2; i++) {
        struct person p = { 0 };

        pam_conversation_begin(s->service, &p.c, &stage_ops, &logins[i]);
        assert_false(p.is_over);
        stage_expect_seen(s, &p, "denied \n");
    }
}

/* ---- what goes wrong -------------------------------------------------- */

static void garbage_ends_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *seen;
    } garbage[] = {
        { "HTTP/1.0 400\r\n", 14,
          "unavailable vspcd-pam does not speak our protocol\n" },
        { "H1\377\377", 4,
          "unavailable vspcd-pam does not speak our protocol\n" },
        { "A1\0\1x", 5, "unavailable vspcd-pam says what it should be told\n" },
        { "L1\0\2x\0", 6,
          "unavailable vspcd-pam says what it should be told\n" },
        { "H1\0\1?H1\0\1?", 10,
          "hidden ?\nunavailable vspcd-pam has not waited for an answer\n" },
    };
    struct stage *s = *state;

    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        struct person p = { 0 };
        int fd;

        stage_begin(s, &p, NULL);
        fd = stage_take_login(s);
        assert_int_equal(
            send(fd, garbage[i].bytes, garbage[i].len, MSG_NOSIGNAL),
            garbage[i].len);
        stage_run_until(s, stage_is_over, &p);
        assert_string_equal(p.seen, garbage[i].seen);
        close(fd);
    }
}

static void a_helper_that_talks_without_end_is_left(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    for (int i = 0; i < 65; i++)
        stage_say(fd, PAM_WIRE_TEXT, "x");
    stage_run_until(s, stage_is_over, &p);
    assert_non_null(
        strstr(p.seen, "unavailable vspcd-pam has too much to say\n"));
    close(fd);
}

static void a_connection_that_ends_without_a_word_is_tried_again(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, "secret");
    for (int i = 0; i < 2; i++)
        close(stage_take_connection(s));
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Password: ");
    stage_expect(s, fd, PAM_WIRE_ANSWER, "secret");
    /* But none that has seen the password. */
    close(fd);
    stage_run_until(s, stage_is_over, &p);
    assert_string_equal(p.seen, NO_RESULT);
    p = (struct person){ 0 };
    stage_begin(s, &p, "secret");
    for (int i = 0; i < 11; i++)
        close(stage_take_connection(s));
    stage_run_until(s, stage_is_over, &p);
    assert_string_equal(p.seen, "unavailable vspcd-pam ends at once: it cannot "
                                "work, or too many of it run\n");
}

/* A module has hung, and would do so again. */
static void a_helper_that_ends_late_is_not_tried_again(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, "secret");
    fd = stage_take_login(s);
    /* As if that had been a second ago. */
    p.c.deadline.due_us -= 1000 * 1000;
    close(fd);
    stage_run_until(s, stage_is_over, &p);
    assert_string_equal(p.seen, NO_RESULT);
}

static void a_helper_that_ends_in_the_middle_is_no_result(void **state)
{
    static const char half[] = "Y1\0\5ali";
    struct stage *s = *state;

    for (size_t i = 1; i < sizeof half; i++) {
        struct person p = { 0 };
        int fd;

        stage_begin(s, &p, NULL);
        fd = stage_take_login(s);
        assert_int_equal(send(fd, half, i, MSG_NOSIGNAL), i);
        close(fd);
        stage_run_until(s, stage_is_over, &p);
        assert_string_equal(p.seen, NO_RESULT);
    }
}

/* vspcd-pam waits for all answers together as long as we do for each. */
static void a_helper_that_ends_while_a_person_thinks_is_their_timeout(
    void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Code: ");
    stage_expect_seen(s, &p, "hidden Code: \n");
    close(fd);
    stage_expect_seen(s, &p, "timeout \n");
}

static void an_answer_to_nobody_is_no_crash(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Code: ");
    stage_expect_seen(s, &p, "hidden Code: \n");
    close(fd);
    /* Before the loop has noticed. */
    assert_true(pam_conversation_answer(&p.c, "17"));
    assert_false(p.is_over);
    stage_expect_seen(s, &p, "unavailable vspcd-pam takes no answer\n");
}

static void nobody_listens(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    char seen[256];

    pam_service_set_path(s->service, "/nowhere/socket");
    stage_begin(s, &p, NULL);
    stage_run_until(s, stage_is_over, &p);
    snprintf(seen, sizeof seen, "unavailable vspcd-pam: /nowhere/socket: %s\n",
             strerror(ENOENT));
    assert_string_equal(p.seen, seen);
}

/* ---- how many, and how long ------------------------------------------- */

static void three_at_once_and_some_wait(void **state)
{
    enum { ALL = PAM_AT_ONCE + PAM_WAITING_MAX };
    struct person *p = calloc(ALL + 1, sizeof *p);
    struct stage *s = *state;
    int fd[PAM_AT_ONCE];

    for (int i = 0; i <= ALL; i++)
        stage_begin(s, &p[i], NULL);
    stage_expect_seen(s, &p[ALL], "busy \n");
    for (int i = 0; i < PAM_AT_ONCE; i++)
        fd[i] = stage_take_login(s);
    stage_run_until(s, stage_is_true, NULL);
    assert_true(accept(s->listener, NULL, NULL) < 0);
    assert_int_equal(s->service->waiting_count, PAM_WAITING_MAX);
    /* The end of one is the beginning of the next. */
    stage_say(fd[0], PAM_WIRE_DENIED, "");
    stage_expect_seen(s, &p[0], "denied \n");
    close(fd[0]);
    fd[0] = stage_take_login(s);
    stage_say(fd[0], PAM_WIRE_VISIBLE, "?");
    stage_expect_seen(s, &p[PAM_AT_ONCE], "visible ?\n");
    /* Those that wait do so for a time. */
    deadline_queue_fire(&s->service->patience,
                        clock_now_us() + PAM_PATIENCE_US);
    for (int i = PAM_AT_ONCE + 1; i < ALL; i++)
        assert_string_equal(p[i].seen, "busy \n");
    assert_int_equal(s->service->waiting_count, 0);
    for (int i = 0; i < ALL; i++)
        pam_conversation_cancel(&p[i].c);
    for (int i = 0; i < PAM_AT_ONCE; i++)
        stage_expect_closed(s, fd[i]);
    free(p);
}

static void nobody_waits_for_ever(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    deadline_queue_fire(&s->service->work, clock_now_us() + PAM_WORK_US);
    assert_string_equal(p.seen,
                        "unavailable vspcd-pam has not answered in time\n");
    stage_expect_closed(s, fd);

    p = (struct person){ 0 };
    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Code: ");
    stage_expect_seen(s, &p, "hidden Code: \n");
    deadline_queue_fire(&s->service->work, clock_now_us() + PAM_PERSON_US);
    assert_false(p.is_over);
    deadline_queue_fire(&s->service->person, clock_now_us() + PAM_PERSON_US);
    assert_string_equal(p.seen, "timeout \n");
    stage_expect_closed(s, fd);
}

/* ---- at any moment ---------------------------------------------------- */

static void it_is_cancelled_at_every_moment(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    int fd;

    stage_begin(s, &p, "secret");
    pam_conversation_cancel(&p.c);
    pam_conversation_cancel(&p.c);

    stage_begin(s, &p, "secret");
    fd = stage_take_connection(s);
    pam_conversation_cancel(&p.c);
    close(fd);

    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Code: ");
    stage_expect_seen(s, &p, "hidden Code: \n");
    pam_conversation_cancel(&p.c);
    stage_expect_closed(s, fd);

    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Code: ");
    stage_expect_seen(s, &p, "hidden Code: \n");
    close(fd);
    assert_true(pam_conversation_answer(&p.c, "17"));
    pam_conversation_cancel(&p.c); /* done is due */

    /* While it waits after a connection without a word. */
    stage_begin(s, &p, NULL);
    close(stage_take_connection(s));
    while (!deadline_is_running(&s->service->pause))
        stage_run_until(s, stage_is_true, NULL);
    pam_conversation_cancel(&p.c);
    assert_string_equal(p.seen, "");
    assert_false(p.is_over);
    assert_null(p.c.user);
    assert_null(p.c.in);
}

static void cancel_within(struct person *p)
{
    pam_conversation_cancel(&p->c);
}

static void answer_within(struct person *p)
{
    assert_true(pam_conversation_answer(&p->c, "17"));
}

static void begin_again(struct person *p)
{
    p->on_done = NULL;
    stage_begin(p->stage, p, NULL);
}

static void free_it(struct person *p)
{
    memset(p, 0x5a, sizeof *p);
    free(p);
}

static void it_may_end_and_begin_in_its_own_calls(void **state)
{
    struct stage *s = *state;
    struct person p = { .on_ask = cancel_within };
    struct person *gone = calloc(1, sizeof *gone);
    int fd;

    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Code: ");
    stage_expect_closed(s, fd);
    assert_false(p.is_over);

    p = (struct person){ .on_ask = answer_within, .on_done = begin_again };
    stage_begin(s, &p, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_HIDDEN, "Code: ");
    stage_expect(s, fd, PAM_WIRE_ANSWER, "17");
    stage_say(fd, PAM_WIRE_DENIED, "");
    stage_expect_closed(s, fd);
    fd = stage_take_login(s);
    assert_string_equal(p.seen, "hidden Code: \ndenied \n");
    pam_conversation_cancel(&p.c);
    stage_expect_closed(s, fd);

    gone->on_done = free_it;
    stage_begin(s, gone, NULL);
    fd = stage_take_login(s);
    stage_say(fd, PAM_WIRE_DENIED, "");
    stage_expect_closed(s, fd);
}

/* ---- a helper of our own ---------------------------------------------- */

struct control {
    int fd;
    int connection;
};

static bool has_brought_one(void *what)
{
    struct control *control = what;
    char byte;
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } ancillary = { 0 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &ancillary,
                              .msg_controllen = sizeof ancillary };

    if (recvmsg(control->fd, &message, MSG_DONTWAIT) <= 0)
        return false;
    assert_non_null(CMSG_FIRSTHDR(&message));
    memcpy(&control->connection, CMSG_DATA(&ancillary.align), sizeof(int));
    return true;
}

static void a_helper_of_our_own_gets_connections(void **state)
{
    struct stage *s = *state;
    struct person p = { 0 };
    struct control control;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    control = (struct control){ .fd = ends[1] };
    pam_service_free(s->service);
    s->service = pam_service_new(s->loop, NULL, ends[0]);
    stage_begin(s, &p, "secret");
    stage_run_until(s, has_brought_one, &control);
    stage_expect(s, control.connection, PAM_WIRE_LOGIN, "alice");
    stage_say(control.connection, PAM_WIRE_ACCEPTED, "alice");
    stage_expect_seen(s, &p, "accepted alice\n");
    close(control.connection);
    /* A path that is named is meant. */
    pam_service_set_path(s->service, s->path);
    stage_begin(s, &p, "secret");
    close(stage_take_login(s));
    pam_conversation_cancel(&p.c);
    pam_service_set_path(s->service, NULL);
    close(ends[1]);
    stage_begin(s, &p, "secret");
    stage_expect_seen(s, &p,
                      "unavailable vspcd-pam has ended; start vspcd again\n");
    close(ends[0]);
}

int main(void)
{
#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_known_password_is_asked_of_nobody),
        CASE(other_questions_are_the_persons),
        CASE(texts_are_safe_to_show),
        CASE(what_cannot_be_an_answer_is_none),
        CASE(no_password_is_too_long_for_a_no),
        CASE(a_name_that_cannot_be_is_denied),
        CASE(garbage_ends_it),
        CASE(a_helper_that_talks_without_end_is_left),
        CASE(a_connection_that_ends_without_a_word_is_tried_again),
        CASE(a_helper_that_ends_late_is_not_tried_again),
        CASE(a_helper_that_ends_in_the_middle_is_no_result),
        CASE(a_helper_that_ends_while_a_person_thinks_is_their_timeout),
        CASE(an_answer_to_nobody_is_no_crash),
        CASE(nobody_listens),
        CASE(three_at_once_and_some_wait),
        CASE(nobody_waits_for_ever),
        CASE(it_is_cancelled_at_every_moment),
        CASE(it_may_end_and_begin_in_its_own_calls),
        CASE(a_helper_of_our_own_gets_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

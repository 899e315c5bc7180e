/* Names to addresses, and outgoing connections: name servers that do not answer
 * hold up nobody else, and an address that is not allowed is not tried. */
#include "net/dial/resolver.h"

#include "base/clock.h"
#include "net/dial/dial.h"
#include "net/listener.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 40 };

/* ---- the name servers ---------------------------------------------------- */

/* Names that begin with "dead" have an answer when is_released is set. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t released;
    pthread_cond_t called;
    bool is_released;
    int asked; /* calls for such names */
    int under_way;
} servers = { PTHREAD_MUTEX_INITIALIZER,
              PTHREAD_COND_INITIALIZER,
              PTHREAD_COND_INITIALIZER,
              false,
              0,
              0 };

static void wait_for_server(void)
{
    pthread_mutex_lock(&servers.lock);
    servers.asked++;
    servers.under_way++;
    pthread_cond_broadcast(&servers.called);
    while (!servers.is_released)
        pthread_cond_wait(&servers.released, &servers.lock);
    servers.under_way--;
    pthread_cond_broadcast(&servers.called);
    pthread_mutex_unlock(&servers.lock);
}

static void release_servers(void)
{
    pthread_mutex_lock(&servers.lock);
    servers.is_released = true;
    pthread_cond_broadcast(&servers.released);
    pthread_mutex_unlock(&servers.lock);
}

static void wait_until_asked(int count)
{
    pthread_mutex_lock(&servers.lock);
    while (servers.asked < count)
        pthread_cond_wait(&servers.called, &servers.lock);
    pthread_mutex_unlock(&servers.lock);
}

static int asked(void)
{
    int count;

    pthread_mutex_lock(&servers.lock);
    count = servers.asked;
    pthread_mutex_unlock(&servers.lock);
    return count;
}

static struct addrinfo *address_info(const char *text, struct addrinfo *next)
{
    struct address *a = calloc(1, sizeof *a);
    struct addrinfo *info = calloc(1, sizeof *info);

    assert_int_equal(address_parse(text, 0, a, NULL), 0);
    info->ai_family = a->any.sa_family;
    info->ai_addrlen = address_len(a);
    info->ai_addr = &a->any;
    info->ai_next = next;
    return info;
}

/* In place of the C library's. */
int getaddrinfo(const char *host, const char *service,
                const struct addrinfo *hints, struct addrinfo **ret)
{
    struct addrinfo *found = NULL;

    assert_null(service);
    if (hints->ai_flags & AI_NUMERICHOST) {
        *ret = address_info(host, NULL);
        return 0;
    }
    if (strncmp(host, "dead", 4) == 0)
        wait_for_server();
    if (strcmp(host, "unknown") == 0)
        return EAI_NONAME;
    if (strcmp(host, "two") == 0)
        found = address_info("127.0.0.1", address_info("127.0.0.2", NULL));
    else if (strcmp(host, "both") == 0)
        found = address_info("::1", address_info("::ffff:127.0.0.1", NULL));
    for (int i = 0; i < MANY && strcmp(host, "many") == 0; i++)
        found = address_info("192.0.2.1", found);
    *ret = found != NULL ? found : address_info("192.0.2.1", NULL);
    return 0;
}

static atomic_bool has_no_list; /* of this host's addresses */

int getifaddrs(struct ifaddrs **ret)
{
    int (*next)(struct ifaddrs **);
    void *found = dlsym(RTLD_NEXT, "getifaddrs");

    if (has_no_list) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    /* ISO C has no way from a pointer to a function. */
    memcpy(&next, &found, sizeof next);
    return next(ret);
}

void freeaddrinfo(struct addrinfo *info)
{
    while (info != NULL) {
        struct addrinfo *next = info->ai_next;

        free(info->ai_addr);
        free(info);
        info = next;
    }
}

/* ---- who asks ------------------------------------------------------------ */

struct site {
    struct loop *loop;
    struct deadline_queue patience;
    struct deadline limit;
    struct resolver_answer answer; /* the last one */
    int answers;
    int awaited; /* as many end the loop */
    struct listener *listener;
    struct stream *stream; /* what was dialled */
    struct err err;
    const char *refused; /* of the addresses; NULL: none */
    bool is_slow;
};

static void site_limit_due(struct deadline *d, void *owner)
{
    (void)d;
    (void)owner;
    fail_msg("no answer in time");
}

static int site_open(void **state)
{
    struct site *s = calloc(1, sizeof *s);

    servers.is_released = false;
    servers.asked = 0;
    has_no_list = false;
    assert_int_equal(loop_open(&s->loop), 0);
    deadline_init(&s->limit);
    deadline_queue_open(&s->patience, 10 * 1000 * 1000, site_limit_due, s);
    loop_watch(s->loop, &s->patience);
    *state = s;
    return 0;
}

/* All threads are waited for: the next test has servers of its own. */
static int site_close(void **state)
{
    struct site *s = *state;

    release_servers();
    pthread_mutex_lock(&servers.lock);
    while (servers.under_way > 0)
        pthread_cond_wait(&servers.called, &servers.lock);
    pthread_mutex_unlock(&servers.lock);
    listener_close(s->listener);
    if (s->stream != NULL)
        stream_close(s->stream);
    deadline_queue_close(&s->patience);
    loop_close(s->loop);
    free(s);
    return 0;
}

static void run_until(struct site *s, int answers)
{
    s->awaited = answers;
    if (s->answers >= answers)
        return;
    deadline_start(&s->patience, &s->limit, clock_now_us());
    loop_run(s->loop);
    deadline_stop(&s->limit);
    assert_int_equal(s->answers, answers);
}

static void count_answer(struct site *s)
{
    if (++s->answers >= s->awaited)
        loop_stop(s->loop);
}

static void on_answer(void *owner, const struct resolver_answer *answer)
{
    struct site *s = owner;

    s->answer = *answer;
    count_answer(s);
}

static struct lookup *ask_as(struct site *s, const char *host, bool is_slow)
{
    const struct resolver_question q = {
        .host = host, .port = 7000, .family = AF_UNSPEC, .is_slow = is_slow
    };
    struct lookup *l = resolver_ask(s->loop, &q, on_answer, s, NULL);

    assert_non_null(l);
    return l;
}

static struct lookup *ask(struct site *s, const char *host)
{
    return ask_as(s, host, false);
}

static void ask_dead(struct site *s, struct lookup *lookups[MANY], bool is_slow)
{
    for (int i = 0; i < MANY; i++) {
        char name[16];

        snprintf(name, sizeof name, "dead%d", i);
        lookups[i] = ask_as(s, name, is_slow);
    }
}

static void cancel_all(struct lookup *lookups[MANY])
{
    for (int i = 0; i < MANY; i++)
        resolver_cancel(lookups[i]);
}

/* ---- lookups ------------------------------------------------------------- */

static void names_and_addresses_are_found(void **state)
{
    struct site *s = *state;

    ask(s, "name");
    run_until(s, 1);
    assert_int_equal(s->answer.count, 1);
    assert_string_equal(address_format(&s->answer.item[0].address).text,
                        "192.0.2.1:7000");
    ask(s, "2001:db8::1");
    run_until(s, 2);
    assert_string_equal(address_format(&s->answer.item[0].address).text,
                        "[2001:db8::1]:7000");
}

static void a_name_that_is_unknown_has_a_reason(void **state)
{
    struct site *s = *state;

    ask(s, "unknown");
    run_until(s, 1);
    assert_int_equal(s->answer.count, 0);
    assert_string_equal(s->answer.err.text, gai_strerror(EAI_NONAME));
}

static void own_addresses_are_marked(void **state)
{
    struct site *s = *state;

    ask(s, "two");
    run_until(s, 1);
    assert_int_equal(s->answer.own_error, 0);
    assert_true(s->answer.item[0].is_own);
    assert_false(s->answer.item[1].is_own);
    ask(s, "192.0.2.1");
    run_until(s, 2);
    assert_false(s->answer.item[0].is_own);
    ask(s, "both");
    run_until(s, 3);
    assert_true(s->answer.item[1].is_own);
}

static void an_answer_has_few_addresses(void **state)
{
    struct site *s = *state;

    ask(s, "many");
    run_until(s, 1);
    assert_int_equal(s->answer.count, RESOLVER_ADDRESSES_MAX);
}

/* All but one of the threads wait for name servers then. */
static void dead_names_do_not_hold_up_addresses(void **state)
{
    struct lookup *dead[MANY];
    struct site *s = *state;

    ask_dead(s, dead, false);
    wait_until_asked(RESOLVER_THREADS_MAX - 1);
    for (int i = 1; i <= 3; i++) {
        ask(s, "192.0.2.1");
        run_until(s, i);
    }
    assert_int_equal(asked(), RESOLVER_THREADS_MAX - 1);
    cancel_all(dead);
}

static void slow_lookups_do_not_hold_up_names(void **state)
{
    struct lookup *dead[MANY];
    struct site *s = *state;

    ask_dead(s, dead, true);
    wait_until_asked((RESOLVER_THREADS_MAX - 1) / 2);
    for (int i = 1; i <= 3; i++) {
        ask(s, "name");
        run_until(s, i);
    }
    assert_int_equal(asked(), (RESOLVER_THREADS_MAX - 1) / 2);
    cancel_all(dead);
}

static void who_asks_for_one_name_shares_its_lookup(void **state)
{
    struct site *s = *state;

    for (int i = 0; i < MANY; i++)
        ask(s, "dead");
    wait_until_asked(1);
    ask(s, "name");
    run_until(s, 1);
    release_servers();
    run_until(s, 1 + MANY);
    assert_int_equal(asked(), 1);
}

/* Someone whose lookups are not slow wants the name too. */
static void a_slow_lookup_becomes_a_usual_one(void **state)
{
    struct lookup *dead[MANY];
    struct site *s = *state;

    ask_dead(s, dead, true);
    wait_until_asked((RESOLVER_THREADS_MAX - 1) / 2);
    ask_as(s, "name", true);
    ask(s, "name");
    run_until(s, 2);
    cancel_all(dead);
}

static void a_cancelled_lookup_has_no_answer(void **state)
{
    struct lookup *dead[MANY];
    struct site *s = *state;

    ask_dead(s, dead, false);
    wait_until_asked(1);
    cancel_all(dead);
    release_servers();
    ask(s, "name");
    run_until(s, 1);
    assert_string_equal(address_format(&s->answer.item[0].address).text,
                        "192.0.2.1:7000");
    assert_true(asked() < MANY);
}

/* ---- connections --------------------------------------------------------- */

static void on_dialled(void *owner, struct stream *stream,
                       const struct err *err)
{
    struct site *s = owner;

    s->stream = stream;
    if (err != NULL)
        s->err = *err;
    count_answer(s);
}

static bool allows(void *owner, const struct address *to, bool is_own,
                   struct err *why)
{
    struct site *s = owner;

    (void)is_own;
    err_set(why, "%s is refused", address_format(to).text);
    return strncmp(address_format(to).text, s->refused, strlen(s->refused)) !=
           0;
}

static void on_accepted(void *owner, struct stream *stream)
{
    (void)owner;
    stream_close(stream);
}

/* A port of every address. */
static uint16_t listen_anywhere(struct site *s)
{
    struct address any;
    struct address address;

    listener_close(s->listener);
    assert_int_equal(address_parse("0.0.0.0", 0, &any, NULL), 0);
    assert_int_equal(listener_open(s->loop, &any, LISTENER_WAIT, NULL,
                                   on_accepted, s, &s->listener),
                     0);
    address = listener_address(s->listener);
    return address_port(&address);
}

static struct dial *dial(struct site *s, const char *host, uint16_t port,
                         unsigned timeout_ms)
{
    const struct dial_target to = {
        .host = host,
        .port = port,
        .timeout_ms = timeout_ms,
        .allows = s->refused != NULL ? allows : NULL,
        .is_slow = &s->is_slow,
    };

    return dial_tcp(s->loop, &to, on_dialled, s);
}

static void an_address_that_is_refused_is_not_tried(void **state)
{
    struct site *s = *state;

    s->refused = "127.0.0.1:";
    dial(s, "two", listen_anywhere(s), 10 * 1000);
    run_until(s, 1);
    assert_non_null(s->stream);
    assert_int_equal(
        strncmp(address_format(&s->stream->peer).text, "127.0.0.2:", 10), 0);
}

static void no_address_is_left(void **state)
{
    struct site *s = *state;

    s->refused = "127.0.0.";
    dial(s, "two", 7000, 10 * 1000);
    run_until(s, 1);
    assert_null(s->stream);
    assert_string_equal(s->err.text, "two:7000: 127.0.0.2:7000 is refused");
}

/* A unit without netlink sockets, for example. Whoever refuses no address needs
 * no list. */
static void without_a_list_of_own_addresses_none_is_tried(void **state)
{
    struct site *s = *state;

    has_no_list = true;
    s->refused = "192.0.2.1";
    dial(s, "two", listen_anywhere(s), 10 * 1000);
    run_until(s, 1);
    assert_null(s->stream);
    assert_non_null(
        strstr(s->err.text, "cannot list the addresses of this host"));
    s->refused = NULL;
    dial(s, "two", listen_anywhere(s), 10 * 1000);
    run_until(s, 2);
    assert_non_null(s->stream);
}

static void a_name_has_a_limit_of_time(void **state)
{
    struct site *s = *state;

    dial(s, "dead", 7000, 20);
    run_until(s, 1);
    assert_string_equal(s->err.text,
                        "dead:7000: no answer from the name server in time");
    assert_true(s->is_slow);
    release_servers();
    dial(s, "two", listen_anywhere(s), 10 * 1000);
    run_until(s, 2);
    assert_non_null(s->stream);
    assert_false(s->is_slow);
}

static void a_dial_is_cancelled_at_each_step(void **state)
{
    struct site *s = *state;

    dial_cancel(dial(s, "dead", 7000, 10 * 1000));
    dial_cancel(dial(s, "127.0.0.1", 7000, 10 * 1000));
    ask(s, "name");
    run_until(s, 1);
    assert_int_equal(s->answers, 1);
}

#define FACT(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)

int main(void)
{
    const struct CMUnitTest facts[] = {
        FACT(names_and_addresses_are_found),
        FACT(a_name_that_is_unknown_has_a_reason),
        FACT(own_addresses_are_marked),
        FACT(an_answer_has_few_addresses),
        FACT(dead_names_do_not_hold_up_addresses),
        FACT(slow_lookups_do_not_hold_up_names),
        FACT(who_asks_for_one_name_shares_its_lookup),
        FACT(a_slow_lookup_becomes_a_usual_one),
        FACT(a_cancelled_lookup_has_no_answer),
        FACT(an_address_that_is_refused_is_not_tried),
        FACT(no_address_is_left),
        FACT(without_a_list_of_own_addresses_none_is_tried),
        FACT(a_name_has_a_limit_of_time),
        FACT(a_dial_is_cancelled_at_each_step),
    };

    return cmocka_run_group_tests(facts, NULL, NULL);
}

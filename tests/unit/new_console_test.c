/* New consoles: when they are new no longer, which of them makes room, and what
 * a site may have of them. */
#include "core/census/census.h"
#include "core/console_private.h"
#include "core/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    EXPIRE_US = 100 * 1000,
    NEW_EXPIRE_US = 5000,
    LINKS = 2 * LIMIT_CONSOLES_OF_VM,
};

/* 192.0.2.host */
static struct ip host(uint8_t number)
{
    const uint8_t bytes[4] = { 192, 0, 2, number };

    return ip_from_ipv4(bytes);
}

struct fixture {
    struct directory directory;
    struct vm_link links[LINKS];
    int link_count;
    struct client client;
};

static void on_input_end(struct vm_link *link)
{
    (void)link;
}

static bool on_drain(struct vm_link *link)
{
    (void)link;
    return false;
}

static void on_dismiss(struct vm_link *link, const char *reason)
{
    (void)link;
    (void)reason;
}

static const struct vm_link_ops link_ops = {
    .input_end = on_input_end,
    .resume = on_input_end,
    .lines_changed = on_input_end,
    .begin_drain = on_input_end,
    .drain = on_drain,
    .dismiss = on_dismiss,
};

static void on_pull(struct client *client)
{
    (void)client;
}

static const struct client_ops client_ops = {
    .pull = on_pull,
    .input_changed = on_pull,
    .lines_changed = on_pull,
};

static int setup(void **state)
{
    static const struct directory_settings settings = {
        .seed = { 1, 2 },
        .expire_us = EXPIRE_US,
        .new_expire_us = NEW_EXPIRE_US,
        .hold_us = 1000,
        .ring_max = 64 * KIB,
        .history_total = UINT64_C(1) << 30,
        .move_timeout_us = 1000,
        .held_input_max = 64 * KIB,
    };
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    directory_init(&f->directory, &settings);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    client_detach(&f->client, 0);
    for (int i = 0; i < f->link_count; i++)
        console_detach_vm(&f->links[i], "end", 0);
    directory_done(&f->directory);
    free(f);
    return 0;
}

static struct vm_link *link_from(struct fixture *f, struct ip ip)
{
    struct vm_link *link = &f->links[f->link_count++];

    assert_true(f->link_count <= LINKS);
    *link = (struct vm_link){ .ops = &link_ops, .ip = ip };
    return link;
}

static enum directory_outcome attach(struct fixture *f, struct vm_link *link,
                                     const char *uuid, const char *label,
                                     uint64_t now_us)
{
    const struct vm_identity who = { uuid, label, uuid };

    return directory_attach_vm(&f->directory, link, &who, now_us);
}

/* Its VM is connected. */
static struct console *connected(struct fixture *f, struct ip ip,
                                 const char *uuid, const char *label,
                                 uint64_t now_us)
{
    struct vm_link *link = link_from(f, ip);

    assert_int_equal(attach(f, link, uuid, label, now_us), DIRECTORY_ATTACHED);
    return link->console;
}

/* Its VM has come and gone. */
static struct console *made_up(struct fixture *f, struct ip ip,
                               const char *uuid, uint64_t now_us)
{
    struct console *c = connected(f, ip, uuid, "s0", now_us);

    console_detach_vm(c->link, "gone", now_us);
    f->link_count--;
    return c;
}

static void pass_trials(struct fixture *f, uint64_t now_us)
{
    deadline_queue_fire(&f->directory.trials, now_us);
}

static void come(struct fixture *f, struct console *c, enum client_door door)
{
    const struct client_origin origin = { .door = door,
                                          .right = RIGHT_READ,
                                          .peer = "" };
    struct err why;

    client_init(&f->client, &client_ops, &origin);
    assert_int_equal(client_attach(&f->client, c, 0, &why), CLIENT_ATTACHED);
}

static int count_of(struct fact_queue *q, enum fact_kind kind)
{
    struct fact fact;
    int count = 0;

    while (fact_take(q, &fact)) {
        count += fact.kind == kind;
        fact_done(&fact);
    }
    return count;
}

/* ---- when a console is new no longer ---------------------------------- */

static void a_console_that_was_never_used_expires_sooner(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *c = connected(f, host(1), "u1", "s0", 0);

    pass_trials(f, LIMIT_TRIAL_US - 1);
    console_detach_vm(c->link, "gone", 100);
    assert_null(deadline_first(&d->expiries));
    assert_null(deadline_pop(&d->new_expiries, 100 + NEW_EXPIRE_US - 1));
    assert_ptr_equal(deadline_pop(&d->new_expiries, 100 + NEW_EXPIRE_US),
                     &c->expiry);
}

static void a_connection_that_lasts_proves_a_console(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *c = connected(f, host(1), "u1", "s0", 0);

    pass_trials(f, LIMIT_TRIAL_US);
    assert_true(c->is_proven);
    assert_int_equal(count_of(&d->facts, FACT_PROVEN), 1);
    console_detach_vm(c->link, "gone", 100);
    assert_ptr_equal(deadline_first(&d->expiries), &c->expiry);
    assert_null(directory_evict(d, host(1)));
    /* Nothing is left to find out. */
    assert_int_equal(attach(f, &f->links[0], "u1", "s0", 200),
                     DIRECTORY_ATTACHED);
    assert_null(deadline_first(&d->trials));
}

static void a_trial_is_of_one_connection(void **state)
{
    struct fixture *f = *state;
    struct console *c = connected(f, host(1), "u1", "s0", 0);

    assert_ptr_equal(connected(f, host(2), "u1", "s0", LIMIT_TRIAL_US - 1), c);
    pass_trials(f, LIMIT_TRIAL_US);
    assert_false(c->is_proven);
    /* Who identifies itself once more has the same connection. */
    assert_int_equal(attach(f, c->link, "u1", "s0", 2 * LIMIT_TRIAL_US - 2),
                     DIRECTORY_ATTACHED);
    pass_trials(f, 2 * LIMIT_TRIAL_US - 1);
    assert_true(c->is_proven);
}

static void a_client_proves_a_console(void **state)
{
    struct fixture *f = *state;
    struct console *c = made_up(f, host(1), "u1", 0);

    come(f, c, CLIENT_DOOR_PORT);
    assert_true(c->is_proven);
    client_detach(&f->client, 10);
    assert_ptr_equal(deadline_first(&f->directory.expiries), &c->expiry);
    assert_null(deadline_first(&f->directory.new_expiries));
}

static void a_client_that_the_vm_asked_for_proves_nothing(void **state)
{
    struct fixture *f = *state;
    struct console *c = connected(f, host(1), "u1", "s0", 0);

    come(f, c, CLIENT_DOOR_REMOTE);
    client_detach(&f->client, 0);
    come(f, c, CLIENT_DOOR_NULL_MODEM);
    assert_false(c->is_proven);
}

static void what_was_found_out_is_restored(void **state)
{
    static const struct vm_identity who[] = { { "u1", "s0", "web" },
                                              { "u2", "s0", "db" } };
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    const struct console_past new = { .ip = host(1) };
    const struct console_past old = { .ip = host(1),
                                      .is_proven = true,
                                      .came_by_tls = true };
    struct console *a = directory_restore(d, &who[0], &new);
    struct console *b = directory_restore(d, &who[1], &old);

    directory_restore_expiry(a, 10, 100);
    directory_restore_expiry(b, 10, 100);
    assert_ptr_equal(deadline_pop(&d->new_expiries, 90 + NEW_EXPIRE_US),
                     &a->expiry);
    assert_ptr_equal(deadline_pop(&d->expiries, 90 + EXPIRE_US), &b->expiry);
    assert_true(b->came_by_tls);
    assert_ptr_equal(directory_evict(d, host(2)), a);
    assert_null(directory_evict(d, host(2)));
}

/* ---- room ------------------------------------------------------------- */

static void the_oldest_made_up_console_makes_room(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *a = made_up(f, host(1), "u1", 1);
    struct console *b = made_up(f, host(1), "u2", 2);

    d->settings.console_limit = 2;
    connected(f, host(1), "u3", "s0", 3);
    assert_ptr_equal(directory_take_evicted(d), a);
    directory_remove(a);
    connected(f, host(1), "u4", "s0", 4);
    assert_ptr_equal(directory_take_evicted(d), b);
    directory_remove(b);
    assert_null(directory_take_evicted(d));
    assert_int_equal(d->console_count, 2);
    assert_int_equal(d->evicted_consoles, 2);
    /* Nobody whose VM is connected makes room. */
    assert_int_equal(attach(f, link_from(f, host(1)), "u5", "s0", 5),
                     DIRECTORY_FULL);
    assert_int_equal(d->refused_consoles, 1);
}

static void a_console_that_was_used_never_makes_room(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *c = connected(f, host(1), "u1", "s0", 0);

    d->settings.console_limit = 1;
    pass_trials(f, LIMIT_TRIAL_US);
    console_detach_vm(c->link, "gone", LIMIT_TRIAL_US);
    assert_int_equal(attach(f, link_from(f, host(2)), "u2", "s0", 0),
                     DIRECTORY_FULL);
}

static void who_comes_back_in_the_same_turn_stays(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *a = made_up(f, host(1), "u1", 1);

    assert_ptr_equal(directory_evict(d, host(2)), a);
    assert_ptr_equal(connected(f, host(1), "u1", "s0", 2), a);
    assert_null(directory_take_evicted(d));
    assert_int_equal(d->evicted_count, 0);
    console_detach_vm(a->link, "gone", 3);
    assert_ptr_equal(directory_evict(d, host(2)), a);
    come(f, a, CLIENT_DOOR_PORT);
    assert_null(directory_take_evicted(d));
}

static void an_address_pushes_out_its_own_first(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *other = made_up(f, host(1), "u1", 1);
    struct console *own = made_up(f, host(2), "u2", 2);

    assert_ptr_equal(directory_evict(d, host(2)), own);
    assert_ptr_equal(directory_evict(d, host(2)), other);
}

static void else_the_address_that_has_most_gives_one(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *honest = made_up(f, host(1), "honest", 1);
    struct console *first = NULL;
    char uuid[16];

    for (int i = 0; i < 4; i++) {
        struct console *c;

        snprintf(uuid, sizeof uuid, "made%d", i);
        c = made_up(f, host(2), uuid, 2);
        first = first != NULL ? first : c;
    }
    assert_ptr_equal(directory_evict(d, host(3)), first);
    for (int i = 0; i < 2; i++)
        assert_ptr_not_equal(directory_evict(d, host(3)), honest);
}

static void addresses_of_one_network_are_one(void **state)
{
    const uint8_t one[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
    const uint8_t two[16] = { 0x20, 1, 0xd, 0xb8, [15] = 2 };
    struct fixture *f = *state;
    struct console *c = made_up(f, ip_from_ipv6(one), "u1", 2);

    made_up(f, host(1), "u2", 1);
    assert_ptr_equal(directory_evict(&f->directory, ip_from_ipv6(two)), c);
}

/* ---- serial ports of a VM --------------------------------------------- */

/* So many serial ports of "victim" are connected from this address. */
static void crowd(struct fixture *f, struct ip ip, const char *prefix,
                  int count)
{
    char label[16];

    for (int i = 0; i < count; i++) {
        snprintf(label, sizeof label, "%s%d", prefix, i);
        connected(f, ip, "victim", label, 0);
    }
}

static void detach_all(struct fixture *f)
{
    for (int i = 0; i < f->link_count; i++)
        console_detach_vm(&f->links[i], "gone", 1);
}

static void one_address_gets_half_of_a_vms_serial_ports(void **state)
{
    struct fixture *f = *state;

    crowd(f, host(1), "a", LIMIT_CONSOLES_OF_VM / 2);
    assert_int_equal(attach(f, link_from(f, host(1)), "victim", "more", 0),
                     DIRECTORY_FULL_OF_VM);
    connected(f, host(2), "victim", "s1", 0);
    connected(f, host(1), "another", "s0", 0);
}

static void all_serial_ports_of_a_vm_are_bounded(void **state)
{
    struct fixture *f = *state;

    crowd(f, host(1), "a", LIMIT_CONSOLES_OF_VM / 2);
    crowd(f, host(2), "b", LIMIT_CONSOLES_OF_VM / 2);
    assert_int_equal(attach(f, link_from(f, host(3)), "victim", "s1", 0),
                     DIRECTORY_FULL_OF_VM);
}

static void made_up_serial_ports_make_room_for_the_vms_own(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *own = connected(f, host(3), "victim", "s0", 0);

    pass_trials(f, LIMIT_TRIAL_US);
    crowd(f, host(1), "a", LIMIT_CONSOLES_OF_VM / 2);
    crowd(f, host(2), "b", LIMIT_CONSOLES_OF_VM / 2 - 1);
    detach_all(f);
    connected(f, host(3), "victim", "s1", 2);
    assert_ptr_equal(directory_take_evicted(d),
                     directory_find(d, "victim", "a0"));
    assert_ptr_equal(directory_find(d, "victim", "s0"), own);
}

/* ---- TLS -------------------------------------------------------------- */

static struct console *by_tls(struct fixture *f, uint64_t now_us)
{
    struct vm_link *link = link_from(f, host(1));

    link->is_encrypted = true;
    assert_int_equal(attach(f, link, "u1", "s0", now_us), DIRECTORY_ATTACHED);
    return link->console;
}

static void a_console_that_came_by_tls_is_not_given_to_the_clear(void **state)
{
    struct fixture *f = *state;
    struct console *c = by_tls(f, 0);
    struct vm_link *clear = link_from(f, host(1));

    f->directory.settings.keeps_tls = true;
    pass_trials(f, LIMIT_TRIAL_US);
    assert_true(c->came_by_tls);
    assert_int_equal(attach(f, clear, "u1", "s0", 0), DIRECTORY_NEEDS_TLS);
    assert_ptr_not_equal(c->link, clear);
    console_detach_vm(c->link, "gone", 0);
    assert_int_equal(attach(f, clear, "u1", "s0", 0), DIRECTORY_NEEDS_TLS);
    assert_ptr_equal(by_tls(f, 0), c);
}

/* A single connection by TLS must not lock a VM out that comes in the clear. */
static void a_short_connection_by_tls_decides_nothing(void **state)
{
    struct fixture *f = *state;
    struct vm_link *clear = link_from(f, host(1));
    struct console *c;

    f->directory.settings.keeps_tls = true;
    assert_int_equal(attach(f, clear, "u1", "s0", 0), DIRECTORY_ATTACHED);
    c = clear->console;
    pass_trials(f, LIMIT_TRIAL_US);
    by_tls(f, LIMIT_TRIAL_US);
    assert_int_equal(attach(f, clear, "u1", "s0", 2 * LIMIT_TRIAL_US - 1),
                     DIRECTORY_ATTACHED);
    pass_trials(f, 3 * LIMIT_TRIAL_US);
    assert_false(c->came_by_tls);
}

static void without_the_setting_a_console_forgets_tls(void **state)
{
    struct fixture *f = *state;
    struct console *c = by_tls(f, 0);
    struct vm_link *clear = link_from(f, host(1));

    pass_trials(f, LIMIT_TRIAL_US);
    (void)count_of(&f->directory.facts, FACT_PROVEN);
    assert_int_equal(attach(f, clear, "u1", "s0", LIMIT_TRIAL_US),
                     DIRECTORY_ATTACHED);
    assert_true(c->came_by_tls);
    pass_trials(f, 2 * LIMIT_TRIAL_US);
    assert_false(c->came_by_tls);
    /* The state has to know. */
    assert_int_equal(count_of(&f->directory.facts, FACT_PROVEN), 1);
}

static void a_move_does_not_lead_out_of_tls(void **state)
{
    static const uint8_t secret[MOVE_SECRET_LEN] = { 1 };
    const struct slice sequence = slice_of_text("1");
    uint8_t bytes[1 + MOVE_SECRET_LEN] = { '1', 1 };
    const struct slice key = slice_of(bytes, sizeof bytes);
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *c = by_tls(f, 0);
    struct vm_link *clear = link_from(f, host(2));

    d->settings.keeps_tls = true;
    pass_trials(f, LIMIT_TRIAL_US);
    assert_null(move_begin(c->link, sequence, secret, 0));
    assert_ptr_equal(move_find_console(d, key), c);
    assert_non_null(move_join(d, clear, key, 0));
    assert_null(clear->move);
    clear->is_encrypted = true;
    assert_null(move_join(d, clear, key, 0));
    move_leave(clear, 0);
}

/* ---- what sites have -------------------------------------------------- */

static void sites_are_counted(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *a = connected(f, host(1), "u1", "s0", 0);
    struct console *b = connected(f, host(1), "u2", "s0", 0);

    assert_ptr_equal(a->site, b->site);
    assert_int_equal(a->site->consoles, 2);
    assert_int_equal(a->site->new_consoles, 2);
    assert_int_equal(a->site->vms, 2);
    pass_trials(f, LIMIT_TRIAL_US);
    assert_int_equal(a->site->new_consoles, 0);
    /* A console counts where its VM connected last. */
    connected(f, host(2), "u2", "s0", 0);
    assert_int_equal(a->site->consoles, 1);
    assert_int_equal(a->site->vms, 1);
    assert_int_equal(b->site->vms, 1);
    console_detach_vm(b->link, "gone", 0);
    assert_int_equal(b->site->vms, 0);
    directory_remove(b);
    assert_int_equal(d->sites.all.count, 1);
}

static void the_addresses_with_most_consoles_are_listed(void **state)
{
    const uint8_t network[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
    struct census_address rows[CENSUS_ADDRESSES_MAX];
    struct fixture *f = *state;
    char uuid[16];

    for (int i = 0; i < CENSUS_ADDRESSES_MAX + 5; i++) {
        snprintf(uuid, sizeof uuid, "u%d", i);
        made_up(f, host((uint8_t)i), uuid, 0);
    }
    connected(f, ip_from_ipv6(network), "u20", "s0", 0);
    made_up(f, ip_from_ipv6(network), "u21", 0);
    made_up(f, host(7), "u22", 0);
    made_up(f, host(7), "u23", 0);
    assert_int_equal(census_read_addresses(&f->directory, rows),
                     CENSUS_ADDRESSES_MAX);
    assert_string_equal(rows[0].text.text, "192.0.2.7");
    assert_int_equal(rows[0].consoles, 3);
    assert_int_equal(rows[0].vms, 0);
    assert_string_equal(rows[1].text.text, "2001:db8::/64");
    assert_int_equal(rows[1].consoles, 2);
    assert_int_equal(rows[1].consoles_new, 2);
    assert_int_equal(rows[1].vms, 1);
    assert_int_equal(rows[CENSUS_ADDRESSES_MAX - 1].consoles, 1);
    assert_int_equal(f->directory.new_count, CENSUS_ADDRESSES_MAX + 5 + 4);
}

/* Positions of one that was forgotten mean nothing in the next one with its
 * name, nor in another run. */
static void each_has_an_epoch(void **state)
{
    static const struct directory_settings other = { .seed = { 3, 4 } };
    static const struct vm_identity who = { "a", "s0", "a" };
    static const struct console_past past = { .is_proven = true };
    struct fixture *f = *state;
    struct directory next;
    struct console *c = directory_restore(&f->directory, &who, &past);
    uint64_t first = console_epoch(c);
    uint64_t second;

    assert_int_equal(console_epoch(c), first);
    directory_remove(c);
    c = directory_restore(&f->directory, &who, &past);
    second = console_epoch(c);
    assert_int_not_equal(second, first);
    directory_remove(c);
    directory_init(&next, &other);
    c = directory_restore(&next, &who, &past);
    assert_int_not_equal(console_epoch(c), first);
    assert_int_not_equal(console_epoch(c), second);
    directory_remove(c);
    directory_done(&next);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_console_that_was_never_used_expires_sooner),
        TEST(a_connection_that_lasts_proves_a_console),
        TEST(a_trial_is_of_one_connection),
        TEST(a_client_proves_a_console),
        TEST(a_client_that_the_vm_asked_for_proves_nothing),
        TEST(what_was_found_out_is_restored),
        TEST(each_has_an_epoch),
        TEST(the_oldest_made_up_console_makes_room),
        TEST(a_console_that_was_used_never_makes_room),
        TEST(who_comes_back_in_the_same_turn_stays),
        TEST(an_address_pushes_out_its_own_first),
        TEST(else_the_address_that_has_most_gives_one),
        TEST(addresses_of_one_network_are_one),
        TEST(one_address_gets_half_of_a_vms_serial_ports),
        TEST(all_serial_ports_of_a_vm_are_bounded),
        TEST(made_up_serial_ports_make_room_for_the_vms_own),
        TEST(a_console_that_came_by_tls_is_not_given_to_the_clear),
        TEST(a_short_connection_by_tls_decides_nothing),
        TEST(without_the_setting_a_console_forgets_tls),
        TEST(a_move_does_not_lead_out_of_tls),
        TEST(sites_are_counted),
        TEST(the_addresses_with_most_consoles_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

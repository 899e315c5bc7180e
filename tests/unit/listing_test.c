/*
 * SIGUSR1's lines: what they say of a census, and that they go on over several
 * turns when the log's reader is slow.
 */
#include "core/directory.h"
#include "daemon/parts/listing.h"
#include "log/log.h"
#include "log/log_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 4 << 20 };

struct fixture {
    struct loop *loop;
    struct directory directory;
    struct census_walks walks;
    struct listing listing;
    struct census census;
    struct census_console row; /* what is read of every console */
    char *text;                /* of the log */
    size_t len;
};

static size_t listing_write(void *owner, const char *bytes, size_t len)
{
    struct fixture *f = owner;

    assert_true(f->len + len < TEXT_MAX);
    memcpy(f->text + f->len, bytes, len);
    f->len += len;
    f->text[f->len] = '\0';
    return len;
}

static void read_totals(void *owner, struct census *ret)
{
    *ret = ((struct fixture *)owner)->census;
}

static void read_console(void *owner, const struct console *c,
                         struct census_console *ret)
{
    *ret = ((struct fixture *)owner)->row;
    snprintf(ret->id.text, sizeof ret->id.text, "%s", c->uuid);
}

static size_t read_addresses(void *owner,
                             struct census_address rows[CENSUS_ADDRESSES_MAX])
{
    (void)owner;
    rows[0] = (struct census_address){
        .text = { "192.0.2.1" },
        .consoles = 31,
        .consoles_new = 32,
        .vms = 33,
        .unidentified = 34,
    };
    rows[1] = (struct census_address){ .text = { "none" } };
    return 2;
}

static const struct console_past used = { .is_proven = true };

static void add(struct fixture *f, int number)
{
    char uuid[16];
    const struct vm_identity identity = { uuid, "s0", "web" };

    snprintf(uuid, sizeof uuid, "u%d", number);
    assert_non_null(directory_restore(&f->directory, &identity, &used));
}

static int setup(void **state)
{
    static const struct directory_settings settings = { .seed = { 1, 2 } };
    struct fixture *f = calloc(1, sizeof *f);
    struct log_output output = { .write = listing_write, .owner = f };
    const struct census_source source = {
        .owner = f,
        .read = read_totals,
        .read_console = read_console,
        .read_addresses = read_addresses,
    };

    assert_non_null(f);
    f->text = calloc(1, TEXT_MAX);
    assert_non_null(f->text);
    assert_int_equal(loop_open(&f->loop), 0);
    directory_init(&f->directory, &settings);
    census_walks_init(&f->walks);
    listing_open(&f->listing, f->loop, &source, &f->directory, &f->walks);
    log_set_output(&output);
    f->row = (struct census_console){
        .name = { "web" },
        .vm_peer = "",
        .service_state = "none",
        .log_path = "",
    };
    line_init(&f->row.line);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    log_flush();
    log_open(2, LOG_INFO);
    listing_close(&f->listing);
    directory_done(&f->directory);
    loop_close(f->loop);
    free(f->text);
    free(f);
    return 0;
}

/* What comes behind the time and the level. */
static void assert_says(struct fixture *f, const char *line)
{
    char wanted[1000];

    log_flush();
    snprintf(wanted, sizeof wanted, " info %s\n", line);
    if (strstr(f->text, wanted) == NULL)
        fail_msg("no line%sin\n%s", wanted, f->text);
}

static void the_totals_are_two_lines(void **state)
{
    struct fixture *f = *state;

    f->census = (struct census){
        .open_files_limit = 1,
        .consoles = 2,
        .clients = 3,
        .clients_limit = 4,
        .unserved = 19,
        .unserved_limit = 20,
        .unidentified = 5,
        .unidentified_limit = 6,
        .history_bytes = 7,
        .history_limit_bytes = 8,
        .vms_unrestricted = 1,
        .vms_refused_address = 9,
        .vms_refused_rate = 10,
        .unidentified_closed = 11,
        .consoles_refused = 12,
        .clients_refused_address = 13,
        .clients_refused_rate = 14,
        .clients_refused_total = 15,
        .clients_refused_site = 21,
        .clients_refused_console = 16,
        .clients_refused_right = 24,
        .clients_refused_closed = 25,
        .logins_accepted = 26,
        .logins_failed = 27,
        .accepts_starved = 17,
        .moves_begun = 18,
        .moves_completed = 19,
        .moves_failed = 20,
        .moves_refused = 21,
        .vms_refused_new = 22,
        .consoles_evicted = 23,
    };
    listing_begin(&f->listing);
    assert_says(f, LOG_TOTALS " count=2 moves=18 completed=19 failed=20 "
                              "refused=21");
    assert_says(f, LOG_LIMITS
                " open-files=1 consoles=2/none all-clients=3/4 "
                "unserved=19/20 unidentified=5/6 history=7/8 vm-allow=not-set "
                "refused-vm-address=9 "
                "refused-vm-rate=10 closed-unidentified=11 "
                "refused-new-console=22 evicted-console=23 "
                "refused-console=12 refused-client-address=13 "
                "refused-client-rate=14 refused-client-total=15 "
                "refused-client-of-address=21 refused-client-of-console=16 "
                "refused-client-right=24 refused-client-audit=25 "
                "logins-accepted=26 logins-failed=27 "
                "out-of-files=17");
    /* Without consoles it is over. */
    listing_begin(&f->listing);
    assert_null(strstr(f->text, LOG_LISTING_UNDER_WAY));
}

static void addresses_are_a_line_each(void **state)
{
    struct fixture *f = *state;

    listing_begin(&f->listing);
    assert_says(f, LOG_ADDRESS_LISTED
                " address=192.0.2.1 consoles=31 new=32 vms=33 unidentified=34");
    assert_says(f, LOG_ADDRESS_LISTED
                " address=none consoles=0 new=0 vms=0 unidentified=0");
}

static void a_console_without_anything_is_a_short_line(void **state)
{
    struct fixture *f = *state;

    add(f, 1);
    listing_begin(&f->listing);
    listing_go_on(&f->listing);
    assert_says(f, LOG_CONSOLE_LISTED
                " console=web id=u1 port=none vm=none clients=0 "
                "output=0 input=0 line=9600,8N1 vm-lines=none "
                "client-lines=none");
}

static void a_console_with_everything_is_a_long_one(void **state)
{
    struct fixture *f = *state;

    add(f, 1);
    f->row.port = 50000;
    f->row.vm = CENSUS_VM_CONNECTED;
    f->row.vm_peer = "192.0.2.1:902";
    f->row.clients = 2;
    f->row.output_bytes = 3;
    f->row.input_bytes = 4;
    f->row.vm_lines = LINE_BOTH;
    f->row.client_lines = LINE_DTR;
    f->row.window = (struct window){ 80, 24 };
    snprintf(f->row.service, sizeof f->row.service, "tcp://:7001");
    f->row.service_state = "listening";
    f->row.log_path = "my log";
    f->row.log_state = "the disk is too slow";
    f->row.log_written_bytes = 5;
    f->row.log_missing_bytes = 6;
    listing_begin(&f->listing);
    listing_go_on(&f->listing);
    assert_says(
        f, LOG_CONSOLE_LISTED
        " console=web id=u1 port=50000 vm=192.0.2.1:902 "
        "clients=2 output=3 input=4 line=9600,8N1 "
        "vm-lines=DTR,RTS client-lines=DTR window=80x24 service=tcp://:7001 "
        "service-state=listening log=\"my log\" "
        "log-state=\"the disk is too slow\" log-bytes=5 "
        "log-missing=6");
}

static void a_vm_between_two_hosts_moves(void **state)
{
    struct fixture *f = *state;

    add(f, 1);
    f->row.vm = CENSUS_VM_BETWEEN;
    listing_begin(&f->listing);
    listing_go_on(&f->listing);
    log_flush();
    assert_non_null(strstr(f->text, " vm=moving "));
}

/* No line is lost, half of the log's room is left for others, and a second
 * listing waits for the end of the first. */
static void many_consoles_take_several_turns(void **state)
{
    enum { COUNT = 3000 };
    struct fixture *f = *state;
    int turns = 0, lines = 0;

    for (int i = 0; i < COUNT; i++)
        add(f, i);
    listing_begin(&f->listing);
    do {
        listing_go_on(&f->listing);
        assert_true(log_room() > LOG_PENDING_MAX / 2 - 1024);
        if (turns == 0)
            listing_begin(&f->listing);
        log_flush();
        turns++;
    } while (census_walk_left(&f->listing.walk) > 0);
    assert_true(turns > COUNT / 256);
    assert_non_null(strstr(f->text, " " LOG_LISTING_UNDER_WAY " left="));
    for (const char *at = f->text;
         (at = strstr(at, " " LOG_CONSOLE_LISTED " console=")) != NULL; at++)
        lines++;
    assert_int_equal(lines, COUNT);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_totals_are_two_lines),
        TEST(addresses_are_a_line_each),
        TEST(a_console_without_anything_is_a_short_line),
        TEST(a_console_with_everything_is_a_long_one),
        TEST(a_vm_between_two_hosts_moves),
        TEST(many_consoles_take_several_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The program at one moment as plain structs, and its metrics as rows.
 */
#include "base/clock.h"
#include "conlog/conlog.h"
#include "conlog/console_log.h"
#include "core/census/census.h"
#include "core/census/metrics.h"
#include "core/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a directory ------------------------------------------------------ */

static const struct directory_settings settings = {
    .seed = { 1, 2 },
    .expire_us = 1000 * 1000,
    .hold_us = 1000 * 1000,
    .move_timeout_us = 1000 * 1000,
    .held_input_max = 4096,
    .ring_max = 65536,
    .history_total = 1 << 20,
    .client_limit = 1,
    .console_limit = 3,
};

static void no_pull(struct client *client)
{
    (void)client;
}

static const struct client_ops client_ops = {
    .pull = no_pull,
    .input_changed = no_pull,
    .lines_changed = no_pull,
};

static const struct client_origin at_port = {
    .door = CLIENT_DOOR_PORT,
    .right = RIGHT_WRITE,
    .peer = "192.0.2.7:4000",
    .now_us = 5,
};

static const struct client_origin by_cable = {
    .door = CLIENT_DOOR_NULL_MODEM,
    .right = RIGHT_BREAK,
    .peer = "",
    .now_us = 6,
};

static enum client_outcome attach_client(struct client *client,
                                         struct console *c)
{
    struct err why;

    return client_attach(client, c, 7, &why);
}

static size_t link_input(struct vm_link *link, struct slice bytes)
{
    (void)link;
    return bytes.len;
}

static void link_nothing(struct vm_link *link)
{
    (void)link;
}

static const struct vm_link_ops link_ops = {
    .input = link_input,
    .input_end = link_nothing,
    .resume = link_nothing,
    .lines_changed = link_nothing,
};

static const struct console_past used = { .is_proven = true };

static struct console *add(struct directory *d, const char *uuid)
{
    const struct vm_identity identity = {
        .uuid = uuid,
        .label = "s0",
        .name = "web",
    };

    return directory_restore(d, &identity, &used);
}

static struct console *attach(struct directory *d, struct vm_link *link)
{
    const struct vm_identity identity = {
        .uuid = "u1",
        .label = "s0",
        .name = "web",
    };

    *link = (struct vm_link){ .ops = &link_ops, .is_encrypted = true };
    snprintf(link->peer, sizeof link->peer, "192.0.2.1:902");
    assert_int_equal(directory_attach_vm(d, link, &identity, 1),
                     DIRECTORY_ATTACHED);
    return link->console;
}

static void a_directory_counts_what_changes_a_list(void **state)
{
    struct vm_link link;
    struct directory d;
    struct console *c;
    struct fact fact;

    (void)state;
    directory_init(&d, &settings);
    assert_int_equal(d.changes, 0);
    c = attach(&d, &link);
    assert_int_equal(d.changes, 1);
    directory_rename(c, "web", 2);
    assert_int_equal(d.changes, 1);
    directory_rename(c, "db", 2);
    assert_int_equal(d.changes, 2);
    console_detach_vm(&link, "test", 3);
    assert_int_equal(d.changes, 2);
    while (fact_take(&d.facts, &fact))
        fact_done(&fact);
    directory_remove(c);
    assert_int_equal(d.changes, 3);
    directory_done(&d);
}

static void forget_facts(struct directory *d)
{
    struct fact fact;

    while (fact_take(&d->facts, &fact))
        fact_done(&fact);
}

/* ---- rows ------------------------------------------------------------- */

static void a_console_without_a_vm_has_an_empty_row(void **state)
{
    struct census_console row;
    struct directory d;

    (void)state;
    directory_init(&d, &settings);
    census_read_console(&row, add(&d, "u1"));
    assert_string_equal(row.name.text, "web");
    assert_string_equal(row.id.text, "u1/s0");
    assert_string_equal(row.uuid, "u1");
    assert_string_equal(row.label, "s0");
    assert_string_equal(row.vm_name, "web");
    assert_int_equal(row.vm, CENSUS_VM_NONE);
    assert_string_equal(row.vm_peer, "");
    assert_false(row.is_moving);
    assert_int_equal(row.clients, 0);
    assert_int_equal(row.output_bytes, 0);
    assert_int_equal(row.history_bytes, 0);
    assert_int_equal(row.vm_lines, 0);
    assert_int_equal(row.port, 0);
    assert_string_equal(row.service, "");
    assert_int_equal(row.last_output_s, 0);
    assert_int_equal(row.last_input_s, 0);
    assert_null(row.holder);
    assert_null(row.lock);
    assert_string_equal(row.service_state, "none");
    assert_string_equal(row.log_path, "");
    directory_done(&d);
}

static void a_console_with_a_vm_counts_its_bytes(void **state)
{
    struct census_console row;
    struct census census;
    struct vm_link link;
    struct directory d;
    struct console *c;

    (void)state;
    directory_init(&d, &settings);
    c = attach(&d, &link);
    console_output(c, slice_of_text("login: "));
    console_note_output(c, 8 * 1000 * 1000);
    console_set_vm_lines(c, LINE_DTR);
    census_read_console(&row, c);
    assert_int_equal(row.vm, CENSUS_VM_CONNECTED);
    assert_string_equal(row.vm_peer, "192.0.2.1:902");
    assert_true(row.is_vm_encrypted);
    assert_int_equal(row.output_bytes, 7);
    assert_int_equal(row.last_output_s, 8);
    assert_int_equal(row.history_bytes, LIMIT_RING_FIRST);
    assert_int_equal(row.vm_lines, LINE_DTR);
    census_read_directory(&census, &d);
    assert_int_equal(census.output_bytes, 7);
    assert_int_equal(census.input_bytes, 0);
    assert_int_equal(census.consoles_vacant, 0);
    console_detach_vm(&link, "test", 2);
    census_read_console(&row, c);
    assert_int_equal(row.vm, CENSUS_VM_NONE);
    /* What it drove last is no line of anybody. */
    assert_int_equal(row.vm_lines, 0);
    assert_int_equal(row.output_bytes, 7);
    forget_facts(&d);
    directory_done(&d);
}

static void a_vm_that_neither_side_serves_is_between(void **state)
{
    static const uint8_t secret[MOVE_SECRET_LEN] = { 1 };
    struct census_console row;
    struct census census;
    struct vm_link link;
    struct directory d;
    struct console *c;

    (void)state;
    directory_init(&d, &settings);
    c = attach(&d, &link);
    assert_null(move_begin(&link, slice_of_text("0001"), secret, 2));
    census_read_console(&row, c);
    assert_int_equal(row.vm, CENSUS_VM_CONNECTED);
    assert_true(row.is_moving);
    console_detach_vm(&link, "test", 3);
    census_read_console(&row, c);
    assert_int_equal(row.vm, CENSUS_VM_BETWEEN);
    assert_string_equal(row.vm_peer, "");
    census_read_directory(&census, &d);
    assert_int_equal(census.moves, 1);
    assert_int_equal(census.moves_begun, 1);
    assert_int_equal(census.vms, 0);
    assert_int_equal(census.consoles_between, 1);
    assert_int_equal(census.consoles_vacant, 0);
    move_interrupt(c, 4);
    census_read_directory(&census, &d);
    assert_int_equal(census.moves, 0);
    assert_int_equal(census.consoles_between, 0);
    assert_int_equal(census.consoles_vacant, 1);
    assert_int_equal(census.moves_failed, 1);
    assert_int_equal(census.moves_ended[MOVE_INTERRUPTED - MOVE_COMPLETED], 1);
    assert_int_equal(census.move_times.sum_us, 0);
    forget_facts(&d);
    directory_done(&d);
}

/* What waits for a VM counts until it has gone on, is dropped, or the console
 * goes. */
static void held_input_is_counted(void **state)
{
    struct vm_link link;
    struct client client;
    struct census census;
    struct directory d;
    struct console *c;

    (void)state;
    directory_init(&d, &settings);
    c = attach(&d, &link);
    client_init(&client, &client_ops, &at_port);
    assert_int_equal(attach_client(&client, c), CLIENT_ATTACHED);
    console_hold_input(c);
    assert_true(client_input(&client, slice_of_text("reboot"), 5));
    census_read_directory(&census, &d);
    assert_int_equal(census.held_bytes, 6);
    assert_int_equal(census.input_bytes, 6);
    assert_int_equal(census.clients_by_door[CLIENT_DOOR_PORT], 1);
    console_release_input(c);
    directory_settle(&d);
    census_read_directory(&census, &d);
    assert_int_equal(census.held_bytes, 0);
    console_hold_input(c);
    assert_true(client_input(&client, slice_of_text("ls"), 5));
    client_purge_input(&client);
    census_read_directory(&census, &d);
    assert_int_equal(census.held_bytes, 0);
    assert_true(client_input(&client, slice_of_text("abc"), 5));
    client_detach(&client, 9);
    census_read_directory(&census, &d);
    assert_int_equal(census.held_bytes, 3);
    assert_int_equal(census.clients_by_door[CLIENT_DOOR_PORT], 0);
    console_detach_vm(&link, "test", 9);
    census_read_directory(&census, &d);
    assert_int_equal(census.held_bytes, 0);
    forget_facts(&d);
    directory_done(&d);
}

static void clients_are_read_in_the_order_of_attaching(void **state)
{
    struct directory_settings some = settings;
    struct client first, second;
    struct census_console console_row;
    struct census_client row;
    const struct client *at;
    struct vm_link link;
    struct directory d;
    struct console *c;

    (void)state;
    some.client_limit = 0;
    directory_init(&d, &some);
    c = attach(&d, &link);
    assert_null(census_next_client(c, NULL));
    client_init(&first, &client_ops, &at_port);
    client_init(&second, &client_ops, &by_cable);
    first.is_encrypted = true;
    assert_int_equal(attach_client(&first, c), CLIENT_ATTACHED);
    console_output(c, slice_of_text("abc"));
    assert_true(client_input(&first, slice_of_text("ls"), 9 * 1000 * 1000));
    client_took(&first, 1, 8);
    assert_int_equal(attach_client(&second, c), CLIENT_ATTACHED);
    client_set_lines(&second, LINE_DTR);
    at = census_next_client(c, NULL);
    assert_ptr_equal(at, &first);
    census_read_client(&row, at);
    assert_string_equal(row.console.text, "web");
    assert_string_equal(row.console_id.text, "u1/s0");
    assert_int_equal(row.number, first.number);
    assert_int_not_equal(row.number, second.number);
    assert_string_equal(row.name, "");
    assert_string_equal(row.peer, "192.0.2.7:4000");
    assert_int_equal(row.door, CLIENT_DOOR_PORT);
    assert_true(row.is_encrypted);
    assert_false(row.is_lagging);
    assert_int_equal(row.lines, LINE_BOTH);
    assert_int_equal(row.since_us, 5);
    assert_int_equal(row.proof, PROOF_ADDRESS);
    assert_int_equal(row.mode, LOCK_FREE_FOR_ALL);
    assert_false(row.has_keyboard);
    assert_true(row.has_typed_last);
    assert_int_equal(row.input_bytes, 2);
    assert_int_equal(row.output_bytes, 1);
    assert_int_equal(row.behind_bytes, 2);
    census_read_console(&console_row, c);
    assert_int_equal(console_row.last_input_s, 9);
    at = census_next_client(c, at);
    assert_ptr_equal(at, &second);
    census_read_client(&row, at);
    assert_string_equal(row.peer, "");
    assert_int_equal(row.door, CLIENT_DOOR_NULL_MODEM);
    assert_false(row.is_encrypted);
    assert_int_equal(row.lines, LINE_DTR);
    assert_int_equal(row.behind_bytes, 0);
    assert_null(census_next_client(c, at));
    client_detach(&first, 9);
    client_detach(&second, 9);
    console_detach_vm(&link, "test", 9);
    forget_facts(&d);
    directory_done(&d);
}

static void refusals_are_counted(void **state)
{
    struct client first, second;
    struct census census = { .open_files_limit = 77 };
    struct directory d;
    struct console *c;

    (void)state;
    directory_init(&d, &settings);
    c = add(&d, "u1");
    client_init(&first, &client_ops, &at_port);
    client_init(&second, &client_ops, &at_port);
    assert_int_equal(attach_client(&first, c), CLIENT_ATTACHED);
    assert_int_equal(attach_client(&second, c), CLIENT_REFUSED_LIMIT);
    census_read_directory(&census, &d);
    assert_int_equal(census.consoles, 1);
    assert_int_equal(census.consoles_limit, 3);
    assert_int_equal(census.clients, 1);
    assert_int_equal(census.clients_refused_console, 1);
    assert_int_equal(census.history_limit_bytes, 1 << 20);
    /* What core does not know stays as it was. */
    assert_int_equal(census.open_files_limit, 77);
    client_detach(&first, 9);
    forget_facts(&d);
    directory_done(&d);
}

/* ---- console logs ----------------------------------------------------- */

static void no_state(void *owner, const struct console *console,
                     const char *path, int error)
{
    (void)owner;
    (void)console;
    (void)path;
    (void)error;
}

static void no_gap(void *owner, const struct console *console, const char *path,
                   uint64_t bytes, int error)
{
    (void)owner;
    (void)console;
    (void)path;
    (void)bytes;
    (void)error;
}

static void no_wake(void *owner)
{
    (void)owner;
}

static void logs_of_consoles_that_have_gone_still_count(void **state)
{
    const struct conlog_callbacks callbacks = {
        .on_state = no_state,
        .on_gap = no_gap,
        .wake = no_wake,
    };
    struct conlog_settings log_settings = {
        .pattern = "log",
        .mode = 0600,
        .uid = (uid_t)-1,
        .gid = (gid_t)-1,
        .open_max = 1,
    };
    char path[sizeof log_settings.directory + 8];
    struct console_log *log;
    struct conlog *conlog;
    struct vm_link link;
    struct directory d;
    struct console *c;

    (void)state;
    snprintf(log_settings.directory, sizeof log_settings.directory, "%s",
             "/tmp/vspcd-census-XXXXXX");
    assert_non_null(mkdtemp(log_settings.directory));
    directory_init(&d, &settings);
    c = attach(&d, &link);
    assert_int_equal(
        conlog_open(&conlog, &log_settings, &callbacks, settings.seed), 0);
    assert_int_equal(conlog_count(conlog).taken, 0);
    log = console_log_open(conlog, c, CONSOLE_LOG_IS_NEW);
    console_output(c, slice_of_text("login: "));
    console_log_close(log, false, clock_now_us());
    assert_int_equal(conlog_count(conlog).taken, 7);
    assert_int_equal(conlog_count(conlog).missing, 0);
    conlog_close(conlog, 20 * 1000 * 1000, NULL, NULL);
    console_detach_vm(&link, "test", 2);
    forget_facts(&d);
    directory_done(&d);
    snprintf(path, sizeof path, "%s/log", log_settings.directory);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(log_settings.directory), 0);
}

/* ---- walks ------------------------------------------------------------ */

static void a_walk_goes_on_while_consoles_come_and_go(void **state)
{
    const struct console *seen;
    struct census_walk walk, other;
    struct census_walks walks;
    struct directory d;
    struct console *all[2];
    uint32_t count = 0;

    (void)state;
    directory_init(&d, &settings);
    census_walks_init(&walks);
    census_walk_init(&walk);
    census_walk_init(&other);
    all[0] = add(&d, "u1");
    all[1] = add(&d, "u2");
    census_walk_begin(&walk, &walks, &d);
    census_walk_begin(&other, &walks, &d);
    assert_int_equal(census_walk_left(&walk), 2);
    /* One comes, and one that was not seen yet goes. */
    seen = census_walk_next(&walk);
    assert_non_null(seen);
    assert_int_equal(census_walk_left(&walk), 1);
    assert_non_null(add(&d, "u3"));
    for (int i = 0; i < 2; i++) {
        if (all[i] != seen) {
            census_walks_forget(&walks, all[i]);
            directory_remove(all[i]);
        }
    }
    assert_null(census_walk_next(&walk));
    assert_null(census_walk_next(&walk));
    while ((seen = census_walk_next(&other)) != NULL)
        count++;
    assert_int_equal(count, 1);
    census_walk_end(&walk);
    census_walk_end(&walk);
    /* Nobody asks one that has ended. */
    assert_int_equal(census_walk_left(&walk), 0);
    census_walk_begin(&walk, &walks, &d);
    assert_int_equal(census_walk_left(&walk), 2);
    census_walk_end(&walk);
    census_walk_end(&other);
    assert_true(list_is_empty(&walks.all));
    directory_done(&d);
}

/* ---- metrics ---------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static void every_metric_says_what_it_is(void **state)
{
    size_t count;
    const struct metric *rows = metrics_rows(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(rows[i].name);
        /* A plural. */
        assert_true(ends_in(rows[i].unit, "s"));
        /* A family has its sentence once. */
        assert_int_equal(rows[i].help == NULL,
                         i > 0 && strcmp(rows[i].name, rows[i - 1].name) == 0);
        if (rows[i].help == NULL)
            continue;
        assert_true(strlen(rows[i].help) > 10);
        assert_true(ends_in(rows[i].help, "."));
        assert_null(strpbrk(rows[i].help, "\\\"\r\n"));
    }
    assert_string_equal(metric_kind_name(METRIC_COUNTER), "counter");
    assert_string_equal(metric_kind_name(METRIC_GAUGE), "gauge");
    assert_string_equal(metric_kind_name(METRIC_INFO), "gauge");
    assert_string_equal(metric_kind_name(METRIC_HISTOGRAM), "histogram");
}

static void names_follow_the_conventions(void **state)
{
    size_t count;
    const struct metric *rows = metrics_rows(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const char *name = rows[i].name;
        bool is_ours = strncmp(name, "vspcd_", 6) == 0;

        assert_true(is_ours || strncmp(name, "process_", 8) == 0 ||
                    strncmp(name, "openstack_compute_vspc_", 23) == 0);
        for (const char *p = name; *p != '\0'; p++)
            assert_true(islower((unsigned char)*p) || *p == '_');
        assert_null(strstr(name, "__"));
        /* Counters, and nothing else, end in _total. */
        assert_int_equal(ends_in(name, "_total"),
                         rows[i].kind == METRIC_COUNTER);
        /* A base unit stands in the name, behind what it measures. */
        if (is_ours)
            assert_int_equal(ends_in(name, "_bytes") ||
                                 ends_in(name, "_bytes_total"),
                             strcmp(rows[i].unit, "bytes") == 0);
        assert_int_equal(ends_in(name, "_seconds") ||
                             ends_in(name, "_seconds_total"),
                         strcmp(rows[i].unit, "seconds") == 0);
    }
}

/* One family: the same kind and unit, other labels, one behind the other. */
static void rows_of_a_name_are_a_family(void **state)
{
    size_t count;
    const struct metric *rows = metrics_rows(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t other = 0; other < i; other++) {
            if (strcmp(rows[i].name, rows[other].name) != 0)
                continue;
            assert_string_equal(rows[i - 1].name, rows[i].name);
            assert_int_equal(rows[i].kind, rows[other].kind);
            assert_string_equal(rows[i].unit, rows[other].unit);
            assert_non_null(rows[other].labels);
            assert_string_not_equal(rows[i].labels, rows[other].labels);
        }
    }
}

static void take(uint8_t *of_census, size_t at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        of_census[at + i] = 1;
}

/* All bytes of the census are of some row; but for two totals, of which rows
 * show the parts. */
static void every_total_has_its_metric(void **state)
{
    uint8_t is_shown[sizeof(struct census)] = { 0 };
    size_t count;
    const struct metric *rows = metrics_rows(&count);

    (void)state;
    take(is_shown, offsetof(struct census, consoles), sizeof(uint64_t));
    take(is_shown, offsetof(struct census, clients), sizeof(uint64_t));
    for (size_t i = 0; i < count; i++) {
        size_t len = rows[i].kind == METRIC_HISTOGRAM ? sizeof(struct histogram)
                     : rows[i].kind == METRIC_INFO    ? 0
                                                      : sizeof(uint64_t);

        assert_true(rows[i].at + len <= sizeof is_shown);
        take(is_shown, rows[i].at, len);
    }
    for (size_t i = 0; i < sizeof is_shown; i++) {
        if (is_shown[i] == 0)
            print_message("byte %zu of struct census has no row\n", i);
        assert_int_equal(is_shown[i], 1);
    }
}

static const struct metric *find_row(const char *name, const char *labels)
{
    size_t count;
    const struct metric *rows = metrics_rows(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0 &&
            strcmp(rows[i].labels != NULL ? rows[i].labels : "", labels) == 0)
            return &rows[i];
    }
    fail_msg("no row %s{%s}", name, labels);
    return NULL;
}

static void labels_are_the_names_of_what_is_counted(void **state)
{
    struct census census = { .consoles = 0 };
    char labels[64];

    (void)state;
    for (int i = 0; i < CLIENT_DOOR_COUNT; i++) {
        snprintf(labels, sizeof labels, "door=\"%s\"",
                 client_door_name((enum client_door)i));
        census.clients_by_door[i] = 100 + (uint64_t)i;
        assert_int_equal(
            metric_read(find_row("vspcd_clients", labels), &census), 100 + i);
    }
    for (int i = MOVE_COMPLETED; i < MOVE_VERDICT_COUNT; i++) {
        snprintf(labels, sizeof labels, "outcome=\"%s\"",
                 move_verdict_name((enum move_verdict)i));
        census.moves_ended[i - MOVE_COMPLETED] = 200 + (uint64_t)i;
        assert_int_equal(
            metric_read(find_row("vspcd_moves_ended_total", labels), &census),
            200 + i);
    }
    for (int i = 0; i < CENSUS_VM_COUNT; i++) {
        snprintf(labels, sizeof labels, "state=\"%s\"",
                 census_vm_name((enum census_vm)i));
        find_row("vspcd_consoles", labels);
    }
    find_row("vspcd_build_info", "version=\"" VSPCD_VERSION "\"");
}

static void a_metric_reads_what_its_name_says(void **state)
{
    const struct census census = {
        .vms = 1,
        .moves_failed = 2,
        .log_missing_bytes = 3,
    };
    static const struct {
        const char *name;
        uint64_t value;
    } expected[] = {
        { "vspcd_moves_failed_total", 2 },
        { "vspcd_console_log_missing_bytes_total", 3 },
        { "vspcd_vms", 1 },
        { "vspcd_unserved", 0 },
        { "vspcd_build_info", 1 },
    };
    size_t count, found = 0;
    const struct metric *rows = metrics_rows(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t e = 0; e < sizeof expected / sizeof expected[0]; e++) {
            if (strcmp(rows[i].name, expected[e].name) != 0)
                continue;
            assert_int_equal(metric_read(&rows[i], &census), expected[e].value);
            found++;
        }
    }
    assert_int_equal(found, sizeof expected / sizeof expected[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_console_without_a_vm_has_an_empty_row),
        cmocka_unit_test(a_console_with_a_vm_counts_its_bytes),
        cmocka_unit_test(a_directory_counts_what_changes_a_list),
        cmocka_unit_test(a_vm_that_neither_side_serves_is_between),
        cmocka_unit_test(held_input_is_counted),
        cmocka_unit_test(clients_are_read_in_the_order_of_attaching),
        cmocka_unit_test(refusals_are_counted),
        cmocka_unit_test(logs_of_consoles_that_have_gone_still_count),
        cmocka_unit_test(a_walk_goes_on_while_consoles_come_and_go),
        cmocka_unit_test(every_metric_says_what_it_is),
        cmocka_unit_test(names_follow_the_conventions),
        cmocka_unit_test(rows_of_a_name_are_a_family),
        cmocka_unit_test(every_total_has_its_metric),
        cmocka_unit_test(labels_are_the_names_of_what_is_counted),
        cmocka_unit_test(a_metric_reads_what_its_name_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

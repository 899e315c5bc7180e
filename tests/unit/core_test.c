/* Consoles, their clients' pace, the directory and the ports: with clients and
 * links that only note what they are told. */
#include "core/console_private.h"
#include "core/directory.h"
#include "core/told/ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    RING = 64 * KIB,
    HOLD_US = 1000,
    SHORT_HOLD_US = 10,
    EXPIRE_US = 5000,
    NEW_EXPIRE_US = 300,
    MOVE_TIMEOUT_US = 3000,
    HELD_MAX = 64 * KIB,
};

struct fake_client {
    struct client client;
    int pulls;
    int input_changes;
    int line_changes;
    int people_changes;
};

struct fake_vm {
    struct vm_link link;
    struct buf input;
    size_t room; /* how much of it is taken */
    int resumes;
    int line_changes;
    int drains;
    int serves;
    int dismissals;
};

static struct fake_client *fake_of(struct client *client)
{
    return CONTAINER_OF(client, struct fake_client, client);
}

static void on_pull(struct client *client)
{
    fake_of(client)->pulls++;
}

static void on_input_changed(struct client *client)
{
    fake_of(client)->input_changes++;
}

static void on_client_lines_changed(struct client *client)
{
    fake_of(client)->line_changes++;
}

static void on_people_changed(struct client *client)
{
    CONTAINER_OF(client, struct fake_client, client)->people_changes++;
}

static const struct client_ops client_ops = {
    .people_changed = on_people_changed,
    .lines_changed = on_client_lines_changed,
    .pull = on_pull,
    .input_changed = on_input_changed,
};

static struct fake_vm *vm_of(struct vm_link *link)
{
    return CONTAINER_OF(link, struct fake_vm, link);
}

static size_t on_input(struct vm_link *link, struct slice bytes)
{
    struct fake_vm *vm = vm_of(link);
    size_t taken = bytes.len < vm->room ? bytes.len : vm->room;

    assert_int_equal(buf_append(&vm->input, slice_of(bytes.data, taken)), 0);
    vm->room -= taken;
    return taken;
}

static bool on_queue_input(struct vm_link *link, struct slice bytes)
{
    return buf_append(&vm_of(link)->input, bytes) == 0;
}

static void on_input_end(struct vm_link *link)
{
    (void)link;
}

static void on_resume(struct vm_link *link)
{
    vm_of(link)->resumes++;
}

static void on_lines_changed(struct vm_link *link)
{
    vm_of(link)->line_changes++;
}

/* Shown in the input as ^. */
static void on_line_break(struct vm_link *link, bool is_on)
{
    if (is_on)
        (void)buf_append(&vm_of(link)->input, slice_of_text("^"));
}

static void on_begin_drain(struct vm_link *link)
{
    (void)link;
}

static bool on_drain(struct vm_link *link)
{
    vm_of(link)->drains++;
    return false;
}

static void on_serve(struct vm_link *link)
{
    vm_of(link)->serves++;
}

static void on_dismiss(struct vm_link *link, const char *reason)
{
    (void)reason;
    vm_of(link)->dismissals++;
}

static const struct vm_link_ops link_ops = {
    .input = on_input,
    .queue_input = on_queue_input,
    .input_end = on_input_end,
    .resume = on_resume,
    .lines_changed = on_lines_changed,
    .line_break = on_line_break,
    .begin_drain = on_begin_drain,
    .drain = on_drain,
    .serve = on_serve,
    .dismiss = on_dismiss,
};

struct fixture {
    struct directory directory;
    struct fake_vm vm;
    struct fake_vm other;
    struct fake_client a, b;
    struct console *console;
};

static const struct directory_settings settings = {
    .seed = { 1, 2 },
    .expire_us = EXPIRE_US,
    .new_expire_us = NEW_EXPIRE_US,
    .hold_us = HOLD_US,
    .ring_max = RING,
    .history_total = UINT64_C(1) << 30,
    .move_timeout_us = MOVE_TIMEOUT_US,
    .held_input_max = HELD_MAX,
};

/* Of a restored console. */
static const struct console_past used = { .is_proven = true };

/* As whoever has entered core does last. */
static void settle(struct fixture *f)
{
    directory_settle(&f->directory);
}

static void init_vm(struct fake_vm *vm)
{
    *vm = (struct fake_vm){ .link.ops = &link_ops, .room = SIZE_MAX };
    buf_init(&vm->input, 1 << 20);
}

static struct console *attach(struct fixture *f, struct fake_vm *vm,
                              const char *uuid, const char *label)
{
    struct vm_identity who = { .uuid = uuid, .label = label, .name = "web" };

    if (directory_attach_vm(&f->directory, &vm->link, &who, 0) !=
        DIRECTORY_ATTACHED)
        return NULL;
    return vm->link.console;
}

static const struct client_origin origin = {
    .door = CLIENT_DOOR_PORT,
    .right = RIGHT_BREAK,
    .peer = "192.0.2.1:1",
};

static bool come(struct fixture *f, struct fake_client *c)
{
    struct err why;

    return client_attach(&c->client, f->console, 0, &why) == CLIENT_ATTACHED;
}

/* Client b is the author of all input. */
static struct client *author(struct fixture *f)
{
    if (f->b.client.console == NULL)
        assert_true(come(f, &f->b));
    return &f->b.client;
}

static void type(struct fixture *f, struct slice bytes)
{
    assert_true(client_input(author(f), bytes, 1));
}

static void type_break(struct fixture *f, bool is_on)
{
    client_break(author(f), is_on);
}

static void start(struct fixture *f, const struct directory_settings *with)
{
    directory_init(&f->directory, with);
    init_vm(&f->vm);
    init_vm(&f->other);
    client_init(&f->a.client, &client_ops, &origin);
    client_init(&f->b.client, &client_ops, &origin);
    f->console = attach(f, &f->vm, "u1", "s0");
    assert_non_null(f->console);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    start(f, &settings);
    *state = f;
    return 0;
}

static void stop(struct fixture *f)
{
    client_detach(&f->a.client, 0);
    client_detach(&f->b.client, 0);
    console_detach_vm(&f->vm.link, "end", 0);
    console_detach_vm(&f->other.link, "end", 0);
    buf_done(&f->vm.input);
    buf_done(&f->other.input);
    directory_done(&f->directory);
}

static int teardown(void **state)
{
    stop(*state);
    free(*state);
    return 0;
}

static void clients_are_told_of_people(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    settle(f);
    assert_int_equal(f->a.people_changes, 1);
    assert_true(come(f, &f->b));
    client_set_right(&f->b.client, RIGHT_READ);
    settle(f);
    assert_int_equal(f->a.people_changes, 2);
    assert_int_equal(f->b.people_changes, 1);
    client_detach(&f->b.client, 0);
    settle(f);
    assert_int_equal(f->a.people_changes, 3);
}

/* Output of so many bytes, whatever they are. */
static void print(struct fixture *f, size_t len)
{
    static uint8_t bytes[RING];

    console_output(f->console, slice_of(bytes, len));
    settle(f);
}

static uint64_t take(struct fake_client *c, size_t most, uint64_t now_us)
{
    struct ring_span span;
    uint64_t lost = reader_peek(&c->client.reader, &span);
    size_t len = span.part[0].len + span.part[1].len;

    client_took(&c->client, len < most ? len : most, now_us);
    return lost;
}

/* The oldest fact; its kind is one of these, or there is none. */
enum { NO_FACT = -1 };
struct seen {
    int kind;
    struct fact fact;
    char former_name[32];
};

static struct seen take_fact(struct fact_queue *q)
{
    struct seen seen = { .kind = NO_FACT };

    if (!fact_take(q, &seen.fact))
        return seen;
    seen.kind = (int)seen.fact.kind;
    if (seen.fact.kind == FACT_VM_RENAMED)
        snprintf(seen.former_name, sizeof seen.former_name, "%s",
                 seen.fact.vm_renamed.former_name);
    fact_done(&seen.fact);
    return seen;
}

/* -- output ------------------------------------------------------------- */

static void client_gets_what_comes_from_its_attaching_on(void **state)
{
    struct fixture *f = *state;
    struct ring_span span;

    print(f, 10);
    assert_true(come(f, &f->a));
    print(f, 7);
    assert_int_equal(f->a.pulls, 1);
    assert_int_equal(reader_peek(&f->a.client.reader, &span), 0);
    assert_int_equal(span.part[0].len, 7);
}

static void ring_starts_small_and_grows_with_use(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->console->output.cap, 0);
    print(f, 1);
    assert_int_equal(f->console->output.cap, LIMIT_RING_FIRST);
    print(f, 10000);
    assert_int_equal(f->console->output.cap, 16384);
    for (int i = 0; i < 5; i++)
        print(f, RING);
    assert_int_equal(f->console->output.cap, RING);
    assert_int_equal(f->directory.history_used, RING);
}

static void all_rings_together_stay_in_their_budget(void **state)
{
    struct fixture *f = *state;
    struct directory_settings tight = settings;

    stop(f);
    tight.history_total = 20000;
    start(f, &tight);
    print(f, RING);
    /* The first memory is granted beyond the total, growth is not. */
    assert_int_equal(f->console->output.cap, LIMIT_RING_FIRST);
    assert_int_equal(console_output_room(f->console), LIMIT_RING_FIRST);
}

static void room_is_what_the_slowest_client_leaves(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(console_output_room(f->console), RING);
    assert_true(come(f, &f->a));
    assert_true(come(f, &f->b));
    print(f, 1000);
    take(&f->a, 1000, 0);
    assert_int_equal(console_output_room(f->console), RING - 1000);
    take(&f->b, 400, 0);
    assert_int_equal(console_output_room(f->console), RING - 600);
    print(f, RING - 1000);
    assert_int_equal(console_output_room(f->console), 0);
}

static void vm_is_read_again_when_half_of_the_ring_is_free(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    print(f, RING);
    console_hold(f->console, 0);
    take(&f->a, RING / 2 - 1, 10);
    settle(f);
    assert_int_equal(f->vm.resumes, 0);
    take(&f->a, 1, 10);
    settle(f);
    assert_int_equal(f->vm.resumes, 1);
    assert_false(deadline_is_running(&f->console->hold));
}

static void client_that_takes_nothing_lags_when_the_hold_is_due(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    print(f, RING);
    console_hold(f->console, 0);
    assert_null(deadline_pop(&f->directory.short_holds, SHORT_HOLD_US - 1));
    assert_ptr_equal(deadline_pop(&f->directory.short_holds, SHORT_HOLD_US),
                     &f->console->hold);
    console_short_hold_due(f->console, SHORT_HOLD_US);
    settle(f);
    assert_int_equal(f->a.client.reader.pace, READER_FOLLOWS);
    assert_null(deadline_pop(&f->directory.holds, HOLD_US - 1));
    assert_ptr_equal(deadline_pop(&f->directory.holds, HOLD_US),
                     &f->console->hold);
    console_hold_due(f->console, HOLD_US);
    assert_int_equal(f->a.client.reader.pace, READER_LAGS);
    settle(f);
    assert_int_equal(f->vm.resumes, 2);
    assert_int_equal(console_output_room(f->console), RING);
    print(f, 100);
    assert_int_equal(take(&f->a, 0, HOLD_US), 100);
}

static void vm_that_is_held_back_is_read_a_ring_ahead(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    print(f, RING);
    console_hold(f->console, 0);
    assert_int_equal(console_output_room(f->console), 0);
    console_short_hold_due(f->console, SHORT_HOLD_US);
    settle(f);
    assert_int_equal(f->vm.resumes, 1);
    assert_int_equal(console_output_room(f->console), RING);
    print(f, RING - 1);
    /* To the last byte, because a command may be the next one. */
    assert_int_equal(console_output_room(f->console), 1);
    print(f, 1);
    assert_int_equal(console_output_room(f->console), 0);
    assert_int_equal(take(&f->a, 2 * RING, 20), 0);
    assert_false(deadline_is_running(&f->console->hold));
    assert_int_equal(console_output_room(f->console), RING);
    /* The memory goes back with the next output. */
    print(f, 1);
    assert_int_equal(f->console->output.cap, RING);
    assert_int_equal(f->directory.history_used, RING);
}

static void client_that_takes_half_a_ring_in_time_is_waited_for(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    print(f, RING);
    console_hold(f->console, 0);
    console_short_hold_due(f->console, SHORT_HOLD_US);
    print(f, RING);
    take(&f->a, RING / 2, 20);
    console_hold_due(f->console, HOLD_US);
    assert_int_equal(f->a.client.reader.pace, READER_FOLLOWS);
    assert_true(deadline_is_running(&f->console->hold));
    take(&f->a, RING / 2 - 1, HOLD_US + 20);
    console_hold_due(f->console, 2 * HOLD_US);
    assert_int_equal(f->a.client.reader.pace, READER_LAGS);
    assert_false(deadline_is_running(&f->console->hold));
}

static void output_that_cannot_wait_makes_room_for_itself(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    print(f, RING);
    console_make_room(f->console, RING, 0);
    assert_int_equal(f->a.client.reader.pace, READER_FOLLOWS);
    print(f, RING);
    console_make_room(f->console, 1, 0);
    assert_int_equal(f->a.client.reader.pace, READER_LAGS);
}

static void sole_client_that_takes_something_is_waited_for_again(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    print(f, RING);
    console_hold(f->console, 0);
    console_hold_due(f->console, HOLD_US);
    take(&f->a, 10, HOLD_US);
    assert_int_equal(f->a.client.reader.pace, READER_FOLLOWS);
}

static void one_that_lags_beside_a_faster_one_has_to_catch_up(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    assert_true(come(f, &f->b));
    print(f, RING);
    take(&f->b, RING, 0);
    console_hold(f->console, 0);
    console_hold_due(f->console, HOLD_US);
    assert_int_equal(f->a.client.reader.pace, READER_LAGS);
    assert_int_equal(f->b.client.reader.pace, READER_FOLLOWS);
    take(&f->a, RING / 2, HOLD_US);
    assert_int_equal(f->a.client.reader.pace, READER_LAGS);
    take(&f->a, RING, HOLD_US);
    assert_int_equal(f->a.client.reader.pace, READER_FOLLOWS);
}

/* It reads, but so slowly that others wait: its time adds up. */
static void time_that_others_wait_counts_against_the_slow_one(void **state)
{
    struct fixture *f = *state;
    uint64_t now_us = 0;
    int holds = 0;

    assert_true(come(f, &f->a));
    assert_true(come(f, &f->b));
    for (; f->a.client.reader.pace == READER_FOLLOWS && holds < 100; holds++) {
        print(f, console_output_room(f->console));
        take(&f->b, RING, now_us);
        console_hold(f->console, now_us);
        now_us += HOLD_US / 4;
        take(&f->a, RING / 2 + 1, now_us);
    }
    assert_int_equal(holds, 5);
}

static void client_that_leaves_frees_the_vm(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    print(f, RING);
    console_hold(f->console, 0);
    client_detach(&f->a.client, 0);
    settle(f);
    assert_int_equal(f->vm.resumes, 1);
}

/* -- input -------------------------------------------------------------- */

static void input_goes_to_the_vm_or_nowhere(void **state)
{
    struct fixture *f = *state;

    type(f, slice_of_text("ls\r"));
    settle(f);
    assert_true(slice_is_equal(buf_bytes(&f->vm.input), slice_of_text("ls\r")));
    console_detach_vm(&f->vm.link, "gone", 0);
    type(f, slice_of_text("lost"));
    attach(f, &f->other, "u1", "s0");
    settle(f);
    assert_int_equal(f->other.input.len, 0);
}

static void what_the_link_does_not_take_is_kept_in_order(void **state)
{
    struct fixture *f = *state;

    f->vm.room = 3;
    type(f, slice_of_text("abcdef"));
    type(f, slice_of_text("ghi"));
    settle(f);
    assert_true(slice_is_equal(buf_bytes(&f->vm.input), slice_of_text("abc")));
    f->vm.room = 4;
    console_set_link_full(f->console, false);
    settle(f);
    f->vm.room = 100;
    type(f, slice_of_text("jkl"));
    console_set_link_full(f->console, false);
    settle(f);
    settle(f);
    settle(f);
    assert_true(
        slice_is_equal(buf_bytes(&f->vm.input), slice_of_text("abcdefghijkl")));
}

static void full_link_stops_the_clients_until_it_is_not(void **state)
{
    static uint8_t much[HELD_MAX];
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    f->vm.room = 0;
    type(f, slice_of(much, sizeof much - 1));
    assert_true(console_takes_input(f->console));
    type(f, slice_of(much, 1));
    assert_false(console_takes_input(f->console));
    settle(f);
    assert_int_equal(f->a.input_changes, 1);
    f->vm.room = sizeof much;
    console_set_link_full(f->console, false);
    settle(f);
    assert_true(console_takes_input(f->console));
    settle(f);
    assert_int_equal(f->a.input_changes, 2);
}

static void break_keeps_its_place_in_the_input(void **state)
{
    struct fixture *f = *state;

    type_break(f, true);
    f->vm.room = 1;
    type(f, slice_of_text("ab"));
    type_break(f, true);
    type_break(f, false);
    type(f, slice_of_text("h"));
    f->vm.room = 100;
    console_set_link_full(f->console, false);
    settle(f);
    settle(f);
    assert_true(
        slice_is_equal(buf_bytes(&f->vm.input), slice_of_text("^ab^h")));
}

static void purged_input_is_gone(void **state)
{
    struct fixture *f = *state;

    f->vm.room = 1;
    type(f, slice_of_text("abc"));
    type_break(f, true);
    console_purge_input(f->console);
    f->vm.room = 100;
    console_set_link_full(f->console, false);
    settle(f);
    type(f, slice_of_text("d"));
    settle(f);
    assert_true(slice_is_equal(buf_bytes(&f->vm.input), slice_of_text("ad")));
}

static void purged_output_is_not_waited_for(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    print(f, RING);
    console_hold(f->console, 0);
    console_purge_output(f->console, 0);
    assert_true(client_has_caught_up(&f->a.client));
    assert_false(deadline_is_running(&f->console->hold));
}

static void vm_sees_its_clients_lines(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(console_lines(f->console, LINE_VM), LINE_DSR | LINE_CTS);
    assert_true(come(f, &f->a));
    settle(f);
    assert_true(come(f, &f->b));
    settle(f);
    assert_int_equal(console_lines(f->console, LINE_VM),
                     LINE_DSR | LINE_CTS | LINE_DCD);
    client_set_lines(&f->a.client, 0);
    settle(f);
    assert_int_equal(console_lines(f->console, LINE_VM),
                     LINE_DSR | LINE_CTS | LINE_DCD);
    client_set_lines(&f->b.client, LINE_RTS);
    settle(f);
    assert_int_equal(console_lines(f->console, LINE_VM), LINE_CTS);
    client_detach(&f->a.client, 0);
    settle(f);
    client_detach(&f->b.client, 0);
    settle(f);
    assert_int_equal(console_lines(f->console, LINE_VM), LINE_DSR | LINE_CTS);
    settle(f);
    assert_int_equal(f->vm.line_changes, 6);
}

static void clients_see_their_vms_lines(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    assert_int_equal(console_lines(f->console, LINE_CLIENTS),
                     LINE_DSR | LINE_CTS | LINE_DCD);
    console_set_vm_lines(f->console, LINE_DTR);
    assert_int_equal(console_lines(f->console, LINE_CLIENTS),
                     LINE_DSR | LINE_DCD);
    settle(f);
    assert_int_equal(f->a.line_changes, 1);
    console_set_vm_lines(f->console, LINE_DTR);
    settle(f);
    assert_int_equal(f->a.line_changes, 1);
    console_detach_vm(&f->vm.link, "gone", 0);
    assert_int_equal(console_lines(f->console, LINE_CLIENTS), 0);
    attach(f, &f->other, "u1", "s0");
    assert_int_equal(console_lines(f->console, LINE_CLIENTS),
                     LINE_DSR | LINE_CTS | LINE_DCD);
}

static void a_side_that_has_set_nothing_is_told_the_others_settings(
    void **state)
{
    struct line l;

    (void)state;
    line_init(&l);
    assert_string_equal(line_format(&l, LINE_VM).text, "9600,8N1");
    assert_true(line_set(&l, LINE_VM, LINE_BAUD, 115200));
    assert_true(line_set(&l, LINE_CLIENTS, LINE_PARITY, 3));
    assert_true(line_set(&l, LINE_CLIENTS, LINE_STOP_BITS, 3));
    assert_string_equal(line_format(&l, LINE_CLIENTS).text, "115200,8E1.5");
    assert_true(line_set(&l, LINE_CLIENTS, LINE_BAUD, 4000000));
    assert_string_equal(line_format(&l, LINE_VM).text, "115200,8E1.5");
}

static void impossible_settings_are_not_taken(void **state)
{
    static const struct {
        enum line_setting what;
        uint32_t value;
    } impossible[] = {
        { LINE_BAUD, 0 },          { LINE_DATA_BITS, 4 },
        { LINE_DATA_BITS, 9 },     { LINE_PARITY, 6 },
        { LINE_STOP_BITS, 4 },     { LINE_FLOW, 4 },
        { LINE_FLOW, 18 },         { LINE_INBOUND_FLOW, 13 },
        { LINE_INBOUND_FLOW, 17 },
    };
    struct line l;

    (void)state;
    line_init(&l);
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++)
        assert_false(
            line_set(&l, LINE_VM, impossible[i].what, impossible[i].value));
    assert_true(line_set(&l, LINE_VM, LINE_FLOW, 2));
    assert_int_equal(line_get(&l, LINE_VM, LINE_INBOUND_FLOW), 15);
}

static void held_input_is_kept_in_order_and_stops_the_clients(void **state)
{
    static uint8_t much[HELD_MAX];
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    console_hold_input(f->console);
    type(f, slice_of_text("first"));
    assert_true(console_takes_input(f->console));
    type(f, slice_of(much, sizeof much));
    assert_false(console_takes_input(f->console));
    settle(f);
    assert_int_equal(f->vm.input.len, 0);
    console_release_input(f->console);
    settle(f);
    assert_true(console_takes_input(f->console));
    settle(f);
    assert_int_equal(f->vm.input.len, 5 + sizeof much);
    assert_memory_equal(buf_bytes(&f->vm.input).data, "first", 5);
}

/* -- VMs ---------------------------------------------------------------- */

static void newest_connection_wins_and_clients_stay(void **state)
{
    struct fixture *f = *state;
    struct view_item item;

    assert_true(come(f, &f->a));
    assert_ptr_equal(attach(f, &f->other, "u1", "s0"), f->console);
    assert_int_equal(f->vm.dismissals, 1);
    assert_null(f->vm.link.console);
    assert_ptr_equal(f->console->link, &f->other.link);
    assert_int_equal(f->console->client_count, 1);
    client_next(&f->a.client, &item);
    assert_int_equal(item.kind, VIEW_NOTICE);
    assert_int_equal(item.notice, VIEW_NOTICE_GONE_AND_BACK);
}

static void facts_are_told_in_order(void **state)
{
    struct fixture *f = *state;
    struct fact_queue *q = &f->directory.facts;

    struct seen seen = take_fact(q);

    assert_int_equal(seen.kind, FACT_VM_ATTACHED);
    assert_true(seen.fact.vm_attached.is_new);
    assert_int_equal(take_fact(q).kind, NO_FACT);
    directory_rename(f->console, "db", 0);
    directory_rename(f->console, "db", 0);
    console_detach_vm(&f->vm.link, "because", 0);
    seen = take_fact(q);
    assert_int_equal(seen.kind, FACT_VM_RENAMED);
    assert_string_equal(seen.former_name, "web");
    assert_string_equal(take_fact(q).fact.vm_detached.reason, "because");
    assert_int_equal(take_fact(q).kind, NO_FACT);
}

static void a_vm_that_renames_itself_is_told_once_a_second(void **state)
{
    struct fixture *f = *state;
    struct fact_queue *q = &f->directory.facts;
    struct deadline_queue *renames = &f->directory.renames;
    char name[16];
    struct seen seen;

    (void)take_fact(q);
    for (int i = 0; i < 9000; i++) {
        snprintf(name, sizeof name, "n%d", i);
        directory_rename(f->console, name, 0);
    }
    assert_string_equal(f->console->name, "n0");
    assert_int_equal(take_fact(q).kind, FACT_VM_RENAMED);
    assert_int_equal(take_fact(q).kind, NO_FACT);
    deadline_queue_fire(renames, LIMIT_RENAME_US - 1);
    assert_string_equal(f->console->name, "n0");
    deadline_queue_fire(renames, LIMIT_RENAME_US);
    assert_string_equal(f->console->name, "n8999");
    seen = take_fact(q);
    assert_string_equal(seen.former_name, "n0");
    assert_int_equal(seen.fact.vm_renamed.others, 8998);
    assert_int_equal(take_fact(q).kind, NO_FACT);
}

static void a_vm_that_has_its_name_again_was_not_renamed(void **state)
{
    struct fixture *f = *state;
    struct fact_queue *q = &f->directory.facts;
    struct deadline_queue *renames = &f->directory.renames;

    (void)take_fact(q);
    directory_rename(f->console, "a", 0);
    directory_rename(f->console, "b", 1);
    directory_rename(f->console, "a", 2);
    (void)take_fact(q);
    deadline_queue_fire(renames, LIMIT_RENAME_US);
    assert_string_equal(f->console->name, "a");
    assert_int_equal(take_fact(q).kind, NO_FACT);
    /* A second has gone by without another name: the next one counts at
     * once. */
    assert_null(f->console->rename);
    directory_rename(f->console, "c", LIMIT_RENAME_US);
    assert_string_equal(f->console->name, "c");
    /* A name that waits goes with the console. */
    directory_rename(f->console, "d", LIMIT_RENAME_US);
}

static void a_console_is_new_once(void **state)
{
    static const struct vm_identity same = { "u1", "s0", "web" };
    static const struct vm_identity known = { "u9", "s0", "known" };
    struct fixture *f = *state;
    struct fact_queue *q = &f->directory.facts;

    assert_true(take_fact(q).fact.vm_attached.is_new);
    console_detach_vm(&f->vm.link, "gone", 0);
    directory_attach_vm(&f->directory, &f->vm.link, &same, 0);
    assert_int_equal(take_fact(q).kind, FACT_VM_DETACHED);
    assert_false(take_fact(q).fact.vm_attached.is_new);
    assert_non_null(directory_restore(&f->directory, &known, &used));
    directory_attach_vm(&f->directory, &f->other.link, &known, 0);
    assert_false(take_fact(q).fact.vm_attached.is_new);
    /* Names that nobody takes are freed with the queue. */
    directory_rename(f->console, "db", 0);
    directory_rename(f->console, "web", 0);
}

static void clients_that_are_served_are_facts(void **state)
{
    struct fixture *f = *state;
    struct fact_queue *q = &f->directory.facts;
    struct seen seen;

    (void)take_fact(q);
    assert_true(come(f, &f->a));
    assert_int_equal(take_fact(q).kind, FACT_PROVEN);
    f->a.client.is_encrypted = true;
    client_report_attached(&f->a.client);
    seen = take_fact(q);
    assert_int_equal(seen.kind, FACT_CLIENT_ATTACHED);
    assert_ptr_equal(seen.fact.console, f->console);
    assert_string_equal(seen.fact.client.peer, "192.0.2.1:1");
    assert_true(seen.fact.client.is_encrypted);
    f->a.client.is_encrypted = false;
    client_report_detached(&f->a.client);
    seen = take_fact(q);
    assert_int_equal(seen.kind, FACT_CLIENT_DETACHED);
    assert_false(seen.fact.client.is_encrypted);
}

static void console_expires_only_when_all_have_left(void **state)
{
    struct fixture *f = *state;

    assert_true(come(f, &f->a));
    console_detach_vm(&f->vm.link, "gone", 10);
    assert_null(deadline_first(&f->directory.expiries));
    client_detach(&f->a.client, 20);
    assert_null(deadline_pop(&f->directory.expiries, 20 + EXPIRE_US - 1));
    assert_ptr_equal(deadline_pop(&f->directory.expiries, 20 + EXPIRE_US),
                     &f->console->expiry);
    directory_remove(f->console);
    assert_null(directory_find(&f->directory, "u1", "s0"));
    assert_int_equal(f->directory.console_count, 0);
}

static void serial_ports_of_a_vm_are_consoles_with_their_labels(void **state)
{
    struct fixture *f = *state;
    struct console *second;

    assert_string_equal(console_name(f->console).text, "web");
    second = attach(f, &f->other, "u1", "s1");
    assert_ptr_not_equal(second, f->console);
    assert_string_equal(console_name(f->console).text, "web/s0");
    assert_string_equal(console_name(second).text, "web/s1");
    assert_string_equal(console_id(second).text, "u1/s1");
    console_detach_vm(&f->vm.link, "gone", 0);
    directory_remove(f->console);
    assert_ptr_equal(directory_find(&f->directory, "u1", NULL), second);
    assert_string_equal(console_name(second).text, "web");
}

static void clients_of_a_console_are_bounded(void **state)
{
    struct fixture *f = *state;

    f->directory.settings.client_limit = 1;
    assert_true(come(f, &f->a));
    assert_false(come(f, &f->b));
    client_detach(&f->a.client, 0);
    assert_true(come(f, &f->b));
}

/* -- ports -------------------------------------------------------------- */

static void clients_without_a_vm_come_and_go_as_facts(void **state)
{
    struct fixture *f = *state;
    struct fact_queue *q = &f->directory.facts;

    (void)take_fact(q);
    assert_true(come(f, &f->a));
    assert_int_equal(take_fact(q).kind, FACT_PROVEN);
    assert_int_equal(take_fact(q).kind, NO_FACT);
    console_detach_vm(&f->vm.link, "gone", 0);
    assert_int_equal(take_fact(q).kind, FACT_VM_DETACHED);
    client_detach(&f->a.client, 0);
    assert_int_equal(take_fact(q).kind, FACT_DESERTED);
    assert_true(come(f, &f->a));
    assert_int_equal(take_fact(q).kind, FACT_VISITED);
    assert_int_equal(take_fact(q).kind, NO_FACT);
}

static void restored_console_expires_by_when_it_was_left(void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct console *first = directory_restore(
        d, &(struct vm_identity){ .uuid = "u8", .label = "a", .name = "n" },
        &used);
    struct console *second = directory_restore(
        d, &(struct vm_identity){ .uuid = "u9", .label = "a", .name = "n" },
        &used);

    assert_null(directory_restore(
        d, &(struct vm_identity){ .uuid = "u9", .label = "a", .name = "n" },
        &used));
    /* The clock has just begun. */
    directory_restore_expiry(second, EXPIRE_US - 10, 100);
    directory_restore_expiry(first, 0, 100);
    assert_ptr_equal(deadline_pop(&d->expiries, 110), &second->expiry);
    assert_null(deadline_pop(&d->expiries, 100 + EXPIRE_US - 1));
    assert_ptr_equal(deadline_pop(&d->expiries, 100 + EXPIRE_US),
                     &first->expiry);
}

/* Takes facts up to the last. It is kept as what it is before it is forgotten
 * as what it was. */
static bool has_fact_behind(struct fact_queue *q, enum fact_kind first,
                            enum fact_kind last)
{
    int before = NO_FACT;
    int kind;

    while ((kind = take_fact(q).kind) != NO_FACT && kind != (int)last)
        before = kind;
    return kind == (int)last && before == (int)first;
}

static void console_without_a_label_is_the_first_unknown_port_of_its_vm(
    void **state)
{
    struct fixture *f = *state;
    struct directory *d = &f->directory;
    struct fact_queue *q = &d->facts;
    struct console *known = directory_restore(
        d, &(struct vm_identity){ .uuid = "u9", .label = "a", .name = "n" },
        &used);
    struct console *c = directory_restore(
        d, &(struct vm_identity){ .uuid = "u9", .label = "", .name = "n" },
        &used);

    assert_int_equal(take_fact(q).kind, FACT_VM_ATTACHED);
    assert_ptr_equal(attach(f, &f->vm, "u9", "a"), known);
    assert_string_equal(c->label, "");
    assert_ptr_equal(attach(f, &f->other, "u9", "b"), c);
    assert_string_equal(console_id(c).text, "u9/b");
    assert_ptr_equal(directory_find(d, "u9", "b"), c);
    assert_null(directory_find(d, "u9", ""));
    assert_true(has_fact_behind(q, FACT_VM_ATTACHED, FACT_LABELLED));
    assert_int_equal(take_fact(q).kind, NO_FACT);
    assert_ptr_not_equal(attach(f, &f->vm, "u9", "c"), c);
    assert_int_equal(d->console_count, 4);
}

static void first_free_port_upwards_is_taken(void **state)
{
    struct ports p;
    uint16_t port = 0;

    (void)state;
    ports_init(&p, 1000, 1200);
    for (uint16_t i = 1000; i <= 1200; i++) {
        assert_true(ports_take(&p, &port));
        assert_int_equal(port, i);
    }
    assert_false(ports_take(&p, &port));
    ports_release(&p, 1150);
    ports_release(&p, 1003);
    assert_true(ports_take(&p, &port));
    assert_int_equal(port, 1003);
    assert_true(ports_take(&p, &port));
    assert_int_equal(port, 1150);
    ports_done(&p);
}

static void a_certain_port_is_had_once(void **state)
{
    struct ports p;
    uint16_t port;

    (void)state;
    ports_init(&p, 1000, 1002);
    assert_true(ports_take_number(&p, 1001));
    assert_false(ports_take_number(&p, 1001));
    assert_false(ports_take_number(&p, 999));
    assert_false(ports_take_number(&p, 1003));
    assert_true(ports_take(&p, &port));
    assert_int_equal(port, 1000);
    assert_true(ports_take(&p, &port));
    assert_int_equal(port, 1002);
    ports_set_foreign(&p, 1002);
    assert_true(ports_take_number(&p, 1002));
    assert_false(ports_take(&p, &port));
    ports_done(&p);
}

static void port_of_somebody_else_is_tried_again_as_the_last(void **state)
{
    struct ports p;
    uint16_t port = 0;

    (void)state;
    ports_init(&p, 1000, 1001);
    assert_true(ports_take(&p, &port));
    ports_set_foreign(&p, port);
    assert_true(ports_take(&p, &port));
    assert_int_equal(port, 1001);
    assert_true(ports_take(&p, &port));
    assert_int_equal(port, 1000);
    ports_done(&p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(client_gets_what_comes_from_its_attaching_on),
        TEST(ring_starts_small_and_grows_with_use),
        TEST(all_rings_together_stay_in_their_budget),
        TEST(room_is_what_the_slowest_client_leaves),
        TEST(vm_is_read_again_when_half_of_the_ring_is_free),
        TEST(client_that_takes_nothing_lags_when_the_hold_is_due),
        TEST(vm_that_is_held_back_is_read_a_ring_ahead),
        TEST(client_that_takes_half_a_ring_in_time_is_waited_for),
        TEST(output_that_cannot_wait_makes_room_for_itself),
        TEST(sole_client_that_takes_something_is_waited_for_again),
        TEST(one_that_lags_beside_a_faster_one_has_to_catch_up),
        TEST(time_that_others_wait_counts_against_the_slow_one),
        TEST(client_that_leaves_frees_the_vm),
        TEST(input_goes_to_the_vm_or_nowhere),
        TEST(what_the_link_does_not_take_is_kept_in_order),
        TEST(full_link_stops_the_clients_until_it_is_not),
        TEST(break_keeps_its_place_in_the_input),
        TEST(purged_input_is_gone),
        TEST(purged_output_is_not_waited_for),
        TEST(vm_sees_its_clients_lines),
        TEST(clients_see_their_vms_lines),
        TEST(clients_are_told_of_people),
        cmocka_unit_test(
            a_side_that_has_set_nothing_is_told_the_others_settings),
        cmocka_unit_test(impossible_settings_are_not_taken),
        TEST(held_input_is_kept_in_order_and_stops_the_clients),
        TEST(newest_connection_wins_and_clients_stay),
        TEST(facts_are_told_in_order),
        TEST(a_vm_that_renames_itself_is_told_once_a_second),
        TEST(a_vm_that_has_its_name_again_was_not_renamed),
        TEST(a_console_is_new_once),
        TEST(clients_that_are_served_are_facts),
        TEST(console_expires_only_when_all_have_left),
        TEST(serial_ports_of_a_vm_are_consoles_with_their_labels),
        TEST(clients_of_a_console_are_bounded),
        TEST(clients_without_a_vm_come_and_go_as_facts),
        TEST(restored_console_expires_by_when_it_was_left),
        TEST(console_without_a_label_is_the_first_unknown_port_of_its_vm),
        cmocka_unit_test(first_free_port_upwards_is_taken),
        cmocka_unit_test(a_certain_port_is_had_once),
        cmocka_unit_test(port_of_somebody_else_is_tried_again_as_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a client is shown next: items in the order of the output. */
#include "core/directory.h"
#include "core/told/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RING = 4 * KIB };

struct fixture {
    struct directory directory;
    struct vm_link vm;
    struct client client;
    struct console *console;
    char shown[512]; /* "bytes<notice>": what came, in order */
};

static void on_client(struct client *client)
{
    (void)client;
}

static void on_link(struct vm_link *link)
{
    (void)link;
}

static const struct client_ops client_ops = {
    .pull = on_client,
    .input_changed = on_client,
    .lines_changed = on_client,
};

static const struct vm_link_ops link_ops = {
    .resume = on_link,
    .lines_changed = on_link,
};

static int setup(void **state)
{
    static const struct directory_settings settings = {
        .seed = { 1, 2 },
        .hold_us = 1000,
        .ring_max = RING,
        .history_total = 1 << 20,
        .held_input_max = 64 * KIB,
    };
    static const struct vm_identity who = { "u1", "s0", "web" };
    static const struct client_origin origin = { .right = RIGHT_BREAK,
                                                 .peer = "" };
    struct fixture *f = calloc(1, sizeof *f);
    struct err why;

    assert_non_null(f);
    directory_init(&f->directory, &settings);
    f->vm.ops = &link_ops;
    client_init(&f->client, &client_ops, &origin);
    assert_int_equal(directory_attach_vm(&f->directory, &f->vm, &who, 0),
                     DIRECTORY_ATTACHED);
    f->console = f->vm.console;
    assert_int_equal(client_attach(&f->client, f->console, 0, &why),
                     CLIENT_ATTACHED);
    view_init(&f->client.view); /* that its VM has come is no news here */
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    client_detach(&f->client, 0);
    console_detach_vm(&f->vm, "end", 0);
    directory_done(&f->directory);
    free(f);
    return 0;
}

static void print(struct fixture *f, const char *text)
{
    console_output(f->console, slice_of_text(text));
    directory_settle(&f->directory);
}

static void note(struct fixture *f, enum view_notice notice)
{
    view_note(&f->client.view, notice, f->console->output.head);
}

static void note_break(struct fixture *f, bool is_on)
{
    view_note_break(&f->client.view, is_on, f->console->output.head);
}

static void show(struct fixture *f, const char *before, struct slice bytes,
                 const char *after)
{
    size_t at = strlen(f->shown);

    snprintf(f->shown + at, sizeof f->shown - at, "%s%.*s%s", before,
             (int)bytes.len, (const char *)bytes.data, after);
}

static void show_mark(struct fixture *f, const char *text)
{
    show(f, "<", slice_of_text(text), ">");
}

/* Takes at most so many bytes in each step, until nothing more is shown. */
static const char *all_that_is_shown(struct fixture *f, size_t most)
{
    static const char *const notices[] = {
        "", "gone", "back", "gone and back", "taken over", "taken over and gone"
    };
    struct view_item item;

    f->shown[0] = '\0';
    for (client_next(&f->client, &item); item.kind != VIEW_NOTHING;
         client_next(&f->client, &item)) {
        struct slice bytes = item.bytes.part[0];

        if (bytes.len > most)
            bytes.len = most;
        if (item.kind == VIEW_BYTES) {
            show(f, "", bytes, "");
            client_took(&f->client, bytes.len, 0);
        } else if (item.kind == VIEW_NOTICE) {
            show_mark(f, notices[item.notice]);
        } else if (item.kind == VIEW_BREAK) {
            show_mark(f, item.is_on ? "on" : "off");
        } else if (item.kind == VIEW_SKIPPED) {
            show_mark(f, item.skipped > 0 ? "n skipped" : "0 skipped");
        } else {
            show_mark(f, "end");
        }
    }
    return f->shown;
}

static void what_belongs_to_a_place_is_shown_there(void **state)
{
    struct fixture *f = *state;

    for (size_t most = 1; most <= 8; most++) {
        print(f, "one");
        note(f, VIEW_NOTICE_GONE);
        print(f, "two");
        note_break(f, true);
        note_break(f, false);
        print(f, "three");
        assert_string_equal(all_that_is_shown(f, most),
                            "one<gone>two<on><off>three");
    }
}

static void notices_that_wait_are_one_where_the_first_was(void **state)
{
    struct fixture *f = *state;

    print(f, "a");
    note(f, VIEW_NOTICE_GONE);
    print(f, "b");
    note(f, VIEW_NOTICE_BACK);
    print(f, "c");
    assert_string_equal(all_that_is_shown(f, 9), "a<gone and back>bc");
    note(f, VIEW_NOTICE_BACK);
    assert_string_equal(all_that_is_shown(f, 9), "<back>");
}

/* Whoever takes a console over may reconnect as often as it likes. */
static void a_takeover_is_told_whatever_comes_behind_it(void **state)
{
    struct fixture *f = *state;

    note(f, VIEW_NOTICE_GONE);
    note(f, VIEW_NOTICE_TAKEN_OVER);
    assert_string_equal(all_that_is_shown(f, 9), "<taken over>");
    note(f, VIEW_NOTICE_TAKEN_OVER);
    note(f, VIEW_NOTICE_GONE);
    note(f, VIEW_NOTICE_GONE);
    assert_string_equal(all_that_is_shown(f, 9), "<taken over and gone>");
    note(f, VIEW_NOTICE_TAKEN_OVER);
    note(f, VIEW_NOTICE_GONE);
    note(f, VIEW_NOTICE_BACK);
    assert_string_equal(all_that_is_shown(f, 9), "<taken over>");
}

static void of_breaks_that_wait_the_last_one_is_shown(void **state)
{
    struct fixture *f = *state;

    print(f, "a");
    note_break(f, true);
    print(f, "b");
    note_break(f, true);
    print(f, "c");
    assert_string_equal(all_that_is_shown(f, 9), "ab<on>c");
}

/* Its end has no place that it could be in the way of. */
static void a_break_that_was_shown_ends_at_once(void **state)
{
    struct fixture *f = *state;

    note_break(f, true);
    assert_string_equal(all_that_is_shown(f, 9), "<on>");
    print(f, "waits");
    note_break(f, false);
    assert_string_equal(all_that_is_shown(f, 9), "<off>waits");
}

static void what_fell_out_of_the_ring_is_told_once(void **state)
{
    static char much[RING + 100];
    struct fixture *f = *state;

    f->client.reader.pace = READER_LAGS;
    memset(much, 'x', sizeof much - 1);
    print(f, much);
    client_skip(&f->client, 0);
    assert_string_equal(all_that_is_shown(f, 9), "");
    f->client.reader.pace = READER_LAGS;
    print(f, much);
    print(f, "!");
    f->client.reader.at = f->console->output.head - RING - 1;
    assert_int_equal(strncmp(all_that_is_shown(f, 16), "<n skipped>xxx", 14),
                     0);
}

static void nothing_is_shown_behind_the_end(void **state)
{
    struct fixture *f = *state;

    print(f, "last");
    view_end_at(&f->client.view, f->console->output.head);
    print(f, "too late");
    note(f, VIEW_NOTICE_GONE);
    assert_string_equal(all_that_is_shown(f, 3), "last<end>");
    assert_string_equal(all_that_is_shown(f, 3), "");
    assert_true(f->client.view.has_ended);
}

static void the_past_comes_before_the_ring(void **state)
{
    struct fixture *f = *state;
    struct past *past = past_new(6);

    if (past == NULL)
        abort();
    memcpy(past->bytes, "before", 6);
    note(f, VIEW_NOTICE_BACK);
    print(f, "now");
    view_show_past(&f->client.view, past, 2);
    past_leave(past);
    assert_true(view_has_past(&f->client.view));
    assert_string_equal(all_that_is_shown(f, 1), "fore<back>now");
    assert_false(view_has_past(&f->client.view));
}

static void another_console_has_other_places(void **state)
{
    static const struct vm_identity who = { "u2", "s0", "db" };
    struct fixture *f = *state;
    struct vm_link vm = { .ops = &link_ops };
    struct console *other;
    struct err why;

    print(f, "one");
    note(f, VIEW_NOTICE_GONE);
    assert_int_equal(directory_attach_vm(&f->directory, &vm, &who, 0),
                     DIRECTORY_ATTACHED);
    other = vm.console;
    client_detach(&f->client, 0);
    assert_int_equal(client_attach(&f->client, other, 0, &why),
                     CLIENT_ATTACHED);
    print(f, "not for it");
    console_output(other, slice_of_text("db:"));
    directory_settle(&f->directory);
    assert_string_equal(all_that_is_shown(f, 9), "db:");
    client_detach(&f->client, 0);
    console_detach_vm(&vm, "end", 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_belongs_to_a_place_is_shown_there),
        TEST(notices_that_wait_are_one_where_the_first_was),
        TEST(a_takeover_is_told_whatever_comes_behind_it),
        TEST(of_breaks_that_wait_the_last_one_is_shown),
        TEST(a_break_that_was_shown_ends_at_once),
        TEST(what_fell_out_of_the_ring_is_told_once),
        TEST(nothing_is_shown_behind_the_end),
        TEST(the_past_comes_before_the_ring),
        TEST(another_console_has_other_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

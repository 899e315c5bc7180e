/* buf, mem, map, deadline, text. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/sorting.h"
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_list_is_moved_behind_another(void **state)
{
    struct list from, to, node[3];

    (void)state;
    list_init(&from);
    list_init(&to);
    list_move_all(&from, &to);
    assert_true(list_is_empty(&to));
    list_add_tail(&to, &node[0]);
    list_add_tail(&from, &node[1]);
    list_add_tail(&from, &node[2]);
    list_move_all(&from, &to);
    assert_true(list_is_empty(&from));
    for (struct list *at = to.next, *next = node; at != &to; at = at->next) {
        assert_ptr_equal(at, next++);
        assert_ptr_equal(at->prev->next, at);
        assert_ptr_equal(at->next->prev, at);
    }
    assert_ptr_equal(to.prev, &node[2]);
    list_remove(&node[2]);
    assert_ptr_equal(to.prev, &node[1]);
}

static void buf_keeps_order_and_holds_nothing_when_empty(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    assert_null(b.data);
    assert_int_equal(buf_append(&b, slice_of_text("hello ")), 0);
    assert_int_equal(buf_append(&b, slice_of_text("world")), 0);
    buf_take(&b, 4);
    assert_true(slice_is_equal(buf_bytes(&b), slice_of_text("o world")));
    buf_take(&b, 7);
    assert_null(b.data);
    buf_done(&b);
}

static void buf_takes_all_or_nothing_up_to_its_maximum(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    assert_int_equal(buf_append(&b, slice_of_text("12345678")), 0);
    assert_int_equal(buf_append(&b, slice_of_text("abc")), -ENOBUFS);
    assert_int_equal(b.len, 8);
    assert_int_equal(buf_append(&b, slice_of_text("ab")), 0);
    assert_null(buf_reserve(&b, 1));
    buf_take(&b, 5);
    assert_int_equal(buf_append(&b, slice_of_text("cdefg")), 0);
    assert_true(slice_is_equal(buf_bytes(&b), slice_of_text("678abcdefg")));
    buf_done(&b);
}

static void buf_of_a_secret_is_like_any_other(void **state)
{
    char text[70];
    struct buf b;

    (void)state;
    memset(text, 'x', sizeof text);
    buf_init(&b, 140);
    assert_int_equal(buf_append_secret(&b, slice_of_text("hello ")), 0);
    buf_take(&b, 4);
    assert_int_equal(buf_append_secret(&b, slice_of(text, 70)), 0);
    assert_int_equal(buf_append_secret(&b, slice_of(text, 69)), -ENOBUFS);
    assert_int_equal(b.len, 72);
    assert_memory_equal(buf_bytes(&b).data, "o xx", 4);
    assert_int_equal(buf_append_secret(&b, slice_of(text, 68)), 0);
    assert_int_equal(b.len, 140);
    buf_done_secret(&b);
    assert_null(b.data);
    assert_int_equal(b.max, 140);
    buf_done_secret(&b);
}

static void buf_gives_back_what_was_begun(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    assert_int_equal(buf_append(&b, slice_of_text("hello world")), 0);
    buf_take(&b, 1);
    buf_cut(&b, 4);
    assert_true(slice_is_equal(buf_bytes(&b), slice_of_text("ello")));
    buf_cut(&b, 0);
    assert_null(b.data);
}

static bool is_number(const void *value, const void *key)
{
    return *(const int *)value == *(const int *)key;
}

static uint64_t hash_of(const struct map *m, int key)
{
    return map_hash(m, slice_of(&key, sizeof key));
}

static void an_array_has_room_for_one_more(void **state)
{
    unsigned *items = NULL;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        items = mem_grow(items, i, sizeof *items);
        items[i] = i;
    }
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(items[i], i);
    free(items);
}

static void a_secret_is_freed_once(void **state)
{
    char *secret = xstrdup("hunter2");

    (void)state;
    mem_free_secret(&secret);
    assert_null(secret);
    mem_free_secret(&secret);
}

static void map_finds_what_was_added_and_not_removed(void **state)
{
    static int numbers[5000];
    const uint64_t seed[2] = { 1, 2 };
    struct map m;
    size_t at = 0;
    size_t seen = 0;

    (void)state;
    map_init(&m, seed);
    for (int i = 0; i < 5000; i++) {
        numbers[i] = i;
        map_add(&m, hash_of(&m, i), &numbers[i]);
    }
    for (int i = 0; i < 5000; i += 3)
        map_remove(&m, hash_of(&m, i), &numbers[i]);
    for (int i = 0; i < 5000; i++)
        assert_ptr_equal(map_find(&m, hash_of(&m, i), is_number, &i),
                         i % 3 == 0 ? NULL : &numbers[i]);
    while (map_next(&m, &at) != NULL)
        seen++;
    assert_int_equal(seen, m.count);
    map_done(&m);
}

/* The collisions that an open table must walk over, and repair behind. */
static void map_lives_with_equal_hashes(void **state)
{
    static int numbers[12] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
    const uint64_t seed[2] = { 0 };
    struct map m;

    (void)state;
    map_init(&m, seed);
    for (int i = 0; i < 12; i++)
        map_add(&m, 15, &numbers[i]);
    for (int i = 0; i < 12; i += 2)
        map_remove(&m, 15, &numbers[i]);
    for (int i = 0; i < 12; i++)
        assert_ptr_equal(map_find(&m, 15, is_number, &i),
                         i % 2 == 0 ? NULL : &numbers[i]);
    map_done(&m);
}

static void deadlines_of_one_length_fall_due_in_order(void **state)
{
    struct deadline_queue q;
    struct deadline a, b, c;

    (void)state;
    deadline_queue_init(&q, 100);
    deadline_init(&a);
    deadline_init(&b);
    deadline_init(&c);
    deadline_start(&q, &a, 0);
    deadline_start(&q, &b, 10);
    deadline_start(&q, &c, 20);
    deadline_start(&q, &a, 30); /* again: behind the others */
    deadline_stop(&b);
    assert_null(deadline_pop(&q, 119));
    assert_ptr_equal(deadline_pop(&q, 125), &c);
    assert_ptr_equal(deadline_first(&q), &a);
    assert_null(deadline_pop(&q, 129));
    assert_ptr_equal(deadline_pop(&q, 130), &a);
    assert_false(deadline_is_running(&a));
}

static void check_clean(const char *from, size_t len, const char *to)
{
    char out[64];

    text_clean(out, sizeof out, slice_of(from, len));
    assert_string_equal(out, to);
}

static void deadlines_that_run_take_on_another_length(void **state)
{
    struct deadline first, second;
    struct deadline_queue q;

    (void)state;
    deadline_queue_init(&q, 100);
    deadline_init(&first);
    deadline_init(&second);
    deadline_start(&q, &first, 1000);
    deadline_queue_set_length(&q, 10);
    deadline_start(&q, &second, 1005);
    assert_null(deadline_pop(&q, 1009));
    assert_ptr_equal(deadline_pop(&q, 1010), &first);
    deadline_queue_set_length(&q, 1000);
    assert_null(deadline_pop(&q, 2004));
    assert_ptr_equal(deadline_pop(&q, 2005), &second);
}

/* Of a console that was known before the system was started. */
static void a_deadline_may_have_begun_before_the_clock(void **state)
{
    struct deadline_queue q;
    struct deadline first, second;

    (void)state;
    deadline_queue_init(&q, 1000);
    deadline_init(&first);
    deadline_init(&second);
    deadline_start(&q, &first, (uint64_t)0 - 900);
    deadline_start(&q, &second, 50);
    assert_int_equal(first.due_us, 100);
    deadline_queue_set_length(&q, 800);
    assert_true(first.due_us > 0); /* 0 is no time */
    assert_ptr_equal(deadline_pop(&q, 50), &first);
    assert_null(deadline_pop(&q, 849));
    assert_ptr_equal(deadline_pop(&q, 850), &second);
}

struct waiter {
    struct deadline deadline;
    struct deadline_queue *queue;
    int due_count;
    bool starts_again;
};

static void waiter_on_due(struct deadline *d, void *owner)
{
    struct waiter *w = CONTAINER_OF(d, struct waiter, deadline);
    uint64_t *now_us = owner;

    assert_false(deadline_is_running(d));
    w->due_count++;
    if (w->starts_again)
        deadline_start(w->queue, d, *now_us);
}

static void a_queue_hands_what_is_due_to_its_handler(void **state)
{
    uint64_t now_us = 50;
    struct deadline_queue q;
    struct waiter first = { .queue = &q, .starts_again = true };
    struct waiter second = { .queue = &q };
    struct list watched;

    (void)state;
    deadline_queue_open(&q, 100, waiter_on_due, &now_us);
    deadline_init(&first.deadline);
    deadline_init(&second.deadline);
    deadline_start(&q, &first.deadline, 0);
    deadline_start(&q, &second.deadline, 50);
    deadline_queue_fire(&q, 99);
    assert_int_equal(first.due_count, 0);
    now_us = 100;
    deadline_queue_fire(&q, now_us);
    assert_int_equal(first.due_count, 1);
    assert_int_equal(second.due_count, 0);
    /* Started again by its handler: behind the other, and not in that call. */
    now_us = 200;
    deadline_queue_fire(&q, now_us);
    assert_int_equal(first.due_count, 2);
    assert_int_equal(second.due_count, 1);

    /* Whoever has the clock links it, and closing unlinks it. */
    list_init(&watched);
    list_add_tail(&watched, &q.watched);
    deadline_queue_close(&q);
    assert_true(list_is_empty(&watched));
    deadline_queue_close(&q);
}

static void text_becomes_utf8_without_control_characters(void **state)
{
    (void)state;
    check_clean("b\xc3\xbcro", 5, "b\xc3\xbcro");
    check_clean("a\x1b[31m\r\n\0b", 10, "a[31mb");
    check_clean("\xff\xc3", 2, "\xef\xbf\xbd\xef\xbf\xbd");
    check_clean("\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    check_clean("x\xc2\x9by\xe2\x80\xa8z", 8, "xyz");
}

static void text_becomes_utf8_without_invisible_characters(void **state)
{
    (void)state;
    /* The direction is turned around, isolated, marked. */
    check_clean("web\u202e10-bd\u202c", 14, "web10-bd");
    check_clean("\u2066a\u2069\u200fb", 11, "ab");
    /* No width; a tag; a variation; a soft hyphen; a filler. */
    check_clean("a\u200bb\u200c\u200dc\ufeff", 15, "abc");
    check_clean("a\U000e0041b", 6, "ab");
    check_clean("a\ufe0fb", 5, "ab");
    check_clean("a\u00adb\u3164", 7, "ab");
    /* Spaces are one. */
    check_clean("a\u3000b\u00a0c\u2009d", 12, "a b c d");
    /* What is seen stays. */
    check_clean("\u6771\u4eac", 6, "\u6771\u4eac");
    check_clean("\U0001f600", 4, "\U0001f600");
    assert_true(text_is_invisible(0x202e));
    assert_true(text_is_invisible('\n'));
    assert_false(text_is_invisible(' '));
    assert_false(text_is_invisible('~'));
    assert_false(text_is_invisible(0xa1));
}

static bool is_whole_text(const uint8_t *bytes, size_t len, size_t cut)
{
    struct text_check check = { 0 };

    return text_check(&check, slice_of(bytes, cut)) &&
           text_check(&check, slice_of(bytes + cut, len - cut)) &&
           check.left == 0;
}

static bool is_of_characters(struct slice text)
{
    uint32_t code;
    size_t len;

    while (text.len > 0 && (len = text_character(text, &code)) > 0)
        text = slice_after(text, len);
    return text.len == 0;
}

/* All texts of four bytes that are at the edges of their ranges. */
static void a_text_in_pieces_is_the_same_text(void **state)
{
    static const uint8_t edges[] = {
        'a',  0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf,
        0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff,
    };
    unsigned count = sizeof edges;

    (void)state;
    for (unsigned i = 0; i < count * count * count * count; i++) {
        uint8_t bytes[4];
        size_t cut = i % 5;
        unsigned rest = i;

        for (size_t k = 0; k < sizeof bytes; k++, rest /= count)
            bytes[k] = edges[rest % count];
        assert_int_equal(is_whole_text(bytes, sizeof bytes, cut),
                         is_of_characters(slice_of(bytes, sizeof bytes)));
    }
}

static void a_text_is_visible_if_each_character_is(void **state)
{
    (void)state;
    assert_true(text_is_visible(""));
    assert_true(text_is_visible("domain users \u6771"));
    assert_false(text_is_visible("alice\u200b"));
    assert_false(text_is_visible("alice\n"));
    assert_false(text_is_visible("alice\xff"));
}

static void a_text_is_shown_clean_and_cut(void **state)
{
    char text[100] = "";

    (void)state;
    assert_string_equal(text_show("a\n\u202eb").text, "ab");
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(strlen(text_show(text).text), 60);
}

static void the_end_of_a_text_is_kept(void **state)
{
    static const char whole[] = "first\nsecond\r\nlast one\r\n\n";
    const size_t len = sizeof whole - 1;
    char kept[12];

    (void)state;
    for (size_t size = 1; size <= sizeof kept; size++) {
        for (size_t step = 1; step <= len; step++) {
            size_t has = 0;
            size_t expected = len < size ? len : size;

            for (size_t at = 0; at < len; at += step)
                has = text_keep_end(
                    kept, size, has,
                    slice_of(whole + at, len - at < step ? len - at : step));
            assert_int_equal(has, expected);
            assert_memory_equal(kept, whole + len - expected, expected);
        }
    }
}

static void assert_last_line(const char *text, const char *line)
{
    struct slice found = text_last_line(slice_of_text(text));

    assert_int_equal(found.len, strlen(line));
    assert_memory_equal(found.data, line, found.len);
}

static void the_last_line_is_the_one_that_says_something(void **state)
{
    (void)state;
    assert_last_line("one\ntwo\r\n\r\n", "two");
    assert_last_line("one", "one");
    assert_last_line("one\n two", " two");
    assert_last_line("\n\r\n", "");
    assert_last_line("", "");
}

static void text_is_cut_between_characters(void **state)
{
    char out[4];

    (void)state;
    assert_int_equal(text_clean(out, sizeof out, slice_of_text("ab\xc3\xbc")),
                     2);
    assert_string_equal(out, "ab");
}

static void uuid_of_any_spelling_is_one(void **state)
{
    static const char *const spellings[] = {
        "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af b0 c1 d2 e3",
        "500C1E2F-3341-5A6B-7C8D-9EAFB0C1D2E3",
        "{500c1e2f33415a6b7c8d9eafb0c1d2e3}",
    };
    char uuid[TEXT_ID_MAX + 1];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(text_uuid(uuid, slice_of_text(spellings[i])));
        assert_string_equal(uuid, "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3");
        assert_true(text_is_uuid(uuid));
    }
    for (size_t i = 0; i < 3; i++)
        assert_false(text_is_uuid(spellings[i]));
    assert_false(text_is_uuid("500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e"));
    assert_false(text_is_uuid("500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e33"));
    assert_false(text_is_uuid("500c1e2f-3341-5a6b-7c8d09eafb0c1d2e3"));
    assert_true(text_uuid(uuid, slice_of_text("test vm")));
    assert_string_equal(uuid, "test vm");
    assert_false(text_uuid(uuid, slice_of_text("\r\n")));
}

static void numbers_are_digits_and_nothing_else(void **state)
{
    unsigned long n = 7;

    (void)state;
    assert_true(text_number("65535", 65535, &n));
    assert_int_equal(n, 65535);
    assert_false(text_number("65536", 65535, &n));
    assert_false(text_number("", 10, &n));
    assert_false(text_number(" 1", 10, &n));
    assert_false(text_number("1x", 10, &n));
    assert_false(text_number("-1", 10, &n));
    assert_false(text_number("99999999999999999999", 10, &n));
    assert_int_equal(n, 65535);
}

static void names_are_sorted_as_people_expect(void **state)
{
    static const char *const names[] = {
        "",        "a",       "B",    "web",   "web-2", "web-10",
        "web-10a", "web-011", "x1y9", "x1y10", "x02",   "z",
    };

    (void)state;
    for (size_t i = 0; i + 1 < sizeof names / sizeof *names; i++) {
        assert_true(text_compare(names[i], names[i + 1]) < 0);
        assert_true(text_compare(names[i + 1], names[i]) > 0);
    }
    assert_int_equal(text_compare("Web-01", "wEB-1"), 0);
    assert_int_equal(text_compare("", ""), 0);
}

/* ---- sorting ------------------------------------------------------------ */

struct card {
    unsigned rank;
    size_t at; /* where it was */
};

static int compare_cards(const void *a, const void *b, void *owner)
{
    const struct card *left = a;
    const struct card *right = b;

    ++*(size_t *)owner;
    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

enum { CARDS_MAX = 70 };

static void shuffle(struct card cards[CARDS_MAX], void **pointers, size_t count)
{
    uint32_t random = 12345 + (uint32_t)count;

    for (size_t i = 0; i < count; i++) {
        random = random * 1664525 + 1013904223;
        cards[i] = (struct card){ .rank = random >> 28, .at = i };
        pointers[i] = &cards[i];
    }
}

static void steps_sort_any_number_of_pointers(void **state)
{
    struct card cards[CARDS_MAX];
    void *pointers[CARDS_MAX];
    void *room[CARDS_MAX];
    size_t compared = 0;
    struct sorting s;
    void **sorted;

    (void)state;
    for (size_t count = 0; count <= CARDS_MAX; count++) {
        shuffle(cards, pointers, count);
        sorting_begin(&s, pointers, room, count, compare_cards, &compared);
        for (size_t moves = count % 5 + 1; !sorting_step(&s, moves);)
            assert_true(compared <= CARDS_MAX * CARDS_MAX * CARDS_MAX);
        sorted = sorting_result(&s);
        for (size_t i = 1; i < count; i++) {
            const struct card *a = sorted[i - 1];
            const struct card *b = sorted[i];

            assert_true(a->rank < b->rank ||
                        (a->rank == b->rank && a->at < b->at));
        }
    }
}

static void what_goes_while_it_is_sorted_is_not_looked_at(void **state)
{
    struct card cards[CARDS_MAX];
    void *pointers[CARDS_MAX];
    void *room[CARDS_MAX] = { NULL };
    size_t compared = 0;
    struct sorting s;
    void **sorted;

    (void)state;
    for (size_t gone = 0; gone < CARDS_MAX; gone++) {
        const struct card *last = NULL;
        size_t count = 0;

        shuffle(cards, pointers, CARDS_MAX);
        sorting_begin(&s, pointers, room, CARDS_MAX, compare_cards, &compared);
        (void)sorting_step(&s, 3 * gone);
        for (size_t i = 0; i < CARDS_MAX; i++) {
            if (pointers[i] == &cards[gone])
                pointers[i] = NULL;
            if (room[i] == &cards[gone])
                room[i] = NULL;
        }
        while (!sorting_step(&s, 10))
            continue;
        sorted = sorting_result(&s);
        for (size_t i = 0; i < CARDS_MAX; i++) {
            const struct card *card = sorted[i];

            if (card == NULL)
                continue;
            assert_ptr_not_equal(card, &cards[gone]);
            assert_true(last == NULL || last->rank <= card->rank);
            last = card;
            count++;
        }
        assert_int_equal(count, CARDS_MAX - 1);
    }
}

static void words_are_as_far_apart_as_they_differ(void **state)
{
    (void)state;
    assert_int_equal(text_distance("", ""), 0);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_int_equal(text_distance("label", "label"), 0);
    assert_int_equal(text_distance("lable", "label"), 2);
    assert_int_equal(text_distance("uuid_hex", "uuid-hex"), 1);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    assert_int_equal(text_distance("a", "a word of more than thirty-two bytes"),
                     TEXT_DISTANCE_MAX);
}

static void a_given_time_is_24_characters(void **state)
{
    char text[CLOCK_TEXT_LEN];

    (void)state;
    clock_format_ms(text, INT64_C(1769903999123));
    assert_string_equal(text, "2026-01-31T23:59:59.123Z");
    clock_format_ms(text, -1);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_format_ms(text, INT64_MAX);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_moved_behind_another),
        cmocka_unit_test(buf_keeps_order_and_holds_nothing_when_empty),
        cmocka_unit_test(buf_takes_all_or_nothing_up_to_its_maximum),
        cmocka_unit_test(buf_of_a_secret_is_like_any_other),
        cmocka_unit_test(buf_gives_back_what_was_begun),
        cmocka_unit_test(an_array_has_room_for_one_more),
        cmocka_unit_test(a_secret_is_freed_once),
        cmocka_unit_test(map_finds_what_was_added_and_not_removed),
        cmocka_unit_test(map_lives_with_equal_hashes),
        cmocka_unit_test(deadlines_of_one_length_fall_due_in_order),
        cmocka_unit_test(deadlines_that_run_take_on_another_length),
        cmocka_unit_test(a_deadline_may_have_begun_before_the_clock),
        cmocka_unit_test(a_queue_hands_what_is_due_to_its_handler),
        cmocka_unit_test(text_becomes_utf8_without_control_characters),
        cmocka_unit_test(text_becomes_utf8_without_invisible_characters),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(the_end_of_a_text_is_kept),
        cmocka_unit_test(the_last_line_is_the_one_that_says_something),
        cmocka_unit_test(a_text_in_pieces_is_the_same_text),
        cmocka_unit_test(a_text_is_visible_if_each_character_is),
        cmocka_unit_test(a_text_is_shown_clean_and_cut),
        cmocka_unit_test(uuid_of_any_spelling_is_one),
        cmocka_unit_test(numbers_are_digits_and_nothing_else),
        cmocka_unit_test(names_are_sorted_as_people_expect),
        cmocka_unit_test(steps_sort_any_number_of_pointers),
        cmocka_unit_test(what_goes_while_it_is_sorted_is_not_looked_at),
        cmocka_unit_test(words_are_as_far_apart_as_they_differ),
        cmocka_unit_test(a_given_time_is_24_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Recordings as they are found and read, whatever is in their folders. */
#include "record/reading/record_delete.h"
#include "record/reading/record_render.h"
#include "record/reading/record_search.h"
#include "record/reading/record_summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define UUID "11111111-2222-3333-4444-555555555555"
#define OTHER "99999999-2222-3333-4444-555555555555"
#define FIRST "20261130T140509.123Z-00000000000000aa"
#define SECOND "20261130T150509.123Z-00000000000000bb"
#define ENDED "\"m\",\"recording ended: stopped by alice\"]\n"

enum { MAX = 8 * 1024 * 1024 };

static char directory[64];

static int setup(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/vspcd-recordings-XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

/* ---- files -------------------------------------------------------------- */

static void make_folders(const char *path)
{
    char whole[512];

    snprintf(whole, sizeof whole, "%s/%s", directory, path);
    for (char *c = whole + strlen(directory) + 1; *c != '\0'; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        (void)mkdir(whole, 0750);
        *c = '/';
    }
}

/* A path that ends in .gz is packed. */
static void put_bytes(const char *path, const void *bytes, size_t len)
{
    bool is_packed = strstr(path, ".gz") != NULL;
    char whole[512];
    gzFile file;

    make_folders(path);
    snprintf(whole, sizeof whole, "%s/%s", directory, path);
    file = gzopen(whole, is_packed ? "wb" : "wbT");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)len), len);
    assert_int_equal(gzclose(file), Z_OK);
}

static void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

static const char *header_of(unsigned version, const char *uuid,
                             const char *more)
{
    static char text[1024];

    snprintf(text, sizeof text,
             "{\"version\":%u,%s,\"timestamp\":1796047509,\"title\":\"web\","
             "\"vspcd\":{\"recording\":\"x\",\"uuid\":\"%s\",\"label\":\"s0\","
             "\"name\":\"web\",\"reason\":\"demand\",\"by\":\"alice\","
             "\"input\":true%s}}\n",
             version,
             version == 3 ? "\"term\":{\"cols\":80,\"rows\":24}"
                          : "\"width\":80,\"height\":24",
             uuid, more);
    return text;
}

static void put_cast(const char *path, unsigned version, const char *more,
                     const char *events)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", header_of(version, UUID, more), events);
    put(path, text);
}

/* ---- what is found ------------------------------------------------------ */

static void scan(struct record_scan *s, const char *wanted)
{
    record_scan_init(s, directory, wanted);
    while (record_scan_step(s))
        ;
}

static struct record_found only_one(struct record_scan *s)
{
    struct record_found found, none;

    scan(s, NULL);
    assert_true(record_scan_next(s, &found));
    assert_false(record_scan_next(s, &none));
    return found;
}

static void expect_found(const char *wanted, const char *text)
{
    struct record_found found;
    struct record_scan s;
    char told[2048] = "";
    size_t len = 0;

    scan(&s, wanted);
    assert_int_equal(s.error, 0);
    while (record_scan_next(&s, &found)) {
        len += (size_t)snprintf(told + len, sizeof told - len, "%.20s %.8s",
                                found.id.text, found.folder);
        for (uint32_t i = 0; i < found.file_count; i++)
            len += (size_t)snprintf(told + len, sizeof told - len, " %u%s",
                                    (unsigned)found.file[i].part,
                                    found.file[i].is_compressed ? "z" : "");
        len += (size_t)snprintf(told + len, sizeof told - len, ";");
    }
    assert_string_equal(told, text);
    record_scan_done(&s);
}

static void the_newest_recording_is_first(void **state)
{
    (void)state;
    put(UUID "/s0/" FIRST ".2.cast", "");
    put(UUID "/s0/" FIRST ".1.cast.gz", "");
    put(UUID "/s0/" FIRST ".10.cast", "");
    put(OTHER "/_/" SECOND ".1.cast", "");
    expect_found(NULL, "20261130T150509.123Z 99999999 1;"
                       "20261130T140509.123Z 11111111 1z 2 10;");
    expect_found(FIRST, "20261130T140509.123Z 11111111 1z 2 10;");
    expect_found("20261130T140509.123Z-00000000000000ff", "");
}

static void a_part_that_is_packed_at_present_counts_once(void **state)
{
    (void)state;
    put(UUID "/s0/" FIRST ".1.cast.gz", "");
    put(UUID "/s0/" FIRST ".1.cast", "");
    expect_found(NULL, "20261130T140509.123Z 11111111 1;");
}

static void what_is_no_recording_is_passed_over(void **state)
{
    char from[128], to[256];

    (void)state;
    put("file", "x");
    put(UUID "/file", "x");
    put(UUID "/s0/file.1.cast", "x");
    put(UUID "/s0/" FIRST ".0.cast", "x");
    put(UUID "/s0/" FIRST ".1.cast.tmp", "x");
    put(UUID "/s0/deep/" FIRST ".1.cast", "x");
    put(".hidden/s0/" FIRST ".1.cast", "x");
    put(OTHER "/s0/x", "x");
    snprintf(from, sizeof from, "%s/" OTHER, directory);
    snprintf(to, sizeof to, "%s/link", directory);
    assert_int_equal(symlink(from, to), 0);
    expect_found(NULL, "");
}

static void without_a_directory_there_are_none(void **state)
{
    (void)state;
    assert_int_equal(rmdir(directory), 0);
    expect_found(NULL, "");
}

/* ---- what is read ------------------------------------------------------- */

struct told {
    char text[MAX];
    size_t len;
    bool was_whole;
    uint64_t damages;
};

static void tell(struct told *t, const struct cast_event *event)
{
    t->len +=
        (size_t)snprintf(t->text + t->len, MAX - t->len, "%llu %c %.*s;",
                         (unsigned long long)event->time_us / 1000, event->code,
                         (int)event->text.len, (const char *)event->text.data);
}

/* The only recording. The result is the caller's to free. */
static struct told *read_all(void)
{
    struct told *told = calloc(1, sizeof *told);
    enum record_reading_item item;
    struct record_reading r;
    struct cast_event event;
    struct record_found found;
    struct record_scan s;

    assert_non_null(told);
    found = only_one(&s);
    assert_true(record_reading_open(&r, directory, &found, 0));
    while ((item = record_reading_next(&r, &event)) != RECORD_READING_END) {
        if (item == RECORD_READING_EVENT)
            tell(told, &event);
    }
    told->was_whole = record_reading_was_whole(&r);
    told->damages = r.damages;
    record_reading_close(&r);
    record_scan_done(&s);
    return told;
}

static void expect_events(const char *events, bool was_whole)
{
    struct told *told = read_all();

    assert_string_equal(told->text, events);
    assert_int_equal(told->was_whole, was_whole);
    free(told);
}

static void parts_are_one_recording_with_times_that_go_on(void **state)
{
    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast.gz", 2, ",\"offset\":0.0",
             "[0.5,\"o\",\"a\"]\n"
             "[1.0,\"m\",\"recording continues in part: 2\"]\n");
    put_cast(UUID "/s0/" FIRST ".2.cast", 3, ",\"offset\":1.0",
             "[0.25,\"o\",\"b\"]\n[0.5,\"i\",\"c\"]\n[0.5," ENDED);
    expect_events("500 o a;1250 o b;1750 i c;"
                  "2250 m recording ended: stopped by alice;",
                  true);
}

static void a_recording_whose_first_part_is_gone_begins_with_the_next(
    void **state)
{
    (void)state;
    put_cast(UUID "/s0/" FIRST ".2.cast", 2, ",\"offset\":100.0",
             "[1.0,\"o\",\"b\"]\n[2.0," ENDED);
    expect_events("1000 o b;2000 m recording ended: stopped by alice;", false);
}

static void a_missing_part_is_told(void **state)
{
    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast", 2, "",
             "[1.0,\"m\",\"recording continues in part: 2\"]\n");
    put_cast(UUID "/s0/" FIRST ".4.cast", 2, ",\"offset\":9.0",
             "[1.0,\"o\",\"d\"]\n[2.0," ENDED);
    expect_events("9000 m gap: 2 of the recording's files are missing here;"
                  "10000 o d;11000 m recording ended: stopped by alice;",
                  false);
}

static void a_torn_recording_is_read_to_its_last_whole_line(void **state)
{
    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast", 2, "",
             "[1.0,\"o\",\"a\"]\n[2.0,\"o\",\"b");
    expect_events("1000 o a;", false);
}

static void a_packed_part_that_is_cut_off_is_read_as_far_as_it_goes(
    void **state)
{
    char path[256];
    struct told *told;
    struct stat st;

    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast.gz", 2, "",
             "[1.0,\"o\",\"a\"]\n[2.0," ENDED);
    snprintf(path, sizeof path, "%s/" UUID "/s0/" FIRST ".1.cast.gz",
             directory);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 10), 0);
    told = read_all();
    assert_false(told->was_whole);
    free(told);
}

static void a_part_of_another_console_is_not_read(void **state)
{
    char text[2048];

    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast", 2, "", "[1.0,\"o\",\"a\"]\n");
    snprintf(text, sizeof text, "%s[1.0,\"o\",\"secret\"]\n[2.0," ENDED,
             header_of(2, OTHER, ""));
    put(UUID "/s0/" FIRST ".2.cast", text);
    expect_events("1000 o a;", false);
}

static void files_may_hold_anything(void **state)
{
    static const char *const contents[] = {
        "",
        "\n\n\n",
        "garbage",
        "garbage\n[0,\"o\",\"x\"]\n",
        "{}\n[0,\"o\",\"x\"]\n",
        "{\"version\":2}\n[0,\"o\",\"x\"]\n",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
        "{\"version\":3,\"vspcd\":{\"uuid\":1,\"name\":2}}\n",
        "{\"version\":9,\"vspcd\":{\"uuid\":\"u\",\"name\":\"n\",\"label\":"
        "\"l\",\"by\":\"\",\"reason\":\"rule\"}}\n[0,\"o\",\"x\"]\n",
        "{\"version\":2,\"vspcd\":{\"uuid\":\"u\",\"name\":\"n\",\"label\":"
        "\"l\",\"by\":\"\",\"reason\":\"whim\"}}\n[0,\"o\",\"x\"]\n",
        "\x1f\x8b garbage",
    };

    (void)state;
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        put(UUID "/s0/" FIRST ".1.cast", contents[i]);
        expect_events("", false);
    }
}

static void what_is_no_file_is_not_opened(void **state)
{
    char path[256], other[256];

    (void)state;
    make_folders(UUID "/s0/x");
    snprintf(path, sizeof path, "%s/" UUID "/s0/" FIRST ".1.cast", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_events("", false);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/zero", path), 0);
    expect_events("", false);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    expect_events("", false);
    assert_int_equal(rmdir(path), 0);
    /* Another name of a file: it may be anybody's. */
    put_cast("other", 2, "", "[1.0,\"o\",\"secret\"]\n");
    snprintf(other, sizeof other, "%s/other", directory);
    assert_int_equal(link(other, path), 0);
    expect_events("", false);
}

/* Some 40 KB that become 40 MB. */
static void a_bomb_costs_no_memory(void **state)
{
    enum { BLOCK = 1024 * 1024, BLOCKS = 40 };
    static char block[BLOCK];
    char path[256];
    struct told *told;
    gzFile file;

    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast.gz", 2, "", "[1.0,\"o\",\"");
    snprintf(path, sizeof path, "%s/" UUID "/s0/" FIRST ".1.cast.gz",
             directory);
    file = gzopen(path, "ab");
    assert_non_null(file);
    memset(block, 'x', sizeof block);
    for (int i = 0; i < BLOCKS; i++)
        assert_int_equal(gzwrite(file, block, BLOCK), BLOCK);
    assert_true(gzputs(file, "\"]\n[2.0,\"o\",\"b\"]\n") > 0);
    assert_int_equal(gzclose(file), Z_OK);
    told = read_all();
    assert_string_equal(told->text, "2000 o b;");
    assert_int_equal(told->damages, 1);
    free(told);
}

/* ---- how it has ended --------------------------------------------------- */

static void expect_summary(uint64_t length_ms, uint64_t gaps, uint64_t missing,
                           bool is_complete)
{
    struct record_summary sum;
    struct record_found found;
    struct record_scan s;

    found = only_one(&s);
    assert_true(record_summary_open(&sum, directory, &found));
    while (record_summary_step(&sum))
        ;
    assert_int_equal(sum.length_us, length_ms * 1000);
    assert_int_equal(sum.gaps, gaps);
    assert_int_equal(sum.missing, missing);
    assert_int_equal(sum.is_complete, is_complete);
    record_summary_close(&sum);
    record_scan_done(&s);
}

static void the_last_part_tells_how_it_was(void **state)
{
    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast.gz", 2, "",
             "[9.0,\"m\",\"gap: 1 bytes are missing: x\"]\n"
             "[10.0,\"m\",\"recording continues in part: 2\"]\n");
    put_cast(UUID "/s0/" FIRST ".2.cast", 3,
             ",\"offset\":10.0,\"gaps\":1,\"missing\":1",
             "[1.0,\"m\",\"gap: 4096 bytes are missing: x\"]\n"
             "[1.0,\"m\",\"gaping\"]\n[0.5," ENDED);
    expect_summary(12500, 2, 4097, true);
    put_cast(UUID "/s0/" FIRST ".2.cast", 3, ",\"offset\":10.0",
             "[1.0,\"o\",\"a\"]\n");
    expect_summary(11000, 0, 0, false);
}

static void sizes_are_those_before_packing(void **state)
{
    char events[2000];
    struct record_summary sum;
    struct record_found found;
    struct record_scan s;

    (void)state;
    snprintf(events, sizeof events, "[0.0,\"o\",\"%01000d\"]\n", 0);
    put_cast(UUID "/s0/" FIRST ".1.cast.gz", 2, "", events);
    put_cast(UUID "/s0/" FIRST ".2.cast", 2, "", events);
    found = only_one(&s);
    assert_true(record_summary_open(&sum, directory, &found));
    while (record_summary_step(&sum))
        ;
    assert_int_equal(sum.bytes,
                     2 * (strlen(header_of(2, UUID, "")) + strlen(events)));
    record_summary_close(&sum);
    record_scan_done(&s);
}

static void without_its_beginning_it_is_not_complete(void **state)
{
    (void)state;
    put_cast(UUID "/s0/" FIRST ".2.cast", 2, ",\"offset\":10.0", "[1.0," ENDED);
    expect_summary(11000, 0, 0, false);
}

/* ---- searching ---------------------------------------------------------- */

static void expect_search(const char *wanted, bool is_found)
{
    struct record_search search = { 0 };
    struct record_found found;
    struct record_scan s;

    found = only_one(&s);
    assert_true(record_search_open(&search, directory, &found, wanted));
    while (record_search_step(&search))
        ;
    assert_int_equal(search.is_found, is_found);
    record_search_close(&search);
    record_scan_done(&s);
}

static void a_text_is_found_across_events_and_escapes(void **state)
{
    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast", 2, "",
             "[1.0,\"o\",\"Kernel \\u001b[31mpa\"]\n[2.0,\"i\",\"secret\"]\n"
             "[3.0,\"m\",\"marker\"]\n"
             "[3.0,\"o\",\"nic\\u001b[0m\\r\\nnot syncing\"]\n");
    expect_search("kernel PANIC", true);
    expect_search("not syncing", true);
    expect_search("panic not", false);
    expect_search("secret", false);
    expect_search("marker", false);
}

/* ---- rendering ---------------------------------------------------------- */

static void render(enum record_format format, struct buf *to)
{
    enum record_reading_item item;
    struct record_render render;
    struct record_reading r;
    struct cast_event event;
    struct record_found found;
    struct record_scan s;

    buf_init(to, MAX);
    record_render_init(&render, format);
    found = only_one(&s);
    assert_true(record_reading_open(&r, directory, &found, 0));
    assert_true(record_reading_begin(&r));
    assert_true(record_render_header(&render, buf_bytes(&r.header), to));
    while ((item = record_reading_next(&r, &event)) != RECORD_READING_END) {
        if (item == RECORD_READING_EVENT)
            assert_true(record_render_event(&render, &event, to));
    }
    record_render_end(&render, to);
    record_reading_close(&r);
    record_scan_done(&s);
}

#define EVENTS_V2                                                              \
    "[0.500000,\"o\",\"a\\u001b[0m\\r\\n\xc3\xbc\"]\n"                         \
    "[0.500001,\"i\",\"\\\"\\\\\"]\n"                                          \
    "[2.000000," ENDED

static void v2_becomes_v3_and_v2_again(void **state)
{
    struct buf v3, v2;
    char whole[4096];

    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast", 2, "", EVENTS_V2);
    render(RECORD_V3, &v3);
    put_bytes(UUID "/s0/" FIRST ".1.cast", buf_bytes(&v3).data, v3.len);
    render(RECORD_V2, &v2);
    snprintf(whole, sizeof whole, "%s" EVENTS_V2, header_of(2, UUID, ""));
    assert_int_equal(v2.len, strlen(whole));
    assert_memory_equal(buf_bytes(&v2).data, whole, v2.len);
    snprintf(whole, sizeof whole,
             "%s[0.500000,\"o\",\"a\\u001b[0m\\r\\n\xc3\xbc\"]\n"
             "[0.000001,\"i\",\"\\\"\\\\\"]\n[1.499999," ENDED,
             header_of(3, UUID, ""));
    assert_int_equal(v3.len, strlen(whole));
    assert_memory_equal(buf_bytes(&v3).data, whole, v3.len);
    buf_done(&v3);
    buf_done(&v2);
}

static void text_is_what_people_read(void **state)
{
    static const char text[] =
        "login: \n[vspcd: client attached: alice]\n"
        "root\n[vspcd: recording ended: stopped by alice]\n";
    struct buf to;

    (void)state;
    put_cast(UUID "/s0/" FIRST ".1.cast", 2, "",
             "[0.5,\"o\",\"\\u001b[1mlogin: \"]\n"
             "[0.5,\"m\",\"client attached: alice\"]\n"
             "[0.6,\"i\",\"hidden\"]\n"
             "[0.7,\"o\",\"root\\r\\n\"]\n[2.0," ENDED);
    render(RECORD_TEXT, &to);
    assert_int_equal(to.len, strlen(text));
    assert_memory_equal(buf_bytes(&to).data, text, to.len);
    buf_done(&to);
}

/* ---- deleting ----------------------------------------------------------- */

static void all_files_of_a_recording_are_deleted(void **state)
{
    struct record_found found;
    struct record_scan s;

    (void)state;
    put(UUID "/s0/" FIRST ".1.cast.gz", "");
    put(UUID "/s0/" FIRST ".2.cast", "");
    put(UUID "/s0/" SECOND ".1.cast", "");
    scan(&s, FIRST);
    assert_true(record_scan_next(&s, &found));
    /* One is packed meanwhile. */
    put(UUID "/s0/" FIRST ".2.cast.gz", "");
    assert_int_equal(record_delete(directory, &found), 0);
    assert_int_equal(record_delete(directory, &found), 0);
    record_scan_done(&s);
    expect_found(NULL, "20261130T150509.123Z 11111111 1;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_recording_is_first),
        TEST(a_part_that_is_packed_at_present_counts_once),
        TEST(what_is_no_recording_is_passed_over),
        TEST(without_a_directory_there_are_none),
        TEST(parts_are_one_recording_with_times_that_go_on),
        TEST(a_recording_whose_first_part_is_gone_begins_with_the_next),
        TEST(a_missing_part_is_told),
        TEST(a_torn_recording_is_read_to_its_last_whole_line),
        TEST(a_packed_part_that_is_cut_off_is_read_as_far_as_it_goes),
        TEST(a_part_of_another_console_is_not_read),
        TEST(files_may_hold_anything),
        TEST(what_is_no_file_is_not_opened),
        TEST(a_bomb_costs_no_memory),
        TEST(the_last_part_tells_how_it_was),
        TEST(sizes_are_those_before_packing),
        TEST(without_its_beginning_it_is_not_complete),
        TEST(a_text_is_found_across_events_and_escapes),
        TEST(v2_becomes_v3_and_v2_again),
        TEST(text_is_what_people_read),
        TEST(all_files_of_a_recording_are_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Reading a log forward, from where somebody wants it, while it is written,
 * rotated, compressed. */
#include "conlog/reading/conlog_lines.h"
#include "conlog/reading/conlog_reading.h"

#include "base/mem.h"
#include "conlog_files.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define T(n) "2026-01-31T23:59:59.00" #n "Z "

enum { EPOCH = 7 };

struct fixture {
    struct files files;
    struct conlog_reading reading;
    char got[8192];
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);

    files_init(&f->files);
    conlog_reading_init(&f->reading);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    conlog_reading_done(&f->reading);
    files_done(&f->files);
    free(f);
    return 0;
}

static struct conlog_reading *begin(struct fixture *f)
{
    struct conlog_reading *r = &f->reading;

    conlog_reading_done(r);
    conlog_reading_init(r);
    snprintf(r->source.directory, sizeof r->source.directory, "%s",
             f->files.path);
    snprintf(r->source.path, sizeof r->source.path, "web");
    r->source.is_all_own = true;
    r->source.epoch = EPOCH;
    return r;
}

static void read_rest(struct fixture *f)
{
    struct conlog_reading *r = &f->reading;
    size_t len = strlen(f->got);

    do {
        conlog_reading_step(r);
        assert_true(len + r->len < sizeof f->got);
        memcpy(f->got + len, r->bytes, r->len);
        len += r->len;
        f->got[len] = '\0';
    } while (r->error == 0 && !r->is_at_end);
}

static void expect(struct fixture *f, const char *text)
{
    f->got[0] = '\0';
    conlog_reading_step(&f->reading);
    assert_int_equal(f->reading.error, 0);
    read_rest(f);
    assert_int_equal(f->reading.error, 0);
    assert_string_equal(f->got, text);
}

static void write_text(struct fixture *f, const char *name, const char *text)
{
    files_write(&f->files, name, text, strlen(text), 0600);
}

static void the_present_file_or_all(void **state)
{
    struct fixture *f = *state;

    files_make(&f->files, "web=d web.1=c web.2.gz=b web.5=lost");
    begin(f);
    expect(f, "d");
    begin(f)->wish.with_rotated = true;
    expect(f, "bcd");
    files_make(&f->files, "web=d web.1=c web.3.gz=a");
    begin(f)->wish.with_rotated = true;
    expect(f, "acd");
}

static void no_file(void **state)
{
    struct fixture *f = *state;

    begin(f);
    conlog_reading_step(&f->reading);
    assert_int_equal(f->reading.error, -ENOENT);
    /* Nothing is followed out of the directory. */
    assert_int_equal(symlinkat("/etc/passwd", f->files.directory, "web"), 0);
    begin(f);
    conlog_reading_step(&f->reading);
    assert_true(f->reading.error < 0);
}

static void the_last_lines(void **state)
{
    static const struct {
        const char *text;
        uint64_t lines;
        const char *last;
    } rows[] = {
        { "one\ntwo\nthree\n", 2, "two\nthree\n" },
        { "one\ntwo\nthree", 2, "two\nthree" },
        { "one\ntwo\nthree\n", 3, "one\ntwo\nthree\n" },
        { "one\ntwo\nthree\n", 9, "one\ntwo\nthree\n" },
        { "one\ntwo", 1, "two" },
        { "one\n\n\n", 2, "\n\n" },
        { "\n", 1, "\n" },
        { "one\n", 0, "" },
        { "", 5, "" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_text(f, "web", rows[i].text);
        begin(f)->wish.has_lines = true;
        f->reading.wish.lines = rows[i].lines;
        expect(f, rows[i].last);
    }
}

/* A rotation may come in the middle of a line, too. */
static void the_last_lines_over_files(void **state)
{
    static const char *const files[][3] = {
        { "one\ntwo\n", "three\nfo", "ur\nfive\n" },
        { "one\ntw", "o\nthree\nfour\n", "five\n" },
        { "one\ntwo\nthr", "ee\nfour\nfi", "ve\n" },
        { "one\ntwo\nth", "re", "e\nfour\nfive\n" },
        { "one\ntwo\nthree\nfour\n", "", "five\n" },
    };
    static const char *const last[] = {
        "",
        "five\n",
        "four\nfive\n",
        "three\nfour\nfive\n",
        "two\nthree\nfour\nfive\n",
        "one\ntwo\nthree\nfour\nfive\n",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_text(f, "web.2", files[i][0]);
        write_text(f, "web.1", files[i][1]);
        write_text(f, "web", files[i][2]);
        for (size_t lines = 0; lines < sizeof last / sizeof last[0]; lines++) {
            begin(f)->wish.with_rotated = true;
            f->reading.wish.has_lines = true;
            f->reading.wish.lines = lines;
            expect(f, last[lines]);
        }
    }
}

static void lines_of_a_large_file(void **state)
{
    enum { LINES = 40000 };
    struct fixture *f = *state;
    char *text = xmalloc(LINES * 10 + 1);
    char path[200];

    for (int i = 0; i < LINES; i++)
        snprintf(text + (size_t)i * 10, 11, "%09d\n", i);
    files_write(&f->files, "web", text, LINES * 10, 0600);
    for (uint64_t lines = 1; lines <= LINES; lines = lines * 3 + 1) {
        struct conlog_reading *r = begin(f);

        r->wish.has_lines = true;
        r->wish.lines = lines;
        conlog_reading_step(r);
        conlog_reading_step(r);
        assert_true(r->len > 0);
        assert_memory_equal(r->bytes, text + (LINES - lines) * 10, 10);
    }
    free(text);
    /* 10 GiB of nothing. */
    snprintf(path, sizeof path, "%s/web", f->files.path);
    assert_int_equal(truncate(path, INT64_C(10) << 30), 0);
    begin(f)->wish.has_lines = true;
    f->reading.wish.lines = 3;
    conlog_reading_step(&f->reading);
    assert_int_equal(f->reading.offset,
                     (UINT64_C(10) << 30) - CONLOG_READING_BACK_MAX);
}

static void from_a_byte_on(void **state)
{
    struct fixture *f = *state;

    write_text(f, "web", "one\ntwo\n");
    begin(f)->wish.offset = 4;
    expect(f, "two\n");
    assert_false(f->reading.begins_in_line);
    begin(f)->wish.offset = 5;
    expect(f, "wo\n");
    assert_true(f->reading.begins_in_line);
    begin(f)->wish.offset = 1000;
    expect(f, "");
}

/* What a reader that goes through a log by pieces asks for. */
static void some_bytes_of_one_file(void **state)
{
    struct fixture *f = *state;
    uint64_t identity[3];

    files_make(&f->files, "web=d web.1=one\ntwo web.2.gz=packed\nbytes");
    begin(f)->wish.with_rotated = true;
    conlog_reading_step(&f->reading);
    assert_int_equal(f->reading.series.count, 3);
    for (unsigned i = 0; i < 3; i++)
        identity[i] = f->reading.series.file[i].identity;

    begin(f)->wish = (struct conlog_wish){ .file = identity[1], .bytes = 5 };
    expect(f, "one\nt");
    begin(f)->wish =
        (struct conlog_wish){ .file = identity[1], .offset = 4, .bytes = 2 };
    expect(f, "tw");
    assert_false(f->reading.begins_in_line);
    for (unsigned from = 1; from < 12; from++) {
        begin(f)->wish = (struct conlog_wish){ .file = identity[2],
                                               .offset = from,
                                               .bytes = 1 };
        expect(f, (char[2]){ "packed\nbytes"[from], 0 });
        assert_int_equal(f->reading.begins_in_line, from != 7);
    }
    begin(f)->wish = (struct conlog_wish){ .file = identity[2], .offset = 99 };
    expect(f, "");
    begin(f)->wish = (struct conlog_wish){ .file = identity[0] + 1 };
    conlog_reading_step(&f->reading);
    assert_int_equal(f->reading.error, -ESTALE);
}

static void from_a_time_on(void **state)
{
    enum { LINES = 20000, LEN = 36 };
    struct fixture *f = *state;
    char *text = xmalloc(LINES * LEN + 1);
    char since[CLOCK_TEXT_LEN];

    for (int i = 0; i < LINES; i++) {
        char time[CLOCK_TEXT_LEN];

        clock_format_ms(time, INT64_C(1000000) * i);
        snprintf(text + (size_t)i * LEN, LEN + 1, "%.24s %09u.\n", time,
                 (unsigned)i % 1000000000);
    }
    files_write(&f->files, "web", text, LINES * LEN, 0600);
    for (int i = 0; i < LINES; i += 997) {
        struct conlog_reading *r = begin(f);
        uint64_t wanted = (uint64_t)i * LEN;

        r->source.is_stamped = true;
        r->wish.since_ms = INT64_C(1000000) * i + 1;
        clock_format_ms(since, r->wish.since_ms);
        conlog_reading_step(r);
        assert_int_equal(r->offset % LEN, 0);
        assert_true(r->offset <= wanted);
        assert_true(wanted - r->offset < 4 * CONLOG_LINES_BLOCK);
        assert_int_equal(
            conlog_lines_first_since(r->series.file[0].fd, r->offset,
                                     r->series.file[0].size, since, r->bytes),
            i + 1 < LINES ? wanted + LEN : (uint64_t)LINES * LEN);
    }
    free(text);
}

/* The file that a time is in, and no older ones. */
static void a_time_and_files(void **state)
{
    struct fixture *f = *state;

    write_text(f, "web.2", T(1) "one\n");
    write_text(f, "web.1", T(3) "three\n");
    write_text(f, "web", T(5) "five\n");
    for (int ms = 1; ms < 7; ms++) {
        struct conlog_reading *r = begin(f);

        r->source.is_stamped = true;
        r->wish.with_rotated = true;
        r->wish.since_ms = INT64_C(1769903999000) + ms;
        expect(f, ms <= 3   ? T(1) "one\n" T(3) "three\n" T(5) "five\n"
                  : ms <= 5 ? T(3) "three\n" T(5) "five\n"
                            : T(5) "five\n");
    }
}

static void it_goes_on_where_it_has_ended(void **state)
{
    struct fixture *f = *state;
    struct conlog_reading *r = begin(f);
    int fd;

    write_text(f, "web", "one");
    r->limit = 2;
    expect(f, "on");
    r->limit = 3;
    read_rest(f);
    assert_string_equal(f->got, "one");
    fd = openat(f->files.directory, "web", O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "two", 3), 3);
    close(fd);
    read_rest(f);
    assert_string_equal(f->got, "one");
    r->limit = UINT64_MAX;
    read_rest(f);
    assert_string_equal(f->got, "onetwo");
}

/* Two rotations while it is read. */
static void rotated_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct conlog_reading *r = begin(f);
    int directory = f->files.directory;

    write_text(f, "web", "one");
    r->limit = 1;
    expect(f, "o");
    assert_int_equal(renameat(directory, "web", directory, "web.2"), 0);
    write_text(f, "web.1", "two");
    write_text(f, "web", "three");
    r->limit = UINT64_MAX;
    read_rest(f);
    assert_string_equal(f->got, "one");
    conlog_reading_follow(r);
    conlog_reading_step(r);
    read_rest(f);
    assert_string_equal(f->got, "onetwothree");
    /* Nothing is behind it yet. */
    conlog_reading_follow(r);
    conlog_reading_step(r);
    read_rest(f);
    assert_string_equal(f->got, "onetwothree");
    /* Its name has gone: it was compressed. */
    assert_int_equal(unlinkat(directory, "web", 0), 0);
    assert_int_equal(unlinkat(directory, "web.1", 0), 0);
    assert_int_equal(unlinkat(directory, "web.2", 0), 0);
    write_text(f, "web", "four");
    conlog_reading_follow(r);
    conlog_reading_step(r);
    read_rest(f);
    assert_string_equal(f->got, "onetwothreefour");
}

static void only_what_is_the_consoles(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    files_make(&f->files, "web=theirs,mine web.1=theirs");
    begin(f)->source.is_all_own = false;
    conlog_reading_step(&f->reading);
    assert_int_equal(f->reading.error, -ENOENT);
    begin(f)->source.is_all_own = false;
    f->reading.wish.with_rotated = true;
    assert_int_equal(fstatat(f->files.directory, "web", &st, 0), 0);
    f->reading.source.origin =
        (struct conlog_origin){ conlog_file_identity(&st), 7 };
    expect(f, "mine");
}

static void a_disk_error_ends_it(void **state)
{
    struct fixture *f = *state;
    struct conlog_reading *r = begin(f);
    int fd = open("/", O_RDONLY | O_CLOEXEC);

    write_text(f, "web", "one");
    conlog_reading_step(r);
    assert_int_equal(r->error, 0);
    assert_true(dup2(fd, r->series.file[0].fd) >= 0);
    close(fd);
    conlog_reading_step(r);
    assert_int_equal(r->error, -EISDIR);
    assert_int_equal(r->len, 0);
    /* What is no gzip file is shown as it is, as zcat -f does; a torn one
     * ends. */
    files_make(&f->files, "web=d web.1.gz=c");
    fd = openat(f->files.directory, "web.1.gz", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff", 4, 10), 4);
    close(fd);
    r = begin(f);
    r->wish.with_rotated = true;
    conlog_reading_step(r);
    assert_int_equal(r->error, 0);
    conlog_reading_step(r);
    assert_int_equal(r->error, -EIO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_present_file_or_all), TEST(no_file),
        TEST(the_last_lines),          TEST(the_last_lines_over_files),
        TEST(lines_of_a_large_file),   TEST(from_a_byte_on),
        TEST(some_bytes_of_one_file),  TEST(from_a_time_on),
        TEST(a_time_and_files),        TEST(it_goes_on_where_it_has_ended),
        TEST(rotated_meanwhile),       TEST(only_what_is_the_consoles),
        TEST(a_disk_error_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

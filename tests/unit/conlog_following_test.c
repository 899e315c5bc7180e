/* A place in a console's output, and what its log has behind it: over restarts,
 * gaps, rotations and kills. */
#include "conlog/file/conlog_positions.h"
#include "conlog/reading/conlog_following.h"
#include "conlog/reading/conlog_series.h"

#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

/* Three runs of the program; the last is the present one. */
enum { A = 0xa, B = 0xb, C = 0xc };

struct fixture {
    struct conlog_settings settings;
    struct conlog_file file;
    uint8_t scratch[CONLOG_FILE_SCRATCH];
};

static void path_of(const struct fixture *f, const char *name, char to[1100])
{
    snprintf(to, 1100, "%s/%s", f->settings.directory, name);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->settings.directory, sizeof f->settings.directory,
             "/var/tmp/vspcd-following-XXXXXX");
    assert_non_null(mkdtemp(f->settings.directory));
    f->settings.mode = 0600;
    f->settings.uid = (uid_t)-1;
    f->settings.gid = (gid_t)-1;
    f->settings.rotation.keep = 3;
    conlog_file_init(&f->file, "web");
    signal(SIGXFSZ, SIG_IGN);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = { "web", "web.1", "web.2" };
    struct fixture *f = *state;
    char path[1100];

    conlog_file_done(&f->file);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(f, names[i], path);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->settings.directory), 0);
    free(f);
    return 0;
}

/* A file system without attributes tells nothing about all this. */
static bool has_attributes(const struct fixture *f)
{
    return setxattr(f->settings.directory, "user.vspcd.test", "1", 1, 0) == 0;
}

static struct conlog_job *job(uint64_t epoch, uint64_t at, const char *text)
{
    size_t len = strlen(text);
    struct conlog_job *j = xcalloc(1, sizeof *j + len);

    j->len = (uint32_t)len;
    j->epoch = epoch;
    j->at = at;
    memcpy(j->bytes, text, len);
    return j;
}

static int try_once(struct fixture *f, struct conlog_job *j)
{
    struct conlog_file_batch batch = { .last = j, .is_whole = true };

    return conlog_file_write(&f->file, j, &batch, &f->settings, 1, false,
                             f->scratch);
}

static void print_lost(struct fixture *f, uint64_t epoch, uint64_t at,
                       const char *text, uint64_t lost)
{
    struct conlog_job *j = job(epoch, at, text);

    j->lost = lost;
    assert_int_equal(try_once(f, j), CONLOG_FILE_WRITTEN);
    free(j);
}

static void print(struct fixture *f, uint64_t epoch, uint64_t at,
                  const char *text)
{
    print_lost(f, epoch, at, text, 0);
}

/* The program has another run; is_end: the former one ended in order. */
static void restart(struct fixture *f, bool is_end)
{
    if (is_end)
        conlog_file_end(&f->file);
    conlog_file_done(&f->file);
    conlog_file_init(&f->file, "web");
}

static void rotate(struct fixture *f)
{
    struct err err;

    assert_int_equal(conlog_file_rotate(&f->file, &f->settings, &err), 0);
}

struct expected {
    const char *text;
    uint64_t unwritten, missing;
    bool may_miss;
    struct past_place next;
};

static void expect(const struct fixture *f, uint64_t epoch, uint64_t position,
                   struct expected e)
{
    struct past_place place = { epoch, position };
    struct past *past =
        conlog_following_read(f->settings.directory, "web", C, &place);

    assert_non_null(past);
    if (past->len != strlen(e.text) ||
        memcmp(past->bytes, e.text, past->len) != 0)
        fail_msg("\"%.*s\", not \"%s\"", (int)past->len, past->bytes, e.text);
    assert_int_equal(past->unwritten, e.unwritten);
    assert_int_equal(past->missing, e.missing);
    assert_int_equal(past->may_miss, e.may_miss);
    assert_int_equal(past->next.epoch, e.next.epoch);
    assert_int_equal(past->next.position, e.next.position);
    past_leave(past);
}

static void expect_unknown(const struct fixture *f, uint64_t epoch,
                           uint64_t position)
{
    struct past_place place = { epoch, position };

    assert_null(conlog_following_read(f->settings.directory, "web", C, &place));
}

static void a_run_goes_on_in_the_next(void **state)
{
    struct fixture *f = *state;

    if (!has_attributes(f))
        skip();
    print(f, A, 0, "one ");
    print(f, A, 4, "two ");
    restart(f, true);
    print(f, B, 0, "three ");
    restart(f, true);
    print(f, C, 0, "four");
    expect(f, A, 2, (struct expected){ "e two ", .next = { A, 8 } });
    expect(f, A, 8, (struct expected){ "three ", .next = { B, 6 } });
    /* What this run has, the ring may have, too. */
    expect(f, B, 6, (struct expected){ "", .next = { C, 0 } });
    expect(f, C, 1, (struct expected){ "our", .next = { C, 4 } });
    expect(f, C, 4, (struct expected){ "", .next = { C, 4 } });
    expect_unknown(f, 0xd, 0);
}

static void nothing_was_printed_since(void **state)
{
    struct fixture *f = *state;

    if (!has_attributes(f))
        skip();
    expect_unknown(f, A, 0);
    print(f, A, 0, "one");
    restart(f, true);
    expect(f, A, 1, (struct expected){ "ne", .next = { A, 3 } });
    expect(f, A, 3, (struct expected){ "", .next = { C, 0 } });
    expect(f, C, 7, (struct expected){ "", .next = { C, 7 } });
}

/* A client has seen what was not written any more. */
static void after_a_kill_it_says_what_it_has_not(void **state)
{
    struct fixture *f = *state;

    if (!has_attributes(f))
        skip();
    print(f, A, 0, "one ");
    restart(f, false);
    print(f, B, 0, "two ");
    restart(f, false);
    print(f, C, 0, "three");
    expect(f, A, 9,
           (struct expected){ "two ", .unwritten = 5, .may_miss = true,
                              .next = { B, 4 } });
    expect(f, A, 4,
           (struct expected){ "two ", .may_miss = true, .next = { B, 4 } });
    expect(f, B, 6,
           (struct expected){ "", .unwritten = 2, .may_miss = true,
                              .next = { C, 0 } });
}

static void gaps_are_counted(void **state)
{
    struct fixture *f = *state;

    for (int is_stamped = 0; is_stamped <= 1; is_stamped++) {
        f->settings.is_stamped = is_stamped != 0;
        restart(f, false);
        print(f, A + (uint64_t)is_stamped, 0, "one\ntwo");
        print_lost(f, A + (uint64_t)is_stamped, 107, "three\n", 100);
        if (!has_attributes(f))
            skip();
        expect(f, A + (uint64_t)is_stamped, 1,
               (struct expected){ "ne\ntwo",
                                  .next = { A + (uint64_t)is_stamped, 7 } });
        expect(f, A + (uint64_t)is_stamped, 7,
               (struct expected){ "three\n", .missing = 100,
                                  .next = { A + (uint64_t)is_stamped, 113 } });
        /* It was seen, though it was not written. */
        expect(f, A + (uint64_t)is_stamped, 47,
               (struct expected){ "three\n", .missing = 60,
                                  .next = { A + (uint64_t)is_stamped, 113 } });
    }
}

/* The byte that stands at the place that was found. */
static char byte_at(const struct fixture *f, uint64_t epoch, uint64_t position)
{
    const struct past_place place = { epoch, position };
    uint64_t file = 0, offset = 0;
    char path[1100], byte = '\0';
    struct stat st;
    int fd;

    if (!conlog_following_find(f->settings.directory, "web", &place, &file,
                               &offset))
        return '\0';
    path_of(f, "web", path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(conlog_file_identity(&st), file);
    assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
    close(fd);
    return byte;
}

static void a_byte_is_found(void **state)
{
    static const char text[] = "one\n20x\n2026-01-31T\nthree\n";
    enum { LEN = sizeof text - 1 };
    struct fixture *f = *state;

    for (uint64_t is_stamped = 0; is_stamped <= 1; is_stamped++) {
        f->settings.is_stamped = is_stamped != 0;
        restart(f, false);
        print(f, A + is_stamped, 0, text);
        print_lost(f, A + is_stamped, LEN + 100, "four\n", 100);
        if (!has_attributes(f))
            skip();
        for (uint64_t at = 0; at < LEN; at++)
            assert_int_equal(byte_at(f, A + is_stamped, at), text[at]);
        assert_int_equal(byte_at(f, A + is_stamped, LEN + 50), 'f');
        assert_int_equal(byte_at(f, A + is_stamped, LEN + 101), 'o');
        assert_int_equal(byte_at(f, A + is_stamped, LEN + 105), '\0');
        assert_int_equal(byte_at(f, C, 0), '\0');
    }
}

/* At each byte of the line about the gap, and of what follows, the disk is full
 * for a while, or the program is killed. */
static void a_disk_error_in_the_middle_lets_nothing_lie(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit;
    rlim_t no_limit;

    if (!has_attributes(f))
        skip();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    no_limit = limit.rlim_cur;
    for (unsigned cut = 3; cut < 80; cut++) {
        struct conlog_job *j = job(A, 13, "three");
        char path[1100];

        path_of(f, "web", path);
        (void)unlink(path);
        restart(f, false);
        print(f, A, 0, "one");
        j->lost = 10;
        limit.rlim_cur = cut;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        (void)try_once(f, j);
        limit.rlim_cur = no_limit;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        if (cut % 2 == 0) {
            assert_int_equal(try_once(f, j), CONLOG_FILE_WRITTEN);
            expect(
                f, A, 3,
                (struct expected){ "three", .missing = 10, .next = { A, 18 } });
            expect(f, A, 15, (struct expected){ "ree", .next = { A, 18 } });
        }
        restart(f, false);
        print(f, C, 0, "four");
        expect(f, A, 1, (struct expected){ "ne", .next = { A, 3 } });
        expect(f, C, 0, (struct expected){ "four", .next = { C, 4 } });
        free(j);
    }
}

static void over_a_rotation(void **state)
{
    struct fixture *f = *state;

    if (!has_attributes(f))
        skip();
    f->settings.is_stamped = true;
    print(f, A, 0, "one\ntw");
    rotate(f);
    print(f, A, 6, "o\nthree\n");
    rotate(f);
    print(f, A, 14, "four\n");
    expect(f, A, 1, (struct expected){ "ne\ntw", .next = { A, 6 } });
    expect(f, A, 6, (struct expected){ "o\nthree\n", .next = { A, 14 } });
    expect(f, A, 15, (struct expected){ "our\n", .next = { A, 19 } });
}

/* The oldest file has gone, with its output. */
static void what_was_deleted_is_missing(void **state)
{
    struct fixture *f = *state;
    char path[1100];

    if (!has_attributes(f))
        skip();
    print(f, A, 0, "one");
    rotate(f);
    print(f, A, 3, "two");
    path_of(f, "web.1", path);
    assert_int_equal(unlink(path), 0);
    expect(f, A, 1, (struct expected){ "two", .missing = 2, .next = { A, 6 } });
}

/* Its file is closed between the jobs, because others are busier. */
static void a_log_that_goes_on_is_noted_once(void **state)
{
    struct fixture *f = *state;
    struct conlog_positions positions;
    struct conlog_origin left;
    char path[1100];
    int fd;

    if (!has_attributes(f))
        skip();
    for (uint64_t i = 0; i < 8; i++) {
        print(f, A, 3 * i, "one");
        left = (struct conlog_origin){ f->file.identity, f->file.size };
        restart(f, false);
        conlog_file_resume(&f->file, &left, A);
    }
    path_of(f, "web", path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    conlog_positions_read(fd, &positions);
    close(fd);
    assert_int_equal(positions.count, 1);
    expect(f, A, 22, (struct expected){ "ne", .next = { A, 24 } });
    /* Somebody else has written to it. */
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "else", 4), 4);
    close(fd);
    print(f, A, 24, "two");
    expect(f, A, 22, (struct expected){ "ne", .next = { A, 24 } });
    expect(f, A, 24, (struct expected){ "two", .next = { A, 27 } });
}

/* copytruncate. */
static void a_shortened_file_is_another_one(void **state)
{
    struct fixture *f = *state;
    char path[1100];

    if (!has_attributes(f))
        skip();
    print(f, A, 0, "one two");
    path_of(f, "web", path);
    assert_int_equal(truncate(path, 0), 0);
    restart(f, false);
    print(f, C, 0, "three");
    expect_unknown(f, A, 0);
    expect(f, C, 1, (struct expected){ "hree", .next = { C, 5 } });
}

static void long_output_comes_in_steps(void **state)
{
    struct fixture *f = *state;
    static char text[3 * PAST_STEP];

    if (!has_attributes(f))
        skip();
    for (int is_stamped = 0; is_stamped <= 1; is_stamped++) {
        uint64_t epoch = A + (uint64_t)is_stamped;
        struct past_place place = { epoch, 5 };

        f->settings.is_stamped = is_stamped != 0;
        for (size_t i = 0; i + 1 < sizeof text; i++)
            text[i] = "abcdefghijklmnopqrstuvwxy\n"[i % 26];
        restart(f, true);
        print(f, epoch, 0, text);
        while (place.position < sizeof text - 1) {
            struct past *past =
                conlog_following_read(f->settings.directory, "web", C, &place);

            assert_non_null(past);
            assert_true(past->len > 0 && past->len <= PAST_STEP);
            assert_memory_equal(past->bytes, text + place.position, past->len);
            assert_int_equal(past->next.position, place.position + past->len);
            place = past->next;
            past_leave(past);
        }
    }
}

static void without_attributes_nothing_is_known(void **state)
{
    struct fixture *f = *state;
    char path[1100];

    print(f, A, 0, "one");
    path_of(f, "web", path);
    (void)removexattr(path, "user.vspcd.positions");
    expect_unknown(f, A, 1);
    if (!has_attributes(f))
        return;
    assert_int_equal(setxattr(path, "user.vspcd.positions", "vsp\1junk", 8, 0),
                     0);
    expect_unknown(f, A, 1);
}

static void entries_are_bounded_and_checked(void **state)
{
    struct conlog_positions p = { 0 }, back;
    uint8_t bytes[CONLOG_POSITIONS_LEN];
    size_t len;

    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        struct conlog_position e = { .epoch = i,
                                     .position = 7 * i,
                                     .offset = 10 * i + 3,
                                     .inserted = 3,
                                     .is_stamped = true };

        conlog_positions_add(&p, &e);
    }
    assert_int_equal(p.count, CONLOG_POSITIONS_MAX);
    assert_int_equal(p.at[0].epoch, 40 - CONLOG_POSITIONS_MAX);
    assert_int_equal(conlog_positions_end(&p, 0, 10000), 250);
    assert_int_equal(conlog_positions_end(&p, CONLOG_POSITIONS_MAX - 1, 395),
                     395);
    /* A file that ends before it. */
    assert_int_equal(conlog_positions_end(&p, 3, 0), p.at[3].offset);
    len = conlog_positions_encode(&p, bytes);
    assert_int_equal(len, CONLOG_POSITIONS_LEN);
    assert_true(conlog_positions_decode(slice_of(bytes, len), &back));
    assert_int_equal(back.count, p.count);
    assert_int_equal(back.at[5].position, p.at[5].position);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(conlog_positions_decode(slice_of(bytes, cut), &back),
                         cut >= 4 && (cut - 4) % CONLOG_POSITION_LEN == 0);
    bytes[4 + CONLOG_POSITION_LEN + 23] = 0xff; /* an offset */
    assert_false(conlog_positions_decode(slice_of(bytes, len), &back));
    assert_int_equal(back.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_run_goes_on_in_the_next),
        TEST(nothing_was_printed_since),
        TEST(after_a_kill_it_says_what_it_has_not),
        TEST(gaps_are_counted),
        TEST(a_byte_is_found),
        TEST(a_disk_error_in_the_middle_lets_nothing_lie),
        TEST(over_a_rotation),
        TEST(what_was_deleted_is_missing),
        TEST(a_log_that_goes_on_is_noted_once),
        TEST(a_shortened_file_is_another_one),
        TEST(long_output_comes_in_steps),
        TEST(without_attributes_nothing_is_known),
        cmocka_unit_test(entries_are_bounded_and_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Heads and chunks as bytes, and the same read again.
 */
#include "proto/http/http_writer.h"

#include "proto/http/http_reader.h"

#include <setjmp.h>
#include <stdarg.h>
/* After those that it needs. */
#include <cmocka.h>

static void check_written(struct buf *b, const char *expected)
{
    assert_int_equal(b->len, strlen(expected));
    assert_memory_equal(buf_bytes(b).data, expected, b->len);
    buf_cut(b, 0);
}

static void heads_are_written(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    assert_int_equal(http_write_status(&b, 404), 0);
    assert_int_equal(http_write_field(&b, "Allow", "GET, HEAD"), 0);
    assert_int_equal(http_write_number(&b, "Content-Length", UINT64_MAX), 0);
    assert_int_equal(http_write_end(&b), 0);
    check_written(&b, "HTTP/1.1 404 Not Found\r\nAllow: GET, HEAD\r\n"
                      "Content-Length: 18446744073709551615\r\n\r\n");
    assert_int_equal(http_write_request(&b, "GET", "/x?y"), 0);
    check_written(&b, "GET /x?y HTTP/1.1\r\n");
    assert_string_equal(http_status_text(299), "");
}

static void a_chunk_is_written_in_place(void **state)
{
    struct buf b;
    uint32_t at;

    (void)state;
    buf_init(&b, 1000);
    (void)buf_append(&b, slice_of_text("xyz"));
    buf_take(&b, 1);
    assert_int_equal(http_chunk_begin(&b, &at), 0);
    (void)buf_append(&b, slice_of_text("0123456789abcdefg"));
    assert_int_equal(http_chunk_end(&b, at), 0);
    assert_int_equal(http_chunk_begin(&b, &at), 0);
    assert_int_equal(http_chunk_end(&b, at), 0);
    assert_int_equal(http_write_last_chunk(&b), 0);
    check_written(&b, "yz00000011\r\n0123456789abcdefg\r\n0\r\n\r\n");
    /* One without bytes alone leaves no memory behind. */
    assert_int_equal(http_chunk_begin(&b, &at), 0);
    assert_int_equal(http_chunk_end(&b, at), 0);
    assert_null(b.data);
}

static void what_has_no_room_is_not_begun(void **state)
{
    struct buf b;
    uint32_t at;

    (void)state;
    buf_init(&b, 12);
    assert_true(http_write_status(&b, 404) < 0);
    assert_int_equal(b.len, 0);
    assert_null(b.data);
    assert_int_equal(buf_append(&b, slice_of_text("abc")), 0);
    assert_true(http_write_field(&b, "Connection", "close") < 0);
    assert_true(http_chunk_begin(&b, &at) < 0);
    check_written(&b, "abc");
}

static void what_is_written_can_be_read(void **state)
{
    struct http_reader *r = http_reader_new(HTTP_SIDE_CLIENT);
    struct http_item item;
    struct slice in;
    struct buf b;
    uint32_t at;

    (void)state;
    buf_init(&b, 1000);
    (void)http_write_status(&b, 200);
    (void)http_write_field(&b, "Transfer-Encoding", "chunked");
    (void)http_write_end(&b);
    (void)http_chunk_begin(&b, &at);
    (void)buf_append(&b, slice_of_text("hello"));
    (void)http_chunk_end(&b, at);
    (void)http_write_last_chunk(&b);
    in = buf_bytes(&b);
    assert_int_equal(http_next(r, &in, &item), HTTP_HEAD_DONE);
    assert_int_equal(item.head->status, 200);
    assert_int_equal(http_next(r, &in, &item), HTTP_BODY);
    assert_true(slice_is_equal(item.body, slice_of_text("hello")));
    assert_int_equal(http_next(r, &in, &item), HTTP_DONE);
    assert_int_equal(in.len, 0);
    http_reader_free(r);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_written),
        cmocka_unit_test(a_chunk_is_written_in_place),
        cmocka_unit_test(what_has_no_room_is_not_begun),
        cmocka_unit_test(what_is_written_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

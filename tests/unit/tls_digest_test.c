/*
 * Base64, strictly, and the answer to a WebSocket's key.
 */
#include "net/tls/tls_digest.h"

#include <setjmp.h>
#include <stdarg.h>
/* After those that it needs. */
#include <cmocka.h>

/* RFC 4648, section 10. */
static void base64_is_written_and_read(void **state)
{
    static const struct {
        const char *bytes;
        const char *text;
    } pairs[] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xfb\xff\xbf", "+/+/" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct slice bytes = slice_of_text(pairs[i].bytes);
        char text[TLS_BASE64_LEN(6) + 1];
        uint8_t back[6];

        assert_int_equal(TLS_BASE64_LEN(bytes.len), strlen(pairs[i].text));
        tls_base64_encode(bytes, text);
        assert_string_equal(text, pairs[i].text);
        assert_int_equal(tls_base64_decode(slice_of_text(text), back),
                         bytes.len);
        assert_memory_equal(back, bytes.data, bytes.len);
    }
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const wrong[] = {
        "Zg",       "Zg=",      "Zg===",    "====",    "=g==",
        "Z===",     "Zm9v\n",   " Zm9v   ", "Zm 9",    "Zm-_",
        "Zg==Zg==", "Zm9vZ===", "Zm9v====", "Z\3779v",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t back[8];

        assert_int_equal(tls_base64_decode(slice_of_text(wrong[i]), back), -1);
    }
}

/* RFC 6455, section 1.3. */
static void a_websocket_key_is_answered(void **state)
{
    char answer[TLS_WEBSOCKET_ANSWER_LEN + 1];

    (void)state;
    assert_true(tls_websocket_answer(slice_of_text("dGhlIHNhbXBsZSBub25jZQ=="),
                                     answer));
    assert_string_equal(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_false(tls_websocket_answer(slice_of_text(""), answer));
    assert_false(tls_websocket_answer(slice_of_text("dGhlIHNhbXBsZSBub25jZSE="),
                                      answer));
    assert_false(tls_websocket_answer(slice_of_text("dGhlIHNhbXBsZSBub25jZ!=="),
                                      answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_written_and_read),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(a_websocket_key_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

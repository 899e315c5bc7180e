/* Our cookie among those of a browser, or of somebody who is none. */
#include "web/http_cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The value; NULL: there is none. */
static void expect(struct slice field, const char *value)
{
    char *found = http_cookie_copy(field, "name");

    if ((found == NULL) != (value == NULL) ||
        (found != NULL && strcmp(found, value) != 0))
        fail_msg("%.*s: %s", (int)field.len, (const char *)field.data,
                 found != NULL ? found : "none");
    free(found);
}

static void cookies_that_are_found(void **state)
{
    static const struct {
        const char *field, *value;
    } rows[] = {
        { "", NULL },
        { "name", "" },
        { "name=", "" },
        { "=name", NULL },
        { "name=a", "a" },
        { " name = a ", "a" },
        { "\tname\t=\ta\t", "a" },
        { "name=a=b", "a=b" },
        { "name==", "=" },
        { "name=\"a\"", "\"a\"" },
        { "name=a b", "a b" },
        { "x=1; name=a", "a" },
        { "name=a; x=1", "a" },
        { ";;name=a;;", "a" },
        { "xname=a", NULL },
        { "namex=a", NULL },
        { "Name=a", NULL },
        { "x=name=a", NULL },
        { "x; name=a", "a" },
        { "name=a,name=b", "a,name=b" },
        { "name=a; name=b", "" },
        { "name=a; name=a", "" },
        { "name=; name=a", "" },
        { "name; name=a", "" },
        { "name=a; name", "" },
        { "name=a; x=1; name=b; name=c", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(slice_of_text(rows[i].field), rows[i].value);
    expect(slice_of(NULL, 0), NULL);
}

/* A slice ends where it ends. */
static void field_has_no_nul(void **state)
{
    static const char field[] = "x=1; name=secret; y=2";

    (void)state;
    for (size_t len = 0; len < sizeof field; len++) {
        char *copy = malloc(len + 1); /* so that a sanitizer sees its end */
        char value[32] = "";

        assert_non_null(copy);
        memcpy(copy, field, len);
        if (len > strlen("x=1; name="))
            snprintf(value, sizeof value, "%.*s",
                     (int)(len - strlen("x=1; name=")), "secret; y=2");
        value[strcspn(value, ";")] = '\0';
        expect(slice_of(copy, len), len >= strlen("x=1; name") ? value : NULL);
        free(copy);
    }
}

static void field_that_sets_it(void **state)
{
    char field[HTTP_COOKIE_FIELD_MAX];

    (void)state;
    http_cookie_format("value", field);
    assert_string_equal(field, "__Host-vspcd=value; Path=/; Secure; HttpOnly; "
                               "SameSite=Strict");
    http_cookie_format("", field);
    assert_string_equal(field, "__Host-vspcd=; Path=/; Secure; HttpOnly; "
                               "SameSite=Strict; Max-Age=0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_that_are_found),
        cmocka_unit_test(field_has_no_nul),
        cmocka_unit_test(field_that_sets_it),
    };

    return cmocka_run_group_tests_name("http_cookie", tests, NULL, NULL);
}

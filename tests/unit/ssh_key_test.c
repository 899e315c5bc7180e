/* Public keys of ssh as text. */
#include "auth/ssh_key.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Fingerprints are as ssh-keygen -lf prints them. */
#define ED25519                                                                \
    "ssh-ed25519 "                                                             \
    "AAAAC3NzaC1lZDI1NTE5AAAAIHqVTH19fvk8JykaZlimHr+FG0JuMhpx3ykFyeDNujG1"
#define ECDSA                                                                  \
    "ecdsa-sha2-nistp256 "                                                     \
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAAAAAAAAAAAAAAAAAAA" \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void keys_have_their_fingerprint(void **state)
{
    struct ssh_key key;
    struct err err;

    (void)state;
    assert_int_equal(ssh_key_parse(&key, ED25519 " alice@home \n", &err), 0);
    assert_string_equal(key.text, ED25519);
    assert_string_equal(key.comment, "alice@home");
    assert_string_equal(key.fingerprint,
                        "SHA256:08OaYXOXi3m7YwT4TZX11UUtol9W8zFfp8S8lb9vjX4");
    assert_int_equal(ssh_key_parse(&key, ED25519, &err), 0);
    assert_string_equal(key.comment, "");
    assert_int_equal(ssh_key_parse(&key, ED25519 "\r\n", &err), 0);
    assert_int_equal(ssh_key_parse(&key, ECDSA " a\tb\x1b[1m", &err), 0);
    assert_string_equal(key.comment, "ab[1m");
}

static void other_forms_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        " ",
        " " ED25519,
        "ssh-ed25519",
        "ssh-ed25519 ",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",             /* nothing behind it */
        "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAAAQ==", /* another type */
        "ssh-dss AAAAB3NzaC1kc3MAAAA",
        "no-pty " ED25519,
        "command=\"id\" " ED25519,
        ED25519 "\n" ED25519,
        ED25519 "\r" ED25519,
        ED25519 "=",
        ED25519 "AAA\"",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    };
    struct ssh_key key;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = { "" };

        if (ssh_key_parse(&key, cases[i], &err) != -EINVAL)
            fail_msg("taken: %s", cases[i]);
        assert_string_not_equal(err.text, "");
    }
}

static void keys_are_bounded(void **state)
{
    char text[2 * SSH_KEY_TEXT_MAX] = ED25519;
    size_t len = strlen(text);
    struct ssh_key key;
    struct err err;

    (void)state;
    while (len + 4 < SSH_KEY_TEXT_MAX) {
        strcpy(text + len, "AAAA");
        len += 4;
    }
    assert_int_equal(ssh_key_parse(&key, text, &err), 0);
    assert_string_equal(key.text, text);
    strcpy(text + len, "AAAA");
    assert_int_equal(ssh_key_parse(&key, text, &err), -EINVAL);
    text[len] = ' ';
    memset(text + len + 1, 'c', 2 * SSH_KEY_COMMENT_MAX);
    text[len + 1 + 2 * SSH_KEY_COMMENT_MAX] = '\0';
    assert_int_equal(ssh_key_parse(&key, text, &err), 0);
    assert_int_equal(strlen(key.comment), SSH_KEY_COMMENT_MAX - 1);
}

static void names_are_no_shells(void **state)
{
    static const struct {
        const char *name;
        bool is_name;
    } rows[] = {
        { "alice", true }, { "a.b_c@example.org+x-1", true },
        { "0", true },     { "", false },
        { "-x", false },   { ".x", false },
        { "a b", false },  { "a\"b", false },
        { "a'b", false },  { "$(id)", false },
        { "a;b", false },  { "a\nb", false },
        { "a\\b", false }, { "\xc3\xa4lice", false },
    };
    char longest[SSH_KEY_NAME_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(ssh_key_is_name(rows[i].name), rows[i].is_name);
    memset(longest, 'a', sizeof longest);
    longest[SSH_KEY_NAME_MAX + 1] = '\0';
    assert_false(ssh_key_is_name(longest));
    assert_true(ssh_key_is_name(longest + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_have_their_fingerprint),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(keys_are_bounded),
        cmocka_unit_test(names_are_no_shells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

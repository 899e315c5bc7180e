/*
 * Rules of who may do what, from the text of a file to verdicts: whatever the
 * rules are, what a verdict is built on holds.
 *
 * The input is texts that end with a NUL: the file, a person's name, a group, a
 * console's name, UUID and label, the host's address, the person's address, a
 * token's pattern. Missing ones are empty.
 */
#include "base/mem.h"
#include "base/slice.h"
#include "conf/sources.h"
#include "daemon/access/daemon_access.h"

#include <stdlib.h>
#include <string.h>

enum text { NAME, GROUP, CONSOLE, UUID, LABEL, HOST, ADDRESS, PATTERN, TEXTS };

struct input {
    char *file;
    char *text[TEXTS];
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static char *take_text(struct slice *rest)
{
    size_t len = strnlen((const char *)rest->data, rest->len);
    char *text = xmalloc(len + 1);

    if (len > 0)
        memcpy(text, rest->data, len);
    text[len] = '\0';
    *rest = slice_after(*rest, len < rest->len ? len + 1 : len);
    return text;
}

static struct ip ip_of(const char *text)
{
    struct ip ip = { 0 };

    (void)ip_parse(text, &ip);
    return ip;
}

static struct principal person(const struct input *in,
                               enum principal_proof proof)
{
    struct principal p = principal_of_address(in->text[ADDRESS][0] != '\0',
                                              ip_of(in->text[ADDRESS]));

    if (proof == PROOF_ADDRESS || !principal_prove(&p, proof, in->text[NAME]))
        return p;
    principal_set_groups(&p, &in->text[GROUP], 1);
    return p;
}

static enum right right_of(const struct access_rules *rules,
                           const struct principal *who,
                           const struct access_console *console)
{
    struct access_verdict v = access_rules_judge(rules, who, console);
    char text[600] = "";

    require((unsigned)v.right < RIGHT_COUNT);
    require(v.is_matched || v.right == RIGHT_NONE);
    access_rules_explain(rules, "file", who, console, text, sizeof text);
    require(text[0] != '\0' && strnlen(text, sizeof text) < sizeof text);
    (void)access_rules_may_gain(rules, who, console);
    return v.right;
}

/* A token may no more than its owner there, and than it is bound to. */
static void check_token(const struct access_rules *rules,
                        const struct input *in,
                        const struct access_console *console, enum right most)
{
    struct principal token = person(in, PROOF_TOKEN);

    if (token.name != NULL) {
        token.owner = xmalloc(sizeof *token.owner);
        *token.owner = person(in, PROOF_UID);
        for (int bound = RIGHT_NONE; bound < RIGHT_COUNT; bound++) {
            enum right right;

            token.right_max = (uint8_t)bound;
            right = right_of(rules, &token, console);
            require(right <= most && (int)right <= bound);
            require(right == most || (int)right == bound);
        }
        if (pattern_check(in->text[PATTERN], NULL) == 0) {
            token.consoles = xstrdup(in->text[PATTERN]);
            require(right_of(rules, &token, console) == most ||
                    right_of(rules, &token, console) == RIGHT_NONE);
        }
    }
    principal_done(&token);
}

/* What anybody may at an address, everybody may there. */
static void check_rules(const struct access_rules *rules,
                        const struct input *in)
{
    const struct access_console console = {
        .name = in->text[CONSOLE],
        .uuid = in->text[UUID],
        .label = in->text[LABEL],
        .host = ip_of(in->text[HOST]),
    };
    struct principal nobody = person(in, PROOF_ADDRESS);
    enum right least = right_of(rules, &nobody, &console);

    for (int i = PROOF_UID; i < PROOF_COUNT; i++) {
        struct principal who = person(in, (enum principal_proof)i);
        enum right right = right_of(rules, &who, &console);

        require(i == PROOF_TOKEN || right >= least);
        if (i == PROOF_UID)
            check_token(rules, in, &console, right);
        principal_done(&who);
    }
    (void)access_rules_may_gain(rules, &nobody, NULL);
    principal_done(&nobody);
}

static void check_settings(const struct settings *s, const struct input *in)
{
    const struct daemon_access own = { .keeper = in->text[GROUP] };
    struct problems errors = { .count = 0 }, warnings = { .count = 0 };
    struct daemon_access made;
    struct err err;

    daemon_access_check(s, &errors, &warnings);
    if (daemon_access_reopen(&own, s, &made, &err) < 0) {
        require(errors.count > 0);
        return;
    }
    require(errors.count == 0);
    check_rules(made.rules, in);
    daemon_access_close(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice rest = slice_of(bytes, len);
    struct problems problems = { .count = 0 };
    struct settings s = { .argc = 0 };
    struct input in = { .file = take_text(&rest) };

    for (int i = 0; i < TEXTS; i++)
        in.text[i] = take_text(&rest);
    s.file = xstrdup("file");
    config_text_read("file", in.file, strlen(in.file), &s, &problems);
    if (problems.count == 0)
        check_settings(&s, &in);
    options_free(&s);
    for (int i = 0; i < TEXTS; i++)
        free(in.text[i]);
    free(in.file);
    return 0;
}

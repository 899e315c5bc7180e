/*
 * Whatever a VM prints: the matcher finds the same, at the same places, however
 * the output is cut, in lines that are bounded, valid UTF-8 and without control
 * characters; and what is cleaned is no longer than what was printed. The first
 * byte of an input says how it is cut, and where some of it is lost.
 */
#include "alert/match/alert_clean.h"
#include "alert/match/alert_matcher.h"
#include "alert/match/alert_sets.h"
#include "base/text.h"

#include <stdlib.h>

enum { FINDS_MAX = 256, INPUT_MAX = 16 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct heard {
    struct alert_find *find[FINDS_MAX];
    size_t count;
};

static void check_line(const char *line)
{
    struct slice rest = slice_of_text(line);

    require(rest.len < ALERT_LINE_MAX);
    while (rest.len > 0) {
        uint32_t code;
        size_t len = text_character(rest, &code);

        require(len > 0 && !text_is_control(code));
        rest = slice_after(rest, len);
    }
}

static void on_find(void *owner, struct alert_find *find)
{
    struct heard *h = owner;

    check_line(find->text);
    for (uint32_t i = 0; i < find->before_count; i++)
        check_line(find->before[i]);
    for (uint32_t i = 0; i < find->after_count; i++)
        check_line(find->after_line[i]);
    if (h->count < FINDS_MAX)
        h->find[h->count++] = find;
    else
        alert_find_free(find);
}

/* Made once: compiling takes longer than thousands of inputs. */
static struct alert_rules *the_rules(void)
{
    static struct alert_rules *rules;
    struct alert_settings settings = { 0 };
    struct alert_rule *rule;
    struct err err;

    if (rules != NULL)
        return rules;
    for (size_t i = 0; alert_sets_name(i) != NULL; i++)
        require(alert_sets_add(&settings, alert_sets_name(i)));
    rule = alert_settings_rule(&settings, "any");
    alert_rule_set_text(&rule->pattern, "\\w+.*");
    rule = alert_settings_rule(&settings, "over lines");
    alert_rule_set_text(&rule->pattern, "^a[^b]*b$");
    require(alert_rules_make(&settings, &rules, &err) == 0);
    alert_settings_clear(&settings);
    return rules;
}

static void play(struct heard *h, struct slice in, size_t piece)
{
    static const struct access_console console = { .name = "vm", .uuid = "u" };
    struct alert_matcher *m = alert_matcher_new(on_find, h);
    struct alert_subject *s;
    uint8_t bits[ALERT_RULES_MAX / 8];
    uint64_t now_us = 1000 * 1000;
    uint64_t at = 0;

    *h = (struct heard){ .count = 0 };
    require(alert_matcher_use(m, alert_rules_share(the_rules())) == 0);
    require(alert_rules_apply(the_rules(), &console, bits));
    s = alert_subject_new(m, h);
    alert_subject_apply(m, s, bits);
    while (in.len > 0) {
        size_t len = in.len < piece ? in.len : piece;

        alert_matcher_feed(m, s, slice_of(in.data, len), at, now_us);
        at += len;
        in = slice_after(in, len);
    }
    /* Behind a gap; and all that waits. */
    alert_matcher_feed(m, s, slice_of_text("behind a gap\n"), at + 7, now_us);
    for (int i = 0; i < 4; i++) {
        now_us += UINT64_C(300) * 1000 * 1000;
        alert_matcher_vm(m, s, i != 1, now_us);
        alert_matcher_fire(m, now_us);
    }
    alert_subject_free(m, s);
    alert_matcher_free(m);
}

static void done(struct heard *h)
{
    for (size_t i = 0; i < h->count; i++)
        alert_find_free(h->find[i]);
}

/* The lines around a find depend on when it is looked at; what was found does
 * not. */
static void check_same(const struct heard *a, const struct heard *b)
{
    require(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        size_t other = 0;

        while (other < b->count &&
               (a->find[i]->rule != b->find[other]->rule ||
                a->find[i]->cause != b->find[other]->cause ||
                a->find[i]->position != b->find[other]->position))
            other++;
        require(other < b->count);
    }
}

static void check_clean(struct slice in)
{
    struct alert_clean clean;
    uint8_t *to = malloc(in.len + 1);
    struct slice rest = in;
    size_t written;

    require(to != NULL);
    alert_clean_init(&clean);
    written = alert_clean_feed(&clean, &rest, to, in.len);
    require(written <= in.len && (rest.len == 0 || written == in.len));
    for (size_t i = 0; i < written; i++) {
        require(to[i] == '\n' || (to[i] >= ' ' && to[i] != 0x7f));
        require(to[i] != '\n' || (i > 0 && to[i - 1] != '\n'));
    }
    free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct heard whole, cut;
    struct slice in;

    if (len == 0 || len > INPUT_MAX)
        return 0;
    in = slice_of(bytes + 1, len - 1);
    check_clean(in);
    play(&whole, in, INPUT_MAX);
    play(&cut, in, (size_t)bytes[0] + 1);
    check_same(&whole, &cut);
    done(&whole);
    done(&cut);
    return 0;
}

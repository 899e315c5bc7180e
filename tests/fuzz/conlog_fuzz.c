/*
 * Whatever an administrator's pattern and a VM's facts are: the path of a log
 * stays inside its directory and can be shown, used in a shell, and rotated.
 * And whatever a VM prints, however it is cut: stamps come off again.
 *
 * The input is four lines (pattern, name, UUID, label) and what is printed
 * behind them; NULs end a line's text. Its length and its bytes choose the
 * cuts.
 */
#include "conlog/conlog_names.h"
#include "conlog/file/conlog_name.h"
#include "conlog/file/conlog_stamp.h"

#include "base/text.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- names ------------------------------------------------------------ */

/* A line as a string of the caller's. */
static char *take_line(struct slice *in)
{
    const uint8_t *end = in->len > 0 ? memchr(in->data, '\n', in->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - in->data) : in->len;
    char *line = malloc(len + 1);

    require(line != NULL);
    if (len > 0)
        memcpy(line, in->data, len);
    line[len] = '\0';
    *in = slice_after(*in, end != NULL ? len + 1 : len);
    return line;
}

static void check_part(const char *part, size_t len)
{
    require(len > 0 && len <= CONLOG_NAME_PART_MAX);
    require(part[0] != '.' && part[0] != '-' && part[0] != ' ');
}

static void check_path(const char *path, size_t len)
{
    char clean[CONLOG_NAME_MAX];
    size_t parts = 0;

    require(len == strlen(path) && len < CONLOG_NAME_MAX);
    require(text_clean(clean, sizeof clean, slice_of(path, len)) == len);
    require(memcmp(clean, path, len) == 0);
    for (const char *at = path;; at++) {
        size_t n = strcspn(at, "/");

        check_part(at, n);
        parts++;
        at += n;
        if (*at == '\0')
            break;
    }
    require(parts <= CONLOG_NAME_PARTS);
}

/* No live file has a name that a rotated one has. */
static void check_end(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    for (const char *dot = strchr(name + 1, '.'); dot != NULL;
         dot = strchr(dot + 1, '.')) {
        size_t digits = strspn(dot + 1, "0123456789");
        const char *end = dot + 1 + digits;

        require(strcmp(dot, ".tmp") != 0);
        if (digits >= 1 && digits <= 3 && dot[1] != '0')
            require(strcmp(end, "") != 0 && strcmp(end, ".gz") != 0);
    }
}

/* With a pattern that adds nothing of its own. */
static void check_cleaned(const struct conlog_facts *facts)
{
    char path[CONLOG_NAME_MAX];

    check_path(path, conlog_name_expand("%{name}/%{uuid}/%{uuid-hex}/%{label}/"
                                        "%{folder}/x",
                                        facts, 0, path));
    require(strpbrk(path, "\\\"'$`*?[]{}<>|&;!#") == NULL);
    check_end(path);
}

/* Another one each time, as if UUID and label were. */
static void next_digest(struct slice bytes,
                        uint8_t ret[CONLOG_NAMES_DIGEST_LEN])
{
    static uint8_t last;

    require(bytes.len >= 2);
    memset(ret, ++last, CONLOG_NAMES_DIGEST_LEN);
}

/* Consoles with one name have different ones with any addition, and no addition
 * makes the name of a rotated file. */
static void check_additions(const char *pattern,
                            const struct conlog_facts *facts, int64_t utc_s)
{
    enum { WAYS = CONLOG_NAMES_WITH_DIGEST + 1 };
    static const uint64_t seed[2] = { 1, 2 };
    struct conlog_names_entry taken[WAYS] = { 0 };
    char uuid[TEXT_ID_MAX + 1], label[TEXT_ID_MAX + 1];
    struct conlog_facts cut = { facts->name, uuid, label, facts->folder };
    struct conlog_names names;

    text_clean(uuid, sizeof uuid, slice_of_text(facts->uuid));
    text_clean(label, sizeof label, slice_of_text(facts->label));
    conlog_names_init(&names, next_digest, seed);
    for (int i = 0; i < WAYS; i++) {
        conlog_names_take(&names, &taken[i], pattern, &cut, utc_s);
        check_path(taken[i].path, strlen(taken[i].path));
        check_end(taken[i].path);
        for (int k = 0; k < i; k++)
            require(strcmp(taken[i].path, taken[k].path) != 0);
    }
    for (int i = 0; i < WAYS; i++)
        conlog_names_give_up(&names, &taken[i]);
    conlog_names_done(&names);
}

static void check_names(const char *pattern, const struct conlog_facts *facts,
                        int64_t utc_s)
{
    char path[CONLOG_NAME_MAX], again[CONLOG_NAME_MAX];
    struct err err = { "" };
    size_t len;

    check_cleaned(facts);
    if (conlog_name_check(pattern, &err) < 0) {
        require(err.text[0] != '\0');
        return;
    }
    len = conlog_name_expand(pattern, facts, utc_s, path);
    check_path(path, len);
    check_end(path);
    require(conlog_name_expand(pattern, facts, utc_s, again) == len);
    require(memcmp(path, again, len + 1) == 0);
    require(conlog_name_next_date(pattern, utc_s) > utc_s);
    check_additions(pattern, facts, utc_s);
}

/* ---- stamps ----------------------------------------------------------- */

struct cuts {
    struct slice from;
    size_t at;
};

static size_t next_cut(struct cuts *c, size_t max)
{
    size_t n = c->from.data[c->at++ % c->from.len] % 64;

    return n < max ? n : max;
}

static size_t put_stamps(struct slice raw, uint8_t *to, struct cuts *cuts)
{
    struct conlog_stamp s;
    size_t at = 0;

    conlog_stamp_init(&s, false);
    while (raw.len > 0) {
        struct slice in = slice_of(raw.data, next_cut(cuts, raw.len));
        size_t before = in.len;
        size_t room = next_cut(cuts, SIZE_MAX);
        size_t len;

        /* A run of noughts would get nowhere. */
        if (cuts->at > 8 * cuts->from.len + 100) {
            in = raw;
            before = raw.len;
            room = raw.len * (CONLOG_STAMP_LEN + 1);
        }
        len = conlog_stamp_put(&s, &in, INT64_C(1769903999123), to + at, room);
        require(len <= room);
        at += len;
        raw = slice_after(raw, before - in.len);
    }
    return at;
}

static size_t strip_stamps(struct slice stamped, uint8_t *to, struct cuts *cuts)
{
    struct conlog_stamp_stripper s;
    size_t at = 0;

    conlog_stamp_stripper_init(&s, false);
    while (stamped.len > 0) {
        struct slice in = slice_of(stamped.data, next_cut(cuts, stamped.len));
        size_t before = in.len;
        size_t room = next_cut(cuts, SIZE_MAX);
        size_t len;

        if (cuts->at > 8 * cuts->from.len + 100) {
            in = stamped;
            before = stamped.len;
            room = stamped.len + CONLOG_STAMP_LEN;
        }
        len = conlog_stamp_strip(&s, &in, to + at, room);
        require(len <= room);
        at += len;
        stamped = slice_after(stamped, before - in.len);
    }
    return at + conlog_stamp_strip_end(&s, to + at);
}

static void check_stamps(struct slice raw)
{
    size_t most = raw.len * (CONLOG_STAMP_LEN + 1);
    uint8_t *stamped = malloc(most + CONLOG_STAMP_ROOM);
    uint8_t *whole = malloc(most + CONLOG_STAMP_ROOM);
    uint8_t *back = malloc(most + 2 * CONLOG_STAMP_ROOM);
    struct cuts cuts = { .from = raw };
    struct slice in = raw;
    struct conlog_stamp s;
    size_t len;

    require(stamped != NULL && whole != NULL && back != NULL);
    len = put_stamps(raw, stamped, &cuts);
    require(len <= most);
    conlog_stamp_init(&s, false);
    require(conlog_stamp_put(&s, &in, INT64_C(1769903999123), whole, most) ==
            len);
    require(memcmp(stamped, whole, len) == 0);
    cuts.at = 0;
    require(strip_stamps(slice_of(stamped, len), back, &cuts) == raw.len);
    require(memcmp(back, raw.data, raw.len) == 0);
    /* As it is, it may have a stamp or not; nothing gets longer. */
    cuts.at = 0;
    require(strip_stamps(raw, back, &cuts) <= raw.len);
    free(stamped);
    free(whole);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice in = slice_of(bytes, len);
    char *pattern = take_line(&in);
    char *name = take_line(&in);
    char *uuid = take_line(&in);
    char *label = take_line(&in);
    struct conlog_facts facts = { name, uuid, label, name };

    check_names(pattern, &facts, (int64_t)len * 1234567);
    if (in.len > 0)
        check_stamps(in);
    if (len > 0)
        check_stamps(slice_of(bytes, len));
    free(pattern);
    free(name);
    free(uuid);
    free(label);
    return 0;
}

/*
 * Plays tests/script/ against telpeer. A script is one side's view:
 *
 *     # comment
 *     ! policy proxy | client | vm      first; which endpoint this is
 *     ! enable us|peer OPTION           what its owner does: ask for an option,
 *     ! disable us|peer OPTION
 *     ! send BYTES                      send data,
 *     ! suboption OPTION BYTES          send a subnegotiation
 *     < BYTES                           what the peer sends
 *     > BYTES                           what must be answered
 *     = data BYTES                      what must be told to the owner
 *     = command VERB
 *     = option OPTION us|peer on|off
 *     = suboption OPTION BYTES
 *     = oversized OPTION
 *
 * BYTES are words: telnet's verbs, options and VMware's codes by name, 232,
 * 0xe8, 'x', "text" with \r \n \0 \\ \" in it; WORD*1000 repeats.
 *
 * What follows a `<` or `!` must be all that it leads to. Answers are compared
 * with answers and events with events; data that comes in pieces is one event.
 * So a script holds however its bytes are cut, and it is played whole, with
 * neighbouring `<` joined, byte by byte, and cut at random.
 */
#include "proto/telnet_encode.h"
#include "proto/telpeer.h"
#include "proto/vmext.h"

#include <ctype.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    STEP_MAX = 400,
    EXPECTED_MAX = 40,
    RANDOM_RUNS = 100,
    BYTES_MAX = 1 << 20,
};

enum action { FEED, ENABLE, DISABLE, SEND, SUBOPTION };

struct event {
    int line; /* of the script; 0: it happened, nobody wrote it */
    enum telpeer_event kind;
    uint8_t verb;
    uint8_t option;
    uint8_t side;
    bool is_on;
    struct buf body;
};

struct events {
    struct event list[EXPECTED_MAX];
    int count;
};

struct step {
    enum action action;
    int line;
    uint8_t side;
    uint8_t option;
    struct buf bytes;
    struct buf answer;
    int answer_line; /* the last one */
    struct events events;
};

struct script {
    const char *path;
    const char *mode; /* how it is being played */
    const struct telpeer_policy *policy;
    struct step steps[STEP_MAX];
    int count;
};

static const struct policy_name {
    const char *name;
    struct telpeer_policy policy;
} policies[] = {
    { "proxy", /* the concentrator's end of a VM's connection */
      { .options = { { TELNET_OPTION_BINARY, true, true },
                     { TELNET_OPTION_SGA, true, true },
                     { TELNET_OPTION_ECHO, true, false },
                     { TELNET_OPTION_COM_PORT, false, true },
                     { TELNET_OPTION_VMWARE, false, true } },
        .count = 5,
        .nvt_lines = TELNET_LINES_PRINTER } },
    { "client", /* the concentrator's end of a client's connection */
      { .options = { { TELNET_OPTION_BINARY, true, true },
                     { TELNET_OPTION_SGA, true, true },
                     { TELNET_OPTION_ECHO, true, false } },
        .count = 3,
        .nvt_lines = TELNET_LINES_KEYBOARD } },
    { "vm", /* the VM's end */
      { .options = { { TELNET_OPTION_BINARY, true, true },
                     { TELNET_OPTION_SGA, true, true },
                     { TELNET_OPTION_ECHO, false, true },
                     { TELNET_OPTION_AUTHENTICATION, true, false },
                     { TELNET_OPTION_COM_PORT, true, false },
                     { TELNET_OPTION_VMWARE, true, false } },
        .count = 6,
        .nvt_lines = TELNET_LINES_KEYBOARD } },
};

static const struct option_name {
    const char *name;
    uint8_t option;
} option_names[] = {
    { "BINARY", TELNET_OPTION_BINARY },
    { "ECHO", TELNET_OPTION_ECHO },
    { "SGA", TELNET_OPTION_SGA },
    { "AUTHENTICATION", TELNET_OPTION_AUTHENTICATION },
    { "COM-PORT", TELNET_OPTION_COM_PORT },
    { "VMWARE", TELNET_OPTION_VMWARE },
};

static void append(struct buf *to, struct slice bytes)
{
    assert_int_equal(buf_append(to, bytes), 0);
}

static void append_byte(struct buf *to, int byte)
{
    uint8_t one = (uint8_t)byte;

    append(to, slice_of(&one, 1));
}

/* Reading */

static void bad_line(const char *path, int line, const char *what,
                     const char *word)
{
    fail_msg("%s:%d: %s: %s", path, line, what, word);
}

static int find_name(const char *word)
{
    for (size_t i = 0; i < sizeof option_names / sizeof option_names[0]; i++)
        if (strcmp(option_names[i].name, word) == 0)
            return option_names[i].option;
    for (int code = 0; code < 256; code++)
        if (strcmp(telnet_verb_name((uint8_t)code), word) == 0 ||
            strcmp(vmext_code_name((uint8_t)code), word) == 0)
            return strcmp(word, "?") == 0 ? -1 : code;
    return -1;
}

/* The byte at *p, which may be written as an escape; moves *p behind it. */
static int read_char(const char **p)
{
    static const char letters[] = "rn0", bytes[] = "\r\n";
    const char *found;
    int c = *(*p)++;

    if (c != '\\')
        return c;
    c = *(*p)++;
    found = strchr(letters, c);
    return found != NULL && c != 0 ? bytes[found - letters] : c;
}

/* Takes one word's bytes off *p; false if it is none. */
static bool read_word(const char **p, struct buf *to)
{
    char quote = **p, word[64] = "", *rest;
    size_t len;
    long number;
    int name;

    if (quote == '"' || quote == '\'') {
        for (++*p; **p != quote;) {
            if (**p == 0)
                return false;
            append_byte(to, read_char(p));
        }
        ++*p;
        return true;
    }
    len = strcspn(*p, " *");
    if (len == 0 || len >= sizeof word)
        return false;
    memcpy(word, *p, len);
    *p += len;
    name = find_name(word);
    number = name >= 0 ? name : strtol(word, &rest, 0);
    if (name < 0 && (*rest != 0 || number < 0 || number > 255))
        return false;
    append_byte(to, (int)number);
    return true;
}

static void read_bytes(const struct script *s, int line, const char *text,
                       struct buf *to)
{
    const char *p = text;

    for (p += strspn(p, " "); *p != 0; p += strspn(p, " ")) {
        struct buf word;
        long times = 1;

        buf_init(&word, BYTES_MAX);
        if (!read_word(&p, &word))
            bad_line(s->path, line, "not understood", p);
        if (*p == '*')
            times = strtol(p + 1, (char **)&p, 10);
        for (; times > 0; times--)
            append(to, buf_bytes(&word));
        buf_done(&word);
    }
}

static bool take_word(const char **p, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*p, word, len) != 0 || ((*p)[len] != ' ' && (*p)[len] != 0))
        return false;
    *p += len;
    *p += strspn(*p, " ");
    return true;
}

static uint8_t take_side(const struct script *s, int line, const char **p)
{
    if (take_word(p, "us"))
        return TELPEER_US;
    if (!take_word(p, "peer"))
        bad_line(s->path, line, "us or peer expected", *p);
    return TELPEER_PEER;
}

static uint8_t take_byte(const struct script *s, int line, const char **p)
{
    struct buf byte;
    uint8_t value = 0;

    buf_init(&byte, 16);
    if (!read_word(p, &byte) || byte.len != 1)
        bad_line(s->path, line, "one byte expected", *p);
    else
        value = buf_bytes(&byte).data[0];
    buf_done(&byte);
    *p += strspn(*p, " ");
    return value;
}

static struct event *add_event(struct events *to, enum telpeer_event kind,
                               int line)
{
    struct event *e = &to->list[to->count++];

    assert_true(to->count < EXPECTED_MAX);
    *e = (struct event){ .kind = kind, .line = line };
    buf_init(&e->body, BYTES_MAX);
    return e;
}

/* Data goes on where data was. */
static struct event *add_data(struct events *to, int line, struct slice bytes)
{
    struct event *e = to->count > 0 ? &to->list[to->count - 1] : NULL;

    if (e == NULL || e->kind != TELPEER_DATA)
        e = add_event(to, TELPEER_DATA, line);
    append(&e->body, bytes);
    return e;
}

static struct step *add_step(struct script *s, enum action action, int line)
{
    struct step *step = &s->steps[s->count++];

    assert_true(s->count < STEP_MAX);
    *step = (struct step){ .action = action, .line = line };
    buf_init(&step->bytes, BYTES_MAX);
    buf_init(&step->answer, BYTES_MAX);
    return step;
}

static void read_action(struct script *s, int line, const char *p)
{
    struct step *step;

    if (take_word(&p, "policy")) {
        for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
            if (strcmp(policies[i].name, p) == 0)
                s->policy = &policies[i].policy;
        return;
    }
    if (take_word(&p, "send")) {
        read_bytes(s, line, p, &add_step(s, SEND, line)->bytes);
        return;
    }
    if (take_word(&p, "suboption")) {
        step = add_step(s, SUBOPTION, line);
        step->option = take_byte(s, line, &p);
        read_bytes(s, line, p, &step->bytes);
        return;
    }
    step = add_step(s, take_word(&p, "enable") ? ENABLE : DISABLE, line);
    if (step->action == DISABLE && !take_word(&p, "disable"))
        bad_line(s->path, line, "no such action", p);
    step->side = take_side(s, line, &p);
    step->option = take_byte(s, line, &p);
}

static void read_event(struct script *s, int line, const char *p)
{
    struct events *to = &s->steps[s->count - 1].events;
    struct event *e;

    if (take_word(&p, "data")) {
        read_bytes(s, line, p, &add_data(to, line, slice_of("", 0))->body);
    } else if (take_word(&p, "command")) {
        add_event(to, TELPEER_COMMAND, line)->verb = take_byte(s, line, &p);
    } else if (take_word(&p, "suboption")) {
        e = add_event(to, TELPEER_SUBOPTION, line);
        e->option = take_byte(s, line, &p);
        read_bytes(s, line, p, &e->body);
    } else if (take_word(&p, "oversized")) {
        add_event(to, TELPEER_OVERSIZED, line)->option = take_byte(s, line, &p);
    } else if (take_word(&p, "option")) {
        e = add_event(to, TELPEER_OPTION, line);
        e->option = take_byte(s, line, &p);
        e->side = take_side(s, line, &p);
        e->is_on = take_word(&p, "on");
        if (!e->is_on && !take_word(&p, "off"))
            bad_line(s->path, line, "on or off expected", p);
    } else {
        bad_line(s->path, line, "no such event", p);
    }
}

/* Neighbouring `<` are one input, whatever else comes between two. */
static void read_line(struct script *s, int line, const char *text)
{
    static bool was_input;
    bool is_input = text[0] == '<';
    const char *p = text + (text[0] != 0);

    if (text[0] == 0 || text[0] == '#')
        return;
    p += strspn(p, " ");
    if (text[0] == '!') {
        read_action(s, line, p);
    } else if (is_input) {
        if (s->count == 0 || !was_input)
            add_step(s, FEED, line);
        read_bytes(s, line, p, &s->steps[s->count - 1].bytes);
    } else if (s->count == 0 || strchr(">=", text[0]) == NULL) {
        bad_line(s->path, line, "not understood", text);
    } else if (text[0] == '>') {
        read_bytes(s, line, p, &s->steps[s->count - 1].answer);
        s->steps[s->count - 1].answer_line = line;
    } else {
        read_event(s, line, p);
    }
    was_input = is_input;
}

static struct script *read_script(const char *path)
{
    struct script *s = calloc(1, sizeof *s);
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    assert_non_null(s);
    assert_non_null(file);
    s->path = path;
    for (int line = 1; getline(&text, &size, file) >= 0; line++) {
        size_t len = strlen(text);

        while (len > 0 && isspace((unsigned char)text[len - 1]))
            text[--len] = 0;
        read_line(s, line, text);
    }
    free(text);
    fclose(file);
    if (s->policy == NULL)
        bad_line(path, 1, "first say which policy", "! policy NAME");
    return s;
}

static void events_done(struct events *events)
{
    for (int i = 0; i < events->count; i++)
        buf_done(&events->list[i].body);
    events->count = 0;
}

static void script_free(struct script *s)
{
    for (int i = 0; i < s->count; i++) {
        buf_done(&s->steps[i].bytes);
        buf_done(&s->steps[i].answer);
        events_done(&s->steps[i].events);
    }
    free(s);
}

static void join_events(struct events *to, const struct events *from)
{
    for (int i = 0; i < from->count; i++) {
        const struct event *e = &from->list[i];
        struct event *copy;

        if (e->kind == TELPEER_DATA) {
            add_data(to, e->line, buf_bytes(&e->body));
            continue;
        }
        copy = add_event(to, e->kind, e->line);
        append(&copy->body, buf_bytes(&e->body));
        copy->verb = e->verb;
        copy->option = e->option;
        copy->side = e->side;
        copy->is_on = e->is_on;
    }
}

/* All inputs between two actions become one. */
static struct script *join_script(const struct script *s)
{
    struct script *joined = calloc(1, sizeof *joined);

    assert_non_null(joined);
    joined->path = s->path;
    joined->policy = s->policy;
    for (int i = 0; i < s->count; i++) {
        const struct step *from = &s->steps[i];
        struct step *to = &joined->steps[joined->count - (i > 0)];

        if (i == 0 || from->action != FEED || to->action != FEED)
            to = add_step(joined, from->action, from->line);
        to->side = from->side;
        to->option = from->option;
        append(&to->bytes, buf_bytes(&from->bytes));
        append(&to->answer, buf_bytes(&from->answer));
        if (from->answer_line > 0)
            to->answer_line = from->answer_line;
        join_events(&to->events, &from->events);
    }
    return joined;
}

/* Playing */

struct player {
    struct telpeer peer;
    struct telnet_encoder encoder;
    struct buf out;
    struct events events; /* that the step being played led to */
};

static void note_event(struct events *to, enum telpeer_event kind,
                       const struct telpeer_item *item)
{
    struct event *e;

    if (kind == TELPEER_DATA) {
        assert_true(item->body.len > 0);
        add_data(to, 0, item->body);
        return;
    }
    e = add_event(to, kind, 0);
    if (kind == TELPEER_COMMAND)
        e->verb = item->verb;
    else
        e->option = item->option;
    if (kind == TELPEER_SUBOPTION)
        append(&e->body, item->body);
    if (kind == TELPEER_OPTION) {
        e->side = item->side;
        e->is_on = item->is_on;
    }
}

/* In memory of its own, so that ASan sees what is read and kept. */
static void feed(struct player *p, struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len);
    struct slice in = slice_of(copy, bytes.len);
    enum telpeer_event event = TELPEER_NEED_MORE;
    struct telpeer_item item;

    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.len);
    for (;;) {
        assert_int_equal(telpeer_next(&p->peer, &in, &p->out, &event, &item),
                         0);
        if (event == TELPEER_NEED_MORE)
            break;
        note_event(&p->events, event, &item);
    }
    assert_int_equal(in.len, 0);
    free(copy);
}

/* seed 0: whole; 1: byte by byte; else cut at random. */
static void feed_cut(struct player *p, struct slice bytes, uint32_t *seed)
{
    while (bytes.len > 0) {
        size_t len = *seed == 0 ? bytes.len : 1;

        if (*seed > 1) {
            *seed = *seed * 1664525 + 1013904223;
            *seed |= 2;
            len = 1 + (*seed >> 8) % ((*seed & 1u << 30) != 0 ? 5 : bytes.len);
        }
        if (len > bytes.len)
            len = bytes.len;
        feed(p, slice_of(bytes.data, len));
        bytes = slice_after(bytes, len);
    }
}

static void act(struct player *p, const struct step *step, uint32_t *seed)
{
    enum telpeer_side side = (enum telpeer_side)step->side;
    struct slice bytes = buf_bytes(&step->bytes);
    int r = 0;

    switch (step->action) {
    case FEED:
        feed_cut(p, bytes, seed);
        break;
    case ENABLE:
        r = telpeer_enable(&p->peer, side, step->option, &p->out);
        break;
    case DISABLE:
        r = telpeer_disable(&p->peer, side, step->option, &p->out);
        break;
    case SEND:
        p->encoder.is_nvt =
            !telpeer_is_on(&p->peer, TELPEER_US, TELNET_OPTION_BINARY);
        r = telnet_encode_append(&p->encoder, bytes, &p->out);
        break;
    case SUBOPTION:
        r = telnet_put_suboption(&p->out, step->option, bytes);
        break;
    }
    assert_int_equal(r, 0);
}

static void print_bytes(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && i < 200; i++) {
        uint8_t c = bytes.data[i];

        if (c >= TELNET_SE)
            print_error(" %s", telnet_verb_name(c));
        else
            print_error(c > ' ' && c < 127 ? " '%c'" : " %d", c);
    }
    print_error("%s\n", bytes.len > 200 ? " ..." : "");
}

static void print_event(const struct event *e)
{
    static const char *const kinds[] = { "nothing", "data",      "command",
                                         "option",  "suboption", "oversized" };
    static const struct event nothing = { .kind = TELPEER_NEED_MORE };

    if (e == NULL)
        e = &nothing;
    print_error("%s", kinds[e->kind]);
    if (e->kind == TELPEER_COMMAND)
        print_error(" %s", telnet_verb_name(e->verb));
    else if (e->kind != TELPEER_DATA && e->kind != TELPEER_NEED_MORE)
        print_error(" %d", e->option);
    if (e->kind == TELPEER_OPTION)
        print_error(" %s %s", e->side == TELPEER_US ? "us" : "peer",
                    e->is_on ? "on" : "off");
    print_bytes(buf_bytes(&e->body));
}

static bool is_same_event(const struct event *a, const struct event *b)
{
    return a->kind == b->kind && a->verb == b->verb && a->option == b->option &&
           a->side == b->side && a->is_on == b->is_on &&
           slice_is_equal(buf_bytes(&a->body), buf_bytes(&b->body));
}

static void check_events(const struct script *s, const struct step *step,
                         const struct events *got)
{
    int wanted = step->events.count;

    for (int i = 0; i < wanted || i < got->count; i++) {
        const struct event *w = i < wanted ? &step->events.list[i] : NULL;
        const struct event *g = i < got->count ? &got->list[i] : NULL;

        if (w != NULL && g != NULL && is_same_event(w, g))
            continue;
        print_error("%s:%d: (%s)\n  expected ", s->path,
                    w != NULL ? w->line : step->line, s->mode);
        print_event(w);
        print_error("  got ");
        print_event(g);
        fail();
    }
}

static void check_answer(const struct script *s, const struct step *step,
                         struct slice got)
{
    if (slice_is_equal(buf_bytes(&step->answer), got))
        return;
    print_error("%s:%d: (%s)\n  expected answer", s->path,
                step->answer_line > 0 ? step->answer_line : step->line,
                s->mode);
    print_bytes(buf_bytes(&step->answer));
    print_error("  got");
    print_bytes(got);
    fail();
}

static void play(struct script *s, const char *mode, uint32_t seed)
{
    static struct player p;

    s->mode = mode;
    p = (struct player){ .events = { .count = 0 } };
    telpeer_init(&p.peer, s->policy);
    buf_init(&p.out, BYTES_MAX);
    for (int i = 0; i < s->count; i++) {
        act(&p, &s->steps[i], &seed);
        check_answer(s, &s->steps[i], buf_bytes(&p.out));
        check_events(s, &s->steps[i], &p.events);
        buf_take(&p.out, p.out.len);
        events_done(&p.events);
    }
    telpeer_done(&p.peer);
    buf_done(&p.out);
}

static void test_script(void **state)
{
    struct script *script = read_script(*state);
    struct script *joined = join_script(script);
    char mode[40];

    play(script, "whole", 0);
    play(joined, "whole, inputs joined", 0);
    play(script, "byte by byte", 1);
    for (uint32_t i = 0; i < RANDOM_RUNS; i++) {
        uint32_t seed = (i * 2654435761u) | 2;

        snprintf(mode, sizeof mode, "cut at random, %u", (unsigned)i);
        play(i % 2 == 0 ? script : joined, mode, seed);
    }
    script_free(joined);
    script_free(script);
}

int main(void)
{
    const char *root = getenv("SOURCE_ROOT");
    char pattern[4096];
    struct CMUnitTest *tests;
    glob_t found;
    int failed;

    snprintf(pattern, sizeof pattern, "%s/tests/script/*.tn",
             root != NULL ? root : ".");
    if (glob(pattern, 0, NULL, &found) != 0) {
        fprintf(stderr, "no scripts: %s\n", pattern);
        return 1;
    }
    tests = calloc(found.gl_pathc, sizeof *tests);
    if (tests == NULL)
        return 1;
    for (size_t i = 0; i < found.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){ .name = found.gl_pathv[i],
                                        .test_func = test_script,
                                        .initial_state = found.gl_pathv[i] };
    failed =
        _cmocka_run_group_tests("script", tests, found.gl_pathc, NULL, NULL);
    free(tests);
    globfree(&found);
    return failed;
}

/*
 * Output is looked at in blocks, which are cleaned into memory of the stack,
 * kept as text, and scanned. A match says where it ends in the stream; the line
 * around it is found in the text, and its place in the console's output by
 * cleaning the block once more up to there: matches are rare. Where they
 * are not, that goes on from the last one.
 */
#include "alert/match/alert_matcher_private.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

enum { BLOCK_MAX = ALERT_TEXT_MAX / 2 };

struct alert_matcher *alert_matcher_new(void (*on_find)(void *owner,
                                                        struct alert_find *),
                                        void *owner)
{
    struct alert_matcher *m = xcalloc(1, sizeof *m);

    list_init(&m->subjects);
    deadline_queue_init(&m->afters, ALERT_AFTER_US);
    m->on_find = on_find;
    m->owner = owner;
    return m;
}

/* ---- finds ----------------------------------------------------------------
 */

struct alert_find *alert_matcher_find(struct alert_matcher *m,
                                      struct alert_subject *s, size_t rule,
                                      enum alert_cause cause, uint64_t now_us)
{
    struct alert_find *find = xcalloc(1, sizeof *find);

    list_init(&find->node);
    deadline_init(&find->after);
    find->subject = s;
    find->rules = alert_rules_share(m->rules);
    find->console = s->console;
    find->rule = rule;
    find->cause = cause;
    find->found_us = now_us;
    find->at = alert_text_end(&s->text);
    find->position = s->position;
    return find;
}

/* The lines before the one that begins at find->at. */
static void add_before(const struct alert_matcher *m, struct alert_find *find)
{
    const struct alert_text *text = &find->subject->text;
    uint32_t max = alert_matcher_rule(m, find->rule)->lines;
    uint64_t starts[ALERT_LINES_MAX];
    uint64_t at = find->at;
    uint32_t count = 0;

    while (count < max && at > 0 && alert_text_has(text, at - 1)) {
        at = alert_text_line_start(text, at - 1);
        starts[count++] = at;
    }
    for (uint32_t i = 0; i < count; i++)
        find->before[i] = alert_text_copy(text, starts[count - 1 - i]);
    find->before_count = count;
}

static void add_after(const struct alert_matcher *m, struct alert_find *find)
{
    const struct alert_text *text = &find->subject->text;
    uint32_t max = alert_matcher_rule(m, find->rule)->lines;
    uint64_t at = find->at;

    while (find->after_count < max && alert_text_next_line(text, at, &at) &&
           alert_text_has(text, at))
        find->after_line[find->after_count++] = alert_text_copy(text, at);
}

static void tell(struct alert_matcher *m, struct alert_find *find)
{
    find->subject = NULL;
    m->on_find(m->owner, find);
}

void alert_matcher_tell_end(struct alert_matcher *m, struct alert_subject *s,
                            struct alert_find *find)
{
    uint64_t at = find->at;

    find->at = alert_text_end(&s->text);
    add_before(m, find);
    find->at = at;
    tell(m, find);
}

/* It waits no longer. The line may have got longer since it was found. */
static void finish(struct alert_matcher *m, struct alert_find *find)
{
    const struct alert_text *text = &find->subject->text;

    deadline_stop(&find->after);
    list_remove(&find->node);
    m->waiting--;
    if (alert_text_has(text, find->at)) {
        free(find->text);
        find->text = alert_text_copy(text, find->at);
    }
    add_after(m, find);
    tell(m, find);
}

static bool has_all_lines(const struct alert_matcher *m,
                          const struct alert_find *find)
{
    const struct alert_text *text = &find->subject->text;
    uint32_t missing = alert_matcher_rule(m, find->rule)->lines + 1;
    uint64_t at = find->at;

    while (missing > 0 && alert_text_next_line(text, at, &at))
        missing--;
    return missing == 0;
}

static void finish_complete(struct alert_matcher *m, struct alert_subject *s)
{
    LIST_EACH (node, after, &s->finds) {
        struct alert_find *find = CONTAINER_OF(node, struct alert_find, node);

        if (has_all_lines(m, find))
            finish(m, find);
    }
}

static void finish_first(struct alert_matcher *m)
{
    finish(m,
           CONTAINER_OF(deadline_first(&m->afters), struct alert_find, after));
}

/* ---- matches --------------------------------------------------------------
 */

/* A block that is being scanned. */
struct scan {
    struct alert_matcher *m;
    struct alert_subject *s;
    struct slice block;
    struct alert_clean before; /* the cleaner's state before the block */
    uint64_t position;         /* of the block */
    uint64_t at;               /* of its first cleaned byte */
    uint64_t now_us;
    /* The last byte for which a line was looked up, and that line: matches come
     * in the order of the stream, and may come for each byte of a long line. */
    uint64_t seen_at;
    uint64_t seen_line;
    /* How far the block was cleaned for the last line whose position was asked
     * for: each line of a block may begin a wait. */
    struct alert_clean clean;
    struct slice rest;
    uint64_t cleaned; /* the offset of the next byte that is cleaned */
};

static uint64_t line_of(struct scan *scan, uint64_t at)
{
    const struct alert_text *text = &scan->s->text;

    if (at < scan->seen_at || scan->seen_at == 0)
        scan->seen_line = alert_text_line_start(text, at);
    else
        scan->seen_line = alert_text_line_start_from(text, at, scan->seen_at,
                                                     scan->seen_line);
    scan->seen_at = at;
    return scan->seen_line;
}

static void begin_cleaning(struct scan *scan)
{
    scan->clean = scan->before;
    scan->rest = scan->block;
    scan->cleaned = scan->at;
}

/* The position in the console's output of the line that begins at this offset:
 * of the byte that has given the line's first one. */
static uint64_t position_of(struct scan *scan, uint64_t line)
{
    uint8_t to[BLOCK_MAX];

    if (line < scan->at)
        return scan->s->line_position;
    if (line + 1 < scan->cleaned)
        begin_cleaning(scan);
    scan->cleaned += alert_clean_feed(&scan->clean, &scan->rest, to,
                                      (size_t)(line + 1 - scan->cleaned));
    return scan->position + (scan->block.len - scan->rest.len) - 1;
}

static struct alert_hit *hit_of(struct alert_subject *s, size_t rule)
{
    for (size_t i = 0; i < s->hit_count; i++) {
        if (s->hit[i].rule == rule)
            return &s->hit[i];
    }
    s->hit = mem_grow(s->hit, s->hit_count, sizeof *s->hit);
    s->hit[s->hit_count] =
        (struct alert_hit){ .rule = rule, .line = UINT64_MAX };
    return &s->hit[s->hit_count++];
}

static void on_line(struct scan *scan, size_t rule, uint64_t line)
{
    struct alert_matcher *m = scan->m;
    struct alert_subject *s = scan->s;
    struct alert_hit *hit = hit_of(s, rule);
    struct alert_find *find;

    if (hit->line == line)
        return;
    hit->line = line;
    if (hit->told_us != 0 && scan->now_us - hit->told_us < ALERT_PAUSE_US) {
        hit->others++;
        return;
    }
    find = alert_matcher_find(m, s, rule, ALERT_OUTPUT, scan->now_us);
    find->at = line;
    find->position = position_of(scan, line);
    find->others = hit->others;
    find->text = alert_text_copy(&s->text, line);
    add_before(m, find);
    hit->others = 0;
    hit->told_us = scan->now_us;
    if (m->waiting == ALERT_WAITING_MAX)
        finish_first(m);
    m->waiting++;
    list_add_tail(&s->finds, &find->node);
    deadline_start(&m->afters, &find->after, scan->now_us);
}

/* libhs calls it for each place where a pattern's match ends: for one with .*
 * at its end that is each byte behind. */
static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *context)
{
    struct scan *scan = context;
    struct alert_subject *s = scan->s;
    size_t rule = id / 2;
    uint64_t line;

    (void)from;
    (void)flags;
    if (!alert_rules_have(s->bits, rule))
        return 0;
    if (id == alert_rules_id(rule, true)) {
        alert_times_end(scan->m, s, rule);
        return 0;
    }
    line = line_of(scan, s->stream_from + to - 1);
    if (alert_matcher_rule(scan->m, rule)->without == NULL)
        on_line(scan, rule, line);
    else if (!alert_times_has(scan->m, s, rule, line))
        alert_times_begin(scan->m, s, rule, line, position_of(scan, line),
                          scan->now_us);
    return 0;
}

/* ---- scanning -------------------------------------------------------------
 */

static void scan_text(struct scan *scan, struct slice text)
{
    struct alert_matcher *m = scan->m;
    struct alert_subject *s = scan->s;

    if (m->rules->database == NULL)
        return;
    if (s->stream == NULL) {
        if (hs_open_stream(m->rules->database, 0, &s->stream) != HS_SUCCESS)
            mem_end();
        s->stream_from = scan->at;
    }
    (void)hs_scan_stream(s->stream, (const char *)text.data, (unsigned)text.len,
                         0, m->scratch, on_match, scan);
}

/* At most BLOCK_MAX bytes, up to the last line end among them: so the next
 * block mostly begins with a line, whose position is known then. */
static struct slice first_block(struct slice bytes)
{
    size_t len = bytes.len < BLOCK_MAX ? bytes.len : BLOCK_MAX;
    const uint8_t *end = memrchr(bytes.data, '\n', len);

    return slice_of(bytes.data,
                    end != NULL ? (size_t)(end - bytes.data) + 1 : len);
}

/* Where the line in progress begins behind this block. The position of one that
 * has no byte yet is set with its first one. */
static void note_line(struct scan *scan, struct slice text)
{
    const uint8_t *end = memrchr(text.data, '\n', text.len);
    struct alert_subject *s = scan->s;

    if (end == NULL)
        return;
    s->line_at = scan->at + (uint64_t)(end - text.data) + 1;
    if (s->line_at < scan->at + text.len)
        s->line_position = position_of(scan, s->line_at);
}

static void feed_block(struct alert_matcher *m, struct alert_subject *s,
                       struct slice block, uint64_t now_us)
{
    struct scan scan = {
        .m = m,
        .s = s,
        .block = block,
        .before = s->clean,
        .position = s->position,
        .at = alert_text_end(&s->text),
        .now_us = now_us,
    };
    uint8_t text[BLOCK_MAX];
    size_t len;

    begin_cleaning(&scan);
    len = alert_clean_feed(&s->clean, &block, text, sizeof text);

    s->position += scan.block.len;
    if (len == 0)
        return;
    if (s->line_at == scan.at)
        s->line_position = position_of(&scan, scan.at);
    alert_text_add(&s->text, slice_of(text, len));
    scan_text(&scan, slice_of(text, len));
    note_line(&scan, slice_of(text, len));
    finish_complete(m, s);
}

/* What comes is not what follows what came last. */
static void begin_anew(struct alert_subject *s, uint64_t position)
{
    if (s->clean.is_within_line)
        alert_text_add(&s->text, slice_of("\n", 1));
    alert_clean_init(&s->clean);
    alert_subject_close_stream(s);
    s->position = position;
    s->line_at = alert_text_end(&s->text);
}

void alert_matcher_feed(struct alert_matcher *m, struct alert_subject *s,
                        struct slice bytes, uint64_t position, uint64_t now_us)
{
    if (position != s->position)
        begin_anew(s, position);
    if (s->bits == NULL) {
        begin_anew(s, position + bytes.len);
        return;
    }
    alert_times_fed(m, s, bytes.len, now_us);
    while (bytes.len > 0) {
        struct slice block = first_block(bytes);

        feed_block(m, s, block, now_us);
        bytes = slice_after(bytes, block.len);
    }
}

/* ---- rules ----------------------------------------------------------------
 */

static void drop_rules(struct alert_matcher *m)
{
    while (deadline_first(&m->afters) != NULL)
        finish_first(m);
    LIST_EACH (node, after, &m->subjects)
        alert_subject_strip(m, CONTAINER_OF(node, struct alert_subject, node));
    alert_times_close(m);
    alert_rules_leave(m->rules);
    m->rules = NULL;
}

int alert_matcher_use(struct alert_matcher *m, struct alert_rules *rules)
{
    drop_rules(m);
    if (rules->database != NULL &&
        hs_alloc_scratch(rules->database, &m->scratch) != HS_SUCCESS) {
        alert_rules_leave(rules);
        return -ENOMEM;
    }
    m->rules = rules;
    alert_times_open(m);
    LIST_EACH (node, after, &m->subjects)
        alert_times_add(m, CONTAINER_OF(node, struct alert_subject, node));
    return 0;
}

void alert_matcher_free(struct alert_matcher *m)
{
    if (m == NULL)
        return;
    LIST_EACH (node, after, &m->subjects)
        alert_subject_free(m, CONTAINER_OF(node, struct alert_subject, node));
    drop_rules(m);
    (void)hs_free_scratch(m->scratch);
    free(m);
}

void alert_matcher_vm(struct alert_matcher *m, struct alert_subject *s,
                      bool is_there, uint64_t now_us)
{
    if (m->rules != NULL)
        alert_times_vm(m, s, is_there, now_us);
}

/* ---- time -----------------------------------------------------------------
 */

uint64_t alert_matcher_due(const struct alert_matcher *m)
{
    const struct deadline *first = deadline_first(&m->afters);
    uint64_t due_us = alert_times_due(m);

    return first != NULL && first->due_us < due_us ? first->due_us : due_us;
}

void alert_matcher_fire(struct alert_matcher *m, uint64_t now_us)
{
    const struct deadline *first;

    while ((first = deadline_first(&m->afters)) != NULL &&
           first->due_us <= now_us)
        finish_first(m);
    alert_times_fire(m, now_us);
}

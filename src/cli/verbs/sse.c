#include "cli/verbs/sse.h"

#include <stdio.h>
#include <string.h>

void sse_init(struct sse *s, sse_event_fn *on_event, void *owner)
{
    *s = (struct sse){ .on_event = on_event, .owner = owner };
    buf_init(&s->line, SSE_EVENT_MAX);
    buf_init(&s->data, SSE_EVENT_MAX);
}

void sse_done(struct sse *s)
{
    buf_done(&s->line);
    buf_done(&s->data);
}

static void begin_event(struct sse *s)
{
    buf_take(&s->data, s->data.len);
    s->kind[0] = '\0';
    s->is_oversized = false;
}

void sse_reset(struct sse *s)
{
    begin_event(s);
    buf_take(&s->line, s->line.len);
    s->was_cr = false;
    snprintf(s->id, sizeof s->id, "%s", s->last_id);
}

static void end_event(struct sse *s)
{
    struct slice data = buf_bytes(&s->data);
    struct sse_event event = { .kind = s->kind };

    memcpy(s->last_id, s->id, sizeof s->id);
    if (data.len > 0 && !s->is_oversized) {
        event.data = slice_of(data.data, data.len - 1); /* the last "\n" */
        s->on_event(s->owner, &event);
    }
    begin_event(s);
}

static void keep(char *to, size_t size, struct slice value)
{
    if (value.len >= size || memchr(value.data, '\0', value.len) != NULL)
        return;
    memcpy(to, value.data, value.len);
    to[value.len] = '\0';
}

static void take_field(struct sse *s, struct slice name, struct slice value)
{
    if (slice_is_equal(name, slice_of_text("data"))) {
        if (buf_append(&s->data, value) < 0 ||
            buf_append(&s->data, slice_of_text("\n")) < 0)
            s->is_oversized = true;
    } else if (slice_is_equal(name, slice_of_text("event"))) {
        keep(s->kind, sizeof s->kind, value);
    } else if (slice_is_equal(name, slice_of_text("id")) && value.len > 0) {
        keep(s->id, sizeof s->id, value);
    }
}

static void end_line(struct sse *s)
{
    struct slice line = buf_bytes(&s->line);
    const uint8_t *colon =
        line.len > 0 ? memchr(line.data, ':', line.len) : NULL;
    size_t len = colon != NULL ? (size_t)(colon - line.data) : line.len;
    struct slice value = slice_after(line, colon != NULL ? len + 1 : len);

    if (line.len == 0) {
        end_event(s);
        return;
    }
    if (value.len > 0 && value.data[0] == ' ')
        value = slice_after(value, 1);
    if (len > 0) /* else a comment */
        take_field(s, slice_of(line.data, len), value);
    buf_take(&s->line, line.len);
}

/* Of a line that is too long, what fits: it must not become an empty one. */
static void keep_line(struct sse *s, struct slice more)
{
    size_t room = SSE_EVENT_MAX - s->line.len;

    if (more.len > room)
        s->is_oversized = true;
    if (buf_append(&s->line,
                   slice_of(more.data, more.len < room ? more.len : room)) < 0)
        s->is_oversized = true;
}

void sse_feed(struct sse *s, struct slice bytes)
{
    while (bytes.len > 0) {
        size_t len = 0;
        uint8_t end;

        while (len < bytes.len && bytes.data[len] != '\n' &&
               bytes.data[len] != '\r')
            len++;
        keep_line(s, slice_of(bytes.data, len));
        s->was_cr = s->was_cr && len == 0;
        if (len == bytes.len)
            return;
        end = bytes.data[len];
        /* CR, LF and CR LF end a line. */
        if (end != '\n' || !s->was_cr)
            end_line(s);
        s->was_cr = end == '\r';
        bytes = slice_after(bytes, len + 1);
    }
}

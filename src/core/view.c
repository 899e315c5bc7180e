#include "core/view.h"

#include "core/reader.h"
#include "core/told/past.h"

void view_init(struct view *v)
{
    *v = (struct view){ 0 };
}

void view_done(struct view *v)
{
    past_leave(v->past);
    v->past = NULL;
}

/* Where the first of several stands: what comes behind it was not shown to
 * somebody who knew. */
void view_note(struct view *v, enum view_notice notice, uint64_t at)
{
    if (v->notice == VIEW_NOTICE_NONE)
        v->notice_at = at;
    if (notice == VIEW_NOTICE_BACK && v->notice == VIEW_NOTICE_GONE)
        notice = VIEW_NOTICE_GONE_AND_BACK;
    v->notice = (uint8_t)notice;
}

void view_note_break(struct view *v, bool is_on, uint64_t at)
{
    if (!break_mark_put(&v->vm_break, is_on, at))
        v->ends_break = true;
}

void view_end_at(struct view *v, uint64_t at)
{
    v->has_end = true;
    v->end_at = at;
}

void view_show_past(struct view *v, struct past *past, uint32_t from)
{
    past_leave(v->past);
    v->past = past_share(past);
    v->past_at = from;
}

/* Leaves no more than so many bytes of the span. */
static void cut_span(struct ring_span *span, uint64_t left)
{
    for (int i = 0; i < 2; i++) {
        if (span->part[i].len > left)
            span->part[i].len = (size_t)left;
        left -= span->part[i].len;
    }
}

static uint64_t bytes_until(uint64_t position, uint64_t at)
{
    return position > at ? position - at : 0;
}

static bool show_notice(struct view *v, uint64_t at, struct view_item *ret)
{
    if (v->notice == VIEW_NOTICE_NONE || v->notice_at > at)
        return false;
    ret->kind = VIEW_NOTICE;
    ret->notice = (enum view_notice)v->notice;
    v->notice = VIEW_NOTICE_NONE;
    return true;
}

static bool show_break(struct view *v, uint64_t at, struct view_item *ret)
{
    if (v->ends_break) {
        v->ends_break = false;
        ret->kind = VIEW_BREAK;
        return true;
    }
    if (!break_mark_is_due(&v->vm_break, at))
        return false;
    v->ends_break = break_mark_take(&v->vm_break);
    ret->kind = VIEW_BREAK;
    ret->is_on = true;
    return true;
}

static void show_end(struct view *v, uint64_t at, struct view_item *ret)
{
    if (!v->has_end || v->has_ended || at < v->end_at)
        return;
    v->has_ended = true;
    ret->kind = VIEW_END;
}

/* Up to whatever belongs to a place in them. */
static void show_bytes(const struct view *v, uint64_t at, struct view_item *ret)
{
    if (v->notice != VIEW_NOTICE_NONE)
        cut_span(&ret->bytes, bytes_until(v->notice_at, at));
    if (v->has_end)
        cut_span(&ret->bytes, bytes_until(v->end_at, at));
    cut_span(&ret->bytes, break_mark_before(&v->vm_break, at));
    if (ret->bytes.part[0].len > 0)
        ret->kind = VIEW_BYTES;
}

static void show_past(const struct view *v, struct view_item *ret)
{
    ret->kind = VIEW_BYTES;
    ret->bytes.part[0] =
        slice_of(v->past->bytes + v->past_at, v->past->len - v->past_at);
}

void view_next(struct view *v, struct reader *reader, struct view_item *ret)
{
    *ret = (struct view_item){ .kind = VIEW_NOTHING };
    if (v->past != NULL) {
        show_past(v, ret);
        return;
    }
    ret->skipped = reader_peek(reader, &ret->bytes);
    if (ret->skipped > 0) {
        ret->kind = VIEW_SKIPPED;
        return;
    }
    if (show_notice(v, reader->at, ret) || show_break(v, reader->at, ret))
        return;
    show_bytes(v, reader->at, ret);
    if (ret->kind == VIEW_NOTHING)
        show_end(v, reader->at, ret);
}

void view_took(struct view *v, struct reader *reader, size_t len,
               uint64_t now_us)
{
    if (v->past == NULL) {
        reader_took(reader, len, now_us);
        return;
    }
    v->past_at += (uint32_t)len;
    if (v->past_at == v->past->len)
        view_done(v);
}

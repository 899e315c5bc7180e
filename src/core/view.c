/*
 * A view is a merge of one stream, the ring from the reader's position on, with
 * marks that have a place in it. Each call shows what stands next; bytes are
 * cut in front of the nearest mark, so that no mark can be passed.
 *
 * The view stores places and no items. Therefore it has a fixed size, and a
 * client that never reads costs as much as one that has caught up.
 */
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

/* What two notices say together. That another host has the VM is said whatever
 * comes behind it: who takes a console over could reconnect, and the client
 * would be told of nothing else. */
static enum view_notice join_notices(enum view_notice waits,
                                     enum view_notice next)
{
    bool is_taken_over = waits == VIEW_NOTICE_TAKEN_OVER ||
                         waits == VIEW_NOTICE_TAKEN_OVER_AND_GONE;

    if (is_taken_over && next == VIEW_NOTICE_GONE)
        return VIEW_NOTICE_TAKEN_OVER_AND_GONE;
    if (is_taken_over && next == VIEW_NOTICE_BACK)
        return VIEW_NOTICE_TAKEN_OVER;
    if (waits == VIEW_NOTICE_GONE && next == VIEW_NOTICE_BACK)
        return VIEW_NOTICE_GONE_AND_BACK;
    return next;
}

/* Several notices that wait become one at the place of the first: the client
 * must not take the output behind that place for output of a VM that had been
 * there all the time. */
void view_note(struct view *v, enum view_notice notice, uint64_t at)
{
    if (v->notice == VIEW_NOTICE_NONE)
        v->notice_at = at;
    v->notice = (uint8_t)join_notices((enum view_notice)v->notice, notice);
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

/* Shortens the span to this many bytes. */
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

/*
 * The end of a break whose beginning was shown goes first, at once: it has no
 * place. A place would put it behind output that the client does not read, and
 * the break, which a null modem passes on to a VM, would last for as long.
 */
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

/* Last of all: whatever stands at the end's own place is still due. */
static void show_end(struct view *v, uint64_t at, struct view_item *ret)
{
    if (!v->has_end || v->has_ended || at < v->end_at)
        return;
    v->has_ended = true;
    ret->kind = VIEW_END;
}

/* Bytes up to the first mark. Each kind of mark cuts for itself, so the order
 * of the cuts does not matter. */
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
    /* A loss comes before marks: they may stand in what was lost, and are shown
     * behind it then. */
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
    /* The past comes before all that the ring has, so while there is one the
     * bytes that were taken are its own. */
    if (v->past == NULL) {
        reader_took(reader, len, now_us);
        return;
    }
    v->past_at += (uint32_t)len;
    if (v->past_at == v->past->len)
        view_done(v);
}

/*
 * view.h - what a client of a console is shown next, whatever door it came by:
 * items in the order of the output. Pure; it renders nothing.
 *
 * Bytes come from the console's ring, by the reader's position. What belongs to
 * a place in the output waits there until the client has had what came before
 * it:
 *
 *   past     output from before the program's start, before all of the ring
 *   SKIPPED  bytes that the client has lost, because it was too slow
 *   NOTICE   the VM has gone, or has come back, perhaps from another host
 *   BREAK    a break of the VM begins or ends
 *   END      nothing more is for this client
 *
 * Each kind has one place at a time: several breaks, or notices, that wait for
 * one client become one. So a view has a fixed size however slow its client is.
 * The end of a break whose beginning was shown is shown at once, wherever the
 * client is by then.
 *
 * Telnet doubles 255 and says notices in words, a raw connection drops all
 * items but the bytes, a null modem passes breaks on: rendering is the door's
 * part. A view is part of struct client, whose owner asks for items and says
 * what was taken.
 */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include "base/ring.h"
#include "core/told/break_mark.h"

struct past;
struct reader;

enum view_notice {
    VIEW_NOTICE_NONE,
    VIEW_NOTICE_GONE,          /* the VM has gone */
    VIEW_NOTICE_BACK,          /* the VM has come, or come back */
    VIEW_NOTICE_GONE_AND_BACK, /* both, since the client was told last */
    VIEW_NOTICE_TAKEN_OVER, /* it has come back from another address, while its
                             * former connection was open */
    VIEW_NOTICE_TAKEN_OVER_AND_GONE, /* both, since the client was told last */
};

enum view_item_kind {
    VIEW_NOTHING,
    VIEW_BYTES,
    VIEW_SKIPPED,
    VIEW_NOTICE,
    VIEW_BREAK,
    VIEW_END,
};

struct view_item {
    enum view_item_kind kind;
    struct ring_span bytes;  /* BYTES: good until the next call of core/ */
    uint64_t skipped;        /* SKIPPED: how many bytes */
    enum view_notice notice; /* NOTICE */
    bool is_on;              /* BREAK: it begins */
};

struct view {
    uint64_t notice_at;
    uint64_t end_at;
    struct break_mark vm_break;
    struct past *past; /* shared; NULL: none, or all of it was had */
    uint32_t past_at;  /* how much of past was had */
    uint8_t notice;    /* enum view_notice */
    bool ends_break;   /* the end of a break whose beginning was shown */
    bool has_end;      /* end_at is set */
    bool has_ended;    /* END was shown */
};

void view_init(struct view *v);
void view_done(struct view *v);

/* The VM has gone or come; a break begins or ends; at this position in the
 * output.
 */
void view_note(struct view *v, enum view_notice notice, uint64_t at);
void view_note_break(struct view *v, bool is_on, uint64_t at);

/* The client is shown the output before this position, and then END. */
void view_end_at(struct view *v, uint64_t at);

/* The client is shown the past from this byte on, and then the next byte of the
 * ring. Shares the past. */
void view_show_past(struct view *v, struct past *past, uint32_t from);

static inline bool view_has_past(const struct view *v)
{
    return v->past != NULL;
}

/*
 * The next item. Bytes stay the next item until view_took says that they were
 * taken; every other item is shown once, by this call.
 */
void view_next(struct view *v, struct reader *reader, struct view_item *ret);

/* The client took len bytes (may be 0) of those that were shown last. */
void view_took(struct view *v, struct reader *reader, size_t len,
               uint64_t now_us);

#endif

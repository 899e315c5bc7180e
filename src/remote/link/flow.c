#include "remote/link/flow.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void flow_init(struct flow *f)
{
    *f = (struct flow){ .window = FLOW_WINDOW };
    buf_init(&f->kept, FLOW_WINDOW);
}

void flow_done(struct flow *f)
{
    /* What was typed may be a password. */
    if (f->kept.data != NULL)
        explicit_bzero(f->kept.data, f->kept.cap);
    buf_done(&f->kept);
}

/* ---- output --------------------------------------------------------------
 */

void flow_set_place(struct flow *f, const char *epoch, const uint64_t *position,
                    bool is_live)
{
    snprintf(f->epoch, sizeof f->epoch, "%s", epoch != NULL ? epoch : "");
    f->has_position = epoch != NULL && position != NULL;
    f->position = f->has_position ? *position : 0;
    f->is_live = is_live && f->has_position;
    f->acknowledged = f->position;
}

void flow_skip(struct flow *f, uint64_t to)
{
    if (!f->has_position)
        return;
    f->position = to;
    if (f->acknowledged > to)
        f->acknowledged = to;
}

void flow_came(struct flow *f, size_t len)
{
    f->untaken += len;
    if (f->has_position)
        f->position += len;
}

void flow_took(struct flow *f, size_t len)
{
    f->untaken -= len < f->untaken ? len : f->untaken;
}

bool flow_take_ack(struct flow *f, bool is_idle, uint64_t *ret)
{
    uint64_t at;

    if (!f->is_live || f->untaken >= f->position)
        return false;
    at = f->position - f->untaken;
    if (at <= f->acknowledged ||
        (!is_idle && at - f->acknowledged < FLOW_ACK_STEP))
        return false;
    f->acknowledged = at;
    *ret = at;
    return true;
}

bool flow_format_place(const struct flow *f, char to[FLOW_PLACE_MAX + 1])
{
    if (!f->has_position)
        return false;
    snprintf(to, FLOW_PLACE_MAX + 1, "%s:%" PRIu64, f->epoch, f->position);
    return true;
}

/* ---- input ---------------------------------------------------------------
 */

size_t flow_room(const struct flow *f)
{
    return f->kept.len < f->window ? (size_t)(f->window - f->kept.len) : 0;
}

size_t flow_type(struct flow *f, struct slice bytes)
{
    size_t len = flow_room(f);

    if (len > bytes.len)
        len = bytes.len;
    if (len > 0 && buf_append(&f->kept, slice_of(bytes.data, len)) < 0)
        mem_end();
    return len;
}

struct slice flow_to_send(const struct flow *f)
{
    return slice_after(buf_bytes(&f->kept), (size_t)(f->sent - f->passed));
}

void flow_sent(struct flow *f, size_t len)
{
    f->sent += len;
}

bool flow_passed(struct flow *f, uint64_t position)
{
    if (position > f->sent)
        return false;
    if (position > f->passed) {
        buf_take(&f->kept, (size_t)(position - f->passed));
        f->passed = position;
    }
    return true;
}

bool flow_is_all_passed(const struct flow *f)
{
    return f->kept.len == 0;
}

size_t flow_drop_unsent(struct flow *f)
{
    size_t len = flow_to_send(f).len;

    buf_cut(&f->kept, f->kept.len - len);
    return len;
}

uint64_t flow_resume(struct flow *f, bool is_resumed, uint64_t received,
                     uint64_t window)
{
    uint64_t unknown = 0;

    f->window = window > 0 && window < FLOW_WINDOW ? window : FLOW_WINDOW;
    if (is_resumed && received >= f->passed && received <= f->sent) {
        f->sent = received;
        return 0;
    }
    unknown = f->sent - f->passed;
    buf_take(&f->kept, (size_t)unknown);
    f->passed = received;
    f->sent = received;
    return unknown;
}

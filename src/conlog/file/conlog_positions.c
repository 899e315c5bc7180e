#include "conlog/file/conlog_positions.h"

#include <string.h>
#include <sys/xattr.h>

enum { STAMPED = 1, IN_LINE = 2, END = 4 };

static const char attribute[] = "user.vspcd.positions";

/* The last byte is the form's number. */
static const uint8_t head[4] = { 'v', 's', 'p', 1 };

/* ---- entries ---------------------------------------------------------- */

static uint64_t start_of(const struct conlog_position *entry)
{
    return entry->offset - entry->inserted;
}

/* Of two at one place the later one counts, but that an epoch has ended in
 * order stays known. */
static bool is_over(const struct conlog_position *entry,
                    const struct conlog_position *next)
{
    return start_of(entry) > start_of(next) ||
           (start_of(entry) == start_of(next) && !entry->is_end);
}

void conlog_positions_add(struct conlog_positions *p,
                          const struct conlog_position *entry)
{
    while (p->count > 0 && is_over(&p->at[p->count - 1], entry))
        p->count--;
    if (p->count == CONLOG_POSITIONS_MAX) {
        p->count--;
        memmove(p->at, p->at + 1, p->count * sizeof p->at[0]);
    }
    p->at[p->count++] = *entry;
}

uint64_t conlog_positions_end(const struct conlog_positions *p, unsigned i,
                              uint64_t size)
{
    uint64_t end = i + 1 < p->count ? start_of(&p->at[i + 1]) : size;

    if (end > size)
        end = size;
    return end > p->at[i].offset ? end : p->at[i].offset;
}

/* ---- bytes ------------------------------------------------------------ */

static uint8_t *put(uint8_t *to, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *to++ = (uint8_t)(number >> (8 * i));
    return to;
}

static uint64_t get(const uint8_t **from, int bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < bytes; i++)
        number |= (uint64_t) * (*from)++ << (8 * i);
    return number;
}

size_t conlog_positions_encode(const struct conlog_positions *p,
                               uint8_t to[CONLOG_POSITIONS_LEN])
{
    uint8_t *end = to + sizeof head;

    memcpy(to, head, sizeof head);
    for (unsigned i = 0; i < p->count; i++) {
        const struct conlog_position *e = &p->at[i];

        end = put(end, e->epoch, 8);
        end = put(end, e->position, 8);
        end = put(end, e->offset, 8);
        end = put(end, e->inserted, 4);
        end = put(end,
                  (e->is_stamped ? STAMPED : 0) |
                      (e->is_in_line ? IN_LINE : 0) | (e->is_end ? END : 0),
                  4);
    }
    return (size_t)(end - to);
}

/* Nobody but us should have written it, but anybody who may write the file
 * can. */
static bool is_sound(const struct conlog_positions *p, unsigned i)
{
    const struct conlog_position *e = &p->at[i];

    return e->offset <= INT64_MAX && e->position <= INT64_MAX &&
           e->inserted <= e->offset &&
           (i == 0 || start_of(e) >= start_of(&p->at[i - 1]));
}

bool conlog_positions_decode(struct slice bytes, struct conlog_positions *ret)
{
    const uint8_t *from = bytes.data + sizeof head;

    ret->count = 0;
    if (bytes.len < sizeof head || bytes.len > CONLOG_POSITIONS_LEN ||
        (bytes.len - sizeof head) % CONLOG_POSITION_LEN != 0 ||
        memcmp(bytes.data, head, sizeof head) != 0)
        return false;
    while (from < bytes.data + bytes.len) {
        struct conlog_position *e = &ret->at[ret->count];
        uint64_t flags;

        e->epoch = get(&from, 8);
        e->position = get(&from, 8);
        e->offset = get(&from, 8);
        e->inserted = (uint32_t)get(&from, 4);
        flags = get(&from, 4);
        e->is_stamped = (flags & STAMPED) != 0;
        e->is_in_line = (flags & IN_LINE) != 0;
        e->is_end = (flags & END) != 0;
        if (!is_sound(ret, ret->count)) {
            ret->count = 0;
            return false;
        }
        ret->count++;
    }
    return true;
}

/* ---- beside the file -------------------------------------------------- */

void conlog_positions_read(int fd, struct conlog_positions *ret)
{
    uint8_t bytes[CONLOG_POSITIONS_LEN];
    ssize_t len = fgetxattr(fd, attribute, bytes, sizeof bytes);

    ret->count = 0;
    if (len > 0)
        (void)conlog_positions_decode(slice_of(bytes, (size_t)len), ret);
}

void conlog_positions_write(int fd, const struct conlog_positions *p)
{
    uint8_t bytes[CONLOG_POSITIONS_LEN];
    size_t len = conlog_positions_encode(p, bytes);

    if (fsetxattr(fd, attribute, bytes, len, 0) < 0)
        conlog_positions_forget(fd);
}

void conlog_positions_forget(int fd)
{
    (void)fremovexattr(fd, attribute);
}

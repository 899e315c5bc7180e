#include "audit/audit_check.h"

#include <string.h>

void audit_check_begin(struct audit_check *check)
{
    *check = (struct audit_check){ .first = 0 };
    audit_chain_init(&check->chain);
}

static enum audit_finding find(const struct audit_check *c,
                               const struct audit_event *event)
{
    if (c->first == 0)
        return AUDIT_FOLLOWS;
    if (strcmp(event->prev, c->chain.digest) != 0 ||
        event->number <= c->chain.number)
        return AUDIT_BROKEN;
    return event->number == c->chain.number + 1 ? AUDIT_FOLLOWS : AUDIT_LOST;
}

enum audit_finding audit_check_line(struct audit_check *c, struct slice line)
{
    enum audit_finding finding;
    struct audit_event event;

    if (!audit_chain_read(line, &event))
        return AUDIT_TORN;
    finding = find(c, &event);
    c->lost = finding == AUDIT_LOST ? event.number - c->chain.number - 1 : 0;
    if (c->first == 0)
        c->first = event.number;
    c->events++;
    audit_chain_set(&c->chain, event.number, line);
    return finding;
}

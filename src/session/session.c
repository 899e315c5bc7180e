/*
 * The end of sessions: the one place where a session leaves its console.
 *
 * A session can find at any time that it has to end: in its own handler, in an
 * operation that core calls, or because its owner says so. There it is only
 * marked. It loses its interest in the stream at once, so that it does nothing
 * any more, but stays attached: whatever is still at work finds it where it
 * was. Its console is left here, at the end of the turn, when nothing is at
 * work.
 *
 * living, ending, ended are three lists and not a flag: an end may cause the
 * next one (a null modem, a VM whose remote system is gone), and "until ending
 * is empty" finds those too. Memory goes later still (session_free_ended):
 * facts of this turn may name what the session had.
 */
#include "session/session.h"

#include "base/clock.h"
#include "core/directory.h"

static struct session *session_at(struct list *node)
{
    return CONTAINER_OF(node, struct session, node);
}

void session_list_init(struct session_list *all, struct directory *directory)
{
    all->directory = directory;
    all->next_judged = NULL;
    list_init(&all->living);
    list_init(&all->ending);
    list_init(&all->ended);
}

void session_start(struct session_list *all, struct session *s,
                   const struct session_ops *ops)
{
    s->ops = ops;
    list_init(&s->node);
    list_add_tail(&all->living, &s->node);
}

/* Whoever walks over the living goes on behind it. */
static void leave_living(struct session_list *all, struct session *s)
{
    if (all->next_judged == &s->node)
        all->next_judged = s->node.next;
    list_remove(&s->node);
}

void session_mark_ending(struct session_list *all, struct session *s)
{
    leave_living(all, s);
    list_add_tail(&all->ending, &s->node);
}

/* The node moves before the operation: end may mark other sessions.
 * directory_settle comes after each single end, so that the next session ends
 * on consoles that are whole. */
void session_end_now(struct session_list *all, struct session *s)
{
    leave_living(all, s);
    list_add_tail(&all->ended, &s->node);
    s->ops->end(s);
    directory_settle(all->directory);
}

/* Settled first: what operations still have to say (a client's last output)
 * comes before the ends. */
bool session_end_marked(struct session_list *all)
{
    bool any = !list_is_empty(&all->ending);

    directory_settle(all->directory);
    while (!list_is_empty(&all->ending))
        session_end_now(all, session_at(all->ending.next));
    return any;
}

void session_free_ended(struct session_list *all)
{
    LIST_EACH (node, after, &all->ended) {
        list_remove(node);
        session_at(node)->ops->free(session_at(node));
    }
}

/* VMs are shut down apart from the others. A session marks itself at most,
 * and so leaves the list by itself, which LIST_EACH allows. */
static void shut_down_some(struct session_list *all, const char *reason,
                           bool is_vm)
{
    LIST_EACH (node, after, &all->living) {
        struct session *s = session_at(node);

        if (s->ops->is_vm == is_vm)
            s->ops->shut_down(s, reason);
    }
    directory_settle(all->directory);
}

/* The order is what people see. Moves end first: a console whose VM is on its
 * way has a last state to tell. Then the VMs end, with their last output.
 * Then the others are shown that output, and the reason behind it. */
void session_shut_down(struct session_list *all, const char *reason)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(all->directory, &cursor)) != NULL)
        move_interrupt(c, clock_now_us());
    directory_settle(all->directory);
    shut_down_some(all, reason, true);
    /* The last output of the VMs is there now, and is shown before the
     * reason. */
    (void)session_end_marked(all);
    shut_down_some(all, reason, false);
}

void session_close_all(struct session_list *all, const char *reason)
{
    LIST_EACH (node, after, &all->living)
        session_at(node)->ops->close(session_at(node), reason);
}

/* A session marks itself at most, which LIST_EACH allows. */
void session_judge_all(struct session_list *all, struct session_judged *judged)
{
    LIST_EACH (node, after, &all->living) {
        struct session *s = session_at(node);

        if (s->ops->judge == NULL || !s->ops->judge(s))
            continue;
        if (s->ops->is_vm)
            judged->vms++;
        else
            judged->clients++;
    }
}

void session_judge_begin(struct session_list *all)
{
    all->next_judged = all->living.next;
}

bool session_judge_some(struct session_list *all, unsigned count)
{
    while (count-- > 0 && all->next_judged != NULL) {
        struct session *s;

        if (all->next_judged == &all->living) {
            all->next_judged = NULL;
            break;
        }
        s = session_at(all->next_judged);
        all->next_judged = s->node.next;
        if (s->ops->judge != NULL)
            (void)s->ops->judge(s);
    }
    return all->next_judged != NULL;
}

bool session_is_quiet(const struct session_list *all)
{
    return list_is_empty(&all->living) && list_is_empty(&all->ending);
}

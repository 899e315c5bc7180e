/*
 * Finding and drawing the lists of all menus, a little at a time.
 *
 * With 10,000 consoles a page costs some milliseconds, and there may be
 * hundreds of menus, so no handler does it. A menu that wants something done
 * stands in a queue. One deadline works on the queue for MENU_WORK_US, rests
 * for MENU_REST_US, and so on, while there is work. So consoles lose a fifth of
 * the loop's time to menus at most, whatever is typed there; in a small site a
 * page is there in the next turn.
 *
 * Persons come first: keys are urgent, and what only has become old is done
 * when nobody waits. A menu that wishes for another page while one is being
 * found begins anew at the end of its queue, so that who types without a pause
 * takes no time from others.
 *
 * A walk goes over several turns. It has pointers to consoles that the owner of
 * the directory strikes out when one goes (census.h).
 */
#include "base/clock.h"
#include "session/client/menu/client_menu_private.h"
#include "session/menu/menu_lines.h"
#include "session/menu/menu_screen.h"

static void enqueue(struct client_menu *cm, bool is_urgent)
{
    struct client_menus *all = client_menus_of(cm);

    list_remove(&cm->work);
    list_add_tail(is_urgent ? &all->urgent : &all->patient, &cm->work);
    cm->is_urgent = is_urgent;
}

/* One that waits already keeps its place. */
void client_menu_want(struct client_menu *cm, bool is_urgent)
{
    struct client_menus *all = client_menus_of(cm);
    bool is_waiting = !list_is_empty(&cm->work);

    if (client_session_is_ending(cm->session))
        return;
    if (!is_waiting || (is_urgent && !cm->is_urgent))
        enqueue(cm, is_urgent);
    if (!deadline_is_running(&all->work))
        deadline_start(&all->starts, &all->work, clock_now_us());
}

void client_menu_stop_work(struct client_menu *cm)
{
    list_remove(&cm->work);
    census_walk_end(&cm->walk);
    cm->is_walking = false;
    deadline_stop(&cm->refresh);
}

/* A page was there, and another one is wished for. */
static void begin_walk(struct client_menu *cm)
{
    struct session_context *ctx = cm->session->telnet.ctx;

    if (!census_walk_begin(&cm->walk, ctx->walks, ctx->directory)) {
        client_session_end_for(cm->session, CLIENT_END_NO_MEMORY);
        return;
    }
    cm->is_walking = true;
    cm->changes = ctx->directory->changes;
    menu_find_begin(&cm->menu);
}

/* Some consoles. False: there are more. */
static bool walk(struct client_menu *cm)
{
    for (int i = 0; i < MENU_CONSOLES_AT_ONCE; i++) {
        struct console *c = census_walk_next(&cm->walk);

        if (c == NULL)
            return true;
        if (menu_wants(&cm->menu, c) &&
            client_access_right_on(cm->session, c) >= RIGHT_READ)
            menu_find_add(&cm->menu, c);
    }
    return false;
}

static void end_walk(struct client_menu *cm)
{
    enum menu_act act;

    census_walk_end(&cm->walk);
    cm->is_walking = false;
    cm->must_draw |= cm->has_screen;
    act = menu_find_end(&cm->menu);
    if (act == MENU_ATTACHES)
        client_menu_attach(cm, menu_chosen(&cm->menu));
}

/* A row may show a console that its person may not read any more, since rules,
 * groups and names change: it is judged each time before it is shown. */
static void drop_unreadable(struct client_menu *cm)
{
    struct menu_page *page = menu_page(&cm->menu);

    for (uint32_t i = 0; i < page->count; i++) {
        const struct console *c = menu_page_at(page, i);

        if (c != NULL && client_access_right_on(cm->session, c) < RIGHT_READ)
            menu_page_drop(page, i);
    }
}

/* A client that does not take what was drawn gets nothing more to take:
 * client_menu_written comes back to it. A list of lines is shown when somebody
 * asks for it, and not refreshed. */
static void draw(struct client_menu *cm)
{
    struct client_session *s = cm->session;
    struct buf *out = &s->telnet.wire.out;
    uint32_t now_s = (uint32_t)(clock_now_us() / (1000 * 1000));
    int r;

    if (out->len > 0 || telnet_link_is_blocked(&s->telnet))
        return;
    cm->must_draw = false;
    drop_unreadable(cm);
    r = cm->has_screen ? menu_screen_draw(&cm->menu, now_s, out)
                       : menu_lines_draw(&cm->menu, now_s, out);
    if (r < 0)
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
    else
        client_output_flush(s);
}

/* On a screen, what was typed is seen while a page is being found, which may
 * take longer; lines come with their page. */
static bool may_draw(const struct client_menu *cm)
{
    return cm->must_draw && (cm->has_screen || !cm->menu.is_other);
}

/* One step of what this menu wants. True: it wants more. */
static bool step(struct client_menu *cm)
{
    if (cm->must_leave)
        client_menu_leave(cm, client_end_text(CLIENT_END_NO_RIGHT));
    if (cm->place != MENU_AT_LIST || client_session_is_ending(cm->session))
        return false;
    if (cm->menu.is_stale) {
        bool is_anew = cm->is_walking;

        begin_walk(cm);
        if (is_anew)
            enqueue(cm, cm->is_urgent);
    }
    if (cm->is_walking && walk(cm))
        end_walk(cm);
    if (cm->place == MENU_AT_LIST && may_draw(cm))
        draw(cm);
    return cm->place == MENU_AT_LIST && (cm->is_walking || cm->menu.is_stale) &&
           !client_session_is_ending(cm->session);
}

static struct client_menu *next_of(struct client_menus *all)
{
    struct list *queue =
        list_is_empty(&all->urgent) ? &all->patient : &all->urgent;

    return list_is_empty(queue)
               ? NULL
               : CONTAINER_OF(queue->next, struct client_menu, work);
}

void client_menu_work_due(struct deadline *d, void *owner)
{
    struct session_context *ctx = owner;
    struct client_menus *all = ctx->clients->menus;
    uint64_t until_us = clock_now_us() + MENU_WORK_US;
    struct client_menu *cm = next_of(all);

    (void)d;
    if (cm == NULL)
        return;
    do {
        if (!step(cm)) {
            list_remove(&cm->work);
            client_menu_take_ahead(cm);
        }
        cm = next_of(all);
    } while (cm != NULL && clock_now_us() < until_us);
    /* Behind what was done in any case: the next key waits for it. */
    deadline_start(&all->rests, &all->work, clock_now_us());
    directory_settle(ctx->directory);
}

/* Whether other consoles may be on the page by now, or in another order. */
static bool is_old(const struct client_menu *cm)
{
    return cm->changes != cm->session->telnet.ctx->directory->changes ||
           cm->menu.wish.sort != MENU_SORT_NAME ||
           menu_page_has_gap(menu_shown(&cm->menu));
}

void client_menu_refresh_due(struct deadline *d, void *owner)
{
    struct client_menu *cm = CONTAINER_OF(d, struct client_menu, refresh);
    struct session_context *ctx = owner;

    deadline_start(&ctx->clients->menus->refreshes, &cm->refresh,
                   clock_now_us());
    if (is_old(cm))
        menu_make_stale(&cm->menu);
    cm->must_draw = true;
    client_menu_want(cm, false);
}

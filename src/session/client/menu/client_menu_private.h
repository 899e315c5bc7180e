/*
 * client_menu_private.h - what the files of a client at the menu share:
 *
 *   client_menu.c          where it is: at the list, or at a console
 *   client_menu_console.c  at a console: the escape key and its commands
 *   client_menu_work.c     finding and drawing the list, a little at a time
 *
 * struct client_menu belongs to a client session, for all its life. Its list
 * (session/menu/menu.h) stays as it is while its person is at a console.
 */
#ifndef SESSION_CLIENT_MENU_CLIENT_MENU_PRIVATE_H
#define SESSION_CLIENT_MENU_CLIENT_MENU_PRIVATE_H

#include "core/census/census.h"
#include "proto/prompt.h"
#include "session/client/client_session_private.h"
#include "session/menu/menu.h"
#include "session/menu/menu_escape.h"

enum {
    /* The work of all menus: so much at a time, and so long a rest behind it.
     * That is a fifth of the loop's time at most, and others wait for no more
     * than the first of the two. */
    MENU_WORK_US = 1000,
    MENU_REST_US = 4 * 1000,
    /* Consoles that are looked at between two looks at the clock. With 1,000
     * access sections one may take 0.1 ms. */
    MENU_CONSOLES_AT_ONCE = 8,
    /* What a list shows is as old at most. */
    MENU_REFRESH_US = 2 * 1000 * 1000,
    /* How long an answer about the terminal is waited for. */
    MENU_TERMINAL_US = 500 * 1000,
    /* What is typed for a VM that takes nothing is kept, so that the escape key
     * behind it is seen. From the first number on, the client is not read. */
    MENU_HELD_MARK = LIMIT_OF(8 * KIB),
    MENU_HELD_MAX = MENU_HELD_MARK + 2 * LIMIT_READ,
};

enum client_menu_place {
    MENU_AT_DOOR,     /* it is not served yet */
    MENU_AT_TERMINAL, /* its terminal is asked for what it is */
    MENU_AT_LIST,
    MENU_AT_CONSOLE,
};

/* What a line that is typed at a console is for. */
enum client_menu_question {
    MENU_ASKS_NOTHING, /* what is typed is for the VM */
    MENU_ASKS_MESSAGE,
    MENU_ASKS_NUMBER, /* of a client */
};

struct client_menu {
    struct client_session *session;
    struct menu menu;
    struct menu_keys keys;     /* at a list on a screen */
    struct prompt prompt;      /* at a list of lines; for questions */
    struct menu_escape escape; /* at a console */
    struct buf ahead; /* typed while it had to wait (client_menu_is_waiting) */
    struct buf held;  /* typed for a VM that takes nothing now */
    struct list work; /* in a queue of struct client_menus */
    struct census_walk walk; /* over the consoles, to find a page */
    struct deadline pause;   /* until what was typed last is whole, or the
                              * terminal has not answered */
    struct deadline refresh;
    uint32_t changes; /* of the directory, when the page was found */
    uint8_t place;    /* enum client_menu_place */
    uint8_t asks;     /* enum client_menu_question */
    bool has_screen;
    bool is_urgent; /* work is in the queue of that name */
    bool is_walking;
    bool must_draw;    /* what is seen is not what is so */
    bool is_behind_cr; /* what is left of the Enter that chose the console is
                        * not for the VM */
    bool must_leave;   /* the console: it may not be read any more */
    bool is_counted;   /* gate.at_no_console */
    bool is_logged;    /* "menu opened" was logged */
};

/* All menus of a context. */
struct client_menus {
    struct list urgent;           /* struct client_menu.work: a person waits */
    struct list patient;          /* what is seen has become old */
    struct deadline work;         /* the next piece of it */
    struct deadline_queue starts; /* of work: in the next turn */
    struct deadline_queue rests;  /* of work: behind some */
    struct deadline_queue refreshes;
    struct deadline_queue terminals; /* struct client_menu.pause */
    struct deadline_queue escapes;   /* the same: ESC alone */
    struct deadline_queue holds;     /* the same: the escape key alone */
};

static inline struct client_menus *client_menus_of(const struct client_menu *cm)
{
    return cm->session->telnet.ctx->clients->menus;
}

/* ---- client_menu.c */

/* To the console, which the list has; back from it, for this reason, which must
 * last. */
void client_menu_attach(struct client_menu *cm, struct console *c);
void client_menu_leave(struct client_menu *cm, const char *reason);

/* What was typed while it waited, if it does not any more. */
void client_menu_take_ahead(struct client_menu *cm);

/* Takes what is typed for the prompt, up to its next event; without memory for
 * the echo the session ends. */
enum prompt_event client_menu_prompt(struct client_menu *cm, struct slice *in);

/* The telnet option is on, and the client hears of what we do. */
bool client_menu_echoes(const struct client_menu *cm);

/* ---- client_menu_console.c */

/* It has come to a console. What it types there, false: a command was obeyed,
 * and what stands behind it has to wait for a turn; what the VM did not take
 * goes on. */
void client_menu_console_begin(struct client_menu *cm);
bool client_menu_console_take(struct client_menu *cm, struct slice *in);
void client_menu_console_end(struct client_menu *cm);
void client_menu_hold_due(struct deadline *d, void *owner);

/* ---- client_menu_work.c */

/* The list is to be found and drawn as far as that is needed. */
void client_menu_want(struct client_menu *cm, bool is_urgent);
void client_menu_stop_work(struct client_menu *cm);
void client_menu_work_due(struct deadline *d, void *owner);
void client_menu_refresh_due(struct deadline *d, void *owner);

#endif

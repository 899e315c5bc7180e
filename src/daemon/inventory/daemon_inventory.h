/*
 * daemon_inventory.h - what the inventory has about VMs, in force.
 *
 * Owns the table that the directory looks at, and puts the next one in its
 * place. What comes from then on is judged by it, and so is whatever was
 * decided by the former one: some sessions a turn, then some consoles.
 *
 * As long as nothing could be read, the directory has inventory_unknown(), and
 * rules that go by the inventory give the least (access_rules.h). A look that
 * fails later leaves the table in force.
 */
#ifndef DAEMON_INVENTORY_DAEMON_INVENTORY_H
#define DAEMON_INVENTORY_DAEMON_INVENTORY_H

#include "base/deadline.h"
#include "base/err.h"
#include "conf/options.h"
#include "core/census/census.h"
#include "inventory/inventory.h"

struct directory;
struct inventory_source;
struct loop;
struct session_list;
struct waker;

/* All borrowed. */
struct inventory_links {
    const struct settings *settings; /* always the present ones */
    struct loop *loop;
    struct directory *directory;
    struct census_walks *walks;
    struct session_list *sessions;
    /* Another table is in force: whatever else is decided of the console. */
    void (*judge)(void *owner, struct console *c);
    void *owner;
};

struct daemon_inventory {
    struct inventory_links links;
    struct inventory_source *source;
    struct waker *waker;     /* the source has news */
    struct inventory *table; /* in force; NULL: none */
    bool is_open;            /* there may be sessions */
    bool is_failing;         /* the last look was refused */
    struct census_walk walk; /* over consoles that are still to be judged */
    struct deadline_queue turns;
    struct deadline turn;
};

/* Waits for the first look, for two seconds at most: then connections are
 * judged by the inventory from the first one on. i must not move. */
int daemon_inventory_open(struct daemon_inventory *i,
                          const struct inventory_links *links, struct err *err);

/* Uses changed settings, and looks at once. */
void daemon_inventory_use(struct daemon_inventory *i);

/* Whether it fails, for the census. */
void daemon_inventory_count(const struct daemon_inventory *i,
                            struct census *census);

/* The program's end has begun: nothing is judged any more. */
void daemon_inventory_end(struct daemon_inventory *i);

/* No session is left. */
void daemon_inventory_close(struct daemon_inventory *i);

/* What is wrong with the settings, and, with looks_at_disk, with what they
 * name. */
void daemon_inventory_check(const struct settings *s, bool looks_at_disk,
                            struct problems *problems);

#endif

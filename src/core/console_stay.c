/*
 * How long a console stays without VM and client, and what decides that.
 *
 * A console is *new* until it was used: until one connection of its VM has
 * lasted for LIMIT_TRIAL_US, or a client has attached that its VM did not ask
 * for itself. Anybody who reaches the VMs' port can make up consoles, a
 * thousand with each read. So a new console promises little: it expires after
 * new_expire_us, and makes room for others before that (vm_site.h). A console
 * that was used once stays for expire_us, and makes room for nobody.
 *
 * The trial is of a connection, not of the sum of all: nothing has to be kept
 * of a trial that was not completed. It also decides whether the console is
 * taken to come by TLS, in both directions (directory.h, keeps_tls). If the
 * first message in TLS decided that, anybody could lock a VM out that comes in
 * the clear, by one connection in its name. As it is, the VM takes its console
 * back within the trial, because the newest connection wins.
 *
 * One deadline serves trial and expiry, since a console has a VM or has none.
 */
#include "core/console_private.h"
#include "core/directory.h"

static struct deadline_queue *expiries_of(const struct console *c)
{
    struct directory *d = c->directory;

    return c->is_proven ? &d->expiries : &d->new_expiries;
}

void console_stop_waiting(struct console *c)
{
    struct directory *d = c->directory;

    deadline_stop(&c->expiry);
    c->waits = CONSOLE_WAITS_FOR_NOTHING;
    if (c->is_evicted) {
        list_remove(&c->spare);
        c->is_evicted = false;
        d->evicted_count--;
    } else if (!list_is_empty(&c->spare)) {
        vm_site_remove_spare(&d->sites, c->site, &c->spare);
    }
}

static bool needs_trial(const struct console *c)
{
    return !c->is_proven ||
           (c->link != NULL && c->link->is_encrypted != c->came_by_tls);
}

void console_start_expiry(struct console *c, uint64_t since_us)
{
    c->waits = CONSOLE_WAITS_FOR_EXPIRY;
    deadline_start(expiries_of(c), &c->expiry, since_us);
    if (!c->is_proven)
        vm_site_add_spare(&c->directory->sites, c->site, &c->spare);
}

/*
 * Called behind every change of who is attached and not before: it looks at
 * what holds now. A trial that runs goes on: link_to ends the one of the
 * former connection.
 */
void console_update_stay(struct console *c, uint64_t now_us)
{
    bool has_vm = console_has_vm(c);

    if (has_vm && c->waits == CONSOLE_WAITS_FOR_TRIAL)
        return;
    console_stop_waiting(c);
    if (has_vm && needs_trial(c)) {
        c->waits = CONSOLE_WAITS_FOR_TRIAL;
        deadline_start(&c->directory->trials, &c->expiry, now_us);
    }
    if (!has_vm && c->client_count == 0)
        console_start_expiry(c, now_us);
}

static void tell_proven(const struct console *c)
{
    fact_add(
        &c->directory->facts,
        (struct fact){ .kind = FACT_PROVEN, .console = (struct console *)c });
}

static void set_proven(struct console *c)
{
    if (c->is_proven)
        return;
    c->is_proven = true;
    c->site->new_consoles--;
    c->directory->new_count--;
}

void console_prove(struct console *c)
{
    if (c->is_proven)
        return;
    set_proven(c);
    tell_proven(c);
}

/* In a move whose source is lost there is no connection to ask about TLS. */
void console_trial_due(struct console *c)
{
    c->waits = CONSOLE_WAITS_FOR_NOTHING;
    set_proven(c);
    if (c->link != NULL)
        c->came_by_tls = c->link->is_encrypted;
    tell_proven(c);
}

void console_set_keyed(struct console *c, bool is_keyed)
{
    if (c->is_keyed == is_keyed)
        return;
    c->is_keyed = is_keyed;
    tell_proven(c);
}

bool console_needs_tls(const struct console *c, const struct vm_link *link)
{
    return c->came_by_tls && !link->is_encrypted &&
           c->directory->settings.keeps_tls;
}

void console_set_site(struct console *c, struct ip ip)
{
    struct directory *d = c->directory;
    struct vm_site *site = vm_site_join(&d->sites, ip);

    site->new_consoles += !c->is_proven;
    d->new_count += !c->is_proven;
    console_leave_site(c);
    c->site = site;
}

struct ip console_host(const struct console *c)
{
    return c->link != NULL ? c->link->ip : c->site->ip;
}

/* Accepts a console without a site. */
void console_leave_site(struct console *c)
{
    struct directory *d = c->directory;

    if (c->site == NULL)
        return;
    c->site->new_consoles -= !c->is_proven;
    d->new_count -= !c->is_proven;
    vm_site_leave(&d->sites, c->site);
    c->site = NULL;
}

bool console_left_since(const struct console *c, uint64_t *ret_since_us)
{
    if (c->waits != CONSOLE_WAITS_FOR_EXPIRY)
        return false;
    *ret_since_us = c->expiry.due_us - expiries_of(c)->length_us;
    return true;
}

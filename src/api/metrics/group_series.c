#include "api/metrics/group_series.h"

#include "api/metrics/render_metrics.h"
#include "base/mem.h"
#include "core/directory.h"
#include "inventory/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 32 };

static const char rest_name[] = "other";

/* The values of a row, in this order. The bytes are no counter: a console that
 * goes, or gets into another group, takes its bytes along. */
enum family { CONSOLES, CONNECTED, CLIENTS, OUTPUT };

static const struct {
    const char *name, *help;
} families[GROUP_SERIES_FAMILIES] = {
    [CONSOLES] = { "vspcd_group_consoles", "Consoles of the group." },
    [CONNECTED] = { "vspcd_group_vms_connected",
                    "Consoles of the group whose VM is connected." },
    [CLIENTS] = { "vspcd_group_clients", "Clients at consoles of the group." },
    [OUTPUT] = { "vspcd_group_output_bytes",
                 "Bytes that the VMs of the group's consoles have sent, since "
                 "each console is there." },
};

void group_series_init(struct group_series *s, const uint64_t seed[2])
{
    *s = (struct group_series){ .row = NULL };
    map_init(&s->names, seed);
}

void group_series_done(struct group_series *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->row[i]->name);
        free(s->row[i]);
    }
    free(s->row);
    map_done(&s->names);
    s->row = NULL;
    s->count = 0;
}

/* ---- adding -------------------------------------------------------------- */

static bool group_series_has_name(const void *value, const void *key)
{
    return strcmp(((const struct group_series_row *)value)->name, key) == 0;
}

static struct group_series_row *row_of(struct group_series *s, const char *name)
{
    uint64_t hash = map_hash(&s->names, slice_of_text(name));
    struct group_series_row *row =
        map_find(&s->names, hash, group_series_has_name, name);

    if (row != NULL)
        return row;
    if (s->count == GROUP_SERIES_KNOWN || !map_reserve(&s->names)) {
        s->has_rest = true;
        return &s->rest;
    }
    row = xcalloc(1, sizeof *row);
    row->name = xstrdup(name);
    map_add(&s->names, hash, row);
    s->row = mem_grow(s->row, s->count, sizeof(void *));
    s->row[s->count++] = row;
    return row;
}

static void count(struct group_series *s, const char *name,
                  const struct console *c)
{
    struct group_series_row *row = row_of(s, name != NULL ? name : "");

    row->value[CONSOLES]++;
    row->value[CONNECTED] += c->link != NULL;
    row->value[CLIENTS] += c->client_count;
    row->value[OUTPUT] += c->output.head;
}

static void count_tags(struct group_series *s, const struct inventory_vm *vm,
                       const struct console *c)
{
    const char *tag = inventory_next_tag(vm, NULL);

    if (tag == NULL)
        count(s, "", c);
    for (; tag != NULL; tag = inventory_next_tag(vm, tag))
        count(s, tag, c);
}

void group_series_add(struct group_series *s, enum group_key key,
                      const struct console *c)
{
    const struct inventory_vm vm =
        inventory_find(c->directory->inventory, c->uuid);

    switch (key) {
    case GROUP_FOLDER:
        count(s, vm.folder, c);
        break;
    case GROUP_OWNER:
        count(s, vm.owner, c);
        break;
    case GROUP_HOST:
        count(s, vm.host, c);
        break;
    case GROUP_TAG:
        count_tags(s, &vm, c);
        break;
    case GROUP_OFF:
        break;
    }
}

/* ---- rendering ----------------------------------------------------------- */

static int group_series_compare(const void *a, const void *b)
{
    const struct group_series_row *left =
        *(const struct group_series_row *const *)a;
    const struct group_series_row *right =
        *(const struct group_series_row *const *)b;
    uint64_t more = left->value[CONSOLES];
    uint64_t less = right->value[CONSOLES];

    return more != less ? (more < less ? 1 : -1)
                        : strcmp(left->name, right->name);
}

static void add_to(struct group_series_row *to,
                   const struct group_series_row *from)
{
    for (size_t i = 0; i < GROUP_SERIES_FAMILIES; i++)
        to->value[i] += from->value[i];
}

/* The largest ones first. A group that is really called as the rest is counts
 * with it. */
static void cut(struct group_series *s)
{
    size_t kept = 0;

    if (s->count > 0)
        qsort(s->row, s->count, sizeof(void *), group_series_compare);
    for (size_t i = 0; i < s->count; i++) {
        struct group_series_row *row = s->row[i];

        if (kept < GROUP_SERIES_MAX && strcmp(row->name, rest_name) != 0) {
            s->row[kept++] = row;
            continue;
        }
        add_to(&s->rest, row);
        s->has_rest = true;
        free(row->name);
        free(row);
    }
    s->count = kept;
    s->is_sorted = true;
}

static void render_row(const struct group_series *s, const char *name,
                       const struct group_series_row *row, struct buf *to)
{
    char value[2 * (INVENTORY_TEXT_MAX + 1)];
    char labels[sizeof value + 16];

    (void)render_label_value(value, sizeof value, name);
    snprintf(labels, sizeof labels, "group=\"%s\"", value);
    render_sample(to, families[s->family].name, labels, row->value[s->family]);
}

bool group_series_render(struct group_series *s, struct buf *to)
{
    if (!s->is_sorted) {
        cut(s);
        return true;
    }
    if (s->family == GROUP_SERIES_FAMILIES)
        return false;
    if (s->at == 0)
        render_family(to, families[s->family].name, families[s->family].help,
                      METRIC_GAUGE);
    for (int i = 0; i < ROWS_AT_ONCE && s->at < s->count; i++, s->at++)
        render_row(s, s->row[s->at]->name, s->row[s->at], to);
    if (s->at < s->count)
        return true;
    if (s->has_rest)
        render_row(s, rest_name, &s->rest, to);
    s->at = 0;
    s->family++;
    return true;
}

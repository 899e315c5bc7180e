/*
 * The whole list is read and checked, then compared with every console of the
 * file, and only then written, in one transaction. Problems are collected
 * instead of ending at the first one, so that a person can correct all of them
 * at once.
 */
#include "daemon/ask/import_ports.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/process/state_path.h"
#include "store/database.h"
#include "store/port_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    PORTS = 65536,
    LINE_SHOWN = 1024, /* bytes of the longest line */
};

/* A line of the list. Owns its text. */
struct import_line {
    char *uuid, *label, *name;
    unsigned number;
    uint16_t port;
    bool is_known;    /* the file knows the console */
    bool is_kept;     /* the file has this port for the console */
    bool came_by_tls; /* as the file has it */
    bool is_keyed;    /* likewise */
};

struct import {
    const struct settings *settings;
    const char *name; /* of the list, for messages */
    struct problems *problems;
    /* Indexed by port: no two lines may have one port, so this is enough. */
    struct import_line lines[PORTS];
    struct import_line **sorted; /* by UUID; count entries */
    unsigned count;
};

/* ---- the list --------------------------------------------------------- */

static void check_range(struct import *import, unsigned number, unsigned port)
{
    const struct settings *s = import->settings;

    if (port < s->port_range_start || port > s->port_range_end)
        problems_add(import->problems, number,
                     "%.200s:%u: port %u is not from port-range-start %llu to "
                     "port-range-end %llu",
                     import->name, number, port,
                     (unsigned long long)s->port_range_start,
                     (unsigned long long)s->port_range_end);
}

static void take_line(struct import *import, unsigned number, struct slice text)
{
    struct port_list_entry entry;
    struct import_line *line;
    struct err err;
    int r = port_list_parse(text, &entry, &err);

    if (r == PORT_LIST_EMPTY)
        return;
    if (r < 0) {
        problems_add(import->problems, number, "%.200s:%u: %s", import->name,
                     number, err.text);
        return;
    }
    line = &import->lines[entry.port];
    if (line->number != 0) {
        problems_add(import->problems, number,
                     "%.200s:%u: port %u is in line %u too", import->name,
                     number, entry.port, line->number);
        return;
    }
    check_range(import, number, entry.port);
    *line = (struct import_line){
        .uuid = xstrdup(entry.uuid),
        .label = xstrdup(entry.label),
        .name = xstrdup(entry.name),
        .number = number,
        .port = entry.port,
    };
    import->count++;
}

static int import_ports_by_console(const void *a, const void *b)
{
    const struct import_line *x = *(struct import_line *const *)a;
    const struct import_line *y = *(struct import_line *const *)b;
    int order = strcmp(x->uuid, y->uuid);

    return order != 0 ? order : strcmp(x->label, y->label);
}

static void sort_lines(struct import *import)
{
    unsigned count = 0;

    import->sorted = xcalloc(import->count + 1, sizeof(struct import_line *));
    for (unsigned port = 0; port < PORTS; port++) {
        if (import->lines[port].number != 0)
            import->sorted[count++] = &import->lines[port];
    }
    qsort(import->sorted, count, sizeof(struct import_line *),
          import_ports_by_console);
}

/* Reports consoles that are in the list twice. */
static void check_twins(const struct import *import)
{
    for (unsigned i = 1; i < import->count; i++) {
        struct import_line *const *pair = &import->sorted[i - 1];

        if (import_ports_by_console(&pair[0], &pair[1]) == 0)
            problems_add(import->problems, pair[1]->number,
                         "%.200s:%u: %s is in line %u too", import->name,
                         pair[1]->number, pair[1]->uuid, pair[0]->number);
    }
}

static void read_lines(struct import *import, FILE *from)
{
    char *text = NULL;
    size_t size = 0;
    unsigned number = 0;
    ssize_t len;

    while ((len = getline(&text, &size, from)) >= 0) {
        number++;
        if (len > LINE_SHOWN)
            problems_add(import->problems, number,
                         "%.200s:%u: is longer than %d bytes", import->name,
                         number, LINE_SHOWN);
        else
            take_line(import, number, slice_of(text, (size_t)len));
    }
    if (ferror(from))
        problems_add(import->problems, 0, "%.200s: cannot be read: %s",
                     import->name, strerror(errno));
    else if (import->count == 0 && import->problems->count == 0)
        problems_add(import->problems, 0,
                     "%.200s: has no console in it: expected lines of "
                     "NAME:UUID:PORT",
                     import->name);
    free(text);
}

static void read_list(struct import *import)
{
    const char *path = import->settings->import_ports;
    bool is_input = strcmp(path, "-") == 0;
    FILE *from = is_input ? stdin : fopen(path, "re");

    import->name = is_input ? "standard input" : path;
    if (from == NULL) {
        problems_add(import->problems, 0, "%.200s: cannot be read: %s", path,
                     strerror(errno));
        return;
    }
    read_lines(import, from);
    sort_lines(import);
    check_twins(import);
    if (!is_input)
        fclose(from);
}

/* ---- the state file --------------------------------------------------- */

/* The index of this UUID's first line, or where it would be. */
static unsigned find_uuid(const struct import *import, const char *uuid)
{
    unsigned low = 0, high = import->count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (strcmp(import->sorted[middle]->uuid, uuid) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The console's line, or else a line of its VM without a label. The first
 * console that takes such a line gives it its label, so the VM's other serial
 * ports do not get it. */
static struct import_line *find_line(const struct import *import,
                                     const struct store_record *record)
{
    struct import_line *found = NULL;

    for (unsigned i = find_uuid(import, record->uuid); i < import->count; i++) {
        struct import_line *line = import->sorted[i];

        if (strcmp(line->uuid, record->uuid) != 0)
            break;
        if (strcmp(line->label, record->label) == 0)
            return line;
        if (line->label[0] == '\0')
            found = line;
    }
    return found;
}

/* Called for each console in the file. */
static bool import_ports_on_record(void *owner,
                                   const struct store_record *record)
{
    const struct import *import = owner;
    const struct import_line *taken = &import->lines[record->port];
    struct import_line *line = find_line(import, record);

    if (line != NULL) {
        free(line->label);
        line->label = xstrdup(record->label);
        line->is_known = true;
        line->came_by_tls = record->came_by_tls;
        line->is_keyed = record->is_keyed;
        line->is_kept = line->port == record->port;
    } else if (taken->number != 0) {
        problems_add(import->problems, taken->number,
                     "%.200s:%u: port %u belongs to %s/%s already",
                     import->name, taken->number, record->port, record->uuid,
                     record->label);
    }
    return true;
}

static int put_lines(const struct import *import, struct database *db,
                     const uint64_t seed[2], struct err *err)
{
    struct pending pending;
    int r;

    pending_init(&pending, seed, PORTS);
    for (unsigned port = 0; port < PORTS; port++) {
        const struct import_line *line = &import->lines[port];
        struct store_record record = {
            .uuid = line->uuid,
            .label = line->label,
            .name = line->name,
            .address = "",
            .first_seen_s = clock_utc_s(),
            .port = line->port,
            /* Nobody made it up: a person has listed it. */
            .is_proven = true,
            .came_by_tls = line->came_by_tls,
            .is_keyed = line->is_keyed,
        };

        if (line->number != 0)
            pending_put(&pending, &record);
    }
    r = database_write(db, &pending, err);
    pending_done(&pending);
    return r;
}

static int use_database(struct import *import, struct database *db,
                        struct err *err)
{
    uint64_t seed[2] = { 0 };
    struct pending forgotten;
    ssize_t got = getrandom(seed, sizeof seed, 0);
    int r;

    (void)got; /* it returns all of so few bytes */
    /* Nothing gets into it: import_ports_on_record keeps every console. */
    pending_init(&forgotten, seed, 1);
    r = database_load(db, import_ports_on_record, import, &forgotten, err);
    pending_done(&forgotten);
    if (r == 0 && import->problems->count == 0)
        r = put_lines(import, db, seed, err);
    return r;
}

static void write_state(struct import *import, char path[STATE_PATH_MAX])
{
    struct database *db = NULL;
    struct err err = { "" };
    struct err why = { "" };
    int r = state_path_find(import->settings, path, &err);

    if (r == -ENOENT)
        err_set(&err, "there is no directory for the state file: set "
                      "STATE_DIRECTORY, or give --file");
    if (r < 0) {
        problems_add(import->problems, 0, "%s", err.text);
        return;
    }
    /* After a failure, database_open fails too, and reports it. */
    if (import->settings->state_file == NULL)
        (void)state_path_make(path);
    r = database_open(&db, path, &why);
    if (r == 0)
        r = use_database(import, db, &why);
    database_close(db);
    if (r == DATABASE_BUSY)
        problems_add(import->problems, 0,
                     "%s: %s; end vspcd before it takes over ports", path,
                     why.text);
    else if (r != 0)
        problems_add(import->problems, 0, "%s: %s", path, why.text);
}

static void report(const struct import *import, const char *path, FILE *to)
{
    unsigned known = 0, kept = 0;

    for (unsigned port = 0; port < PORTS; port++) {
        known += import->lines[port].is_known;
        kept += import->lines[port].is_kept;
    }
    fprintf(to,
            "%s: %u consoles with their ports; %u of them are new, %u have "
            "another port than before\n",
            path, import->count, import->count - known, known - kept);
}

static void import_free(struct import *import)
{
    for (unsigned port = 0; port < PORTS; port++) {
        free(import->lines[port].uuid);
        free(import->lines[port].label);
        free(import->lines[port].name);
    }
    free(import->sorted);
    free(import);
}

int import_ports(const struct settings *settings, FILE *to,
                 struct problems *problems)
{
    struct import *import = xcalloc(1, sizeof *import);
    char path[STATE_PATH_MAX] = "";

    problems->count = 0;
    import->settings = settings;
    import->problems = problems;
    if (settings->backend != SETTINGS_BACKEND_FILE)
        problems_add(problems, 0,
                     "--import-ports: needs --backend File, which keeps them");
    else
        read_list(import);
    if (problems->count == 0)
        write_state(import, path);
    if (problems->count == 0)
        report(import, path, to);
    import_free(import);
    return problems->count > 0 ? -EINVAL : 0;
}

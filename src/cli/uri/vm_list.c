#include "cli/uri/vm_list.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 3, FIELD_MAX = 1024 };

/* A record is a line, or more if a field in quotes goes on over its end. */
struct record {
    char field[FIELDS][FIELD_MAX];
    size_t count;
};

struct reader {
    struct slice rest;
    unsigned line; /* from 1 */
    struct err *err;
};

static bool is_text(const char *text)
{
    struct text_check check = { 0 };

    return text_check(&check, slice_of_text(text)) && check.left == 0;
}

int vm_list_add(struct vm_list *list, const char *name, const char *uuid,
                const char *label, struct err *err)
{
    struct vm_entry entry = { .name = NULL };
    char id[TEXT_ID_MAX + 1];

    if (!is_text(name) || (label != NULL && !is_text(label))) {
        err_set(err, "not in UTF-8");
        return -EINVAL;
    }
    if (uuid != NULL && uuid[0] != '\0') {
        (void)text_uuid(id, slice_of_text(uuid));
        if (!text_is_uuid(id)) {
            err_set(err, "%.40s is no UUID", uuid);
            return -EINVAL;
        }
        memcpy(entry.uuid, id, sizeof entry.uuid);
    }
    entry.name = xstrdup(name);
    entry.label = label != NULL && label[0] != '\0' ? xstrdup(label) : NULL;
    list->item = mem_grow(list->item, list->count, sizeof *list->item);
    list->item[list->count++] = entry;
    return 0;
}

void vm_list_done(struct vm_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->item[i].name);
        free(list->item[i].label);
        mem_free_secret(&list->item[i].port_uri);
    }
    free(list->item);
    *list = (struct vm_list){ 0 };
}

/* ---- records --------------------------------------------------------------
 */

static int fail(const struct reader *r, const char *what)
{
    err_set(r->err, "line %u: %s", r->line, what);
    return -EINVAL;
}

static bool begins(const struct reader *r, char c)
{
    return r->rest.len > 0 && r->rest.data[0] == (uint8_t)c;
}

static char take(struct reader *r)
{
    char c = (char)r->rest.data[0];

    r->rest = slice_after(r->rest, 1);
    return c;
}

static bool is_end_of_field(const struct reader *r)
{
    return r->rest.len == 0 || begins(r, ',') || begins(r, '\n') ||
           (begins(r, '\r') && r->rest.len > 1 && r->rest.data[1] == '\n');
}

static int put(const struct reader *r, char *field, size_t *len, char c)
{
    if (*len + 1 == FIELD_MAX)
        return fail(r, "a field is too long");
    if (c == '\0')
        return fail(r, "a NUL");
    field[(*len)++] = c;
    field[*len] = '\0';
    return 0;
}

static int read_quoted(struct reader *r, char *field)
{
    size_t len = 0;
    int result = 0;

    (void)take(r);
    while (result == 0) {
        char c;

        if (r->rest.len == 0)
            return fail(r, "a quote is not closed");
        c = take(r);
        if (c == '"' && !begins(r, '"'))
            break;
        if (c == '"')
            (void)take(r);
        result = put(r, field, &len, c);
    }
    if (result == 0 && !is_end_of_field(r))
        return fail(r, "text behind a closing quote");
    return result;
}

static int read_field(struct reader *r, char *field)
{
    size_t len = 0;
    int result = 0;

    field[0] = '\0';
    if (begins(r, '"'))
        return read_quoted(r, field);
    while (result == 0 && !is_end_of_field(r))
        result = put(r, field, &len, take(r));
    return result;
}

static int read_record(struct reader *r, struct record *ret)
{
    bool has_more = true;
    int result = 0;

    *ret = (struct record){ .count = 0 };
    while (has_more && result == 0) {
        if (ret->count == FIELDS)
            return fail(r, "more than name, UUID and label");
        result = read_field(r, ret->field[ret->count++]);
        has_more = begins(r, ',');
        if (has_more)
            (void)take(r);
    }
    if (begins(r, '\r'))
        (void)take(r);
    if (begins(r, '\n'))
        (void)take(r);
    return result;
}

/* ---- VMs ------------------------------------------------------------------
 */

static bool is_heading(const struct record *record)
{
    return strcasecmp(record->field[0], "name") == 0 &&
           (record->count == 1 || strcasecmp(record->field[1], "uuid") == 0);
}

static int add_record(struct vm_list *list, const struct reader *r,
                      const struct record *record)
{
    struct err why;

    if (record->field[0][0] == '\0')
        return fail(r, "a VM without a name");
    if (list->count == VM_LIST_MAX)
        return fail(r, "too many VMs");
    if (vm_list_add(list, record->field[0], record->field[1], record->field[2],
                    &why) < 0)
        return fail(r, why.text);
    return 0;
}

static unsigned count_lines(const uint8_t *from, const uint8_t *to)
{
    unsigned count = 0;

    for (; from < to; from++)
        count += *from == '\n';
    return count;
}

int vm_list_read(struct vm_list *list, struct slice text, struct err *err)
{
    struct reader r = { .rest = text, .line = 1, .err = err };
    struct record record;
    bool is_first = true;
    int result = 0;

    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        r.rest = slice_after(r.rest, 3);
    while (r.rest.len > 0 && result == 0) {
        const uint8_t *begin = r.rest.data;
        bool is_blank;

        result = read_record(&r, &record);
        is_blank = record.count == 1 && record.field[0][0] == '\0';
        if (result == 0 && !is_blank && !(is_first && is_heading(&record)))
            result = add_record(list, &r, &record);
        is_first = is_first && is_blank;
        r.line += count_lines(begin, r.rest.data);
    }
    return result;
}

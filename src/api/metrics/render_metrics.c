#include "api/metrics/render_metrics.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    /* Some 2 KiB, or a histogram. */
    ROWS_AT_ONCE = 8,
    LINE_MAX = 2048,
};

static void put(struct buf *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct buf *to, const char *format, ...)
{
    char line[LINE_MAX];
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    assert(len >= 0 && len < LINE_MAX);
    (void)buf_append(to, slice_of((const uint8_t *)line, (size_t)len));
}

void render_family(struct buf *to, const char *name, const char *help,
                   enum metric_kind kind)
{
    put(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
        metric_kind_name(kind));
}

/* The brackets and what is in them; without labels there are none. */
struct braces {
    const char *open, *labels, *close;
};

static struct braces braces(const char *labels)
{
    return labels != NULL ? (struct braces){ "{", labels, "}" }
                          : (struct braces){ "", "", "" };
}

void render_sample(struct buf *to, const char *name, const char *labels,
                   uint64_t value)
{
    struct braces b = braces(labels);

    put(to, "%s%s%s%s %llu\n", name, b.open, b.labels, b.close,
        (unsigned long long)value);
}

static void render_seconds(struct buf *to, const char *name, const char *labels,
                           uint64_t us)
{
    struct braces b = braces(labels);

    put(to, "%s%s%s%s %llu.%06llu\n", name, b.open, b.labels, b.close,
        (unsigned long long)us / 1000000, (unsigned long long)us % 1000000);
}

/* Buckets count all that is in those before them. */
static void render_histogram(struct buf *to, const struct metric *row,
                             const struct histogram *h)
{
    const char *labels = row->labels != NULL ? row->labels : "";
    const char *comma = row->labels != NULL ? "," : "";
    char name[128];
    uint64_t sum = 0;
    int i;

    for (i = 0; i < HISTOGRAM_BOUNDS_MAX && h->bounds->us[i] != 0; i++) {
        sum += h->count[i];
        put(to, "%s_bucket{%s%sle=\"%g\"} %llu\n", row->name, labels, comma,
            (double)h->bounds->us[i] / 1e6, (unsigned long long)sum);
    }
    sum += h->count[i];
    put(to, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", row->name, labels, comma,
        (unsigned long long)sum);
    snprintf(name, sizeof name, "%s_sum", row->name);
    render_seconds(to, name, row->labels, h->sum_us);
    snprintf(name, sizeof name, "%s_count", row->name);
    render_sample(to, name, row->labels, sum);
}

static void render_row(struct buf *to, const struct metric *row,
                       const struct census *census)
{
    const struct histogram *h = metric_histogram(row, census);

    if (row->help != NULL)
        render_family(to, row->name, row->help, row->kind);
    if (h != NULL)
        render_histogram(to, row, h);
    else if (strcmp(row->unit, "seconds") == 0)
        render_seconds(to, row->name, row->labels, metric_read(row, census));
    else
        render_sample(to, row->name, row->labels, metric_read(row, census));
}

bool render_metrics(struct buf *to, const struct census *census, size_t *at)
{
    size_t count;
    const struct metric *rows = metrics_rows(&count);

    for (int i = 0; i < ROWS_AT_ONCE && *at < count; i++, (*at)++)
        render_row(to, &rows[*at], census);
    return *at < count;
}

/* Of a character that does not fit whole nothing is kept. */
size_t render_label_value(char *to, size_t size, const char *value)
{
    size_t len = 0;
    size_t whole = 0;

    for (; *value != '\0'; value++) {
        bool is_escaped = *value == '\\' || *value == '"' || *value == '\n';

        if ((*value & 0xc0) != 0x80)
            whole = len;
        if (len + (is_escaped ? 2 : 1) >= size) {
            len = whole;
            break;
        }
        if (is_escaped)
            to[len++] = '\\';
        to[len++] = *value == '\n' ? 'n' : *value;
    }
    to[len] = '\0';
    return len;
}

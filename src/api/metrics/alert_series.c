#include "api/metrics/alert_series.h"

#include "api/metrics/render_metrics.h"

#include <stdio.h>

enum { RULES_AT_ONCE = 8, VALUE_MAX = 2 * ALERT_NAME_MAX };

static void render_rule(const struct alert_total *total, struct buf *to)
{
    char rule[VALUE_MAX];
    char labels[VALUE_MAX + 64];

    (void)render_label_value(rule, sizeof rule, total->rule);
    snprintf(labels, sizeof labels, "rule=\"%s\",severity=\"%s\"", rule,
             alert_severity_name(total->severity));
    render_sample(to, "vspcd_alerts_total", labels, total->told);
}

bool alert_series_render(const struct alert_book *book, struct buf *to,
                         size_t *at)
{
    if (*at == 0)
        render_family(to, "vspcd_alerts_total",
                      "Alerts that were told, by rule and severity.",
                      METRIC_COUNTER);
    for (int i = 0; i < RULES_AT_ONCE && *at < book->total_count; i++)
        render_rule(&book->total[(*at)++], to);
    return *at < book->total_count;
}

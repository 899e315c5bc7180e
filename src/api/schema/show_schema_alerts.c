/* What rules find, and who is told. */
#include "api/schema/show_schema_rows.h"

static const struct show_member alerts_members[] = LIST_OF("Alert");

static const struct show_member alert_rules_members[] = LIST_OF("AlertRule");

static const struct show_member alert_mutes_members[] = LIST_OF("AlertMute");

static const struct show_member webhooks_members[] = LIST_OF("Webhook");

static const struct show_member alert_members[] = {
    { "id", "number", "Never used again." },
    { "rule", "text", "Which rule has found it." },
    { "severity", "info|warning|critical", "Of the rule." },
    { "cause", "output|missing|silence|flood",
      "A line; one that did not come; no output; too much." },
    { "console", "AlertConsole", "Where; it may be gone." },
    { "time", "time", "When it was found first." },
    { "last_time", "time", "When it was found last." },
    { "count", "number", "How often: within alert-repeat-time." },
    { "text", "text", "The line." },
    { "before", "[text]", "Lines before it." },
    { "after", "[text]", "Lines after it." },
    { "place", "text", "EPOCH:POSITION of the line in the output." },
    { "state", "open|acknowledged", "Whether somebody takes care of it." },
    { "acknowledged_by", "text?", "Who." },
    { "acknowledged_at", "time?", "Since when." },
    { "comment", "text?", "What he has said." },
    { "link", "text", "Path of the line in the page." },
    { .name = NULL },
};

static const struct show_member alert_console_members[] = {
    { "id", "text", "UUID/LABEL." },
    { "uuid", "text", "Of its VM." },
    { "label", "text", "Of its serial port." },
    { "name", "text", "As it was shown then." },
    { .name = NULL },
};

static const struct show_member alert_rule_members[] = {
    { "name", "text", "Of the rule." },
    { "severity", "info|warning|critical", "Of what it finds." },
    { "set", "text?", "The ready-made set that it is of." },
    { "where", "text?", "FILE:LINE of its section." },
    { "pattern", "text?", "A regular expression." },
    { "without", "text?", "The line that has to come." },
    { "within", "seconds", "In this time; 0: not looked at." },
    { "after_silence", "seconds", "No output for so long; 0: not looked at." },
    { "flood", "number", "More bytes than this; 0: not looked at." },
    { "ignores_case", "flag", "Of letters." },
    { "lines", "number", "Shown before and after." },
    { "consoles", "[text]", "Globs; none: all consoles." },
    { "found", "number", "How often it has found something." },
    { "left_out", "number", "How often besides, within a second." },
    { .name = NULL },
};

static const struct show_member alert_mute_members[] = {
    { "id", "number", "Never used again." },
    { "match", "text?", "A glob for consoles; null: all." },
    { "rule", "text?", "A glob for rules; null: all." },
    { "reason", "text?", "Why." },
    { "by", "text?", "Who has made it." },
    { "since", "time", "When it was made." },
    { "until", "time?", "Null: until somebody ends it." },
    { "count", "number", "How often it has muted something." },
    { .name = NULL },
};

static const struct show_member webhook_members[] = {
    { "name", "text", "Of its section." },
    { "format", "json|slack|teams|alertmanager|pagerduty", "What it gets." },
    { "state", "ok|failing", "Whether its last try has worked." },
    { "waiting", "number", "Deliveries that it has not had." },
    { "sent", "number", "Deliveries that it has had." },
    { "retried", "number", "Tries that had to be tried again." },
    { "given_up", "number", "Deliveries that it refused, or too old ones." },
    { "dropped", "number", "Deliveries for which there was no room." },
    { .name = NULL },
};

static const struct show_member webhook_test_members[] = {
    { "webhook", "text", "Its name." },
    { "delivered", "flag", "Whether the receiver has taken it." },
    { "status", "number?", "Of its answer; null: there was none." },
    { "message", "text", "What happened." },
    { "took", "seconds", "How long that took." },
    { .name = NULL },
};

const struct show_schema show_schema_alerts[] = {
    { "Alert", "What a rule has found on a console.", alert_members },
    { "AlertConsole", "The console of an alert.", alert_console_members },
    { "Alerts", "A list of alerts.", alerts_members },
    { "AlertRule", "What is looked for.", alert_rule_members },
    { "AlertRules", "A list of rules.", alert_rules_members },
    { "AlertMute", "Alerts that are not told.", alert_mute_members },
    { "AlertMutes", "A list of mutes.", alert_mutes_members },
    { "Webhook", "A receiver of alerts.", webhook_members },
    { "Webhooks", "A list of receivers.", webhooks_members },
    { "WebhookTest", "How a test has ended.", webhook_test_members },
    { .name = NULL },
};

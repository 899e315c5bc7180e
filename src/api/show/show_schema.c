#include "api/show/show_schema.h"

#include "api/show/show_console.h"

#define LIST_OF(type)                                                          \
    {                                                                          \
        { "items", "[" type "]", "What may be read." },                        \
            { "total", "number", "How many there are, on other pages too." },  \
            { "hidden", "number",                                              \
              "How many the caller may not read, whatever it looks for." },    \
        {                                                                      \
            .name = NULL                                                       \
        }                                                                      \
    }

static const struct show_member error_members[] = {
    { "error", "ErrorText", "Why the command was not done." },
    { .name = NULL },
};

static const struct show_member error_text_members[] = {
    { "code", "text", "For programs: a word that stays." },
    { "message", "text", "For people." },
    { "hint", "text", "What to do about it; missing if nothing can be said." },
    { .name = NULL },
};

static const struct show_member consoles_members[] = LIST_OF("Console");
static const struct show_member clients_members[] = LIST_OF("Client");
static const struct show_member people_members[] = LIST_OF("Person");
static const struct show_member moves_members[] = LIST_OF("Move");
static const struct show_member limits_members[] = LIST_OF("Limit");

static const struct show_member keyboard_members[] = {
    { "client", "number", "The client that has it." },
    { "name", "text", "Of its person; without one its address." },
    { "mode", "free-for-all|write|exclusive", "What others may do meanwhile." },
    { .name = NULL },
};

static const struct show_member inventory_members[] = {
    { "folder", "text?", "Such as /prod/web." },
    { "host", "text?", "As the inventory names it." },
    { "owner", "text?", "Who has the VM." },
    { "tags", "[text]", "As the inventory has them." },
    { "name", "text?", "Of the VM in the inventory." },
    { .name = NULL },
};

static const struct show_member lock_members[] = {
    { "by", "text", "Only this person's clients type." },
    { "proof", "address|uid|certificate|token|password|proxy|ssh",
      "How the name was proven." },
    { "reason", "text?", "As given." },
    { "since", "time", "When it was locked." },
    { "until", "time?", "When it ends by itself." },
    { .name = NULL },
};

static const struct show_member line_members[] = {
    { "vm", "text", "As the VM has set it, such as 115200,8N1." },
    { "clients", "text", "As its clients have set it." },
    { "vm_drives", "text", "Modem lines: DTR,RTS, or none." },
    { "clients_drive", "text", "The same." },
    { .name = NULL },
};

static const struct show_member window_members[] = {
    { "columns", "number", "In characters." },
    { "rows", "number", "In characters." },
    { .name = NULL },
};

static const struct show_member service_members[] = {
    { "asks_for", "text", "The service URI, in words." },
    { "state", "none|listening|connected|connecting|waiting|idle|refused",
      "How far it is." },
    { .name = NULL },
};

static const struct show_member log_members[] = {
    { "path", "text", "Its file." },
    { "state", "text", "ok, or why it is not written." },
    { "written_bytes", "number", "Since the start of vspcd." },
    { "missing_bytes", "number", "Of output that could not be written." },
    { .name = NULL },
};

static const struct show_member client_members[] = {
    { "number", "number", "Unique until vspcd is restarted." },
    { "console", "text", "Its console, as shown to people." },
    { "console_id", "text", "Its console's identity." },
    { "name", "text?", "Of its person or program." },
    { "proof", "address|uid|certificate|token|password|proxy|ssh",
      "How that was proven." },
    { "door", "text", "How it came: port, menu, ..." },
    { "right", "read|write|break|control|admin", "On its console." },
    { "mode", "free-for-all|write|exclusive|read-only",
      "What it may do to the keyboard." },
    { "peer", "text?", "Its address." },
    { "tls", "flag", "Whether its connection is in TLS." },
    { "has_keyboard", "flag", "For itself." },
    { "lags", "flag", "The VM does not wait for it." },
    { "since", "time", "When it came." },
    { "input_bytes", "number", "From it to the VM." },
    { "output_bytes", "number", "To it." },
    { "behind_bytes", "number", "Of output that it has not had." },
    { "window", "Window?", "Of its terminal." },
    { "typed_last", "flag",
      "Of all clients of its console; only with the right control." },
    { .name = NULL },
};

static const struct show_member person_members[] = {
    { "name", "text?", "Null: somebody who has proven nothing." },
    { "proof", "address|uid|certificate|token|password|proxy|ssh",
      "How the name was proven." },
    { "address", "text?", "Of somebody without a name." },
    { "since", "time?", "When the first of its clients came." },
    { "clients", "[Client]", "In the order of their coming." },
    { .name = NULL },
};

static const struct show_member move_members[] = {
    { "ended", "time", "When it was over." },
    { "from", "text?", "The source's address." },
    { "to", "text?", "The last destination's address." },
    { "completed", "flag", "Whether the VM has moved as planned." },
    { "outcome", "text", "completed, taken-over, aborted, timed-out, ..." },
    { "took", "seconds", "From its begin to its end." },
    { "held_bytes", "number", "Of input, kept meanwhile." },
    { .name = NULL },
};

static const struct show_member version_members[] = {
    { "name", "text", "vspcd." },
    { "version", "text", "Of the program." },
    { "api", "text", "v1." },
    { .name = NULL },
};

static const struct show_member whoami_members[] = {
    { "name", "text?", "What the caller has proven; null: nothing." },
    { "proof", "address|uid|certificate|token|password|proxy|ssh",
      "How the name was proven." },
    { "groups", "number", "How many groups are known of it." },
    { "right", "none|read|write|break|control|admin", "On the server." },
    { "owner", "text?", "For whom a token acts." },
    { "consoles", "text?", "The pattern that bounds a token." },
    { "door", "text", "How the call came: socket, web." },
    { "peer", "text?", "The caller's address." },
    { "session", "PageSession?",
      "The session on a page that has proven it; null: none." },
    { .name = NULL },
};

static const struct show_member page_session_members[] = {
    { "id", "text", "Of the session." },
    { "idle_end", "time", "It ends then, unless it is used." },
    { "end", "time", "It ends then, however it is used." },
    { .name = NULL },
};

static const struct show_member login_ways_members[] = {
    { "password", "flag", "A name and a password are taken here." },
    { "token", "flag", "An access token is taken here." },
    { "certificate", "flag", "TLS client certificates are accepted." },
    { "proxy", "flag", "The connection is that of a trusted proxy." },
    { "can_gain", "flag", "A login may have more rights." },
    { "who", "Whoami", "Who the caller is without one." },
    { .name = NULL },
};

/* Those of Whoami, or the second kind. */
static const struct show_member logged_in_members[] = {
    { "name", "text?", "As in Whoami, with all its members." },
    { "said", "text?", "What PAM has said, in lines." },
    { "login", "text?",
      "If more is asked, in place of the members of Whoami: to be sent back "
      "with the answer." },
    { "question", "text?", "The question, for the person." },
    { "is_hidden", "flag?", "The answer is not to be shown." },
    { .name = NULL },
};

static const struct show_member session_members[] = {
    { "id", "text", "Of the session." },
    { "name", "text", "Of the person, or of the token." },
    { "proof", "password|token", "How the name was proven." },
    { "owner", "text?", "For whom the token acts." },
    { "created", "time", "The login." },
    { "from", "text?", "The address of the login." },
    { "last_used", "time", "The last request, or what was typed." },
    { "last_used_from", "text?", "The address then." },
    { "idle_end", "time", "It ends then, unless it is used." },
    { "end", "time", "It ends then, however it is used." },
    { "is_current", "flag", "It is the caller's." },
    { .name = NULL },
};

static const struct show_member sessions_members[] = {
    { "items", "[Session]", "The sessions." },
    { "total", "number", "How many there are." },
    { "hidden", "number", "How many the caller may not see." },
    { .name = NULL },
};

static const struct show_member status_members[] = {
    { "version", "text", "Of the program." },
    { "started", "time", "When it was started." },
    { "uptime", "seconds", "Since then." },
    { "consoles", "{number}",
      "total, and of them: connected, moving, none, new." },
    { "clients", "number", "Of all consoles, and at the menu." },
    { "unidentified", "number",
      "Connections that have not identified their VM." },
    { "moves", "{number}", "completed, failed, refused, under_way." },
    { "output_bytes", "number", "From all VMs." },
    { "input_bytes", "number", "To all VMs." },
    { "log_missing_bytes", "number", "That console logs have lost." },
    { "health", "{text}",
      "state, audit, logs, inventory: ok or failing; ready: ok, or why not." },
    { "doors", "[Door]", "Where vspcd is reached." },
    { .name = NULL },
};

static const struct show_member door_members[] = {
    { "for", "text", "vms, consoles, menu, socket, web, ..." },
    { "address", "text?", "ADDRESS:PORT, or a path." },
    { "tls", "text", "off, telnets, offered, required." },
    { .name = NULL },
};

static const struct show_member vm_listeners_members[] = {
    { "listeners", "[VmListener]", "The ports for VMs." },
    { "addresses", "[text]",
      "Of this machine, if a listener is for all of them: first the one that "
      "its own connections come from." },
    { "names", "[text]", "In the certificate, and the machine's own." },
    { "certificate", "Certificate?", "Null: no port has TLS." },
    { "tls_min", "text", "The oldest version of TLS that VMs may use: 1.2." },
    { "vm_keys", "off|optional|required", "Keys in port URIs." },
    { "vm_certs", "off|optional|required", "Certificates of VMs' ends." },
    { "services", "{[text]}",
      "listen, connect: rules for what else port URIs may ask for." },
    { .name = NULL },
};

static const struct show_member vm_listener_members[] = {
    { "address", "text", "0.0.0.0 and :: are all of the machine's." },
    { "port", "number", "A TCP port." },
    { "tls", "off|telnets|offered|required", "As --tls has it." },
    { .name = NULL },
};

static const struct show_member vm_key_members[] = {
    { "uuid", "text", "The VM's." },
    { "label", "text?", "Of its serial port; null: of all of them." },
    { "key", "text", "32 hex digits; a secret." },
    { "port_uri", "text",
      "For vSphere: s0?key=...; without a label what is appended to each." },
    { .name = NULL },
};

static const struct show_member certificate_members[] = {
    { "subject", "text?", "As RFC 4514 writes it." },
    { "issuer", "text?", "The same." },
    { "names", "[text]", "DNS names and addresses that it is for." },
    { "not_before", "time", "It holds from then on." },
    { "not_after", "time", "It has expired then." },
    { "sha1", "text", "Its thumbprint, in hex with colons." },
    { "sha256", "text", "The same." },
    { "is_self_signed", "flag", "No other authority vouches for it." },
    { "key", "text", "EC prime256v1, RSA 2048, ..." },
    { "pem", "text", "The certificate, without its key." },
    { .name = NULL },
};

static const struct show_member limit_members[] = {
    { "name", "text", "Of what is limited." },
    { "used", "number?", "Now; null: not counted as one number." },
    { "limit", "number?", "In force; null: none." },
    { "unit", "text", "Of both." },
    { "setting", "text?", "Of vspcd.conf, that changes it." },
    { "help", "text", "A sentence." },
    { .name = NULL },
};

static const struct show_member log_lines_members[] = {
    { "items", "[LogLine]", "In the order of the file." },
    { "file", "text", "That was looked through." },
    { "bytes", "number?", "Of the file; null: of a packed one." },
    { "next", "number?", "From where to go on; null: that was all." },
    { .name = NULL },
};

static const struct show_member log_line_members[] = {
    { "at", "number", "The byte of the file at which the line begins." },
    { "time", "time?", "Of the line, if the log has times." },
    { "line", "text", "What is around the text." },
    { .name = NULL },
};

static const struct show_member log_places_members[] = {
    { "files", "[LogFile]", "The newest first." },
    { "timed", "flag", "Lines have times." },
    { "found", "LogPlace?", "What was asked for; null: it is not there." },
    { "kept", "text", "Where the history begins, EPOCH:POSITION." },
    { "place", "text", "Behind all output by now, EPOCH:POSITION." },
    { .name = NULL },
};

static const struct show_member log_file_members[] = {
    { "file", "text", "What commands call it." },
    { "bytes", "number", "Where it ends." },
    { "begin", "number", "Where the console's output begins in it." },
    { "packed", "flag", "It is compressed; bytes are of what is in it." },
    { .name = NULL },
};

static const struct show_member log_place_members[] = {
    { "file", "text", "One of the files." },
    { "at", "number", "A byte of it." },
    { .name = NULL },
};

static const struct show_member series_members[] = {
    { "step", "seconds", "Between values." },
    { "from", "time", "Of the first values." },
    { "to", "time", "Of the last ones." },
    { "series", "SeriesValues",
      "Of each number all values, the oldest first." },
    { .name = NULL },
};

static const struct show_member series_values_members[] = {
    { "vms", "[number]",
      "Consoles whose VM was connected; null in place of a "
      "value: it was not taken." },
    { "consoles", "[number]", "Consoles that were known." },
    { "clients", "[number]", "Clients of all consoles." },
    { "moves", "[number]", "vMotions that completed since the value before." },
    { "moves_failed", "[number]", "vMotions that ended otherwise." },
    { "alerts", "[number]", "Alerts that were told." },
    { "refused_logins", "[number]", "Logins that failed." },
    { "refused_vms", "[number]",
      "Connections on the VMs' ports that were refused." },
    { "refused_clients", "[number]", "Clients that were refused." },
    { "log_gaps", "[number]", "Gaps in console logs." },
    { "output_bytes", "[number]", "Bytes from VMs." },
    { "input_bytes", "[number]", "Bytes to VMs." },
    { "open_files", "[number]", "Files and connections." },
    { .name = NULL },
};

static const struct show_member sent_members[] = {
    { "sent", "number", "Bytes that the VM's connection has taken." },
    { "console", "Console", "As it is now." },
    { .name = NULL },
};

static const struct show_member done_members[] = {
    { "done", "text", "What was done, for people." },
    { "console", "Console", "As it is now; missing without one." },
    { "told", "number", "Of a message: how many people were there." },
    { "disconnected", "number", "Of disconnect: how many clients." },
    { .name = NULL },
};

static const struct show_member forgotten_members[] = {
    { "forgotten", "flag", "It is." },
    { "id", "text", "Its identity." },
    { "name", "text", "As it was shown to people." },
    { .name = NULL },
};

static const struct show_member tokens_members[] = LIST_OF("Token");

#define TOKEN_MEMBERS                                                          \
    { "id", "number", "Never used again." },                                   \
        { "name", "text", "One token that holds has it." },                    \
        { "owner", "text", "For whom it acts." },                              \
        { "may", "read|write|break|control|admin", "At most." },               \
        { "consoles", "text", "A glob." }, { "created", "time?", "When." },    \
        { "created_by", "text", "By whom." },                                  \
        { "expires", "time?", "Null: never." },                                \
        { "last_used", "time?", "Null: never." },                              \
        { "last_used_from", "text?", "An address." },                          \
        { "revoked_by", "text?", "By whom." },                                 \
        { "state", "holds|revoked|expired", "Whether it can be used." },       \
    {                                                                          \
        .name = NULL                                                           \
    }

static const struct show_member token_members[] = { TOKEN_MEMBERS };
static const struct show_member new_token_members[] = {
    { "token", "text", "Its text; it is shown this once, and kept nowhere." },
    TOKEN_MEMBERS,
};

static const struct show_member ssh_keys_members[] = LIST_OF("SshKey");

static const struct show_member ssh_key_members[] = {
    { "id", "number", "Never used again." },
    { "name", "text", "Whose it is." },
    { "fingerprint", "text", "SHA256:..., as ssh-keygen -l shows it." },
    { "key", "text", "TYPE BASE64, as in authorized_keys." },
    { "comment", "text?", "That stood behind it." },
    { "created", "time", "When it was added." },
    { "created_by", "text", "By whom." },
    { .name = NULL },
};

static const struct show_member explanation_members[] = {
    { "principal", "text", "About whom." },
    { "account", "found|none|unknown?",
      "Whether the system has an account of the name; null: it was not "
      "looked up." },
    { "console", "text", "About which console." },
    { "id", "text?", "Null: it is not there." },
    { "right", "none|read|write|break|control|admin", "What the rules give." },
    { "line", "number?", "That decided; null: none." },
    { "file", "text?", "Of the line." },
    { "keyboard", "free-for-all|one-writer", "How many may type at once." },
    { "explanation", "[text]?", "In sentences, for administrators." },
    { .name = NULL },
};

static const struct show_member config_members[] = {
    { "items", "[Setting]", "In the order of the manual." },
    { "total", "number", "How many there are." },
    { "hidden", "number", "None." },
    { "file", "text?", "That was read." },
    { "sections", "text", "Of access and group, as in the file." },
    { .name = NULL },
};

static const struct show_member setting_members[] = {
    { "name", "text", "As in the file." },
    { "value", "text?", "In the syntax of the file; null: none." },
    { "source", "default|vSPCServer|file|environment|command line",
      "Where it comes from." },
    { "line", "number?", "Of the file." },
    { "otherwise", "text?", "What counts without a value." },
    { "is_reloaded", "flag", "Whether a reload changes it." },
    { .name = NULL },
};

static const struct show_member config_report_members[] = {
    { "ok", "flag", "Whether it can be used." },
    { "problems", "[Problem]", "What is wrong, the first 20." },
    { "problem_count", "number", "Of all." },
    { "warnings", "[Problem]", "What is strange about its rules." },
    { "changes", "[Change]", "What differs from what is in force." },
    { "closed", "number",
      "Of a reload: connections that the rules do not allow any more." },
    { .name = NULL },
};

static const struct show_member problem_members[] = {
    { "line", "number?", "Of the file." },
    { "text", "text", "A sentence." },
    { .name = NULL },
};

static const struct show_member change_members[] = {
    { "name", "text", "Of a setting, or a kind of section." },
    { "value", "text?", "What it is, or would be." },
    { "before", "text?", "What it was." },
    { "needs_restart", "flag", "It does not take effect by a reload." },
    { .name = NULL },
};

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

static const struct show_member recording_members[] = {
    { "id", "text", "Which one: it tells when it began." },
    { "console", "RecordedConsole", "Whose it is." },
    { "started", "time", "When it began." },
    { "ended", "time?", "null: it goes on." },
    { "seconds", "seconds", "How long it is." },
    { "bytes", "number", "Of its files, unpacked." },
    { "reason", "rule|session|demand",
      "Why it began: record = always, record = sessions, or somebody wanted "
      "it." },
    { "by", "text?", "Who wanted it; null: a rule." },
    { "format", "v2|v3", "The version of asciicast of its files." },
    { "has_input", "flag", "What was typed is in it, too." },
    { "is_complete", "flag",
      "All of its files are there and whole, up to its end; or, while it goes "
      "on, from its beginning on." },
    { "gaps", "number", "Places where output is missing." },
    { "missing_bytes", "number", "Of output, in all gaps." },
    { "parts", "number", "How many files it has." },
    { .name = NULL },
};

static const struct show_member recorded_console_members[] = {
    { "id", "text", "UUID/LABEL." },
    { "uuid", "text", "The VM's." },
    { "label", "text", "Of its serial port." },
    { "name", "text",
      "As it is called now; one that is not known, as it was called." },
    { "is_known", "flag", "It is in the list of consoles." },
    { .name = NULL },
};

static const struct show_member recordings_members[] = {
    { "items", "[Recording]", "What may be read." },
    { "total", "number", "How many there are, on other pages too." },
    { "hidden", "number",
      "How many the caller may not read, whatever it looks for." },
    { "unread", "number",
      "How many are not among them because they could not be read, or were not "
      "searched." },
    { .name = NULL },
};

static const struct show_member recording_done_members[] = {
    { "done", "text", "A sentence." },
    { "recording", "Recording", "Which one." },
    { .name = NULL },
};

static const struct show_member recording_deleted_members[] = {
    { "done", "text", "A sentence." },
    { "recording", "text", "Its id." },
    { .name = NULL },
};

static const struct show_member refusals_members[] = {
    { "items", "[Refusal]", "The latest first." },
    { "dropped", "number", "That had to make room for others." },
    { .name = NULL },
};

static const struct show_member refusal_members[] = {
    { "message", "text", "Of the log." },
    { "reason", "text?", "What the log gives as the reason." },
    { "door", "text?", "Where it came." },
    { "address", "text?", "From where, the last time." },
    { "vm", "text?", "The VM's name, as it says itself." },
    { "uuid", "text?", "The VM's." },
    { "console", "text?", "The console's name." },
    { "count", "number", "How often this has happened." },
    { "first", "time", "When it happened first." },
    { "last", "time", "When it happened last." },
    { .name = NULL },
};

static const struct show_member diagnosis_members[] = {
    { "version", "text", "Of vspcd." },
    { "uid", "number", "Of the account that vspcd runs as." },
    { "is_root", "flag", "Whether that is root." },
    { "files", "FilesUsed", "Open files and connections." },
    { "memory", "MemoryUsed", "Of the process and the machine." },
    { "disks", "[Disk]", "Where vspcd writes." },
    { "clock", "MachineClock", "The machine's." },
    { "ports", "PortRanges", "Of consoles, and of the system." },
    { "access", "AccessFacts", "Whom the settings let in." },
    { "counts", "{number}", "What has gone wrong since the start." },
    { "arrivals", "[Refusal]",
      "VMs that have connected three times or more, never more than an hour "
      "apart: the same members, without a reason." },
    { .name = NULL },
};

static const struct show_member files_used_members[] = {
    { "used", "number?", "That are open." },
    { "limit", "number?", "Of the process." },
    { .name = NULL },
};

static const struct show_member memory_used_members[] = {
    { "resident_bytes", "number?", "Of vspcd." },
    { "machine_bytes", "number?", "Of the machine." },
    { "available_bytes", "number?", "That programs could still have." },
    { "group_bytes", "number?", "Of the control group that vspcd is in." },
    { "group_limit_bytes", "number?", "Of that group, or of one around it." },
    { .name = NULL },
};

static const struct show_member disk_members[] = {
    { "for", "state|console-logs|recordings|audit-log", "What is written." },
    { "path", "text", "Where." },
    { "problem", "text?",
      "Why the system says nothing of it; then the following is missing." },
    { "is_read_only", "flag", "Whether the file system is." },
    { "is_writable", "flag", "Whether vspcd's account may write there." },
    { "size_bytes", "number", "Of the file system." },
    { "free_bytes", "number", "That this account may still use." },
    { "files", "number", "Inodes; 0: they are not counted." },
    { "free_files", "number", "Inodes that are free." },
    { .name = NULL },
};

static const struct show_member machine_clock_members[] = {
    { "time", "time", "Now." },
    { "is_synchronised", "flag?", "Whether the kernel says so." },
    { .name = NULL },
};

static const struct show_member port_ranges_members[] = {
    { "is_used", "flag", "Whether consoles have ports." },
    { "first", "number?", "Of consoles." },
    { "last", "number?", "Of consoles." },
    { "local_first", "number?", "Of those that the system gives programs." },
    { "local_last", "number?", "The last of them." },
    { "local_reserved", "text?", "Those of them that it does not give." },
    { .name = NULL },
};

static const struct show_member access_facts_members[] = {
    { "has_rules", "flag", "Whether there are access sections." },
    { "is_everybody_writing", "flag",
      "Without them: everybody may write (vSPCServer)." },
    { "is_open_to_vms", "flag",
      "Every address may connect as a VM, and no setting says so." },
    { "logins_failed", "number", "Since the start." },
    { "has_audit_log", "flag", "Whether there is an audit log." },
    { .name = NULL },
};

static const struct show_schema schemas[] = {
    { "Error", "Why a command was not done.", error_members },
    { "ErrorText", "An error in words.", error_text_members },
    { "Console", "One virtual serial port of one VM.", NULL },
    { "Consoles", "A list of consoles.", consoles_members },
    { "Keyboard", "Who types.", keyboard_members },
    { "Inventory", "What the inventory has about a VM.", inventory_members },
    { "Lock", "A locked keyboard.", lock_members },
    { "Line", "A serial line.", line_members },
    { "Window", "The size of a terminal's window.", window_members },
    { "Service", "What a VM's serial port asks for.", service_members },
    { "Log", "A console log.", log_members },
    { "Client", "A connection that reads a console and may type.",
      client_members },
    { "Clients", "A list of clients.", clients_members },
    { "Person", "Somebody who has consoles open.", person_members },
    { "People", "A list of people.", people_members },
    { "Move", "A vMotion of a VM.", move_members },
    { "Moves", "A list of moves.", moves_members },
    { "Version", "The versions of vspcd and of its API.", version_members },
    { "Whoami", "Who the caller is to vspcd.", whoami_members },
    { "PageSession", "How long a session holds.", page_session_members },
    { "LoginWays", "How one can log in.", login_ways_members },
    { "LoggedIn", "A login that is done, or a question.", logged_in_members },
    { "Session", "A session of somebody on a page.", session_members },
    { "Sessions", "A list of sessions.", sessions_members },
    { "Status", "How vspcd is.", status_members },
    { "Door", "An address of vspcd.", door_members },
    { "VmListeners", "How VMs reach vspcd.", vm_listeners_members },
    { "VmListener", "A port for VMs.", vm_listener_members },
    { "VmKey", "A key for a VM's port URI.", vm_key_members },
    { "Certificate", "The certificate of vspcd.", certificate_members },
    { "Limit", "A limit and its use.", limit_members },
    { "Limits", "A list of limits.", limits_members },
    { "Refusals", "Who was refused lately.", refusals_members },
    { "Refusal", "Lines of the log that say the same of one address.",
      refusal_members },
    { "Diagnosis", "Facts of the server and its machine.", diagnosis_members },
    { "FilesUsed", "Open files.", files_used_members },
    { "MemoryUsed", "Memory.", memory_used_members },
    { "Disk", "A place that vspcd writes to.", disk_members },
    { "MachineClock", "A clock.", machine_clock_members },
    { "PortRanges", "Ranges of TCP ports.", port_ranges_members },
    { "AccessFacts", "Whom the settings let in.", access_facts_members },
    { "LogLines", "Lines of a console's log that have a text.",
      log_lines_members },
    { "LogLine", "A line of a console's log.", log_line_members },
    { "LogPlaces", "What stands where in a console's log.",
      log_places_members },
    { "LogFile", "A file of a console's log.", log_file_members },
    { "LogPlace", "A byte of a console's log.", log_place_members },
    { "Series", "Some numbers of vspcd over time.", series_members },
    { "SeriesValues", "Values of each number.", series_values_members },
    { "Sent", "What went to a VM.", sent_members },
    { "Done", "What was done.", done_members },
    { "Forgotten", "A console that is gone.", forgotten_members },
    { "Token", "An access token.", token_members },
    { "NewToken", "An access token, with its text.", new_token_members },
    { "Tokens", "A list of tokens.", tokens_members },
    { "SshKey", "A public key of ssh, and whose it is.", ssh_key_members },
    { "SshKeys", "A list of keys.", ssh_keys_members },
    { "Recording", "A recording of a console.", recording_members },
    { "Recordings", "A list of recordings.", recordings_members },
    { "RecordedConsole", "The console of a recording.",
      recorded_console_members },
    { "RecordingDone", "A recording was begun or ended.",
      recording_done_members },
    { "RecordingDeleted", "A recording that is gone.",
      recording_deleted_members },
    { "Explanation", "What the rules say of somebody.", explanation_members },
    { "Setting", "A setting, and where it comes from.", setting_members },
    { "Config", "The configuration in force.", config_members },
    { "ConfigReport", "What a reload makes of a configuration.",
      config_report_members },
    { "Problem", "Something wrong or strange.", problem_members },
    { "Change", "A setting that differs.", change_members },
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
};

const struct show_schema *show_schemas(size_t *ret_count)
{
    *ret_count = sizeof schemas / sizeof *schemas;
    return schemas;
}

bool show_schema_member(const struct show_schema *schema, size_t i,
                        struct show_member *ret)
{
    if (schema->member == NULL)
        ret->name = show_console_member(i, &ret->type, &ret->help);
    else
        *ret = schema->member[i];
    return ret->name != NULL;
}

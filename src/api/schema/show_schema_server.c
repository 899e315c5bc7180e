/* The server itself. */
#include "api/schema/show_schema_rows.h"

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

static const struct show_member limits_members[] = LIST_OF("Limit");

static const struct show_member version_members[] = {
    { "name", "text", "vspcd." },
    { "version", "text", "Of the program." },
    { "api", "text", "v1." },
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

const struct show_schema show_schema_server[] = {
    { "Error", "Why a command was not done.", error_members },
    { "ErrorText", "An error in words.", error_text_members },
    { "Version", "The versions of vspcd and of its API.", version_members },
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
    { "Series", "Some numbers of vspcd over time.", series_members },
    { "SeriesValues", "Values of each number.", series_values_members },
    { "Setting", "A setting, and where it comes from.", setting_members },
    { "Config", "The configuration in force.", config_members },
    { "ConfigReport", "What a reload makes of a configuration.",
      config_report_members },
    { "Problem", "Something wrong or strange.", problem_members },
    { "Change", "A setting that differs.", change_members },
    { .name = NULL },
};

/*
 * Each pattern was made from lines as they are printed, and tests/unit/
 * alert_sets_test.c has such a line for each alternative, and lines that come
 * near and mean nothing.
 */
#include "alert/match/alert_sets.h"

#include <string.h>

/* A kernel's line begins with its level or time, or with neither. */
static const struct alert_set_rule {
    const char *set;
    const char *name;
    enum alert_severity severity;
    const char *pattern;
    const char *without;
    uint64_t silence_s;
    uint64_t flood;
    uint64_t within_s;
} rules[] = {
    { .set = "linux",
      .name = "kernel-panic",
      .severity = ALERT_CRITICAL,
      .pattern = "Kernel panic - not syncing" },
    { .set = "linux",
      .name = "kernel-oops",
      .severity = ALERT_CRITICAL,
      .pattern = "\\bBUG: (unable to handle|kernel NULL pointer|Bad page|"
                 "scheduling while atomic)|"
                 "kernel BUG at |"
                 "Oops: [0-9a-f]{4}|"
                 "(general protection fault|invalid opcode|stack segment|"
                 "divide error)(, [^:]{0,80})?: [0-9a-f]{4} \\[#|"
                 "Unable to handle kernel |"
                 "Internal error: Oops" },
    { .set = "linux",
      .name = "lockup",
      .severity = ALERT_CRITICAL,
      .pattern = "\\bBUG: (soft|workqueue) lockup|"
                 "Watchdog detected hard LOCKUP|"
                 "NMI backtrace for cpu \\d+ skipped: hard|"
                 "rcu\\w{0,20} (self-)?detected (expedited )?stall" },
    { .set = "linux",
      .name = "hung-task",
      .severity = ALERT_WARNING,
      .pattern = "INFO: task .{1,80} blocked for more than \\d+ seconds" },
    { .set = "linux",
      .name = "oom-kill",
      .severity = ALERT_WARNING,
      .pattern = "[Oo]ut of memory: Kill(ed)? process \\d+|"
                 "invoked oom-killer: " },
    { .set = "linux",
      .name = "filesystem-read-only",
      .severity = ALERT_CRITICAL,
      .pattern = "[Rr]emounting filesystem read-only|"
                 "BTRFS.{1,60}forced readonly|"
                 "XFS \\(\\S{1,64}\\): .{0,80}"
                 "(Filesystem has been shut down|"
                 "[Ss]hutting down filesystem|"
                 "User initiated shutdown received)" },
    { .set = "linux",
      .name = "filesystem-error",
      .severity = ALERT_WARNING,
      .pattern = "EXT[234]-fs error \\(device |"
                 "XFS \\(\\S{1,64}\\): ([Mm]etadata (corruption|I/O error)|"
                 "Corruption (detected|warning)|log I/O error)|"
                 "BTRFS:? (error|critical) \\(device |"
                 "JBD2: .{0,60}Error -?\\d+ detected" },
    { .set = "linux",
      .name = "disk-error",
      .severity = ALERT_WARNING,
      .pattern = "I/O error, dev \\w{1,32}, sector \\d+|"
                 "Buffer I/O error on dev" },
    { .set = "linux",
      .name = "hardware-error",
      .severity = ALERT_WARNING,
      .pattern = "\\[Hardware Error\\]: |"
                 "EDAC .{1,40}: \\d+ [CU]E " },
    { .set = "linux",
      .name = "emergency-mode",
      .severity = ALERT_CRITICAL,
      .pattern = "You are in (emergency|rescue) mode|"
                 "Entering emergency mode|"
                 "Give root password for maintenance|"
                 "^\\(initramfs\\) |"
                 "^dracut:/# |"
                 "^grub rescue> " },
    { .set = "linux",
      .name = "boot-without-login",
      .severity = ALERT_WARNING,
      .pattern = "^(\\[ *\\d+\\.\\d+\\] ?)?Linux version \\d+\\.\\d+",
      .without = "\\b[Ll]ogin:|"
                 "Reached target .{0,60}(Multi-User|Graphical)",
      .within_s = 600 },
    { .set = "windows",
      .name = "windows-bug-check",
      .severity = ALERT_CRITICAL,
      .pattern = "\\*\\*\\* STOP: 0x[0-9A-Fa-f]{8}|"
                 "CLASSNAME=\"BLUESCREEN\"" },
    { .set = "windows",
      .name = "windows-boot-failure",
      .severity = ALERT_CRITICAL,
      .pattern = "Windows failed to (start|load)|"
                 "Your PC (couldn't start|needs to be repaired)|"
                 "^ *Status: 0xc0[0-9a-fA-F]{6}" },
    { .set = "windows",
      .name = "windows-boot",
      .severity = ALERT_INFO,
      .pattern = "Computer is booting, SAC started and initialized" },
    { .set = "windows",
      .name = "windows-sac-channel",
      .severity = ALERT_INFO,
      .pattern = "EVENT: +A new channel has been created" },
    { .set = "network",
      .name = "cisco-crash",
      .severity = ALERT_CRITICAL,
      .pattern = "%Software-forced reload|"
                 "Unexpected exception to CPU|"
                 "Unexpected exception, CPU signal|"
                 "System (returned to ROM|restarted) by "
                 "(bus error|address error|error|unknown reload|watchdog|"
                 "processor memory parity|abort)" },
    { .set = "network",
      .name = "cisco-reload",
      .severity = ALERT_WARNING,
      .pattern = "%SYS-5-(RELOAD|RESTART): |"
                 "System returned to ROM by (reload|power-on)|"
                 "Last reload reason: " },
    { .set = "network",
      .name = "cisco-severe",
      .severity = ALERT_WARNING,
      .pattern = "%[A-Z][A-Z0-9_]{1,40}(-[A-Z0-9_]{1,20})?-[0-2]-"
                 "[A-Z][A-Z0-9_]{1,60}: " },
    { .set = "network",
      .name = "juniper-panic",
      .severity = ALERT_CRITICAL,
      .pattern = "^panic: |"
                 "^Dumping \\d+ out of \\d+ MB|"
                 "^(db|KDB)> " },
    { .set = "network",
      .name = "juniper-reboot",
      .severity = ALERT_WARNING,
      .pattern = "Last reboot reason +\\S|"
                 "Router rebooted (after|due)|"
                 "\\*\\*\\* FINAL System shutdown message from " },
    { .set = "raid",
      .name = "raid-degraded",
      .severity = ALERT_CRITICAL,
      .pattern = "md/raid\\S{0,40}: Disk failure on |"
                 "md/raid\\S{0,40}: (not enough|cannot start)|"
                 "md: kicking non-fresh |"
                 "(DegradedArray|Fail\\w{0,8}|DeviceDisappeared) event .{0,40}"
                 "on md device" },
    { .set = "raid",
      .name = "raid-controller",
      .severity = ALERT_CRITICAL,
      .pattern = "VD \\w{2}/\\w{1,3} is now (PARTIALLY )?(DEGRADED|OFFLINE)|"
                 "\\d+ Virtual Drive\\(s\\) ([Dd]egraded|[Oo]ffline)|"
                 "Some configured disks have been removed|"
                 "17\\d\\d-Slot \\w{1,4} Drive Array|"
                 "[Ll]ogical (drive|volume) .{0,40}"
                 "(is degraded|interim recovery|has failed)" },
    { .set = "console",
      .name = "console-flood",
      .severity = ALERT_WARNING,
      .flood = 512 * 1024,
      .within_s = 60 },
    { .set = "console",
      .name = "console-silence",
      .severity = ALERT_WARNING,
      .silence_s = 900 },
};

enum { RULES = sizeof rules / sizeof rules[0] };

const char *alert_sets_name(size_t index)
{
    static const char *const names[] = { "linux", "windows", "network", "raid",
                                         "console" };

    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

bool alert_sets_add(struct alert_settings *settings, const char *set)
{
    bool any = false;

    for (size_t i = 0; i < RULES; i++) {
        const struct alert_set_rule *from = &rules[i];
        struct alert_rule *to;

        if (strcmp(from->set, set) != 0)
            continue;
        to = alert_settings_rule(settings, from->name);
        alert_rule_set_text(&to->set, from->set);
        alert_rule_set_text(&to->pattern, from->pattern);
        alert_rule_set_text(&to->without, from->without);
        to->silence_s = from->silence_s;
        to->flood = from->flood;
        to->within_s = from->within_s;
        to->severity = from->severity;
        any = true;
    }
    return any;
}

const char *alert_sets_find(const char *rule)
{
    for (size_t i = 0; i < RULES; i++) {
        if (strcmp(rules[i].name, rule) == 0)
            return rules[i].set;
    }
    return NULL;
}

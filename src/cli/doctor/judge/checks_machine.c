/* D3..: files, memory, disks, clock and ports of the server's machine. */
#include "cli/doctor/judge/checks.h"
#include "cli/output/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERCENT(part, whole) ((whole) > 0 ? 100.0 * (part) / (whole) : 0.0)

/* ---- D301, D302 -----------------------------------------------------------
 */

static void judge_files(const json_t *facts, struct findings *to)
{
    double used = checks_number(facts, "diagnosis.files.used", 0);
    double limit = checks_number(facts, "diagnosis.files.limit", 0);
    double consoles = checks_number(facts, "status.consoles.total", 0);
    double starved =
        checks_number(facts, "diagnosis.counts.accepts_starved", 0);
    bool has_ports = checks_flag(facts, "diagnosis.ports.is_used");
    /* Each console has its VM's connection, and may have a port and a log. */
    double needed = consoles * (has_ports ? 3 : 2) + 200;

    if (limit <= 0) {
        findings_add(to, FINDING_UNKNOWN, NULL, "the limit is not known");
        return;
    }
    if (starved > 0)
        findings_add(
            to, FINDING_WRONG, NULL,
            "connections had to wait %.0f times, because all %.0f open "
            "files were in use",
            starved, limit);
    else if (PERCENT(used, limit) > 80)
        findings_add(to, FINDING_WRONG, NULL,
                     "%.0f of %.0f open files are in use", used, limit);
    else if (needed > limit)
        findings_add(to, FINDING_WRONG, NULL,
                     "%.0f open files are allowed; %.0f consoles may need %.0f",
                     limit, consoles, needed);
    else
        findings_add(to, FINDING_OK, NULL, "%.0f of %.0f open files are in use",
                     used, limit);
    if (starved > 0 || PERCENT(used, limit) > 80 || needed > limit) {
        findings_advise(to, "Raise LimitNOFILE of the service ([Service] "
                            "LimitNOFILE=65536), then restart it.");
        findings_command(to, "systemctl edit vspcd");
        findings_command(to, "systemctl restart vspcd");
    }
}

static void judge_memory(const json_t *facts, struct findings *to)
{
    double resident =
        checks_number(facts, "diagnosis.memory.resident_bytes", 0);
    double machine = checks_number(facts, "diagnosis.memory.machine_bytes", 0);
    double available =
        checks_number(facts, "diagnosis.memory.available_bytes", 0);
    double group = checks_number(facts, "diagnosis.memory.group_bytes", 0);
    double limit =
        checks_number(facts, "diagnosis.memory.group_limit_bytes", 0);

    if (limit > 0 && PERCENT(group, limit) > 85) {
        findings_add(to, FINDING_WRONG, NULL,
                     "the service uses %s of the %s that it may have",
                     checks_bytes(group).text, checks_bytes(limit).text);
        findings_advise(to,
                        "At the limit the system ends vspcd. Raise MemoryMax "
                        "of the service, or lower history-total.");
        findings_command(to, "systemctl show vspcd -p MemoryMax");
    } else if (available > 0 && PERCENT(available, machine) < 5) {
        findings_add(to, FINDING_WRONG, NULL,
                     "the machine has %s of memory left; vspcd has %s",
                     checks_bytes(available).text, checks_bytes(resident).text);
        findings_advise(to, "Find what needs it, or lower history-total.");
        findings_command(to, "ps -eo rss,comm --sort=-rss | head");
    } else if (available > 0) {
        findings_add(to, FINDING_OK, NULL,
                     "vspcd has %s; the machine has %s left",
                     checks_bytes(resident).text, checks_bytes(available).text);
    } else if (limit > 0) {
        /* The unit hides /proc/meminfo (ProcSubset=pid), and has a limit. */
        findings_add(to, FINDING_OK, NULL,
                     "the service uses %s of the %s that it may have",
                     checks_bytes(group).text, checks_bytes(limit).text);
    } else {
        findings_add(to, FINDING_UNKNOWN, NULL,
                     "vspcd has %s; it cannot see what the machine has left",
                     checks_bytes(resident).text);
        findings_command(to, "free -h");
    }
}

/* ---- D303 to D305: disks --------------------------------------------------
 */

static void judge_space(const json_t *disk, struct findings *to)
{
    double size = checks_number(disk, "size_bytes", 0);
    double left = checks_number(disk, "free_bytes", 0);
    const char *path = checks_text(disk, "path");

    if (size <= 0)
        return;
    if (PERCENT(left, size) < 5 || left < 64.0 * 1024 * 1024) {
        findings_add(to, FINDING_WRONG, path, "%s: %s of %s are left",
                     checks_text(disk, "for"), checks_bytes(left).text,
                     checks_bytes(size).text);
        findings_advise(to, "Free some. log-total and log-keep-free bound the "
                            "console logs, record-keep-size the recordings.");
        findings_command(to, "df -h %s", checks_word(path, "PATH"));
    } else if (PERCENT(left, size) < 15) {
        findings_add(to, FINDING_NOTE, path, "%s: %s of %s are left",
                     checks_text(disk, "for"), checks_bytes(left).text,
                     checks_bytes(size).text);
    }
}

static void judge_inodes(const json_t *disk, struct findings *to)
{
    double files = checks_number(disk, "files", 0);
    double left = checks_number(disk, "free_files", 0);
    const char *path = checks_text(disk, "path");

    if (files <= 0 || (PERCENT(left, files) >= 5 && left >= 1000))
        return;
    findings_add(to, FINDING_WRONG, path,
                 "%s: %.0f of %.0f inodes are left: no more files can be made",
                 checks_text(disk, "for"), left, files);
    findings_advise(to, "Many small files fill it, such as old recordings or "
                        "rotated logs.");
    findings_command(to, "df -i %s", checks_word(path, "PATH"));
}

static void judge_writing(const json_t *disk, struct findings *to)
{
    const char *path = checks_text(disk, "path");
    const char *what = checks_text(disk, "for");

    if (checks_text(disk, "problem")[0] != '\0') {
        findings_add(to, FINDING_WRONG, path, "%s: %s", what,
                     checks_text(disk, "problem"));
    } else if (checks_flag(disk, "is_read_only")) {
        findings_add(to, FINDING_WRONG, path,
                     "%s: the file system is read-only for vspcd", what);
        findings_advise(to, "It was mounted so, has had errors, or the service "
                            "has no ReadWritePaths for it.");
        findings_command(to, "findmnt -T %s", checks_word(path, "PATH"));
        findings_command(to, "systemctl show vspcd -p ReadWritePaths");
        return;
    } else if (!checks_flag(disk, "is_writable")) {
        findings_add(to, FINDING_WRONG, path,
                     "%s: vspcd's account may not write there", what);
    } else {
        return;
    }
    findings_advise(to, "Give the folder to vspcd's account.");
    findings_command(to, "namei -l %s", checks_word(path, "PATH"));
}

static void judge_disks(const json_t *facts, struct findings *to,
                        void (*judge)(const json_t *disk, struct findings *to))
{
    const json_t *disks = value_at(facts, "diagnosis.disks");
    struct checks_list good = { .count = 0 };

    for (size_t i = 0; i < json_array_size(disks); i++) {
        unsigned before = to->count;

        judge(json_array_get(disks, i), to);
        if (to->count == before)
            checks_list_add(&good,
                            checks_text(json_array_get(disks, i), "for"));
    }
    if (to->count == 0)
        findings_add(to, FINDING_OK, NULL, "all is well: %s",
                     good.count > 0 ? checks_list_text(&good)
                                    : "nothing is written");
}

static void judge_disk_space(const json_t *facts, struct findings *to)
{
    judge_disks(facts, to, judge_space);
}

static void judge_disk_inodes(const json_t *facts, struct findings *to)
{
    judge_disks(facts, to, judge_inodes);
}

static void judge_disk_writing(const json_t *facts, struct findings *to)
{
    judge_disks(facts, to, judge_writing);
}

/* ---- D306 to D309 ---------------------------------------------------------
 */

static void judge_clock(const json_t *facts, struct findings *to)
{
    enum { APART_MS = 5000 };
    const json_t *synchronised =
        value_at(facts, "diagnosis.clock.is_synchronised");
    double here = checks_number(facts, "answered_ms", 0);
    int64_t there;
    double apart;

    if (!value_time_ms(checks_text(facts, "diagnosis.clock.time"), &there)) {
        findings_add(to, FINDING_UNKNOWN, NULL, "its time is not known");
        return;
    }
    apart = ((double)there - here) / 1000;
    if (apart * 1000 > APART_MS || apart * 1000 < -APART_MS) {
        findings_add(to, FINDING_WRONG, NULL,
                     "the server's clock is %.0f s %s the clock here",
                     apart > 0 ? apart : -apart,
                     apart > 0 ? "ahead of" : "behind");
        findings_advise(to, "Certificates, tokens and times in logs depend on "
                            "it. On the machine whose clock is wrong:");
        findings_command(to, "timedatectl set-ntp true");
    } else if (json_is_false(synchronised)) {
        findings_add(to, FINDING_NOTE, NULL,
                     "the server's clock is right at present, and no NTP keeps "
                     "it so");
        findings_advise(to,
                        "Let a service keep it (systemd-timesyncd, chrony); "
                        "in a virtual machine its host may do that.");
        findings_command(to, "timedatectl");
    } else {
        findings_add(to, FINDING_OK, NULL, "the clocks agree");
    }
}

/* "50000-65535,1234" */
static bool is_reserved(const char *reserved, double first, double last)
{
    while (reserved[0] != '\0') {
        char *end;
        double from = (double)strtoul(reserved, &end, 10);
        double to = end[0] == '-' ? (double)strtoul(end + 1, &end, 10) : from;

        if (from <= first && last <= to)
            return true;
        reserved = end + strcspn(end, ",");
        reserved += reserved[0] == ',';
    }
    return false;
}

static void judge_port_ranges(const json_t *facts, struct findings *to)
{
    double first = checks_number(facts, "diagnosis.ports.first", 0);
    double last = checks_number(facts, "diagnosis.ports.last", 0);
    double local_first = checks_number(facts, "diagnosis.ports.local_first", 0);
    double local_last = checks_number(facts, "diagnosis.ports.local_last", 0);
    double consoles = checks_number(facts, "status.consoles.total", 0);
    double low = first > local_first ? first : local_first;
    double high = last < local_last ? last : local_last;

    if (!checks_flag(facts, "diagnosis.ports.is_used")) {
        findings_add(to, FINDING_OK, NULL, "consoles have no ports");
        return;
    }
    if (consoles > 0.9 * (last - first + 1)) {
        findings_add(to, FINDING_WRONG, NULL,
                     "%.0f consoles share %.0f ports: soon there is none left",
                     consoles, last - first + 1);
        findings_advise(to, "Widen port-range-start to port-range-end, shorten "
                            "vm-expire-time, or set no-vm-ports.");
    }
    if (local_last <= 0) {
        /* The unit hides /proc/sys (ProcSubset=pid). */
        findings_add(to, FINDING_UNKNOWN, NULL,
                     "vspcd cannot see which ports outgoing connections of its "
                     "machine get; ports %.0f to %.0f should be none of them",
                     first, last);
        findings_command(to, "sysctl net.ipv4.ip_local_port_range "
                             "net.ipv4.ip_local_reserved_ports");
    } else if (low <= high &&
               !is_reserved(
                   checks_text(facts, "diagnosis.ports.local_reserved"), low,
                   high)) {
        findings_add(
            to, FINDING_NOTE, NULL,
            "ports %.0f to %.0f of consoles are also given to outgoing "
            "connections of this machine",
            low, high);
        findings_advise(to, "vspcd passes over those that are taken, so a "
                            "console may get another port. To keep them free "
                            "(and in /etc/sysctl.d/):");
        findings_command(
            to, "sysctl net.ipv4.ip_local_reserved_ports=%.0f-%.0f", low, high);
    }
    if (to->count == 0)
        findings_add(to, FINDING_OK, NULL,
                     "ports %.0f to %.0f are for consoles alone", first, last);
}

static void judge_account(const json_t *facts, struct findings *to)
{
    if (!checks_flag(facts, "diagnosis.is_root")) {
        findings_add(to, FINDING_OK, NULL,
                     "vspcd runs as an account of its own");
        return;
    }
    findings_add(to, FINDING_NOTE, NULL, "vspcd runs as root");
    findings_advise(to, "Whoever takes vspcd over would have the whole system. "
                        "Use the systemd unit, or the setting user.");
    findings_command(to, "systemctl cat vspcd | grep User=");
}

static void judge_versions(const json_t *facts, struct findings *to)
{
    const char *theirs = checks_text(facts, "version.version");
    const char *ours = checks_text(facts, "here.version");

    if (strcmp(theirs, ours) == 0) {
        findings_add(to, FINDING_OK, NULL, "both are %s", ours);
        return;
    }
    findings_add(to, FINDING_NOTE, NULL, "vspcd is %s, vspc is %s", theirs,
                 ours);
    findings_advise(to,
                    "They work together when they are a minor version apart "
                    "at most. After an upgrade vspcd has to be restarted.");
    findings_command(to, "systemctl restart vspcd");
}

const struct check checks_of_machine[] = {
    { "D301", "open files are enough", "diagnosis", judge_files },
    { "D302", "memory is enough", "diagnosis", judge_memory },
    { "D303", "disks have room", "diagnosis", judge_disk_space },
    { "D304", "disks have inodes", "diagnosis", judge_disk_inodes },
    { "D305", "disks can be written", "diagnosis", judge_disk_writing },
    { "D306", "the clock is right", "diagnosis", judge_clock },
    { "D307", "ports of consoles are theirs", "diagnosis", judge_port_ranges },
    { "D308", "vspcd is not root", "diagnosis", judge_account },
    { "D309", "vspc and vspcd are of one version", "version", judge_versions },
    { .code = NULL },
};

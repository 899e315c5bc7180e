/* The ready-made rules: lines as they are printed, and lines that come near. */
#include "alert_fixture.h"

struct line {
    const char *rule; /* NULL: none finds it */
    const char *text;
};

static const struct line lines[] = {
    /* ---- linux ---- */
    { "kernel-panic",
      "[    3.141592] Kernel panic - not syncing: VFS: Unable to mount root fs "
      "on unknown-block(0,0)" },
    { "kernel-panic",
      "<0>[12.3] Kernel panic - not syncing: Attempted to kill init! "
      "exitcode=0x0000000b" },
    { NULL, "kernel.panic = 10" },
    { NULL, "[    0.000000] Kernel command line: root=/dev/sda1 panic=30" },
    { NULL, "sysctl: setting kernel.panic_on_oops to 1" },
    { "kernel-oops", "BUG: unable to handle kernel NULL pointer dereference at "
                     "0000000000000008" },
    { "kernel-oops", "[ 99.1] BUG: kernel NULL pointer dereference, address: "
                     "0000000000000000" },
    { "kernel-oops", "[ 1.2] Oops: 0002 [#1] SMP PTI" },
    { "kernel-oops", "[ 2.0] kernel BUG at fs/ext4/inode.c:2736!" },
    { "kernel-oops",
      "general protection fault, probably for non-canonical address "
      "0xdead000000000100: 0000 [#1] SMP NOPTI" },
    { "kernel-oops", "invalid opcode: 0000 [#1] SMP" },
    { "kernel-oops",
      "Unable to handle kernel paging request at virtual address "
      "ffff80000a1b2c3d" },
    { "kernel-oops", "Internal error: Oops: 96000004 [#1] SMP" },
    { "kernel-oops", "BUG: Bad page state in process kworker/0:1  pfn:12345" },
    { "kernel-oops", "BUG: scheduling while atomic: swapper/0/0/0x00000100" },
    { NULL, "traps: firefox[1234] general protection fault ip:7f00 sp:7ffd "
            "error:0 in libxul.so[7f00+100]" },
    { NULL, "traps: a.out[77] trap invalid opcode ip:401136 sp:7ffc error:0" },
    { NULL, "DEBUG: unable to handle kernel module option" },
    { NULL, "Oops: I typed the wrong thing" },
    { "lockup", "[ 50.0] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! "
                "[stress:1234]" },
    { "lockup", "NMI watchdog: Watchdog detected hard LOCKUP on cpu 3" },
    { "lockup", "rcu: INFO: rcu_sched self-detected stall on CPU" },
    { "lockup", "INFO: rcu_preempt detected stalls on CPUs/tasks:" },
    { "lockup",
      "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for "
      "31s!" },
    { NULL, "NMI watchdog: Enabled. Permanently consumes one hw-PMU counter." },
    { NULL, "rcu: Hierarchical RCU implementation." },
    { "hung-task",
      "INFO: task jbd2/sda1-8:345 blocked for more than 120 seconds." },
    { NULL, "INFO: task queue is blocked" },
    { "oom-kill",
      "Out of memory: Killed process 1234 (java) total-vm:8123456kB" },
    { "oom-kill",
      "Out of memory: Kill process 99 (mysqld) score 800 or sacrifice child" },
    { "oom-kill", "Memory cgroup out of memory: Killed process 4711 (node)" },
    { "oom-kill",
      "java invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE)" },
    { NULL, "ERROR: out of memory, please try again" },
    { NULL, "systemd[1]: Started Userspace Out-Of-Memory (OOM) Killer." },
    { "filesystem-read-only",
      "EXT4-fs (sda1): Remounting filesystem read-only" },
    { "filesystem-read-only",
      "EXT3-fs (sda1): error: remounting filesystem read-only" },
    { "filesystem-read-only", "BTRFS info (device sda2): forced readonly" },
    { "filesystem-read-only",
      "XFS (dm-0): Filesystem has been shut down due to log error (0x2)." },
    { "filesystem-read-only",
      "XFS (sda1): Corruption of in-memory data detected.  Shutting down "
      "filesystem" },
    { NULL, "EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro" },
    { NULL, "XFS (sda1): Unmounting Filesystem" },
    { "filesystem-error",
      "EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: "
      "reading directory lblock 0" },
    { "filesystem-error",
      "XFS (sda1): Metadata corruption detected at xfs_agf_verify" },
    { "filesystem-error",
      "XFS (dm-1): metadata I/O error in \"xfs_trans_read_buf_map\" at daddr" },
    { "filesystem-error",
      "BTRFS critical (device sdb): corrupt leaf: root=1 block=4" },
    { "filesystem-error", "JBD2: Error -5 detected when updating journal" },
    { NULL, "EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: "
            "errors=remount-ro" },
    { NULL, "BTRFS info (device sda2): disk space caching is enabled" },
    { "disk-error",
      "blk_update_request: I/O error, dev sda, sector 12345 op 0x0:(READ)" },
    { "disk-error",
      "Buffer I/O error on dev dm-0, logical block 0, async page read" },
    { NULL, "cat: /dev/sr0: Input/output error" },
    { "hardware-error",
      "mce: [Hardware Error]: CPU 2: Machine Check: 0 Bank 5: be0000" },
    { "hardware-error",
      "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0" },
    { NULL, "EDAC MC: Ver: 3.0.0" },
    { "emergency-mode",
      "You are in emergency mode. After logging in, type \"journalctl -xb\"" },
    { "emergency-mode", "Give root password for maintenance" },
    { "emergency-mode", "(initramfs) " },
    { "emergency-mode", "grub rescue> " },
    { NULL, "systemd[1]: Reached target Emergency Mode is not wanted" },
    /* ---- windows ---- */
    { "windows-bug-check",
      "*** STOP: 0x0000007E (0xFFFFFFFFC0000005,0xFFFFF8000123,0x0,0x0)" },
    { "windows-bug-check", "<INSTANCE CLASSNAME=\"BLUESCREEN\">" },
    { NULL, "*** STOP the service first" },
    { "windows-boot-failure",
      "Windows failed to start. A recent hardware or software change might be "
      "the cause." },
    { "windows-boot-failure", "    Status: 0xc000000f" },
    { NULL, "HTTP Status: 200" },
    { "windows-boot", "Computer is booting, SAC started and initialized." },
    { "windows-sac-channel",
      "EVENT:   A new channel has been created.  Use \"ch -?\" for channel "
      "help." },
    { NULL, "SAC>" },
    { NULL, "EVENT: The CMD command is now available." },
    /* ---- network ---- */
    { "cisco-crash",
      "Router uptime is 2 hours; System returned to ROM by bus error at PC "
      "0x60f0ff, address 0x0" },
    { "cisco-crash", "%Software-forced reload" },
    { "cisco-crash",
      "Unexpected exception to CPU: vector 1200, PC = 0x602D98F4" },
    { "cisco-reload",
      "*Mar  1 00:01:02.003: %SYS-5-RELOAD: Reload requested by console. "
      "Reload Reason: Reload Command." },
    { "cisco-reload", "%SYS-5-RESTART: System restarted --" },
    { "cisco-reload", "System returned to ROM by power-on" },
    { "cisco-reload", "Last reload reason: Reload Command" },
    { "cisco-severe",
      "%SYS-2-MALLOCFAIL: Memory allocation of 1028 bytes failed from 0x60" },
    { "cisco-severe", "%PLATFORM_ENV-1-FAN: Faulty fan" },
    { "cisco-severe", "%C4K_IOSMODPORTMAN-SP-2-MODULECRASHED: Module 1" },
    { NULL, "%SYS-5-CONFIG_I: Configured from console by console" },
    { NULL, "%LINK-3-UPDOWN: Interface Gi0/1, changed state to up" },
    { NULL, "Router#reload" },
    { "juniper-panic", "panic: page fault" },
    { "juniper-panic", "db> " },
    { NULL, "# kernel panic: how to read it" },
    { "juniper-reboot",
      "Last reboot reason             0x1:power cycle/failure" },
    { "juniper-reboot", "*** FINAL System shutdown message from root@mx1 ***" },
    { NULL, "root@mx1> request system reboot" },
    /* ---- raid ---- */
    { "raid-degraded",
      "md/raid1:md0: Disk failure on sdb1, disabling device." },
    { "raid-degraded", "md/raid:md5: not enough operational devices (2/4)" },
    { "raid-degraded", "md: kicking non-fresh sdb1 from array!" },
    { "raid-degraded",
      "mdadm: DegradedArray event detected on md device /dev/md0" },
    { NULL, "md/raid1:md0: active with 2 out of 2 mirrors" },
    { NULL, "mdadm: RebuildFinished event detected on md device /dev/md0" },
    { "raid-controller",
      "megaraid_sas 0000:03:00.0: 815 (1s/0x0001/CRIT) - VD 00/0 is now "
      "DEGRADED" },
    { "raid-controller", "1 Virtual Drive(s) degraded" },
    { "raid-controller",
      "1779-Slot 0 Drive Array - Replacement drive(s) detected OR previously "
      "failed drive(s)" },
    { "raid-controller", "hpsa 0000:03:00.0: logical drive 1 is degraded" },
    { NULL, "VD 00/0 is now OPTIMAL" },
    { NULL, "2 Virtual Drive(s) found on the host adapter." },
};

static void open_all(struct alert_fixture *f)
{
    *f = (struct alert_fixture){ .count = 0 };
    for (size_t i = 0; alert_sets_name(i) != NULL; i++)
        assert_true(alert_sets_add(&f->settings, alert_sets_name(i)));
    fixture_open(f);
}

/* Each line alone, whole and byte by byte. */
static void lines_are_found_and_others_are_not(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_all(&f);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        for (size_t piece = 1; piece < 1000; piece += 998) {
            struct slice rest = slice_of_text(lines[i].text);

            while (rest.len > 0) {
                size_t len = rest.len < piece ? rest.len : piece;

                fixture_feed_bytes(&f, slice_of(rest.data, len));
                rest = slice_after(rest, len);
            }
            fixture_feed(&f, "\r\n");
            fixture_wait_ms(&f, 5000);
            if (f.count != (lines[i].rule != NULL) ||
                (f.count == 1 && strcmp(fixture_rule(&f, 0), lines[i].rule)))
                fail_msg("'%s': %zu finds, the first by %s", lines[i].text,
                         f.count, f.count > 0 ? fixture_rule(&f, 0) : "none");
            fixture_clear(&f);
        }
    }
    fixture_close(&f);
}

/* A rule of a pattern without a line here would be untested. */
static void each_rule_has_a_line(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_all(&f);
    for (size_t i = 0; i < f.settings.count; i++) {
        const struct alert_rule *rule = &f.settings.rule[i];
        bool has_line = rule->pattern == NULL || rule->without != NULL;

        for (size_t j = 0; j < sizeof lines / sizeof *lines; j++)
            has_line |=
                lines[j].rule != NULL && strcmp(lines[j].rule, rule->name) == 0;
        if (!has_line)
            fail_msg("%s has no line", rule->name);
        assert_string_equal(alert_sets_find(rule->name), rule->set);
    }
    fixture_close(&f);
}

static void all_rules_pass_their_own_check(void **state)
{
    struct alert_fixture f;
    size_t size = 0;

    (void)state;
    open_all(&f);
    for (size_t i = 0; i < f.settings.count; i++) {
        struct err err = { "" };

        if (alert_rules_check(&f.settings.rule[i], &err) < 0)
            fail_msg("%s: %s", f.settings.rule[i].name, err.text);
    }
    assert_int_equal(hs_stream_size(f.rules->database, &size), HS_SUCCESS);
    assert_true(size <= 1024);
    assert_null(alert_sets_find("no-such-rule"));
    assert_false(alert_sets_add(&f.settings, "solaris"));
    fixture_close(&f);
}

static void a_boot_has_to_end_in_a_login(void **state)
{
    static const char boot[] =
        "[    0.000000] Linux version 6.1.0-18-amd64 (gcc-12) #1 SMP\r\n"
        "[    0.000000] Command line: console=ttyS0\r\n";
    static const struct {
        const char *end;
        bool is_found;
    } ends[] = {
        { "\r\nDebian GNU/Linux 12 web-1 ttyS0\r\n\r\nweb-1 login: ", false },
        { "[  OK  ] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - "
          "Multi-User System.\r\n",
          false },
        { "[ ***  ] A start job is running for /dev/sdb1\r\n", true },
        { "", true },
    };
    struct alert_fixture f;

    (void)state;
    open_all(&f);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        fixture_feed(&f, boot);
        fixture_wait_ms(&f, 599 * 1000);
        assert_int_equal(f.count, 0);
        fixture_feed(&f, ends[i].end);
        fixture_wait_ms(&f, 2 * 1000);
        assert_int_equal(f.count, ends[i].is_found);
        if (f.count == 1) {
            assert_string_equal(fixture_rule(&f, 0), "boot-without-login");
            assert_int_equal(f.find[0]->cause, ALERT_MISSING);
            assert_non_null(strstr(f.find[0]->text, "Linux version 6.1.0"));
        }
        fixture_clear(&f);
        fixture_wait_ms(&f, 3600 * 1000);
        assert_int_equal(f.count, 0);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_found_and_others_are_not),
        cmocka_unit_test(each_rule_has_a_line),
        cmocka_unit_test(all_rules_pass_their_own_check),
        cmocka_unit_test(a_boot_has_to_end_in_a_login),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

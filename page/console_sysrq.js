// console_sysrq.js - the letters of Linux's Magic SysRq, which a guest takes
// behind a break on its serial console. What ends or stops something is asked
// before: isDangerous.

const row = (letter, label, what) => ({ letter, label, isDangerous: Boolean(what), what });

export const SYSRQ = [
  { heading: "Look" },
  row("h", "Help: what this kernel knows"),
  row("w", "Tasks that are blocked"),
  row("t", "All tasks"),
  row("l", "Stacks of all active processors"),
  row("p", "Registers of this processor"),
  row("m", "Memory"),
  row("d", "Locks that are held"),
  row("q", "Timers"),
  row("9", "Show all kernel messages here"),
  row("4", "Show only errors here"),
  { heading: "Save" },
  row("s", "Write everything to disk"),
  row("r", "Keyboard back from raw mode"),
  row("j", "Thaw frozen file systems"),
  row("n", "Make real-time tasks normal"),
  row("u", "Make file systems read-only", "No program of the VM can write to its disks any more."),
  { heading: "End" },
  row("f", "Kill what takes most memory", "A program of the VM is killed."),
  row("k", "Kill all programs on this console", "Who is logged in here is logged out."),
  row("e", "Ask all programs to end", "All programs but init are ended."),
  row("i", "Kill all programs", "All programs but init are killed; what they have not saved is lost."),
  row("c", "Crash, for a dump", "The kernel crashes. What is not on disk is lost."),
  row("b", "Reboot at once", "The VM restarts without writing anything to disk."),
  row("o", "Power off", "The VM is off then, without writing anything to disk."),
];

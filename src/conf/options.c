#include "base/text.h"
#include "conf/option_row.h"

#include <assert.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct settings, member)

#define TLS_WORDS "off|telnets|offered|required"

/* The order, and the groups, are those of the help, the manual pages, the
 * sample file and --show-config. */
const struct option_row option_rows[] = {
    { .group = "VMs",
      .name = "proxy-port",
      .type = OPTION_NUMBER,
      AT(proxy_port),
      .value = "PORT",
      .standard = "13370",
      .max = 65535,
      .text = "TCP port where ESXi hosts connect their VMs' serial\n"
              "ports; 0 takes any free one" },
    { .name = "proxy-iface",
      .type = OPTION_ADDRESS,
      AT(proxy_iface),
      .value = "ADDRESS",
      .standard = "0.0.0.0",
      .text = "address of that port, or ADDRESS:PORT; :: is all of\n"
              "IPv6 and IPv4",
      .more = "An IPv4 or IPv6 address. A port that is given here goes "
              "before --proxy-port; an IPv6 address with a port is "
              "written in brackets." },
    { .name = "proxy-listen",
      .type = OPTION_PROXY,
      AT(proxies),
      .words = TLS_WORDS,
      .value = "ADDRESS:PORT[,tls=POLICY]",
      .example = "{\"[::]:992,tls=required\"}",
      .text = "one more port for VMs, with its own policy about TLS;\n"
              "may be given up to 8 times",
      .more = "The policy is telnets unless one is given." },
    { .name = "move-timeout",
      .type = OPTION_SECONDS,
      AT(move_timeout_s),
      .value = "SECONDS",
      .standard = "300",
      .min = 1,
      .max = 1000000,
      .is_reloaded = true,
      .text = "how long a vMotion may wait for its next step before\n"
              "it has failed",
      .more = "Input goes to the host that is still connected then." },
    { .name = "held-input-size",
      .type = OPTION_SIZE,
      AT(held_input_size),
      .value = "BYTES",
      .standard = "64K",
      .min = 1024,
      .max = 1 << 30,
      .text = "input kept for each console whose VM is moving; then\n"
              "its clients wait" },
    { .name = "dcd-always-on",
      .type = OPTION_FLAG,
      AT(is_dcd_always_on),
      .is_reloaded = true,
      .text = "VMs see carrier (DCD) also while no client is there",
      .more = "It is for VMs that speak RFC 2217." },
    { .group = "Consoles and their ports",
      .name = "interface",
      .letter = 'i',
      .type = OPTION_ADDRESS,
      AT(interface),
      .value = "ADDRESS",
      .standard = "127.0.0.1",
      .text = "address of the consoles' telnet ports" },
    { .name = "port-range-start",
      .letter = 'r',
      .type = OPTION_NUMBER,
      AT(port_range_start),
      .value = "PORT",
      .standard = "50000",
      .min = 1,
      .max = 65535,
      .text = "first of the consoles' telnet ports; each console\n"
              "gets the first free one upwards and keeps it",
      .more = "A port that another program has is passed over." },
    { .name = "port-range-end",
      .type = OPTION_NUMBER,
      AT(port_range_end),
      .value = "PORT",
      .standard = "65535",
      .min = 1,
      .max = 65535,
      .text = "last of them" },
    { .name = "no-vm-ports",
      .type = OPTION_FLAG,
      AT(no_vm_ports),
      .text = "open no telnet ports for consoles",
      .more = "They are reached by what their port URIs ask for; see "
              "--service-listen and --service-connect." },
    { .name = "vm-expire-time",
      .type = OPTION_SECONDS,
      AT(vm_expire_s),
      .value = "SECONDS",
      .standard = "86400",
      .max = 1000000000,
      .is_reloaded = true,
      .text = "how long a console keeps its port and history after\n"
              "VM and clients are gone" },
    { .name = "multi-console",
      .environment = "SUPPORT_MULTI_CONSOLE",
      .type = OPTION_FLAG,
      AT(is_multi_console),
      .text = "show every console as NAME_LABEL" },
    { .name = "service-listen",
      .type = OPTION_RULE,
      AT(service_listen),
      .value = "ADDRESS:PORTS",
      .is_reloaded = true,
      .otherwise = "nowhere",
      .example = "{\"*:4000-4999\"}",
      .text = "where VMs may ask for listeners of their own, such as\n"
              "*:4000-4999; may be given up to 32 times",
      .more = "They ask by a port URI with an address and direction server, "
              "such as tcp://:7001. The address is as the URI has it (IPv6 in "
              "brackets), or *; the ports are one, a range, or *." },
    { .name = "service-connect",
      .type = OPTION_RULE,
      AT(service_connect),
      .value = "HOST:PORTS",
      .is_reloaded = true,
      .otherwise = "nowhere",
      .example = "{\"*.example.org:23\", \"vspc://*\"}",
      .text = "where VMs may have us connect to, such as\n"
              "*.example.org:23, or vspc://* for each other's\n"
              "consoles; may be given up to 32 times",
      .more = "They ask by a port URI with direction client. The host is a "
              "name or an address as the URI has it, *.example.org for names "
              "that end so, or *. vspc://NAME and vspc://* allow null modems "
              "to other VMs' consoles." },
    { .group = "Output for clients",
      .name = "attach-lines",
      .type = OPTION_NUMBER,
      AT(attach_lines),
      .value = "COUNT",
      .standard = "24",
      .max = 10000,
      .is_reloaded = true,
      .text = "lines of the last output that a new telnet client\n"
              "sees; 0 is none",
      .more =
          "A last line without an end, such as a prompt, is one of them. "
          "Clients that speak no telnet, or RFC 2217, never see what came "
          "before them. After a restart it is taken from the console's log, "
          "if there is one." },
    { .name = "attach-bytes",
      .type = OPTION_SIZE,
      AT(attach_bytes),
      .value = "BYTES",
      .standard = "4K",
      .max = 1 << 20,
      .is_reloaded = true,
      .text = "and at most so many bytes of it; 0 is none",
      .more = "Never more than a quarter of --history-size. It begins with a "
              "whole line, where there is one." },
    { .name = "history-size",
      .type = OPTION_SIZE,
      AT(history_size),
      .value = "BYTES",
      .standard = "64K",
      .min = 4096,
      .max = 1 << 30,
      .text = "output kept for each console (a power of two): how\n"
              "far behind a client may be",
      .more = "Memory is taken as the output needs it, and up to twice as "
              "much while clients hold the VM back." },
    { .name = "history-total",
      .type = OPTION_SIZE,
      AT(history_total),
      .value = "BYTES",
      .standard = "1G",
      .max = UINT64_C(1) << 50,
      .is_reloaded = true,
      .text = "the same for all consoles together, beyond the first\n"
              "4K of each",
      .more = "When it is used up a console's history does not grow any "
              "more." },
    { .name = "hold-time",
      .type = OPTION_NUMBER,
      AT(hold_ms),
      .value = "MILLISECONDS",
      .standard = "1000",
      .min = 1,
      .max = 3600000,
      .is_reloaded = true,
      .text = "how long a slow client may hold back a VM; after that\n"
              "it is told how many bytes it has missed" },
    { .group = "TLS",
      .name = "tls",
      .type = OPTION_WORD,
      AT(tls),
      .words = TLS_WORDS,
      .value = "POLICY",
      .standard = "telnets",
      .is_reloaded = true,
      .text = "TLS towards VMs: off; telnets (telnet:// is in the\n"
              "clear, telnets:// in TLS); offered (telnet:// goes\n"
              "over to TLS too, where the host can); required",
      .more = "With off telnets:// does not work. With offered telnet:// "
              "goes over to TLS where the host agrees to option "
              "AUTHENTICATION. With required that is so too, and nobody "
              "is served in the clear." },
    { .name = "ssl",
      .type = OPTION_FLAG,
      AT(ssl),
      .is_reloaded = true,
      .text = "the same as --tls offered" },
    { .name = "cert",
      .type = OPTION_TEXT,
      AT(cert),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .otherwise = "one is made at the first start",
      .example = "/etc/vspcd/certificate.pem",
      .text = "certificate and chain, PEM, read again at SIGHUP",
      .more = "The one that is made is signed by itself." },
    { .name = "key",
      .type = OPTION_TEXT,
      AT(key),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .otherwise = "in the certificate's file",
      .example = "/etc/vspcd/key.pem",
      .text = "its private key" },
    { .name = "tls-min",
      .type = OPTION_TEXT,
      AT(tls_min),
      .words = "1.0|1.1|1.2|1.3",
      .value = "VERSION",
      .standard = "1.2",
      .is_reloaded = true,
      .text = "oldest version of TLS: 1.0, 1.1, 1.2 or 1.3" },
    { .name = "tls-ciphers",
      .type = OPTION_TEXT,
      AT(tls_ciphers),
      .min = 1,
      .value = "LIST",
      .is_reloaded = true,
      .otherwise = "OpenSSL's own",
      .example = "HIGH:!aNULL",
      .text = "as openssl ciphers takes it" },
    { .name = "client-tls",
      .type = OPTION_WORD,
      AT(client_tls),
      .words = TLS_WORDS,
      .value = "POLICY",
      .standard = "off",
      .is_reloaded = true,
      .text = "the same as --tls, towards clients" },
    { .name = "client-certs",
      .type = OPTION_WORD,
      AT(client_certs),
      .words = "off|optional|required",
      .value = "POLICY",
      .standard = "off",
      .is_reloaded = true,
      .text = "certificates of clients: off, optional or required",
      .more = "With optional a certificate that is shown must be good; "
              "with required one must be shown. Needs --client-tls and "
              "--client-ca." },
    { .name = "client-ca",
      .type = OPTION_TEXT,
      AT(client_ca),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .example = "/etc/vspcd/clients.pem",
      .text = "who signs them, PEM" },
    { .group = "Who may connect, and how many",
      .name = "vm-allow",
      .type = OPTION_NETWORK,
      AT(vm_allow),
      .value = "NETWORK",
      .is_reloaded = true,
      .otherwise = "every address",
      .example = "{\"192.0.2.0/24\", \"2001:db8::/32\"}",
      .text = "who may connect as a VM: a network such as\n"
              "192.0.2.0/24 or an address; may be given up to 64\n"
              "times",
      .more = "They are the addresses of ESXi hosts. Whoever else connects "
              "is closed before a byte is read. VMs that are connected stay "
              "when this is changed." },
    { .name = "client-allow",
      .type = OPTION_NETWORK,
      AT(client_allow),
      .value = "NETWORK",
      .is_reloaded = true,
      .otherwise = "every address",
      .example = "{\"192.0.2.0/24\", \"::1\"}",
      .text = "the same for clients",
      .more = "It is for the consoles' ports, and for the listeners that VMs "
              "ask for." },
    { .name = "console-limit",
      .type = OPTION_NUMBER,
      AT(console_limit),
      .value = "COUNT",
      .standard = "100000",
      .max = 100000000,
      .is_reloaded = true,
      .text = "consoles at most; 0 is no limit",
      .more = "A VM above it is closed." },
    { .name = "client-limit",
      .environment = "VM_CLIENT_LIMIT",
      .type = OPTION_NUMBER,
      AT(client_limit),
      .value = "COUNT",
      .standard = "0",
      .max = 1000000,
      .is_reloaded = true,
      .text = "clients of a console at most; 0 is no limit",
      .more = "Another one is told so and closed." },
    { .name = "client-total",
      .type = OPTION_NUMBER,
      AT(client_total),
      .value = "COUNT",
      .standard = "16384",
      .max = 100000000,
      .is_reloaded = true,
      .text = "clients of all consoles together at most; 0 is no\n"
              "limit",
      .more = "Half of the open files that the program may have are the "
              "limit in any case: the others are for VMs. Another client is "
              "told so and closed." },
    { .name = "client-rate",
      .type = OPTION_NUMBER,
      AT(client_rate),
      .value = "COUNT",
      .standard = "200",
      .max = 1000000,
      .is_reloaded = true,
      .text = "clients that may come from one address in a second,\n"
              "in the long run; 0 is no limit",
      .more = "The addresses of an IPv6 /64 count as one. Whoever comes more "
              "often is closed before a byte is read." },
    { .name = "client-burst",
      .type = OPTION_NUMBER,
      AT(client_burst),
      .value = "COUNT",
      .standard = "10000",
      .min = 1,
      .max = 1000000,
      .is_reloaded = true,
      .text = "how many of them may come at once",
      .more = "That is for programs that attach to every console." },
    { .name = "vm-rate",
      .type = OPTION_NUMBER,
      AT(vm_rate),
      .value = "COUNT",
      .standard = "0",
      .max = 1000000,
      .is_reloaded = true,
      .text = "the same as --client-rate, for VMs; 0 is no limit",
      .more = "All VMs of an ESXi host come from one address, and all at once "
              "when it starts; behind a balancer all VMs of all hosts do." },
    { .name = "vm-burst",
      .type = OPTION_NUMBER,
      AT(vm_burst),
      .value = "COUNT",
      .standard = "10000",
      .min = 1,
      .max = 1000000,
      .is_reloaded = true,
      .text = "how many of them may come at once" },
    { .name = "identity-timeout",
      .type = OPTION_SECONDS,
      AT(identity_timeout_s),
      .value = "SECONDS",
      .standard = "30",
      .min = 1,
      .max = 86400,
      .is_reloaded = true,
      .text = "how long a new connection may take to say which VM\n"
              "it is",
      .more = "Then it is closed; if only the VM's name is missing, its "
              "UUID stands for it." },
    { .name = "unidentified-limit",
      .type = OPTION_NUMBER,
      AT(unidentified_limit),
      .value = "COUNT",
      .standard = "16384",
      .max = 100000000,
      .is_reloaded = true,
      .text = "connections at most that have not said which VM they\n"
              "are; 0 is no limit",
      .more = "Above it the oldest of them is closed: hosts say it within "
              "milliseconds. Half of the open files that the program may "
              "have are the limit in any case, and without an open file left "
              "the oldest of them makes room for a VM." },
    { .name = "unidentified-per-address",
      .type = OPTION_NUMBER,
      AT(unidentified_per_address),
      .value = "COUNT",
      .standard = "8192",
      .max = 100000000,
      .is_reloaded = true,
      .text = "the same for those of one address; 0 is no limit",
      .more = "The addresses of an IPv6 /64 count as one. Half of the limit "
              "of all is the limit in any case." },
    { .group = "State",
      .name = "backend",
      .type = OPTION_WORD,
      AT(backend),
      .words = "Memory|File|Logging",
      .value = "WHERE",
      .standard = "File",
      .text = "where consoles and their ports are kept over a restart:\n"
              "File, or Memory, which is nowhere; Logging is Memory,\n"
              "and console logs" },
    { .name = "file",
      .letter = 'f',
      .type = OPTION_TEXT,
      AT(state_file),
      .min = 1,
      .is_path = true,
      .value = "FILE",
      .text = "that file",
      .otherwise = "state.db in the state directory",
      .example = "/var/lib/vspcd/state.db" },
    { .group = "Console logs",
      .name = "logdir",
      .letter = 'l',
      .type = OPTION_TEXT,
      AT(log_directory),
      .min = 1,
      .is_path = true,
      .value = "DIRECTORY",
      .is_reloaded = true,
      .otherwise = "no console logs",
      .example = "/var/log/consoles",
      .text = "write a log of each console's output, beneath this\n"
              "directory; SIGHUP opens the files anew",
      .more = "With --backend Logging it is /var/log/consoles unless one is "
              "given. A directory that is missing is made." },
    { .name = "log-name",
      .type = OPTION_TEXT,
      AT(log_name),
      .min = 1,
      .value = "PATTERN",
      .standard = "%{name}.log",
      .is_reloaded = true,
      .text = "the logs' names: %{name}, %{uuid}, %{uuid-hex},\n"
              "%{label}, dates as %Y-%m-%d (and %H), folders",
      .more = "Characters that could leave the directory or break a terminal "
              "become _. %{uuid-hex} is what OpenStack Nova looks for. A "
              "console whose name another one has gets its label or UUID "
              "behind it." },
    { .name = "prefix",
      .letter = 'p',
      .type = OPTION_TEXT,
      AT(log_prefix),
      .value = "TEXT",
      .is_reloaded = true,
      .otherwise = "none",
      .example = "host1",
      .text = "goes before each name, with a - between" },
    { .name = "mode",
      .letter = 'm',
      .type = OPTION_TEXT,
      AT(log_mode),
      .min = 1,
      .value = "OCTAL",
      .standard = "0600",
      .is_reloaded = true,
      .text = "permissions of new logs" },
    { .name = "log-owner",
      .type = OPTION_TEXT,
      AT(log_owner),
      .min = 1,
      .value = "USER[:GROUP]",
      .is_reloaded = true,
      .otherwise = "who vspcd runs as",
      .example = "root:adm",
      .text = "owner of new logs, names or numbers" },
    { .name = "log-format",
      .type = OPTION_WORD,
      AT(log_format),
      .words = "raw|timestamps",
      .value = "FORMAT",
      .standard = "raw",
      .is_reloaded = true,
      .text = "raw, as the VM has printed it, or timestamps, with the\n"
              "UTC time in front of each line" },
    { .name = "log-rotate-size",
      .type = OPTION_SIZE,
      AT(log_rotate_size),
      .value = "BYTES",
      .standard = "0",
      .max = UINT64_C(1) << 50,
      .is_reloaded = true,
      .text = "rotate a log that has become so large, NAME to NAME.1\n"
              "and on; 0 is never" },
    { .name = "log-rotate-age",
      .type = OPTION_SECONDS,
      AT(log_rotate_s),
      .value = "SECONDS",
      .standard = "0",
      .max = 1000000000,
      .is_reloaded = true,
      .text = "rotate a log that is so old; 0 is never" },
    { .name = "log-keep",
      .type = OPTION_NUMBER,
      AT(log_keep),
      .value = "COUNT",
      .standard = "7",
      .max = 999,
      .is_reloaded = true,
      .text = "rotated logs that are kept of each console" },
    { .name = "log-compress",
      .type = OPTION_FLAG,
      AT(log_compress),
      .is_reloaded = true,
      .text = "compress them, to NAME.1.gz and on" },
    { .group = "Hooks",
      .name = "hook",
      .type = OPTION_RULE,
      AT(hooks),
      .max = 8,
      .value = "PROGRAM[,events=EVENT+...]",
      .is_reloaded = true,
      .otherwise = "none",
      .example = "{\"/etc/vspcd/on-vm,events=vm-up+vm-down\"}",
      .text = "program that is run on events, all of them unless some\n"
              "are named; may be given up to 8 times",
      .more = "The events are vm-new, vm-up, vm-down, vm-renamed, vm-expired, "
              "vm-moved, vm-move-failed, client-attached and client-detached. "
              "The program is an absolute path, without arguments; no shell "
              "is involved. What has happened is in its environment, VSPCD_* "
              "variables, and as JSON on its standard input; see HOOKS in "
              "vspcd(8)." },
    { .name = "hook-timeout",
      .type = OPTION_SECONDS,
      AT(hook_timeout_s),
      .value = "SECONDS",
      .standard = "30",
      .min = 1,
      .max = 86400,
      .is_reloaded = true,
      .text = "how long such a program may run; then it is ended" },
    { .name = "hook-limit",
      .type = OPTION_NUMBER,
      AT(hook_limit),
      .value = "COUNT",
      .standard = "8",
      .min = 1,
      .max = 100,
      .is_reloaded = true,
      .text = "how many of each hook run at once; further events wait",
      .more = "Events of one console never run at once." },
    { .group = "The service and its messages",
      .name = "daemon",
      .type = OPTION_FLAG,
      AT(daemon),
      .text = "go to the background when VMs may connect; who has\n"
              "called it waits until then",
      .more = "If it cannot start, it says so there, and the exit status is "
              "2. Messages then go to syslog unless --messages-to says "
              "otherwise, and the working directory is /; relative paths mean "
              "what they meant where it was called." },
    { .name = "no-fork",
      .type = OPTION_FLAG,
      AT(no_fork),
      .text = "stay in the foreground, whatever --daemon says" },
    { .name = "pidfile",
      .type = OPTION_TEXT,
      AT(pidfile),
      .min = 1,
      .is_path = true,
      .value = "FILE",
      .example = "/run/vspcd/vspcd.pid",
      .text = "write the process ID here when VMs may connect, and\n"
              "lock it: a second start is refused; removed at the end",
      .more = "What a process that was killed has left is taken over. A "
              "symbolic link, or a file with anything else in it, is refused "
              "and left alone." },
    { .name = "messages-to",
      .type = OPTION_TEXT,
      AT(messages_to),
      .value = "PLACE",
      .standard = "stderr",
      .is_reloaded = true,
      .text = "where messages of the program go: stderr, stdout,\n"
              "syslog or journal (with --daemon: syslog)",
      .more = "syslog:/PATH and journal:/PATH give the path of another "
              "socket than /dev/log and /run/systemd/journal/socket. The "
              "journal gets each part of a message as a field of its own." },
    { .name = "messages-format",
      .type = OPTION_WORD,
      AT(messages_format),
      .words = "text|json",
      .value = "FORMAT",
      .standard = "text",
      .is_reloaded = true,
      .text = "text, or json: each message one line, an object with\n"
              "time, level, message and a member for each key=value" },
    { .name = "messages-level",
      .type = OPTION_WORD,
      AT(messages_level),
      .words = "error|warning|info|debug",
      .value = "LEVEL",
      .standard = "info",
      .is_reloaded = true,
      .text = "least important ones that are written: error, warning,\n"
              "info or debug" },
    { .name = "stdout",
      .type = OPTION_FLAG,
      AT(to_stdout),
      .is_reloaded = true,
      .text = "the same as --messages-to stdout" },
    { .name = "debug",
      .letter = 'd',
      .type = OPTION_FLAG,
      AT(is_debug),
      .is_reloaded = true,
      .text = "messages of all levels; and stay in the foreground" },
    { .group = "Configuration and requests",
      .name = "config",
      .environment = "VSPCD_CONFIG",
      .type = OPTION_TEXT,
      AT(config),
      .min = 1,
      .value = "FILE",
      .otherwise = VSPCD_CONFIG_FILE ", if it is there",
      .is_not_kept = true,
      .text = "read settings from this file",
      .more = "What is given here or in the environment goes before it." },
    { .name = "check-config",
      .type = OPTION_REQUEST,
      .min = OPTIONS_CHECK_CONFIG,
      .text = "say everything that is wrong with the settings, and\n"
              "end; nothing is started" },
    { .name = "show-config",
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_CONFIG,
      .text = "show every setting, its value and where it comes from,\n"
              "as a configuration file has it, and end" },
    { .name = "show-tls",
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_TLS,
      .text = "show the certificate's thumbprints and the proxy URIs\n"
              "for vSphere that go with them" },
    { .name = "check-uri",
      .type = OPTION_TEXT,
      AT(check_uri),
      .value = "URI",
      .is_not_kept = true,
      .text = "say what this service URI means, or what is wrong with\n"
              "it, and end",
      .more = "It says a line for each part of it, or where it is wrong. "
              "A service URI of direction server is taken for one of this "
              "concentrator: with --proxy-port as it would be in service. "
              "That a URI means something does not say that it is served: "
              "the line 'served' does." },
    { .name = "check-uri-as",
      .type = OPTION_WORD,
      AT(check_uri_as),
      .value = "PLACE",
      .standard = "server",
      .words = "server|client|proxy",
      .is_not_kept = true,
      .text = "where that URI stands: server or client is the\n"
              "direction of the serial port, proxy the URI of the\n"
              "concentrator" },
    { .name = "import-ports",
      .type = OPTION_TEXT,
      AT(import_ports),
      .min = 1,
      .value = "FILE",
      .is_not_kept = true,
      .text = "take over consoles and their ports from a list of\n"
              "vSPC.py's, NAME:UUID:PORT on each line, and end; -\n"
              "is standard input",
      .more = "It is what vSPCClient prints without a VM's name. All of it "
              "goes into the state file, or, if anything is wrong with it, "
              "nothing does. A console that is known gets the port of the "
              "list. No vspcd may be running with that file." },
    { .name = "help",
      .letter = 'h',
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_HELP,
      .text = "show this" },
    { .name = "version",
      .letter = 'V',
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_VERSION,
      .text = "show the version" },
};

enum { ROW_COUNT = sizeof option_rows / sizeof option_rows[0] };

const int option_row_count = ROW_COUNT;

static_assert((int)ROW_COUNT <= (int)SETTINGS_ROWS_MAX,
              "struct settings has an origin for each");

bool option_is_setting(const struct option_row *row)
{
    return row->type != OPTION_REQUEST && !row->is_not_kept;
}

bool option_is_list(const struct option_row *row)
{
    return row->type == OPTION_PROXY || row->type == OPTION_RULE ||
           row->type == OPTION_NETWORK;
}

bool option_takes_value(const struct option_row *row)
{
    return row->type != OPTION_FLAG && row->type != OPTION_REQUEST;
}

const struct option_row *option_find(const char *name)
{
    for (int i = 0; i < ROW_COUNT; i++) {
        if (strcmp(option_rows[i].name, name) == 0)
            return &option_rows[i];
    }
    return NULL;
}

/* The one that ends in the same word: messages-level for log-level. NULL: none
 * does, or more than one. */
static const char *of_same_end(const char *name, bool is_in_file)
{
    const char *end = strrchr(name, '-');
    const char *found = NULL;

    for (int i = 0; end != NULL && i < ROW_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        const char *other = strrchr(row->name, '-');

        if (other == NULL || strcmp(other, end) != 0 ||
            (is_in_file && !option_is_setting(row)))
            continue;
        if (found != NULL)
            return NULL;
        found = row->name;
    }
    return found;
}

const char *option_guess(const char *name, bool is_in_file)
{
    const char *nearest = NULL;
    size_t least = strlen(name) / 3 + 1;

    if (least > 4)
        least = 4; /* further away is no misspelling */
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        size_t far = text_distance(name, row->name);

        if (far >= least || (is_in_file && !option_is_setting(row)))
            continue;
        least = far;
        nearest = row->name;
    }
    /* Close by it is a slip of the fingers, else one of the memory. */
    if (nearest == NULL || least > 2) {
        const char *same = of_same_end(name, is_in_file);

        return same != NULL ? same : nearest;
    }
    return nearest;
}

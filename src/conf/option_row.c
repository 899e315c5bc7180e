#include "conf/option_row.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct settings, member)

#define TLS_WORDS "off|telnets|offered|required"

/* The order and the groups are those of the help, the manual pages, the sample
 * file and --show-config. Each text stands alone: a reader has come by grep,
 * and has not read the row above. */
const struct option_row option_rows[] = {
    { .group = "VMs",
      .name = "proxy-port",
      .type = OPTION_NUMBER,
      AT(proxy_port),
      .value = "PORT",
      .standard = "13370",
      .max = 65535,
      .text = "TCP port on which vspcd accepts the VMs' serial ports from\n"
              "ESXi hosts; 0 selects any free port" },
    { .name = "proxy-iface",
      .type = OPTION_ADDRESS,
      AT(proxy_iface),
      .value = "ADDRESS",
      .standard = "0.0.0.0",
      .text = "address of --proxy-port, or ADDRESS:PORT; :: is every IPv6\n"
              "and IPv4 address",
      .more = "ADDRESS is an IPv4 or IPv6 address. A port in --proxy-iface "
              "overrides --proxy-port. An IPv6 address with a port is written "
              "in brackets." },
    { .name = "proxy-listen",
      .type = OPTION_PORT,
      AT(proxies),
      .words = TLS_WORDS,
      .min = SETTINGS_TLS_TELNETS,
      .value = "ADDRESS:PORT[,tls=POLICY]",
      .example = "{\"[::]:992,tls=required\"}",
      .text = "additional address and port for VMs, with its own TLS\n"
              "policy; can be given up to 8 times",
      .more = "POLICY is off, telnets, offered or required, as for --tls. "
              "Without a policy the port has telnets." },
    { .name = "vm-takeover",
      .type = OPTION_WORD,
      AT(vm_takeover),
      .words = "probe|allow|refuse",
      .value = "probe|allow|refuse",
      .standard = "probe",
      .is_reloaded = true,
      .text = "what happens when a VM connects from another address while\n"
              "its console has an open connection: probe (the open\n"
              "connection keeps the console if its host answers), allow\n"
              "(the newest one gets the console), or refuse",
      .more = "With probe, the host's kernel has 2 s to acknowledge a telnet "
              "NOP. A host that has failed is replaced, so a VM that HA "
              "restarts gets its console. With refuse, it gets its console "
              "when vspcd has closed the failed host's connection, after up "
              "to two minutes. A connection from the same address replaces "
              "the open one at once. A vMotion has a secret of its own." },
    { .name = "move-timeout",
      .type = OPTION_SECONDS,
      AT(move_timeout_s),
      .value = "SECONDS",
      .standard = "300",
      .min = 1,
      .max = 1000000,
      .is_reloaded = true,
      .text = "how long vspcd waits for the next step of a vMotion before\n"
              "the vMotion fails",
      .more = "After a failed vMotion, input goes to the host that is still "
              "connected." },
    { .name = "held-input-size",
      .type = OPTION_SIZE,
      AT(held_input_size),
      .value = "BYTES",
      .standard = "64K",
      .min = 1024,
      .max = 1 << 30,
      .text = "client input kept for each console while its VM moves;\n"
              "when this is full, the console's clients wait" },
    { .name = "dcd-always-on",
      .type = OPTION_FLAG,
      AT(is_dcd_always_on),
      .is_reloaded = true,
      .text = "report carrier (DCD) to VMs even while no client is\n"
              "connected",
      .more = "This setting affects VMs that speak RFC 2217." },
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
      .text = "first TCP port for consoles; each console gets the lowest\n"
              "free port of the range and keeps it",
      .more = "A port that another program uses is skipped." },
    { .name = "port-range-end",
      .type = OPTION_NUMBER,
      AT(port_range_end),
      .value = "PORT",
      .standard = "65535",
      .min = 1,
      .max = 65535,
      .text = "last TCP port for consoles" },
    { .name = "no-vm-ports",
      .type = OPTION_FLAG,
      AT(no_vm_ports),
      .text = "open no telnet ports for consoles",
      .more =
          "Clients then reach a console from the menu (--menu-port), by the "
          "admin port (--admin-port), or as its service URI says; see "
          "--service-listen and "
          "--service-connect." },
    { .name = "socket",
      .type = OPTION_TEXT,
      AT(socket),
      .min = 1,
      .value = "PATH",
      .is_path = true,
      .otherwise = "/run/vspcd/vspcd.sock, or in $XDG_RUNTIME_DIR if not root",
      .example = "/run/vspcd/vspcd.sock",
      .text = "Unix socket of the API, which vspc uses; none: there is no\n"
              "socket",
      .more = "Without a path it is vspcd.sock in $RUNTIME_DIRECTORY, which "
              "systemd sets, for root in /run/vspcd, else in "
              "$XDG_RUNTIME_DIR/vspcd. Each person is known by the account "
              "that uses the socket." },
    { .name = "socket-group",
      .type = OPTION_TEXT,
      AT(socket_group),
      .min = 1,
      .value = "GROUP",
      .otherwise = "vspcd if there is such a group, else the process's",
      .example = "vspcd",
      .text = "group whose members may connect to --socket",
      .more = "What somebody may do there, the access sections say." },
    { .name = "web",
      .type = OPTION_PORT,
      AT(web),
      .words = "off|required",
      .min = SETTINGS_WEB_TLS,
      .value = "ADDRESS:PORT[,tls=off|required]",
      .example = "{\"[::]:8443\"}",
      .text = "address and port of the web page and of the API, by https;\n"
              "can be given up to 8 times",
      .more = "Without tls= TLS is required, but on a loopback address. TLS "
              "is that of clients: --cert, --client-ca, --client-tls-min. With "
              "tls=off on any other address, passwords and tokens are "
              "refused there: put a proxy that does TLS in front of it." },
    { .name = "web-origins",
      .type = OPTION_RULE,
      AT(web_origins),
      .value = "ORIGIN",
      .is_reloaded = true,
      .example = "{\"https://consoles.example.org\"}",
      .text = "origin of pages that may use the API, besides its own; can be\n"
              "given several times",
      .more = "An origin is https://HOST[:PORT]. Its host is also one by which "
              "somebody who has proven no name may reach the API." },
    { .name = "session-idle-time",
      .type = OPTION_SECONDS,
      AT(session_idle_s),
      .value = "SECONDS",
      .standard = "43200",
      .min = 1,
      .max = 1000000000,
      .is_reloaded = true,
      .text = "end a person's session on a page when nothing was asked or\n"
              "typed in it for this time",
      .more = "Somebody who has logged in on a page of --web has a session. "
              "What a page is sent by itself, such as output and events, does "
              "not count as use." },
    { .name = "session-time",
      .type = OPTION_SECONDS,
      AT(session_s),
      .value = "SECONDS",
      .standard = "604800",
      .min = 1,
      .max = 1000000000,
      .is_reloaded = true,
      .text = "end a person's session on a page this time after the login,\n"
              "however it is used",
      .more = "Then the person logs in again. So somebody whose password was "
              "changed or locked, which only a login notices, is out by "
              "then." },
    { .name = "metrics-from",
      .type = OPTION_NETWORK,
      AT(metrics_from),
      .value = "NETWORK",
      .is_reloaded = true,
      .otherwise = "no address",
      .example = "{\"192.0.2.0/24\"}",
      .text = "network or address that may get the metrics (/metrics of\n"
              "--web) without a login; can be given up to 64 times",
      .more =
          "Peers on this machine may, too, and so may whoever has the right "
          "to read on the server. An address alone may read no metrics of "
          "single consoles." },
    { .name = "web-proxy-from",
      .type = OPTION_NETWORK,
      AT(web_proxies),
      .value = "NETWORK",
      .is_reloaded = true,
      .example = "{\"192.0.2.7\"}",
      .text = "network of web proxies whose --web-proxy-user-header is\n"
              "believed; can be given several times",
      .more = "Such a proxy has asked people who they are, and removes the "
              "header from their own requests." },
    { .name = "web-proxy-socket",
      .type = OPTION_FLAG,
      AT(web_proxy_socket),
      .is_reloaded = true,
      .text = "root and vspcd's own user are such proxies on --socket, too" },
    { .name = "web-proxy-user-header",
      .type = OPTION_TEXT,
      AT(web_user_field),
      .min = 1,
      .value = "NAME",
      .is_reloaded = true,
      .example = "X-Forwarded-User",
      .text = "field of a request in which a proxy names the person" },
    { .name = "web-proxy-groups-header",
      .type = OPTION_TEXT,
      AT(web_groups_field),
      .min = 1,
      .value = "NAME",
      .is_reloaded = true,
      .example = "X-Forwarded-Groups",
      .text = "field of a request in which a proxy lists the person's groups,\n"
              "with commas between them",
      .more = "Access sections know them as proxy:GROUP." },
    { .name = "ssh-login-user",
      .type = OPTION_TEXT,
      AT(ssh_login_user),
      .min = 1,
      .value = "NAME",
      .is_reloaded = true,
      .example = "console",
      .text = "account that people without accounts share to come by ssh:\n"
              "on --socket it may speak for others",
      .more = "It has to be an account for nothing else. sshd finds out who "
              "comes by the keys of vspc ssh-key add." },
    { .name = "menu-port",
      .type = OPTION_NUMBER,
      AT(menu_port),
      .value = "PORT",
      .standard = "0",
      .max = 65535,
      .text = "TCP port of the menu: telnet to a list of the consoles that\n"
              "a person may read, and from there to each; 0: no menu",
      .more = "It listens on the address of --interface, with the TLS of "
              "--client-tls." },
    { .name = "menu-escape",
      .type = OPTION_TEXT,
      AT(menu_escape),
      .min = 1,
      .value = "KEY",
      .standard = "~",
      .is_reloaded = true,
      .text = "key that begins a command, after Enter, at a console that was\n"
              "opened from the menu: with . it goes back to the list, with ?\n"
              "it shows help; none: there are no commands" },
    { .name = "admin-port",
      .letter = 'a',
      .type = OPTION_NUMBER,
      AT(admin_port),
      .value = "PORT",
      .standard = "0",
      .max = 65535,
      .text = "TCP port for vSPC.py's vSPCClient and for the client of\n"
              "VMware's Python kit; 0: none",
      .more = "Neither client logs in: what each may do depends on its "
              "address, or on its certificate where --client-tls lets it use "
              "TLS. Called as vSPCServer, the port is 13371." },
    { .name = "admin-iface",
      .type = OPTION_ADDRESS,
      AT(admin_iface),
      .value = "ADDRESS",
      .standard = "127.0.0.1",
      .text = "address of --admin-port" },
    { .name = "vm-expire-time",
      .type = OPTION_SECONDS,
      AT(vm_expire_s),
      .value = "SECONDS",
      .standard = "86400",
      .max = 1000000000,
      .is_reloaded = true,
      .text = "how long a console keeps its port and history after its VM\n"
              "and its last client have disconnected" },
    { .name = "new-console-expire-time",
      .type = OPTION_SECONDS,
      AT(new_console_expire_s),
      .value = "SECONDS",
      .standard = "300",
      .max = 1000000000,
      .is_reloaded = true,
      .text = "how long a console that was not used yet keeps its port after\n"
              "its VM has disconnected; at most --vm-expire-time",
      .more = "A console was used if its VM has been connected for a minute "
              "without interruption, or if a client has attached. When there "
              "is no room or no port for a new console, the oldest unused one "
              "whose VM is not connected expires at once." },
    { .name = "multi-console",
      .environment = "SUPPORT_MULTI_CONSOLE",
      .type = OPTION_FLAG,
      AT(is_multi_console),
      .text = "show every console as NAME_LABEL",
      .more = "Otherwise a console is shown as NAME, and as NAME/LABEL while "
              "its VM has several consoles." },
    { .name = "service-listen",
      .type = OPTION_RULE,
      AT(service_listen),
      .value = "ADDRESS:PORTS",
      .is_reloaded = true,
      .otherwise = "nowhere",
      .example = "{\"*:4000-4999\"}",
      .text = "where VMs are allowed to have vspcd listen for them, such\n"
              "as *:4000-4999; can be given up to 32 times",
      .more = "A VM requests a listener by a service URI with an address and "
              "direction server, such as tcp://:7001. ADDRESS is the address "
              "as the URI has it (IPv6 in brackets), * for the address of "
              "--interface, or any for every address. PORTS is one port, a "
              "range, or * for any port. With --client-tls required, listeners "
              "without TLS are refused." },
    { .name = "service-connect",
      .type = OPTION_RULE,
      AT(service_connect),
      .value = "HOST:PORTS",
      .is_reloaded = true,
      .otherwise = "nowhere",
      .example = "{\"*.example.org:23\", \"vspc://*\"}",
      .text = "where VMs are allowed to have vspcd connect, such as\n"
              "*.example.org:23, or vspc://* for each other's consoles;\n"
              "can be given up to 32 times",
      .more = "A VM requests a connection by a service URI with direction "
              "client. HOST is the name or address as the URI has it, "
              "*.example.org for every name that ends in .example.org, or * "
              "for any host. vspc://NAME and vspc://* allow null modems to "
              "the consoles of the VM NAME, or of every VM. An address of "
              "this host (loopback, link-local, of an interface) must be "
              "named by a rule, such as 127.0.0.1:7000; localhost:7000 is for "
              "all loopback addresses. Names and * never lead there." },
    { .group = "Output for clients",
      .name = "attach-lines",
      .type = OPTION_NUMBER,
      AT(attach_lines),
      .value = "COUNT",
      .standard = "24",
      .max = 10000,
      .is_reloaded = true,
      .text = "number of lines of earlier output that a new telnet client\n"
              "receives; 0 is none",
      .more = "An unfinished last line, such as a prompt, counts as a line. A "
              "client that does not speak telnet, or that speaks RFC 2217, "
              "receives no earlier output. After a restart, vspcd takes the "
              "lines from the console's log if there is one." },
    { .name = "attach-bytes",
      .type = OPTION_SIZE,
      AT(attach_bytes),
      .value = "BYTES",
      .standard = "4K",
      .max = 1 << 20,
      .is_reloaded = true,
      .text = "maximum size of the earlier output that a new telnet\n"
              "client receives; 0 is none",
      .more = "A quarter of --history-size is the maximum that takes effect. "
              "The earlier output begins with a whole line where there is "
              "one." },
    { .name = "history-size",
      .type = OPTION_SIZE,
      AT(history_size),
      .value = "BYTES",
      .standard = "64K",
      .min = 4096,
      .max = 1 << 30,
      .text = "history of each console, a power of two; a slow client\n"
              "loses the output that is older",
      .more = "vspcd allocates the memory as output arrives. While clients "
              "hold the VM, a console can use up to twice this size." },
    { .name = "history-total",
      .type = OPTION_SIZE,
      AT(history_total),
      .value = "BYTES",
      .standard = "1G",
      .max = UINT64_C(1) << 50,
      .is_reloaded = true,
      .text = "memory for the output of all consoles together, beyond the\n"
              "first 4K of each console",
      .more = "When this memory is used up, no console's history grows any "
              "more." },
    { .name = "hold-time",
      .type = OPTION_NUMBER,
      AT(hold_ms),
      .value = "MILLISECONDS",
      .standard = "1000",
      .min = 1,
      .max = 3600000,
      .is_reloaded = true,
      .text = "how long a slow client can hold the VM; after that the\n"
              "client lags: it loses output and is notified how many\n"
              "bytes" },
    { .name = "half-close-time",
      .type = OPTION_NUMBER,
      AT(half_close_ms),
      .value = "MILLISECONDS",
      .standard = "1000",
      .min = 1,
      .max = 3600000,
      .is_reloaded = true,
      .text = "a client that sends no more (nc -N) is closed when its\n"
              "console has been quiet for this time" },
    { .name = "keyboard",
      .type = OPTION_WORD,
      AT(keyboard),
      .words = "free-for-all|one-writer",
      .value = "MODE",
      .standard = "free-for-all",
      .is_reloaded = true,
      .text = "who can type at a console at once: free-for-all (everybody\n"
              "who may type) or one-writer (one client); access sections\n"
              "can say otherwise" },
    { .name = "writer-idle",
      .type = OPTION_SECONDS,
      AT(writer_idle_s),
      .value = "SECONDS",
      .standard = "300",
      .max = 1000000,
      .is_reloaded = true,
      .text = "how long the client that types at a one-writer console can be\n"
              "idle; then the next one that types gets the keyboard; 0: for\n"
              "ever",
      .more = "--keyboard, or keyboard in an access section, makes one-writer "
              "consoles. A client with the right control can take the keyboard "
              "at once." },
    { .name = "client-nop",
      .type = OPTION_SECONDS,
      AT(client_nop_s),
      .value = "SECONDS",
      .standard = "0",
      .max = 86400,
      .is_reloaded = true,
      .text = "send IAC NOP to a telnet client to which nothing was sent\n"
              "for this time; 0: never",
      .more = "A balancer or firewall between forgets a connection without "
              "traffic, and does not count TCP's keepalive. A NOP is not "
              "shown. Clients without telnet get none." },
    { .name = "client-idle-time",
      .type = OPTION_SECONDS,
      AT(client_idle_s),
      .value = "SECONDS",
      .standard = "0",
      .max = 1000000000,
      .is_reloaded = true,
      .text = "close a client that has typed nothing for this time; 0:\n"
              "never",
      .more = "Input, breaks, requests of RFC 2217 and the question \"are you "
              "there\" count; output does not. A person is told a minute "
              "before. Clients of tcp:// listeners are never closed by it." },
    { .name = "interrupt",
      .type = OPTION_WORD,
      AT(interrupt),
      .words = "off|on",
      .value = "off|on",
      .standard = "on",
      .is_reloaded = true,
      .text = "send Ctrl-C (0x03) to the VM when a telnet client sends\n"
              "IAC IP, \"interrupt process\"" },
    { .name = "enter",
      .type = OPTION_WORD,
      AT(enter),
      .words = "as-is|cr",
      .value = "as-is|cr",
      .standard = "as-is",
      .is_reloaded = true,
      .text = "how the ends of lines that scripts send reach the VM: as-is;\n"
              "or cr, LF and CR LF become CR, as Enter sends",
      .more = "With cr, echo command | nc types a line into a guest that wants "
              "CR. This setting affects clients of the consoles' ports without "
              "telnet, and telnet clients without the option BINARY. It never "
              "changes what telnet clients with BINARY, clients with RFC 2217, "
              "and clients of tcp:// listeners send." },
    { .group = "TLS",
      .name = "tls",
      .type = OPTION_WORD,
      AT(tls),
      .words = TLS_WORDS,
      .value = "POLICY",
      .standard = "telnets",
      .is_reloaded = true,
      .text = "TLS policy for VMs: off; telnets (telnet:// in the clear,\n"
              "telnets:// in TLS); offered (telnet:// switches to TLS if\n"
              "the host can); required (TLS only)",
      .more = "With off, a telnets:// connection is closed. With offered, a "
              "telnet:// connection switches to TLS if the host agrees to the "
              "telnet option AUTHENTICATION. With required, a telnet:// "
              "connection has to switch to TLS, or it is refused." },
    { .name = "ssl",
      .type = OPTION_FLAG,
      AT(ssl),
      .is_reloaded = true,
      .text = "short for --tls required, as in vSPC.py: VMs connect in TLS\n"
              "and not otherwise" },
    { .name = "cert",
      .type = OPTION_TEXT,
      AT(cert),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .otherwise = "a self-signed certificate, made at the first start",
      .example = "/etc/vspcd/certificate.pem",
      .text = "server certificate and its chain, in PEM; read again at\n"
              "SIGHUP" },
    { .name = "key",
      .type = OPTION_TEXT,
      AT(key),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .otherwise = "the certificate's file",
      .example = "/etc/vspcd/key.pem",
      .text = "private key of the server certificate, in PEM; read again\n"
              "at SIGHUP",
      .more = "A file that everybody can read is refused. Its group may read "
              "a file that belongs to root or to another user than the one "
              "that runs vspcd." },
    { .name = "tls-min",
      .type = OPTION_TEXT,
      AT(tls_min),
      .words = "1.0|1.1|1.2|1.3",
      .value = "VERSION",
      .standard = "1.2",
      .is_reloaded = true,
      .text = "oldest TLS version to accept: 1.0, 1.1, 1.2 or 1.3; see\n"
              "--vm-tls-min and --client-tls-min",
      .more = "Connections that vspcd makes use TLS 1.2 or later in any case. "
              "With 1.0 or 1.1, connections of these versions are signed with "
              "SHA-1." },
    { .name = "vm-tls-min",
      .type = OPTION_TEXT,
      AT(vm_tls_min),
      .words = "1.0|1.1|1.2|1.3",
      .value = "VERSION",
      .is_reloaded = true,
      .otherwise = "that of --tls-min",
      .example = "1.0",
      .text = "oldest TLS version to accept from VMs: 1.0 or 1.1 for hosts\n"
              "that are too old for 1.2" },
    { .name = "client-tls-min",
      .type = OPTION_TEXT,
      AT(client_tls_min),
      .words = "1.0|1.1|1.2|1.3",
      .value = "VERSION",
      .is_reloaded = true,
      .otherwise = "that of --tls-min",
      .example = "1.3",
      .text = "oldest TLS version to accept from clients" },
    { .name = "tls-ciphers",
      .type = OPTION_TEXT,
      AT(tls_ciphers),
      .min = 1,
      .value = "LIST",
      .is_reloaded = true,
      .otherwise = "the default list of OpenSSL",
      .example = "HIGH",
      .text = "ciphers to accept, in the syntax of openssl ciphers",
      .more = "Ciphers without a certificate (aNULL) and without encryption "
              "(eNULL) are never accepted. @SECLEVEL is refused: the security "
              "level is that of the system's OpenSSL, and at least 1." },
    { .name = "vm-tls-keep",
      .type = OPTION_WORD,
      AT(vm_tls_keep),
      .words = "off|on",
      .value = "off|on",
      .standard = "on",
      .is_reloaded = true,
      .text = "serve a console that has come by TLS to connections in TLS\n"
              "only",
      .more = "A console has come by TLS if a connection of its VM in TLS has "
              "lasted for a minute. vspcd then refuses connections of the VM "
              "in the clear, also as the destination of a vMotion, and logs "
              "that. The console forgets it when it expires, or when the "
              "setting is off and a connection in the clear has lasted for a "
              "minute." },
    { .name = "vm-certs",
      .type = OPTION_WORD,
      AT(vm_certs),
      .words = "off|optional|required",
      .value = "POLICY",
      .standard = "off",
      .is_reloaded = true,
      .text = "whether a VM's end in TLS shows a certificate: off (it is\n"
              "not asked), optional (it can, and the certificate must be\n"
              "valid) or required",
      .more = "For ends that have certificates, such as vspc-vm; ESXi hosts "
              "have none to show. The value optional needs "
              "TLS on a port for VMs, the value required needs --tls required, "
              "and tls=required in each --proxy-listen; both need --vm-ca." },
    { .name = "vm-ca",
      .type = OPTION_TEXT,
      AT(vm_ca),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .example = "/etc/vspcd/vms.pem",
      .text = "certificates of the authorities that sign the certificates\n"
              "of VMs' ends, in PEM" },
    { .name = "vm-crl",
      .type = OPTION_TEXT,
      AT(vm_crl),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .example = "/etc/vspcd/vms.crl.pem",
      .text = "certificate revocation lists (CRLs) of the authorities in\n"
              "--vm-ca, in PEM; needs --vm-ca",
      .more = "The authority that has signed the certificate of a VM's end "
              "must have a CRL in the file; authorities above it can have one. "
              "When a CRL has expired, new connections with certificates of "
              "its authority are refused, and the log warns before that. "
              "SIGHUP reads the file again, and ends connections of "
              "certificates that have been revoked." },
    { .name = "client-tls",
      .type = OPTION_WORD,
      AT(client_tls),
      .words = TLS_WORDS,
      .value = "POLICY",
      .standard = "off",
      .is_reloaded = true,
      .text = "TLS policy for clients on the consoles' telnet ports, as\n"
              "for --tls: off, telnets, offered or required" },
    { .name = "client-certs",
      .type = OPTION_WORD,
      AT(client_certs),
      .words = "off|optional|required",
      .value = "POLICY",
      .standard = "off",
      .is_reloaded = true,
      .text = "whether a client in TLS shows a certificate: off (it is\n"
              "not asked), optional (it can, and the certificate must be\n"
              "valid) or required",
      .more = "The value optional needs --client-tls, the value required needs "
              "--client-tls required; both need --client-ca." },
    { .name = "client-ca",
      .type = OPTION_TEXT,
      AT(client_ca),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .example = "/etc/vspcd/clients.pem",
      .text = "certificates of the authorities that sign the clients'\n"
              "certificates, in PEM" },
    { .name = "client-crl",
      .type = OPTION_TEXT,
      AT(client_crl),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .example = "/etc/vspcd/clients.crl.pem",
      .text = "certificate revocation lists (CRLs) of the authorities in\n"
              "--client-ca, in PEM; needs --client-ca",
      .more = "The authority that has signed a client's own certificate must "
              "have a CRL in the file; authorities above it can have one. When "
              "a CRL has expired, new connections with certificates of its "
              "authority are refused, and the log warns before that. SIGHUP "
              "reads the file again, and ends connections of certificates that "
              "have been revoked." },
    { .name = "certificate-name",
      .type = OPTION_WORD,
      AT(certificate_name),
      .words = "cn|email|dns|uri",
      .value = "KIND",
      .standard = "cn",
      .is_reloaded = true,
      .text = "name of a client by its certificate: cn (common name of\n"
              "the subject), email, dns or uri (subjectAltName)",
      .more = "Rules know a client by this name (certificate:NAME). Of several "
              "e-mail addresses, DNS names or URIs the first one counts, of "
              "several common names the most specific one. DNS names, and the "
              "domain of an e-mail address, are lower case. A certificate "
              "without such a name, or with one that is longer than 255 bytes "
              "or has characters that are not shown, proves no name: the log "
              "says so, and the client is known by its address only." },
    { .group = "Access and limits",
      .name = "vm-allow",
      .type = OPTION_NETWORK,
      AT(vm_allow),
      .words = "any",
      .value = "NETWORK|any",
      .is_reloaded = true,
      .otherwise = "every address",
      .example = "{\"192.0.2.0/24\", \"2001:db8::/32\"}",
      .text = "network or address that is allowed to connect as a VM,\n"
              "such as 192.0.2.0/24; can be given up to 64 times",
      .more = "VMs connect from the addresses of their ESXi hosts. vspcd "
              "closes a connection from any other address before it reads a "
              "byte. At SIGHUP, VMs end whose address is not allowed any more. "
              "Without this setting every address is allowed, and vspcd warns "
              "of that at each start; with any, it does not." },
    { .name = "unknown-vms",
      .type = OPTION_WORD,
      AT(unknown_vms),
      .words = "accept|refuse",
      .value = "accept|refuse",
      .standard = "accept",
      .is_reloaded = true,
      .text = "accept or refuse a VM's serial port that has no console yet",
      .more = "With refuse, vspcd serves only the consoles that it knows: "
              "from its state file, from --import-ports, or since this "
              "setting was changed. A console that expires is unknown: raise "
              "--vm-expire-time for VMs that are off for longer. Needs "
              "--backend File." },
    { .name = "vm-keys",
      .type = OPTION_WORD,
      AT(vm_keys),
      .words = "off|optional|required",
      .value = "off|optional|required",
      .standard = "off",
      .is_reloaded = true,
      .text = "whether VMs have a key in their port URI, such as\n"
              "s0?key=KEY: off (not looked at), optional (a VM that has\n"
              "come with its key is not served without it), or required",
      .more = "A wrong key is refused with optional and required. The key is "
              "no part of the label, and is neither shown nor logged. It is "
              "made from --vm-key-file and the VM's UUID; --vm-key prints it. "
              "A destination of a vMotion proves itself by the move. Where "
              "VMs connect without TLS, whoever can read the network has the "
              "key. With off, a VM that connects without a key takes the mark "
              "of optional away." },
    { .name = "vm-key-file",
      .type = OPTION_TEXT,
      AT(vm_key_file),
      .is_path = true,
      .min = 1,
      .value = "FILE",
      .is_reloaded = true,
      .otherwise = "none",
      .example = "/etc/vspcd/vm-key",
      .text = "file with the secret that VMs' keys are made from; read\n"
              "again at SIGHUP",
      .more = "It has 16 bytes to 4 KiB, such as what openssl rand -hex 32 "
              "prints. A file that everybody can read is refused, as for "
              "--key. Whoever has it can make every VM's key." },
    { .name = "client-allow",
      .type = OPTION_NETWORK,
      AT(client_allow),
      .value = "NETWORK",
      .is_reloaded = true,
      .otherwise = "every address",
      .example = "{\"192.0.2.0/24\", \"::1\"}",
      .text = "network or address that is allowed to connect as a client,\n"
              "such as 192.0.2.0/24; can be given up to 64 times",
      .more = "This setting covers the consoles' telnet ports and the "
              "listeners that VMs request. Clients that are already connected "
              "stay connected when this setting changes." },
    { .name = "proxy-protocol-from",
      .type = OPTION_NETWORK,
      AT(balancers),
      .value = "NETWORK",
      .is_reloaded = true,
      .otherwise = "no address",
      .example = "{\"192.0.2.10\", \"192.0.2.11\"}",
      .text = "network or address of load balancers whose PROXY headers\n"
              "are believed (versions 1 and 2); can be given up to 64 times",
      .more = "On every port, a connection from these addresses begins with "
              "such a header, or is closed. Limits, rules, log, hooks and "
              "listings then see the address in the header, and "
              "--vm-allow and --client-allow need not name the balancers. "
              "Whoever connects from these addresses can claim to be any "
              "address, so name nobody else." },
    { .name = "login",
      .type = OPTION_WORD,
      AT(login),
      .words = "pam|off",
      .value = "pam|off",
      .standard = "pam",
      .is_reloaded = true,
      .text = "pam: on telnet ports, ask a person for a name and a password\n"
              "or token, if that can give more rights; off: ask nobody",
      .more = "A person who may not type by address or certificate is asked "
              "for a name, and for a password or an access token: in TLS, or "
              "from this machine. Programs without telnet, and with RFC 2217, "
              "are never asked." },
    { .name = "pam-socket",
      .type = OPTION_TEXT,
      AT(pam_socket),
      .min = 1,
      .is_path = true,
      .value = "PATH",
      .otherwise = "started as root: a vspcd-pam of its own; else "
                   "/run/vspcd-pam.sock",
      .example = "/run/vspcd-pam.sock",
      .is_reloaded = true,
      .text = "Unix socket of vspcd-pam, which checks passwords",
      .more =
          "vspcd-pam.socket of systemd listens on /run/vspcd-pam.sock. A "
          "vspcd that is started as root needs none: it starts a "
          "vspcd-pam of its own, which stays root if --user is given. While "
          "login is off and there is no menu it starts none, and cannot "
          "do so at a reload." },
    { .name = "console-limit",
      .type = OPTION_NUMBER,
      AT(console_limit),
      .value = "COUNT",
      .standard = "100000",
      .max = 100000000,
      .is_reloaded = true,
      .text = "maximum number of consoles; 0 is no limit",
      .more = "vspcd closes the connection of a VM that needs a console above "
              "the limit." },
    { .name = "client-limit",
      .environment = "VM_CLIENT_LIMIT",
      .type = OPTION_NUMBER,
      AT(client_limit),
      .value = "COUNT",
      .standard = "0",
      .max = 1000000,
      .is_reloaded = true,
      .text = "maximum number of clients of one console; 0 is no limit",
      .more = "A client above the limit is refused with a message." },
    { .name = "client-total",
      .type = OPTION_NUMBER,
      AT(client_total),
      .value = "COUNT",
      .standard = "16384",
      .max = 100000000,
      .is_reloaded = true,
      .text = "maximum number of clients of all consoles together; 0 is\n"
              "no limit",
      .more = "In any case, clients get at most half of the file descriptors "
              "that vspcd can open: the others are for VMs. A client above "
              "the limit is refused with a message." },
    { .name = "clients-per-address",
      .type = OPTION_NUMBER,
      AT(clients_per_address),
      .value = "COUNT",
      .standard = "8192",
      .max = 100000000,
      .is_reloaded = true,
      .text = "maximum number of clients from one address that have shown\n"
              "no certificate; 0 is no limit",
      .more = "The addresses of an IPv6 /64 count as one address. The default "
              "is half of the limit of all clients, if that is less. Clients "
              "that have shown a valid certificate (--client-certs) are not "
              "counted. A client above the limit is refused with a message." },
    { .name = "client-reserve",
      .type = OPTION_NUMBER,
      AT(client_reserve),
      .value = "COUNT",
      .standard = "256",
      .max = 100000000,
      .is_reloaded = true,
      .text = "how many places of --client-total are kept for clients that\n"
              "have shown a certificate (--client-certs)",
      .more = "The default is a sixteenth of the limit of all clients, if "
              "that is less. While --client-certs is off, nobody can show a "
              "certificate, and no place is kept." },
    { .name = "client-rate",
      .type = OPTION_NUMBER,
      AT(client_rate),
      .value = "COUNT",
      .standard = "200",
      .max = 1000000,
      .is_reloaded = true,
      .text = "client connections that one address can make per second in\n"
              "the long run; 0 is no limit",
      .more = "The addresses of an IPv6 /64 count as one address. vspcd "
              "closes a connection above the rate before it reads a byte." },
    { .name = "client-burst",
      .type = OPTION_NUMBER,
      AT(client_burst),
      .value = "COUNT",
      .standard = "10000",
      .min = 1,
      .max = 1000000,
      .is_reloaded = true,
      .text = "client connections that one address can make at once\n"
              "before --client-rate applies",
      .more = "The burst is for programs that attach to every console." },
    { .name = "vm-rate",
      .type = OPTION_NUMBER,
      AT(vm_rate),
      .value = "COUNT",
      .standard = "1000",
      .max = 1000000,
      .is_reloaded = true,
      .text = "VM connections that one address can make per second in the\n"
              "long run; 0 is no limit",
      .more = "The addresses of an IPv6 /64 count as one address. All VMs of "
              "an ESXi host connect from one address, and all at once when "
              "the host starts. Behind a load balancer, all VMs of all hosts "
              "connect from one address." },
    { .name = "vm-burst",
      .type = OPTION_NUMBER,
      AT(vm_burst),
      .value = "COUNT",
      .standard = "20000",
      .min = 1,
      .max = 1000000,
      .is_reloaded = true,
      .text = "VM connections that one address can make at once before\n"
              "--vm-rate applies",
      .more = "The burst is for all VMs of a site that return at once, from "
              "one load balancer. A larger site needs a larger burst, or a "
              "balancer that says for whom it connects "
              "(--proxy-protocol-from)." },
    { .name = "new-console-rate",
      .type = OPTION_NUMBER,
      AT(new_console_rate),
      .value = "COUNT",
      .standard = "10",
      .max = 1000000,
      .is_reloaded = true,
      .text = "VMs' serial ports that one address can bring per second in\n"
              "the long run if they are not known yet; 0 is no limit",
      .more =
          "Known consoles are not counted. vspcd closes the connection of a "
          "VM above the limit, and serves it when its host connects again. "
          "The addresses of an IPv6 /64 count as one address. Behind a "
          "load balancer, all VMs of all hosts connect from one address: "
          "with the defaults, 10,000 new VMs need 14 minutes." },
    { .name = "new-console-burst",
      .type = OPTION_NUMBER,
      AT(new_console_burst),
      .value = "COUNT",
      .standard = "2000",
      .min = 1,
      .max = 1000000,
      .is_reloaded = true,
      .text = "VMs' serial ports that one address can bring at once before\n"
              "--new-console-rate applies" },
    { .name = "identity-timeout",
      .type = OPTION_SECONDS,
      AT(identity_timeout_s),
      .value = "SECONDS",
      .standard = "30",
      .min = 1,
      .max = 86400,
      .is_reloaded = true,
      .text = "how long a new connection can take to identify its VM",
      .more = "After that, vspcd closes the connection. If the VM has said its "
              "UUID, vspcd serves it; the UUID replaces a missing name." },
    { .name = "unidentified-limit",
      .type = OPTION_NUMBER,
      AT(unidentified_limit),
      .value = "COUNT",
      .standard = "16384",
      .max = 100000000,
      .is_reloaded = true,
      .text = "maximum number of connections that have not identified\n"
              "their VM; 0 is no limit",
      .more = "Above the limit, vspcd closes the oldest connection that has "
              "not identified its VM: a host does so within milliseconds. In "
              "any case, such connections get at most half of the file "
              "descriptors that vspcd can open. When no file descriptor is "
              "left, vspcd closes the oldest such connection to accept a VM." },
    { .name = "unidentified-per-address",
      .type = OPTION_NUMBER,
      AT(unidentified_per_address),
      .value = "COUNT",
      .standard = "8192",
      .max = 100000000,
      .is_reloaded = true,
      .text = "maximum number of connections from one address that have\n"
              "not identified their VM; 0 is no limit",
      .more = "The addresses of an IPv6 /64 count as one address. In any "
              "case, one address gets at most half of the limit that holds "
              "for all addresses." },
    { .group = "State",
      .name = "backend",
      .type = OPTION_WORD,
      AT(backend),
      .words = "Memory|File|Logging",
      .value = "WHERE",
      .standard = "File",
      .text = "where consoles and their ports are kept over a restart:\n"
              "File (in the state file), Memory (nowhere) or Logging\n"
              "(nowhere, but with console logs)" },
    { .name = "file",
      .letter = 'f',
      .type = OPTION_TEXT,
      AT(state_file),
      .min = 1,
      .is_path = true,
      .value = "FILE",
      .text = "state file: keeps consoles and their ports with --backend\n"
              "File",
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
      .text = "directory for console logs, one file for the output of\n"
              "each console; SIGHUP opens the files again",
      .more = "With --backend Logging the default is /var/log/consoles. vspcd "
              "creates a directory that is missing." },
    { .name = "log-name",
      .type = OPTION_TEXT,
      AT(log_name),
      .min = 1,
      .value = "PATTERN",
      .standard = "%{name}.log",
      .is_reloaded = true,
      .text = "file names of console logs: a pattern with %{name},\n"
              "%{uuid}, %{uuid-hex}, %{label}, %{folder}, dates such as\n"
              "%Y-%m-%d, %H, and / for subdirectories",
      .more = "vspcd replaces a character that could lead out of the "
              "directory or break a terminal by _. %{uuid-hex} is the name "
              "that OpenStack Nova looks for. If another console already has "
              "the name, vspcd appends the label or the UUID." },
    { .name = "prefix",
      .letter = 'p',
      .type = OPTION_TEXT,
      AT(log_prefix),
      .value = "TEXT",
      .is_reloaded = true,
      .otherwise = "none",
      .example = "host1",
      .text = "text in front of the file name of each console log,\n"
              "followed by a hyphen" },
    { .name = "mode",
      .letter = 'm',
      .type = OPTION_TEXT,
      AT(log_mode),
      .min = 1,
      .value = "OCTAL",
      .standard = "0600",
      .is_reloaded = true,
      .text = "permissions of new console logs, in octal" },
    { .name = "log-owner",
      .type = OPTION_TEXT,
      AT(log_owner),
      .min = 1,
      .value = "USER[:GROUP]",
      .is_reloaded = true,
      .otherwise = "the user that runs vspcd",
      .example = "root:adm",
      .text = "owner of new console logs, as names or numbers" },
    { .name = "log-format",
      .type = OPTION_WORD,
      AT(log_format),
      .words = "raw|timestamps",
      .value = "FORMAT",
      .standard = "raw",
      .is_reloaded = true,
      .text = "format of console logs: raw (bytes as the VM prints them)\n"
              "or timestamps (the UTC time in front of each line)" },
    { .name = "log-rotate-size",
      .type = OPTION_SIZE,
      AT(log_rotate_size),
      .value = "BYTES",
      .standard = "100M",
      .max = UINT64_C(1) << 50,
      .is_reloaded = true,
      .text = "size at which a console log is rotated: NAME becomes\n"
              "NAME.1, NAME.1 becomes NAME.2; 0 is never",
      .more = "Where logrotate or another program rotates the logs, use 0. "
              "Started as vSPCServer, vspcd has the default 0, as vSPC.py." },
    { .name = "log-rotate-age",
      .type = OPTION_SECONDS,
      AT(log_rotate_s),
      .value = "SECONDS",
      .standard = "0",
      .max = 1000000000,
      .is_reloaded = true,
      .text = "age at which a console log is rotated: NAME becomes\n"
              "NAME.1, NAME.1 becomes NAME.2; 0 is never" },
    { .name = "log-keep",
      .type = OPTION_NUMBER,
      AT(log_keep),
      .value = "COUNT",
      .standard = "7",
      .max = 999,
      .is_reloaded = true,
      .text = "number of rotated logs to keep for each console" },
    { .name = "log-compress",
      .type = OPTION_FLAG,
      AT(log_compress),
      .is_reloaded = true,
      .text = "compress rotated console logs: NAME.1 becomes NAME.1.gz" },
    { .name = "log-total",
      AT(log_total),
      .type = OPTION_SIZE,
      .value = "BYTES",
      .standard = "0",
      .max = UINT64_C(1) << 50,
      .is_reloaded = true,
      .text = "what all files in --logdir may take together; near this\n"
              "bound the oldest rotated log of the console that takes\n"
              "most is deleted; 0 is no bound",
      .more = "If there are no more rotated logs to delete, vspcd stops "
              "writing console logs as on a full disk. Every file in --logdir "
              "counts, and every file that ends in .1 to .999, or in .1.gz to "
              ".999.gz, may be deleted: the directory must be for console logs "
              "alone." },
    { .name = "log-keep-free",
      AT(log_keep_free),
      .type = OPTION_SIZE,
      .value = "BYTES",
      .standard = "1G",
      .max = UINT64_C(1) << 50,
      .is_reloaded = true,
      .text = "what console logs leave free on the file system of\n"
              "--logdir; with less, vspcd stops writing them as on a full\n"
              "disk; 0 is nothing",
      .more = "Recordings leave as much free on the file system of "
              "--record-dir." },
    { .group = "Recordings",
      .name = "record-dir",
      .type = OPTION_TEXT,
      AT(record_directory),
      .min = 1,
      .is_path = true,
      .value = "DIRECTORY",
      .otherwise = "recordings, beside the state file",
      .example = "/var/lib/vspcd/recordings",
      .text = "directory for recordings of consoles: by rules (record in an\n"
              "access section), and on demand; none: there are none",
      .more = "vspcd makes the directory when it first records something. "
              "Every file in it that ends in .cast or .cast.gz may be deleted: "
              "it must be for recordings alone." },
    { .name = "record-format",
      .type = OPTION_WORD,
      AT(record_format),
      .words = "v2|v3",
      .value = "VERSION",
      .standard = "v2",
      .is_reloaded = true,
      .text = "version of the asciicast format in which recordings are\n"
              "written; v2 is what older players know, too" },
    { .name = "record-rotate-size",
      .type = OPTION_SIZE,
      AT(record_rotate_size),
      .value = "BYTES",
      .standard = "16M",
      .max = UINT64_C(1) << 50,
      .is_reloaded = true,
      .text = "size at which a recording goes on in another file: its next\n"
              "part; 0 is never" },
    { .name = "record-keep-time",
      .type = OPTION_SECONDS,
      AT(record_keep_s),
      .value = "SECONDS",
      .standard = "0",
      .max = 10000000000,
      .is_reloaded = true,
      .text = "how long a part of a recording is kept after its last event;\n"
              "0 is for ever" },
    { .name = "record-keep-size",
      .type = OPTION_SIZE,
      AT(record_keep_size),
      .value = "BYTES",
      .standard = "0",
      .max = UINT64_C(1) << 50,
      .is_reloaded = true,
      .text = "what all files in --record-dir may take together; near this\n"
              "bound the oldest ones are deleted; 0 is no bound",
      .more = "If only what is recorded at present is left, vspcd stops "
              "writing recordings as on a full disk. The least bound is "
              "8M." },
    { .group = "Inventory",
      .name = "inventory",
      .type = OPTION_TEXT,
      AT(inventory),
      .min = 1,
      .value = "PATH",
      .is_path = true,
      .is_reloaded = true,
      .otherwise = "none",
      .example = "/etc/vspcd/inventory.csv",
      .text = "file with folder, host, owner and tags of VMs, by UUID:\n"
              "CSV with the names of the columns, or JSON",
      .more = "vspcd reads the file again when it has changed. A file with an "
              "error is reported, and the former content stays in force. The "
              "file may not be writable for everybody: access sections can "
              "decide by it, with folder:GLOB, owner:GLOB, tag:GLOB and "
              "host:GLOB." },
    { .name = "inventory-program",
      .type = OPTION_TEXT,
      AT(inventory_program),
      .min = 1,
      .value = "PROGRAM",
      .is_path = true,
      .is_reloaded = true,
      .otherwise = "none",
      .example = "/etc/vspcd/govc-inventory",
      .text = "program that prints what a file of --inventory would have",
      .more = "PROGRAM is a path without arguments; no shell is involved. It "
              "runs at the start, at SIGHUP, and every --inventory-time, for "
              "120 s at most. If its exit status is not 0, the former content "
              "stays in force." },
    { .name = "inventory-time",
      .type = OPTION_SECONDS,
      AT(inventory_time_s),
      .value = "SECONDS",
      .standard = "600",
      .min = 1,
      .max = 1000000,
      .is_reloaded = true,
      .text = "how long after --inventory-program has ended it runs again" },
    { .name = "inventory-metrics",
      .type = OPTION_WORD,
      AT(inventory_metrics),
      .words = "off|folder|owner|host|tag",
      .value = "off|folder|owner|host|tag",
      .standard = "off",
      .is_reloaded = true,
      .text = "adds to the metrics how many consoles each folder, owner,\n"
              "host or tag has, how many are connected, and more",
      .more = "The 100 largest groups have metrics of their own; the others "
              "are together the group other. Whoever may read the metrics "
              "sees the names of the groups." },
    { .group = "Hooks",
      .name = "hook",
      .type = OPTION_RULE,
      AT(hooks),
      .max = 8,
      .value = "PROGRAM[,events=EVENT+...]",
      .is_reloaded = true,
      .otherwise = "none",
      .example = "{\"/etc/vspcd/on-vm,events=vm-up+vm-down\"}",
      .text = "program to run at every event, or at the events that are\n"
              "named; can be given up to 8 times",
      .more = "EVENT is vm-new, vm-up, vm-down, vm-renamed, vm-expired, "
              "vm-moved, vm-move-failed, vm-taken-over, vm-takeover-refused, "
              "client-attached, client-detached or alert. "
              "PROGRAM is an absolute path without arguments; no shell is "
              "involved. The program receives the event in environment "
              "variables named VSPCD_* and as JSON on its standard input; see "
              "HOOKS in vspcd(8)." },
    { .name = "hook-timeout",
      .type = OPTION_SECONDS,
      AT(hook_timeout_s),
      .value = "SECONDS",
      .standard = "30",
      .min = 1,
      .max = 86400,
      .is_reloaded = true,
      .text = "how long a hook's program can run before vspcd ends it" },
    { .name = "hook-limit",
      .type = OPTION_NUMBER,
      AT(hook_limit),
      .value = "COUNT",
      .standard = "8",
      .min = 1,
      .max = 100,
      .is_reloaded = true,
      .text = "how many programs of one hook can run at once; further\n"
              "events wait",
      .more = "Events of one console wait for each other in any case." },
    { .group = "Alerts",
      .name = "alerts",
      .type = OPTION_RULE,
      AT(alerts),
      .max = 5,
      .value = "SET",
      .is_reloaded = true,
      .otherwise = "none",
      .example = "{\"linux\", \"raid\"}",
      .text = "ready-made rules for alerts that vspcd looks for in consoles'\n"
              "output: linux, windows, network, raid or console; can be\n"
              "given up to 5 times",
      .more = "Sections of the file change these rules, and add others: see "
              "ALERTS. A console is no slower for it." },
    { .name = "alert-repeat-time",
      .type = OPTION_SECONDS,
      AT(alert_repeat_s),
      .value = "SECONDS",
      .standard = "10m",
      .max = 7 * 24 * 60 * 60,
      .is_reloaded = true,
      .text = "what a rule finds again on a console within this time after\n"
              "an alert counts with that alert, and is not told again",
      .more = "With 0, everything that a rule finds is an alert. A rule finds "
              "something on a console at most once a second." },
    { .name = "web-url",
      .type = OPTION_TEXT,
      AT(web_url),
      .min = 1,
      .value = "URL",
      .is_reloaded = true,
      .example = "https://vspc.example.org",
      .text = "where people reach the page of --web, for links in alerts",
      .more = "Without it, webhooks and hooks get no links. The page cannot be "
              "below a path: behind a proxy it has a host or a port of its "
              "own." },
    { .group = "Audit log",
      .name = "audit-log",
      .type = OPTION_TEXT,
      AT(audit_log),
      .min = 1,
      .is_path = true,
      .value = "FILE",
      .otherwise = "no audit log",
      .example = "/var/log/vspcd/audit.log",
      .text = "file for audit events as JSON lines: who had which console,\n"
              "and which settings held; SIGHUP opens it again",
      .more = "Events are numbered and chained: a line that is missing or was "
              "changed shows (--verify-audit). What people type is never an "
              "event. The file is only appended to, and is made with mode "
              "0640. A symbolic link, a file with hard links, a file with any "
              "other content and one in the directory of --logdir are "
              "refused." },
    { .name = "audit-required",
      .type = OPTION_WORD,
      AT(audit_required),
      .words = "off|on",
      .value = "off|on",
      .standard = "off",
      .is_reloaded = true,
      .text = "on: refuse new clients while the audit log cannot be written;\n"
              "off: serve them, and log the failure",
      .more = "Clients that are attached stay attached." },
    { .group = "Background and messages",
      .name = "daemon",
      .type = OPTION_FLAG,
      AT(daemon),
      .text = "go to the background as soon as VMs can connect; the\n"
              "caller waits until then",
      .more = "If vspcd cannot start, it reports the reason to the caller, "
              "and the exit status is 2. In the background, messages go to "
              "syslog unless --messages-to names another place. The working "
              "directory is /; relative paths still begin at the caller's "
              "working directory." },
    { .name = "no-fork",
      .type = OPTION_FLAG,
      AT(no_fork),
      .text = "override --daemon: stay in the foreground" },
    { .name = "user",
      .type = OPTION_TEXT,
      AT(user),
      .min = 1,
      .value = "USER[:GROUP]",
      .otherwise = "the user that starts vspcd",
      .example = "vspcd",
      .text = "started as root, continue as this user",
      .more = "The pidfile is opened as root, everything else as USER, which "
              "must be able to read the key (--key) and the configuration "
              "file. USER's other groups come along. Ports below 1024 can "
              "still be opened; programs of --hook have no capabilities. "
              "Without --user, vspcd that is started as root stays root, and "
              "the log warns of it." },
    { .name = "pidfile",
      .type = OPTION_TEXT,
      AT(pidfile),
      .min = 1,
      .is_path = true,
      .value = "FILE",
      .example = "/run/vspcd/vspcd.pid",
      .text = "file for the process ID: written and locked when VMs can\n"
              "connect, removed at the end; a second instance is refused",
      .more = "vspcd takes over a file that a killed process left behind. A "
              "symbolic link, or a file with any other content, is refused "
              "and stays unchanged." },
    { .name = "messages-to",
      .type = OPTION_TEXT,
      AT(messages_to),
      .value = "PLACE",
      .standard = "stderr",
      .is_reloaded = true,
      .text = "where vspcd writes its messages: stderr, stdout, syslog or\n"
              "journal; with --daemon, syslog is the default",
      .more = "syslog:/PATH and journal:/PATH name another socket than "
              "/dev/log and /run/systemd/journal/socket. In the journal, each "
              "key=value of a message is a field." },
    { .name = "messages-format",
      .type = OPTION_WORD,
      AT(messages_format),
      .words = "text|json",
      .value = "FORMAT",
      .standard = "text",
      .is_reloaded = true,
      .text = "format of messages: text, or json, where each line is an\n"
              "object with time, level, message and a member for each\n"
              "key=value" },
    { .name = "messages-level",
      .type = OPTION_WORD,
      AT(messages_level),
      .words = "error|warning|info|debug",
      .value = "LEVEL",
      .standard = "info",
      .is_reloaded = true,
      .text = "least important messages to write: error, warning, info or\n"
              "debug" },
    { .name = "stdout",
      .type = OPTION_FLAG,
      AT(to_stdout),
      .is_reloaded = true,
      .text = "short for --messages-to stdout, as in vSPC.py" },
    { .name = "debug",
      .letter = 'd',
      .type = OPTION_FLAG,
      AT(is_debug),
      .is_reloaded = true,
      .text = "write messages of every level and stay in the foreground;\n"
              "overrides --daemon and --messages-level" },
    { .group = "Configuration and requests",
      .name = "config",
      .environment = "VSPCD_CONFIG",
      .type = OPTION_TEXT,
      AT(config),
      .min = 1,
      .value = "FILE",
      .otherwise = VSPCD_CONFIG_FILE ", if it exists",
      .is_not_kept = true,
      .text = "configuration file to read",
      .more = "The environment and the command line override settings of the "
              "file." },
    { .name = "check-config",
      .type = OPTION_REQUEST,
      .min = OPTIONS_CHECK_CONFIG,
      .text = "report everything that is wrong with the settings and\n"
              "exit; nothing is started" },
    { .name = "show-config",
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_CONFIG,
      .text = "print every setting with its value and its source, in the\n"
              "syntax of the configuration file, and exit" },
    { .name = "show-tls",
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_TLS,
      .text = "print the thumbprints of the server certificate and the\n"
              "proxy URIs for vSphere that contain them, and exit;\n"
              "see also vspc uri" },
    { .name = "vm-key",
      .type = OPTION_TEXT,
      AT(vm_key),
      .min = 1,
      .value = "UUID[/LABEL]",
      .is_not_kept = true,
      .text = "print the port URI with the key of a VM's serial port, or\n"
              "what to append to the port URI of each of its serial\n"
              "ports, and exit; needs --vm-key-file",
      .more = "UUID is that of id= in the line VM connected." },
    { .name = "check-uri",
      .type = OPTION_TEXT,
      AT(check_uri),
      .value = "URI",
      .is_not_kept = true,
      .text = "explain what a service URI means, or what is wrong with\n"
              "it, and exit",
      .more = "Each part of the URI has a line; of a wrong URI, the place of "
              "the error is shown. The line 'served' tells whether the "
              "settings allow what the URI asks for. A service URI with "
              "direction server that names the port of --proxy-port is a "
              "plain label; so give the --proxy-port that is in use." },
    { .name = "check-uri-as",
      .type = OPTION_WORD,
      AT(check_uri_as),
      .value = "PLACE",
      .standard = "server",
      .words = "server|client|proxy",
      .is_not_kept = true,
      .text = "what the URI of --check-uri is used for: server or client,\n"
              "the direction of the serial port; or proxy, the URI of the\n"
              "concentrator" },
    { .name = "explain-access",
      .type = OPTION_TEXT,
      AT(explain_access),
      .min = 1,
      .value = "PRINCIPAL CONSOLE",
      .is_not_kept = true,
      .text = "print what the access sections allow PRINCIPAL to do with\n"
              "CONSOLE, and which line says so, and exit",
      .more = "PRINCIPAL is the name of a person, certificate:NAME, "
              "token:NAME, or anybody; behind it can stand from ADDRESS, such "
              "as 'alice from 192.0.2.7'. Without an address it is a person on "
              "this machine. CONSOLE is a name, a UUID, or one of them with "
              "/LABEL; behind it can stand from ADDRESS, the address of its "
              "VM's host. A running vspcd is not asked. The exit status is 0 "
              "if the console can at least be read, else 1." },
    { .name = "explain-console",
      .type = OPTION_TEXT,
      AT(explain_console),
      .min = 1,
      .value = "CONSOLE",
      .is_not_kept = true,
      .text = "the console of --explain-access; it can also stand behind\n"
              "the principal" },
    { .name = "import-ports",
      .type = OPTION_TEXT,
      AT(import_ports),
      .min = 1,
      .value = "FILE",
      .is_not_kept = true,
      .text = "import consoles and their ports from a list of vSPC.py,\n"
              "with NAME:UUID:PORT on each line, and exit; - is standard\n"
              "input",
      .more = "vSPCClient prints this list when it is called without a VM's "
              "name. vspcd imports the whole list into the state file, or "
              "nothing if any line is wrong. A console that is already known "
              "gets the port of the list. No running vspcd may use the state "
              "file." },
    { .name = "verify-audit",
      .type = OPTION_TEXT,
      AT(verify_audit),
      .min = 1,
      .value = "FILE",
      .is_not_kept = true,
      .text = "check that an audit log has all of its events, unchanged, and\n"
              "exit; - is standard input",
      .more = "The files of a log that was rotated are checked as one, the "
              "oldest first: cat audit.log.1 audit.log | vspcd --verify-audit "
              "-. Every gap is reported; the exit status is 1 if there is "
              "one." },
    { .name = "token",
      .type = OPTION_TEXT,
      AT(token),
      .value = "COMMAND",
      .words = "create|list|revoke",
      .is_not_kept = true,
      .text = "create, list or revoke access tokens, and exit",
      .more = "A token is a password for a program. It acts for its owner, "
              "with --token-right at most. create prints the token once; only "
              "its SHA-256 is kept. A running vspcd notices within a second: a "
              "new token can be used, and what is open by a revoked one ends. "
              "Only root and the user of vspcd may do this." },
    { .name = "token-name",
      .type = OPTION_TEXT,
      AT(token_name),
      .min = 1,
      .value = "NAME",
      .is_not_kept = true,
      .text = "name of the token to create or revoke: letters, digits and\n"
              "._-, at most 64; access sections name it token:NAME" },
    { .name = "token-owner",
      .type = OPTION_TEXT,
      AT(token_owner),
      .min = 1,
      .value = "USER",
      .otherwise = "the account that calls, also by sudo",
      .is_not_kept = true,
      .text = "account whose rights the new token has, as far as the other\n"
              "options let it" },
    { .name = "token-right",
      .type = OPTION_TEXT,
      AT(token_right),
      .value = "RIGHT",
      .standard = "read",
      .words = "read|write|break|control|admin",
      .is_not_kept = true,
      .text = "highest right of the new token: read, write, break, control\n"
              "or admin" },
    { .name = "token-consoles",
      .type = OPTION_TEXT,
      AT(token_consoles),
      .min = 1,
      .value = "PATTERN",
      .otherwise = "all of the owner's",
      .is_not_kept = true,
      .text = "consoles of the new token, as in an access section: a glob\n"
              "over NAME, NAME/LABEL, UUID, UUID/LABEL" },
    { .name = "token-expires",
      .type = OPTION_SECONDS,
      AT(token_expires_s),
      .value = "SECONDS",
      .standard = "90d",
      .words = "never",
      .min = 1,
      .max = 315360000,
      .is_not_kept = true,
      .text = "how long the new token holds, or never" },
    { .name = "help",
      .letter = 'h',
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_HELP,
      .text = "print this help and exit" },
    { .name = "version",
      .letter = 'V',
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_VERSION,
      .text = "print the version and exit" },
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
    return row->type == OPTION_PORT || row->type == OPTION_RULE ||
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

/* The only row that ends in the same word, such as messages-level for
 * log-level. NULL: no row does, or several do. */
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
        least = 4; /* a greater distance is no misspelling */
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        size_t far = text_distance(name, row->name);

        if (far >= least || (is_in_file && !option_is_setting(row)))
            continue;
        least = far;
        nearest = row->name;
    }
    /* A distance of 1 or 2 is a slip of the fingers. Above that, a name that
     * was remembered wrongly is likelier. */
    if (nearest == NULL || least > 2) {
        const char *same = of_same_end(name, is_in_file);

        return same != NULL ? same : nearest;
    }
    return nearest;
}

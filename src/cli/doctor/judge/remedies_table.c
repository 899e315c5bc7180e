/*
 * The texts and what to do. First what vCenter and ESXi say, then vspcd's
 * reasons, the special ones before the general ones.
 */
#include "cli/doctor/judge/remedies_private.h"

#define ESXI_FIREWALL                                                          \
    "$ esxcli network firewall ruleset set --ruleset-id vSPC --enabled true"

/* clang-format off */
const struct remedy remedies[] = {
    /* ---- vCenter and ESXi ------------------------------------------------ */
    {
        { "unable to connect", "virtual device serial" }, "the connection of the host",
        "The host did not reach the concentrator, or was refused: its firewall, "
        "the name in the vSPC URI, a firewall on the way, or TLS.",
        { "On the host, allow the connection and try it:",
          ESXI_FIREWALL,
          "$ nc -z HOST-OF-VSPCD 13370",
          "vspc doctor --check D601 tells whether vspcd has refused it" },
        "D107",
    },
    {
        { "failed to connect", "virtual device serial" }, "the connection of the host",
        "The host did not reach the concentrator, or was refused: its firewall, "
        "the name in the vSPC URI, a firewall on the way, or TLS.",
        { "On the host, allow the connection and try it:",
          ESXI_FIREWALL,
          "$ nc -z HOST-OF-VSPCD 13370",
          "vspc doctor --check D601 tells whether vspcd has refused it" },
        "D107",
    },
    {
        { "connection control operation failed", "serial" }, "the connection of the host",
        "The host did not reach the concentrator, or was refused: its firewall, "
        "the name in the vSPC URI, a firewall on the way, or TLS.",
        { "On the host, allow the connection and try it:",
          ESXI_FIREWALL,
          "$ nc -z HOST-OF-VSPCD 13370",
          "vspc doctor --check D601 tells whether vspcd has refused it" },
        "D107",
    },
    {
        { "virtual device serial", "will start disconnected" }, "the connection of the host",
        "The VM was powered on without its serial port, because the host could "
        "not connect it. It does not retry by itself.",
        { "Find out why (vspc doctor), then connect the serial port in the VM's "
          "settings (Connected), or power the VM off and on",
          "In the settings of the VM, Connect At Power On must be set" },
        "D107",
    },
    {
        { "serial", "unrecoverableerror" }, "the URI in the VM's settings",
        "The host cannot use the port URI or the vSPC URI of the serial port: a "
        "scheme without //, a port that is missing, or no network license.",
        { "A port URI is a name such as s0, the vSPC URI telnet://HOST:13370",
          "$ vspcd --check-uri 'THE-PORT-URI'",
          "$ vspc uri" },
        NULL,
    },
    {
        { "cannot be performed in the current state" }, "a VM that is powered on",
        "A serial port is added, changed and removed while the VM is powered "
        "off.",
        { "Power the VM off, and try it again",
          "For many VMs: vspc uri --vms FILE makes a script that names those "
          "that are powered on" },
        NULL,
    },
    {
        { "invalid operation for device" }, "a VM that is powered on",
        "A serial port is added, changed and removed while the VM is powered "
        "off.",
        { "Power the VM off, and try it again" },
        NULL,
    },
    {
        { "invalid configuration for device" }, "the settings of the serial port",
        "vCenter refuses the serial port as it was described: its backing lacks "
        "the direction or a URI, or the device has the key of another one.",
        { "Compare the script with what this prints:",
          "$ vspc uri --for pyvmomi" },
        NULL,
    },
    {
        { "serial port", "which is not supported" }, "vMotion without a concentrator",
        "The serial port has no concentrator (it is a plain network port, a "
        "file, or a device of the host), so the VM cannot move.",
        { "Set Use Virtual Serial Port Concentrator and the vSPC URI in the "
          "settings of the serial port",
          "$ vspc uri" },
        NULL,
    },
    {
        { "serial port", "is not accessible" }, "vMotion without a concentrator",
        "What the serial port is connected to is not there for the other host: "
        "vCenter lets a VM with a network port move only by a concentrator.",
        { "Set Use Virtual Serial Port Concentrator and the vSPC URI in the "
          "settings of the serial port",
          "On the other host, too:", ESXI_FIREWALL },
        "D107",
    },
    {
        { "remotedevicenotsupported" }, "vMotion without a concentrator",
        "A device of the VM is connected to its host only, so the VM cannot "
        "move: a serial port without a concentrator is one.",
        { "Set Use Virtual Serial Port Concentrator and the vSPC URI in the "
          "settings of the serial port" },
        NULL,
    },
    {
        { "license", "does not", "serial" }, "the license of the host",
        "The license of the host has no network serial ports (virtual serial "
        "port concentrator): it takes an edition that has them.",
        { "On the host, see what the license allows:",
          "$ vim-cmd vimsvc/license --show",
          "Ask for a license with \"Virtual Serial Port Concentrator\"; the free "
          "ESXi has none" },
        "D107",
    },
    {
        { "current license", "prohibits execution" }, "the license of the host",
        "The license of the host does not allow what was asked for: network "
        "serial ports need an edition that has them.",
        { "On the host, see what the license allows:",
          "$ vim-cmd vimsvc/license --show" },
        "D107",
    },
    {
        { "license not available" }, "the license of the host",
        "The license of the host does not allow what was asked for: network "
        "serial ports need an edition that has them.",
        { "On the host, see what the license allows:",
          "$ vim-cmd vimsvc/license --show" },
        "D107",
    },
    {
        { "is not licensed" }, "the license of the host",
        "The license of the host does not allow what was asked for: network "
        "serial ports need an edition that has them.",
        { "On the host, see what the license allows:",
          "$ vim-cmd vimsvc/license --show" },
        "D107",
    },
    {
        { "licensefeature", "vspc" }, "the license of the host",
        "The license of the host has no virtual serial port concentrator.",
        { "On the host, see what the license allows:",
          "$ vim-cmd vimsvc/license --show" },
        "D107",
    },
    {
        { "thumbprint", "mismatch" }, "the thumbprint in the vSPC URI",
        "The certificate of vspcd is another one than the thumbprint in the "
        "vSPC URI names: it was renewed, or another program answers.",
        { "Compare the thumbprints, and paste the one of vspcd:",
          "$ vspc uri" },
        "D204",
    },
    {
        { "certificate verify failed" }, "the certificate",
        "The host does not trust the certificate of vspcd: its signer is not "
        "known to the host, or the name in the vSPC URI is not in it.",
        { "Use a vSPC URI with the thumbprint, which needs no signer:",
          "$ vspc uri",
          "or give vspcd a certificate of a CA that the hosts know (--cert)" },
        "D202",
    },
    {
        { "ssl", "unsupported protocol" }, "the version of TLS",
        "The two sides have no version of TLS in common.",
        { "ESXi before 6.5 speaks TLS 1.0 at most: set vm-tls-min = \"1.0\" in "
          "vspcd.conf, for hosts alone, and update the hosts" },
        "D205",
    },
    {
        { "notnow" }, "a vMotion that may not begin now",
        "vspcd has answered VMOTION-NOTNOW: the host tries later. The log line "
        "\"VM move refused (NOTNOW)\" has the reason.",
        { "A move of the VM is under way, or its former host's output is still "
          "being delivered: wait some seconds" },
        "D601",
    },
    {
        { "wont proxy" }, "a port URI that is not served",
        "vspcd does not serve the port URI of this serial port. The log line "
        "\"VM refused (WONT-PROXY)\" has the reason.",
        { "Use a name such as s0 as the port URI, or allow what it asks for",
          "$ vspcd --check-uri 'THE-PORT-URI'" },
        "D601",
    },
    {
        { "connection timed out" }, "a firewall that drops",
        "Nothing answers: a firewall drops the packets, on the host, on the way "
        "or here, or the address is wrong.",
        { "On the host:", ESXI_FIREWALL, "$ nc -z HOST-OF-VSPCD 13370",
          "On the server, look at its firewall" },
        "D106",
    },
    {
        { "connection refused" }, "nobody listens",
        "The machine answers that nobody listens at the port: vspcd does not "
        "run, or listens elsewhere, or a firewall rejects.",
        { "$ systemctl status vspcd", "$ ss -ltnp" },
        "D102",
    },
    {
        { "no route to host" }, "the way there",
        "The machine is not reached: the network between is wrong or down, or a "
        "firewall rejects in this way (\"admin-prohibited\").",
        { "$ ip route get ADDRESS" },
        "D106",
    },
    {
        { "name or service not known" }, "the name of the server",
        "The name is not in DNS, as seen from where it was looked up.",
        { "On the host:", "$ nslookup HOST-OF-VSPCD",
          "Use an address in the vSPC URI if hosts have no DNS" },
        "D401",
    },
    {
        { "could not resolve" }, "the name of the server",
        "The name is not in DNS, as seen from where it was looked up.",
        { "On the host:", "$ nslookup HOST-OF-VSPCD",
          "Use an address in the vSPC URI if hosts have no DNS" },
        "D401",
    },
    {
        { "cannot resolve" }, "the name of the server",
        "The name is not in DNS, as seen from where it was looked up.",
        { "On the host:", "$ nslookup HOST-OF-VSPCD",
          "Use an address in the vSPC URI if hosts have no DNS" },
        "D401",
    },

    /* ---- the gate -------------------------------------------------------- */
    {
        { "in no network of vm allow" }, "vm-allow",
        "The setting vm-allow does not have the address of this host.",
        { "If it is a host of yours, add its network to vm-allow in vspcd.conf:",
          "$ vspc config check && vspc reload" },
        "D601",
    },
    {
        { "no longer in vm allow" }, "vm-allow",
        "vm-allow was changed, and this host is in it no more.",
        { "If it is a host of yours, add its network to vm-allow in vspcd.conf:",
          "$ vspc config check && vspc reload" },
        "D601",
    },
    {
        { "vm rate and", "vm burst" }, "vm-rate",
        "The address connects more often than vm-rate allows: a host whose VMs "
        "are refused and come again, a load balancer, or a scanner.",
        { "Look for what else is refused from it; a balancer that hides the "
          "hosts needs proxy-protocol-from, or a larger vm-rate" },
        "D601",
    },
    {
        { "in no network of client allow" }, "client-allow",
        "The setting client-allow does not have the address of this client.",
        { "If it may come, add its network to client-allow in vspcd.conf:",
          "$ vspc config check && vspc reload" },
        "D602",
    },
    {
        { "client rate and", "client burst" }, "client-rate",
        "The address connects more often than client-rate allows: a program in "
        "a loop, or many people behind one address.",
        { "Find the program, or raise client-rate and client-burst" },
        "D602",
    },
    {
        { "limit of all clients" }, "client-total",
        "More clients are connected than client-total or the open files allow.",
        { "$ vspc limits", "Raise client-total, and LimitNOFILE of the service" },
        "D301",
    },
    {
        { "limit of clients without a certificate" }, "client-reserve",
        "Only clients with a certificate get the last places (client-reserve).",
        { "$ vspc limits", "Raise client-total, or lower client-reserve" },
        "D602",
    },
    {
        { "clients per address" }, "clients-per-address",
        "The address has as many clients as clients-per-address allows.",
        { "$ vspc who", "Raise clients-per-address for a gateway of many people" },
        "D602",
    },
    {
        { "audit log cannot be written" }, "the audit log",
        "With audit-required = on, nobody is served while the audit log is not "
        "written.",
        { "Free its disk, or correct its permissions", "$ df -h", "$ vspc status" },
        "D704",
    },

    /* ---- VMs ------------------------------------------------------------- */
    {
        { "listener of its own", "no rule allows" }, "service-listen",
        "The port URI asks for a listener of its own, and no rule of "
        "service-listen allows it.",
        { "Use a name such as s0 as the port URI, or allow the listener with "
          "service-listen (docs/uris.md)" },
        "D601",
    },
    {
        { "a rule with", "and this is another" }, "service-listen",
        "A rule with * means the address of --interface, and the URI names "
        "another one.",
        { "Write any:PORTS in service-listen, or leave the address out of the "
          "URI" },
        "D601",
    },
    {
        { "direction c", "no rule allows this connection" }, "service-connect",
        "The serial port has direction client, so it asks for a connection to "
        "another system, and no rule of service-connect allows that.",
        { "Set the direction of the serial port to server, or allow the "
          "connection with service-connect" },
        "D601",
    },
    {
        { "unknown direction" }, "the direction of the port",
        "The serial port has neither direction: expected server.",
        { "Set the direction of the serial port to server" },
        "D601",
    },
    {
        { "asks more than 10 times a second" }, "a host in a loop",
        "The connection asks for its console again and again.",
        { "Update the host, or disconnect the serial port and connect it again" },
        "D601",
    },
    {
        { "unknown vms", "refuse" }, "unknown-vms",
        "The VM has no console yet, and unknown-vms = refuse admits known ones "
        "alone.",
        { "Set unknown-vms = accept until it has come once:",
          "$ vspc config check && vspc reload" },
        "D601",
    },
    {
        { "no console yet", "unknown vms" }, "unknown-vms",
        "The VM has no console yet, and unknown-vms = refuse admits known ones "
        "alone.",
        { "Set unknown-vms = accept until it has come once:",
          "$ vspc config check && vspc reload" },
        "D601",
    },
    {
        { "without the right key" }, "the key of the port URI",
        "The port URI has no key, or another one than the VM's: it was copied "
        "from another VM, or the secret was changed.",
        { "Print the port URI with its key, and paste it:",
          "$ vspcd --vm-key UUID/LABEL" },
        "D601",
    },
    {
        { "right key", "vm keys" }, "the key of the port URI",
        "The port URI has no key, or another one than the VM's: it was copied "
        "from another VM, or the secret was changed.",
        { "Print the port URI with its key, and paste it:",
          "$ vspcd --vm-key UUID/LABEL" },
        "D601",
    },
    {
        { "key", "vm keys" }, "the key of the port URI",
        "The port URI has no key, or another one than the VM's: it was copied "
        "from another VM, or the secret was changed.",
        { "Print the port URI with its key, and paste it:",
          "$ vspcd --vm-key UUID/LABEL" },
        "D601",
    },
    {
        { "has come by tls before" }, "vm-tls-keep",
        "The VM has come by TLS, and now comes without: its vSPC URI was "
        "changed to telnet://, or another machine poses as it.",
        { "Use telnets:// in the vSPC URI again; if that is meant to change, set "
          "vm-tls-keep = off until the VM has connected once" },
        "D601",
    },
    {
        { "has come by tls", "in the clear" }, "vm-tls-keep",
        "The VM moves to a host that connects without TLS.",
        { "Use the same vSPC URI with telnets:// for all hosts" },
        "D601",
    },
    {
        { "from the other host lives" }, "vm-takeover",
        "Two hosts say that they have this VM, and the one that was first still "
        "answers: a copy of the VM with the same UUID, or somebody who poses as "
        "it.",
        { "Look in vCenter for a second VM with this UUID (uuid.bios), and give "
          "the copy another one" },
        "D601",
    },
    {
        { "vm takeover" }, "vm-takeover",
        "Another connection has the VM's console, and the setting vm-takeover "
        "lets it keep it.",
        { "Look in vCenter for a second VM with this UUID; a host that has "
          "failed is given up within two minutes" },
        "D601",
    },
    {
        { "new console burst" }, "new-console-rate",
        "One address brings more new VMs than new-console-rate allows; they are "
        "served when their hosts come again.",
        { "Raise new-console-burst and new-console-rate where many VMs come from "
          "one address, such as a balancer's" },
        "D601",
    },
    {
        { "console limit" }, "console-limit",
        "There are as many consoles as console-limit allows, and none is unused.",
        { "$ vspc limits", "Raise console-limit, or forget old consoles:",
          "$ vspc forget CONSOLE" },
        "D301",
    },
    {
        { "has 64 serial ports" }, "the serial ports of one VM",
        "The VM shows more labels than a VM can have: its port URI changes with "
        "each connection.",
        { "Use one name for each serial port, such as s0 and s1" },
        "D601",
    },
    {
        { "all ports of the range are in use" }, "the range of ports",
        "Each console has a TCP port of its own, and the range is used up.",
        { "Widen port-range-start to port-range-end, shorten vm-expire-time, or "
          "set no-vm-ports" },
        "D307",
    },

    /* ---- TLS and telnet -------------------------------------------------- */
    {
        { "tls is required on this port" }, "TLS",
        "The port takes TLS alone, and this connection came in the clear.",
        { "Use telnets:// in the vSPC URI:", "$ vspc uri" },
        "D104",
    },
    {
        { "tls hello on a port without tls" }, "TLS",
        "The vSPC URI says telnets://, and TLS is off at this port.",
        { "Set tls = telnets in vspcd.conf, or use telnet:// in the vSPC URI" },
        "D104",
    },
    {
        { "hello came too late" }, "TLS",
        "The host said nothing for a second, so vspcd had greeted it in the "
        "clear: a slow way, or a proxy in between.",
        { "Look for the delay; set tls = required, where all VMs use TLS: then "
          "nothing is said before the hello" },
        "D104",
    },
    {
        { "refuses our certificate", "does not know who signed" }, "the certificate",
        "The host does not know the signer of vspcd's certificate.",
        { "Use the vSPC URI with the thumbprint, which needs no signer:",
          "$ vspc uri",
          "or give vspcd a certificate of a CA that the hosts know (--cert)" },
        "D202",
    },
    {
        { "refuses our certificate", "expired" }, "the certificate",
        "The certificate has expired, or the host's clock is wrong.",
        { "On the host:", "$ esxcli system time get" },
        "D201",
    },
    {
        { "refuses our certificate" }, "the certificate",
        "The host does not accept vspcd's certificate: the thumbprint or name in "
        "the vSPC URI is another one.",
        { "Paste the vSPC URI as vspcd has it now:", "$ vspc uri" },
        "D204",
    },
    {
        { "speaks", "at most", "is wanted" }, "the version of TLS",
        "The host's newest version of TLS is older than vspcd wants.",
        { "Update the host; until then set vm-tls-min in vspcd.conf to the "
          "version that the reason names: it holds for VMs alone" },
        "D205",
    },
    {
        { "no version of tls that we do" }, "the version of TLS",
        "The two sides have no version of TLS in common.",
        { "Update the host; until then set vm-tls-min to an older version" },
        "D205",
    },
    {
        { "none of the versions of tls" }, "the version of TLS",
        "The two sides have no version of TLS in common.",
        { "Update the host; until then set vm-tls-min to an older version" },
        "D205",
    },
    {
        { "no cipher in common" }, "the ciphers of TLS",
        "The two sides have no cipher in common: tls-ciphers is too narrow, or "
        "the key is of a kind that the host does not know (ECDSA, for ESXi "
        "before 6.0).",
        { "Leave tls-ciphers empty; for old hosts use an RSA key of 2048 bits "
          "(--cert, --key)" },
        "D205",
    },
    {
        { "tls hello was expected", "plain telnet" }, "TLS",
        "The port takes TLS alone, and this connection came in plain telnet.",
        { "Use telnets:// in the vSPC URI:", "$ vspc uri" },
        "D104",
    },
    {
        { "tls hello was expected" }, "another program",
        "What came to the port is no TLS: another program, or a scanner.",
        { "If the address is no host of yours, add vm-allow" },
        "D601",
    },
    {
        { "certificate of the vm s end" }, "vm-ca",
        "The host's certificate is not accepted any more: vm-ca, vm-crl, or its "
        "dates.",
        { "$ openssl x509 -noout -dates -in CERTIFICATE" },
        "D601",
    },
    {
        { "demands a certificate" }, "certificates of peers",
        "The other side wants a certificate, and none was shown.",
        { "Show one (--cert of vspc), or set client-certs = optional" },
        "D602",
    },
    {
        { "proxy header", "proxy protocol from" }, "proxy-protocol-from",
        "A balancer sends PROXY headers, and proxy-protocol-from does not have "
        "its address.",
        { "Add the balancer's address to proxy-protocol-from (docs/balancers.md)" },
        "D601",
    },
    {
        { "proxy header refused" }, "proxy-protocol-from",
        "A balancer that proxy-protocol-from has did not send a PROXY header, "
        "or one that cannot be read.",
        { "Switch the PROXY protocol on in the balancer, or take its address out "
          "of proxy-protocol-from (docs/balancers.md)" },
        "D601",
    },
    {
        { "does not speak telnet" }, "another program",
        "What connects to the VMs' port is no VM: a scanner, a browser, a health "
        "check that sends data.",
        { "If the address is no host of yours, add vm-allow" },
        "D601",
    },
    {
        { "does not speak vmware s telnet extension" }, "a telnet client",
        "Somebody uses telnet at the port that is for VMs. Consoles have ports "
        "of their own.",
        { "$ vspc list", "$ vspc attach CONSOLE" },
        "D601",
    },
    {
        { "did not identify its vm in time" }, "a slow or silent host",
        "The connection said too little in 30 s (identity-timeout): a slow way, "
        "a host that hangs, or no VM at all.",
        { "Try the network between; a virtual machine that is suspended goes on "
          "by itself" },
        "D601",
    },
    {
        { "did not send its uuid" }, "the VM's UUID",
        "The VM sent none of its UUIDs, so nobody could know which it is.",
        { "Update the host: ESXi 4.1 or later sends them" },
        "D601",
    },
    {
        { "closed to make room" }, "too many strangers",
        "More connections than unidentified-limit had not said which VM they are.",
        { "Find out who they are; with vm-allow only your hosts may connect" },
        "D601",
    },
    {
        { "has not identified its vm and more such connections" }, "too many strangers",
        "More connections than unidentified-limit had not said which VM they are.",
        { "Find out who they are; with vm-allow only your hosts may connect" },
        "D601",
    },

    /* ---- moves ----------------------------------------------------------- */
    {
        { "no current move has this sequence" }, "a vMotion",
        "The destination named a move that vspcd does not know: it has ended by "
        "time-out, or vspcd was started anew meanwhile.",
        { "The host connects again by itself; move-timeout is how long a move "
          "may take" },
        "D601",
    },
    {
        { "a move of this console is under way" }, "a vMotion",
        "The VM moves already.",
        { "Wait for the end of the first move" },
        "D601",
    },
    {
        { "former host is still being delivered" }, "a vMotion",
        "The VM has moved a moment ago, and its last output is not shown yet.",
        { "Wait some seconds, and move it again" },
        "D601",
    },

    /* ---- people ---------------------------------------------------------- */
    {
        { "no member of the access section" }, "access sections",
        "The access section for this console does not name this person.",
        { "$ vspc access explain NAME CONSOLE",
          "Add the name to the section in vspcd.conf, then:",
          "$ vspc config check && vspc reload" },
        "D501",
    },
    {
        { "no access section" }, "access sections",
        "No access section is for this console, so only root, vspcd's own user "
        "and this machine may use it.",
        { "Write who may what, such as: access \"*\" { write = {\"unix:wheel\"} }",
          "$ vspc config check && vspc reload" },
        "D501",
    },
    {
        { "do not allow reading this console" }, "access sections",
        "The rules do not let this person read this console.",
        { "$ vspc access explain NAME CONSOLE" },
        "D501",
    },
    {
        { "needs a login", "in the clear" }, "logins",
        "A login is needed, and passwords are not taken without TLS from other "
        "machines.",
        { "Connect by TLS (client-tls), or use vspc or the web page" },
        "D602",
    },
    {
        { "wrong password" }, "logins",
        "The password, or the token, was wrong.",
        { "Somebody who tries often waits longer each time; a token is made by:",
          "$ vspc token create NAME" },
        "D602",
    },
    {
        { "login failed" }, "logins",
        "Somebody could not log in.",
        { "The log line has who, from where and why: journalctl -u vspcd" },
        "D602",
    },
    {
        { "too many open files" }, "open files",
        "The process has as many open files as its limit allows.",
        { "Raise LimitNOFILE of vspcd.service:", "$ systemctl edit vspcd" },
        "D301",
    },
    {
        { "no space left on device" }, "the disk",
        "The disk is full.",
        { "$ df -h", "Limit the console logs by log-total and log-keep-free" },
        "D303",
    },
    {
        { "address already in use" }, "a port that is taken",
        "Another program listens at the port already, perhaps another vspcd or "
        "vSPC.py.",
        { "$ ss -ltnp", "Stop that program, or set another port (proxy-port)" },
        "D102",
    },
    {
        { "permission denied" }, "permissions",
        "The account may not do this.",
        { "vspcd's socket is for its group: id shows your groups, and a new one "
          "counts after the next login" },
        "D101",
    },
    {
        { "closed by the host" }, "nothing in particular",
        "The host has closed the connection before it had identified its VM: a "
        "check of the port, a power-off in that moment, or a refusal of ours "
        "that the host does not show.",
        { "Once is nothing; again and again: vspc doctor --check D104" },
        "D601",
    },
    { { NULL }, NULL, NULL, { NULL }, NULL },
};
/* clang-format on */

/* D1..: is vspcd reached, by its people and by the hosts; D4..: names. */
#include "cli/doctor/judge/checks.h"
#include "cli/doctor/judge/firewall_words.h"
#include "cli/output/value.h"

#include <stdio.h>
#include <string.h>

static bool is_text(const json_t *object, const char *path, const char *text)
{
    return strcmp(checks_text(object, path), text) == 0;
}

/* The port that hosts connect to: of the first listener. */
static unsigned vm_port(const json_t *facts)
{
    const json_t *first =
        json_array_get(value_at(facts, "vm_listeners.listeners"), 0);

    return (unsigned)checks_number(first, "port", 13370);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* How hosts would call this server: its first name, else an address. */
static const char *server_name(const json_t *facts)
{
    const json_t *names = value_at(facts, "vm_listeners.names");
    const json_t *addresses = value_at(facts, "vm_listeners.addresses");
    const char *name;

    for (size_t i = 0; i < json_array_size(names); i++) {
        name = json_string_value(json_array_get(names, i));
        if (name != NULL && strchr(name, '.') != NULL &&
            strncmp(name, "127.", 4) != 0 && checks_word(name, NULL) != NULL)
            return name;
    }
    name = json_string_value(json_array_get(addresses, 0));
    if (name == NULL)
        name = checks_text(
            json_array_get(value_at(facts, "vm_listeners.listeners"), 0),
            "address");
    if (is_loopback(name) || strcmp(name, "0.0.0.0") == 0 ||
        strcmp(name, "::") == 0)
        return "HOST-OF-VSPCD";
    return checks_word(name, "HOST-OF-VSPCD");
}

/* ---- D101 -----------------------------------------------------------------
 */

static void advise_socket(const json_t *facts, struct findings *to)
{
    if (strstr(checks_text(facts, "reach.why"), "permission") != NULL) {
        findings_advise(to, "Become a member of the socket's group, log in "
                            "again, or use sudo.");
        findings_command(to, "id");
        findings_command(
            to, "ls -l %s",
            checks_word(checks_text(facts, "reach.host"), "SOCKET"));
        return;
    }
    findings_advise(to,
                    "See whether vspcd runs, and what it says. A server on "
                    "another machine is named by --server https://HOST:8443.");
    findings_command(to, "systemctl status vspcd");
    findings_command(to, "journalctl -u vspcd -n 30 --no-pager");
    findings_command(to, "vspcd --check-config");
}

static void advise_https(const json_t *facts, struct findings *to)
{
    const char *why = checks_text(facts, "reach.why");
    const char *host = checks_word(checks_text(facts, "reach.host"), "HOST");
    int port = (int)checks_number(facts, "reach.port", 8443);

    if (strstr(why, "TLS") != NULL || strstr(why, "ertificate") != NULL) {
        findings_advise(to,
                        "The certificate is not trusted, or not for this "
                        "name: give vspc the CA (--ca), or the thumbprint "
                        "that vspcd --show-tls prints there (--thumbprint).");
        findings_command(to, "openssl s_client -connect %s:%d </dev/null", host,
                         port);
    } else if (strstr(why, "refused") != NULL) {
        findings_advise(to, "The machine is there, and nobody listens at this "
                            "port: vspcd does not run, or --web is another "
                            "address. On the server:");
        findings_command(to, "systemctl status vspcd");
        findings_command(to, "ss -ltnp");
    } else if (strstr(why, "resolve") != NULL || strstr(why, "name") != NULL) {
        findings_advise(to, "The name is not known here.");
        findings_command(to, "getent ahosts %s", host);
    } else {
        findings_advise(to,
                        "A firewall on the way may drop the packets, or the "
                        "machine is down.");
        findings_command(to, "getent ahosts %s", host);
        findings_command(to, "nc -vz -w 3 %s %d", host, port);
    }
    findings_advise(to, "Run vspc doctor on the server, too: it sees more "
                        "there.");
}

static void judge_reach(const json_t *facts, struct findings *to)
{
    const char *place = checks_text(facts, "here.place");

    if (checks_flag(facts, "reach.is_reached")) {
        findings_add(to, FINDING_OK, NULL, "vspcd %s answers at %s",
                     checks_text(facts, "diagnosis.version")[0] != '\0'
                         ? checks_text(facts, "diagnosis.version")
                         : checks_text(facts, "version.version"),
                     place);
        return;
    }
    findings_add(to, FINDING_WRONG, NULL, "%s",
                 checks_text(facts, "reach.why"));
    if (is_text(facts, "reach.kind", "socket"))
        advise_socket(facts, to);
    else
        advise_https(facts, to);
}

/* ---- D102 to D105: the doors ----------------------------------------------
 */

static const char *try_name(const json_t *try, char *to, size_t size)
{
    const char *address = checks_text(try, "address");

    snprintf(to, size, strchr(address, ':') != NULL ? "[%s]:%d" : "%s:%d",
             address, (int)checks_number(try, "port", 0));
    return to;
}

static void advise_no_answer(const json_t *facts, const json_t *try,
                             struct findings *to)
{
    int port = (int)checks_number(try, "port", 0);
    bool is_server = checks_flag(facts, "here.is_server");

    if (is_text(try, "end", "refused") && is_server) {
        findings_advise(to, "Nobody listens there: vspcd is at other addresses "
                            "(proxy-iface, web), or a firewall rejects.");
        findings_command(to, "ss -ltnp 'sport = :%d'", port);
    } else if (is_server) {
        findings_advise(to, "A firewall of this machine drops the packets: see "
                            "D106.");
    } else {
        findings_advise(to, "A firewall between here and the server, or of the "
                            "server, is in the way. On the server:");
        findings_command(to, "vspc doctor --check D106");
    }
}

/* From a client, an address of the server need not be for everybody: one way
 * for which all is well is enough. */
static void judge_doors(const json_t *facts, struct findings *to, bool is_vms)
{
    const json_t *tries = json_object_get(facts, "tries");
    bool is_server = checks_flag(facts, "here.is_server");
    unsigned good = 0, bad = 0;
    char name[128];

    for (size_t i = 0; i < json_array_size(tries); i++) {
        const json_t *try = json_array_get(tries, i);

        if (is_text(try, "for", "vms") == is_vms) {
            good += is_text(try, "end", "connected");
            bad += !is_text(try, "end", "connected");
        }
    }
    for (size_t i = 0; i < json_array_size(tries); i++) {
        const json_t *try = json_array_get(tries, i);

        if (is_text(try, "for", "vms") != is_vms ||
            is_text(try, "end", "connected"))
            continue;
        findings_add(to, is_server || good == 0 ? FINDING_WRONG : FINDING_NOTE,
                     try_name(try, name, sizeof name), "%s: %s",
                     checks_text(try, "for"), checks_text(try, "why"));
        advise_no_answer(facts, try, to);
    }
    if (good > 0 && bad == 0)
        findings_add(to, FINDING_OK, NULL, "%u of %u ports answer", good, good);
    else if (good + bad == 0 && to->count == 0)
        findings_add(to, FINDING_OK, NULL, "there are no such ports");
}

/* Good behind a balancer or for vspc-vm on this machine, and for nobody else.
 */
static void judge_loopback(const json_t *facts, struct findings *to)
{
    const json_t *listeners = value_at(facts, "vm_listeners.listeners");
    size_t here = 0;

    for (size_t i = 0; i < json_array_size(listeners); i++)
        here +=
            is_loopback(checks_text(json_array_get(listeners, i), "address"));
    if (here == 0 || here < json_array_size(listeners))
        return;
    findings_add(to, FINDING_NOTE, NULL,
                 "the ports for VMs are reached from the server itself alone");
    findings_advise(to,
                    "Hosts cannot connect, unless something on this machine "
                    "passes them on. proxy-iface = \"0.0.0.0\" and a restart "
                    "open the ports to them; vm-allow says to whom.");
}

static void judge_vm_ports(const json_t *facts, struct findings *to)
{
    judge_loopback(facts, to);
    judge_doors(facts, to, true);
}

static void judge_other_ports(const json_t *facts, struct findings *to)
{
    judge_doors(facts, to, false);
}

static void judge_greeting(const json_t *facts, struct findings *to)
{
    const json_t *tries = json_object_get(facts, "tries");
    unsigned good = 0;
    char name[128];

    for (size_t i = 0; i < json_array_size(tries); i++) {
        const json_t *try = json_array_get(tries, i);
        const char *greeting = checks_text(try, "greeting");

        if (greeting[0] == '\0')
            continue;
        if (strcmp(greeting, "telnet") == 0) {
            good++;
            continue;
        }
        findings_add(to, FINDING_WRONG, try_name(try, name, sizeof name),
                     "no telnet greeting: %s", greeting);
        findings_advise(to, "Another program has the port, a balancer is in "
                            "between, or vspcd hangs.");
        findings_command(to, "ss -ltnp 'sport = :%d'",
                         (int)checks_number(try, "port", 0));
    }
    if (good > 0)
        findings_add(to, FINDING_OK, NULL,
                     "%u port%s greet%s in telnet, as hosts expect", good,
                     good == 1 ? "" : "s", good == 1 ? "s" : "");
}

static void judge_handshake(const json_t *facts, struct findings *to)
{
    const json_t *tries = json_object_get(facts, "tries");
    char name[128];

    for (size_t i = 0; i < json_array_size(tries); i++) {
        const json_t *try = json_array_get(tries, i);

        if (is_text(try, "handshake", "done")) {
            findings_add(to, FINDING_OK, try_name(try, name, sizeof name),
                         "TLS works: %s", checks_text(try, "terms"));
        } else if (is_text(try, "handshake", "failed")) {
            findings_add(to, FINDING_WRONG, try_name(try, name, sizeof name),
                         "%s", checks_text(try, "handshake_why"));
            findings_advise(to, "If another certificate came: a balancer ends "
                                "TLS, another program has the port, or vspcd "
                                "has not read its new certificate (vspc "
                                "reload).");
            findings_command(
                to, "openssl s_client -connect %s </dev/null",
                checks_word(try_name(try, name, sizeof name), "HOST:PORT"));
        }
    }
}

/* ---- D106 -----------------------------------------------------------------
 */

static void advise_opening(const char *tool, unsigned port, struct findings *to)
{
    findings_advise(to, "Let the hosts' networks in; with vspcd's vm-allow and "
                        "vm-keys they are checked again.");
    if (strcmp(tool, "ufw") == 0) {
        findings_command(to, "ufw allow %u/tcp", port);
    } else if (strcmp(tool, "firewalld") == 0) {
        findings_command(to, "firewall-cmd --permanent --add-port=%u/tcp",
                         port);
        findings_command(to, "firewall-cmd --reload");
    } else if (strcmp(tool, "iptables") == 0) {
        findings_command(to, "iptables -I INPUT -p tcp --dport %u -j ACCEPT",
                         port);
    } else {
        findings_advise(to,
                        "In /etc/nftables.conf, in the chain of the hook "
                        "input, before what drops: tcp dport %u accept",
                        port);
    }
}

static void judge_tool(const json_t *tool, unsigned port, struct findings *to)
{
    const char *name = checks_text(tool, "tool");

    switch (firewall_judge(name, checks_text(tool, "output"), port)) {
    case FIREWALL_NONE:
    case FIREWALL_STRANGE:
        return;
    case FIREWALL_OPEN:
        findings_add(to, FINDING_OK, name, "lets port %u in", port);
        return;
    case FIREWALL_PARTLY:
        findings_add(
            to, FINDING_NOTE, name,
            "drops what no rule names, and no rule names port %u; some "
            "networks or interfaces pass",
            port);
        findings_advise(to, "See whether the hosts are among them:");
        findings_command(to, "sudo %s", checks_text(tool, "command"));
        return;
    case FIREWALL_CLOSED:
        findings_add(to, FINDING_WRONG, name,
                     "port %u is likely dropped: what comes in is, and no rule "
                     "lets it in",
                     port);
        advise_opening(name, port, to);
        return;
    }
}

static void judge_firewall(const json_t *facts, struct findings *to)
{
    const json_t *tools = json_object_get(facts, "firewall");
    struct checks_list hidden = { .count = 0 };
    unsigned known = 0;

    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);

        if (checks_text(tool, "why")[0] != '\0') {
            checks_list_add(&hidden, checks_text(tool, "tool"));
            continue;
        }
        known++;
        judge_tool(tool, vm_port(facts), to);
    }
    if (hidden.count > 0 && to->count == 0) {
        findings_add(to, FINDING_UNKNOWN, NULL, "%s cannot be read here",
                     checks_list_text(&hidden));
        findings_advise(to, "Run the check as root:");
        findings_command(to, "sudo vspc doctor --check D106");
    } else if (to->count == 0) {
        findings_add(to, FINDING_OK, NULL,
                     known > 0 ? "no firewall filters what comes in"
                               : "no firewall was found");
    }
}

/* ---- D107 -----------------------------------------------------------------
 */

static void judge_hosts(const json_t *facts, struct findings *to)
{
    double connected = checks_number(facts, "status.consoles.connected", 0);
    const char *server = server_name(facts);
    unsigned port = vm_port(facts);

    if (connected > 0)
        findings_add(to, FINDING_OK, NULL, "%.0f VM%s connected", connected,
                     connected == 1 ? " is" : "s are");
    else if (!checks_flag(facts, "reach.is_reached"))
        findings_add(to, FINDING_UNKNOWN, NULL, CHECKS_NO_ANSWER);
    else
        findings_add(to, FINDING_NOTE, NULL,
                     "no VM is connected; the hosts' side is checked there");
    findings_advise(to, "On an ESXi host (ssh or its shell), as root:");
    findings_command(to, "esxcli network firewall ruleset list -r vSPC");
    findings_command(
        to, "esxcli network firewall ruleset set -r vSPC --enabled true");
    findings_command(to, "nslookup %s", server);
    findings_command(to, "nc -z %s %u && echo reached", server, port);
    findings_command(to, "esxcli network ip connection list | grep :%u", port);
    findings_command(to, "vim-cmd vimsvc/license --show");
    findings_advise(to,
                    "The ruleset must be enabled, nc must say that the port "
                    "is reached, and the license must allow network "
                    "serial ports (\"vSPC\").");
    findings_advise(to, "Without a host, vspc-vm plays one, from a machine in "
                        "the hosts' network (docs/rehearsal.md):");
    findings_command(to, "vspc-vm rehearse --proxy %s:%u",
                     strchr(server, ':') != NULL ? "[ADDRESS]" : server, port);
}

const struct check checks_of_reach[] = {
    { "D101", "vspcd is reached", NULL, judge_reach },
    { "D102", "the ports for VMs answer", "tries", judge_vm_ports },
    { "D103", "VMs are greeted in telnet", "tries", judge_greeting },
    { "D104", "TLS works at the ports for VMs", "tries", judge_handshake },
    { "D105", "the other ports answer", "tries", judge_other_ports },
    { "D106", "the firewall here lets VMs in", "firewall", judge_firewall },
    { "D107", "hosts can connect", NULL, judge_hosts },
    { .code = NULL },
};

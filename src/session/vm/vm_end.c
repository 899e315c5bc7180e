#include "session/vm/vm_end.h"

/* Each text has its designator: there is no comma to forget.
 * NOLINTBEGIN(bugprone-suspicious-missing-comma) */
static const char *const texts[VM_END_COUNT] = {
    [VM_END_CLOSED] = "closed by the host",
    [VM_END_RESET] = "the connection was reset by the host",
    [VM_END_TIMEOUT] = "the host no longer answers",
    [VM_END_NO_ANSWERS_TAKEN] = "the host does not read vspcd's answers",
    [VM_END_CUT] = "the connection was cut: TLS was not closed properly",
    [VM_END_CERTIFICATE] = "the certificate of the VM's end is accepted no "
                           "more (--vm-ca, --vm-crl, its dates)",
    [VM_END_TLS_RULES] = "the host violated the TLS protocol",
    [VM_END_TLS] = "TLS failed",
    [VM_END_TLS_REQUIRED] =
        "TLS is required on this port: use telnets:// in the proxy URI",
    [VM_END_HALF_AUTHENTICATED] = "AUTHENTICATION was begun and not completed",
    [VM_END_HELLO_LATE] =
        "the TLS hello came too late: vspcd had sent its greeting in clear "
        "text after one second without a byte",
    [VM_END_HELLO_WITHOUT_TLS] = "TLS hello on a port without TLS (--tls): use "
                                 "telnet:// in the proxy URI",
    [VM_END_NO_TELNET] = "no VM: the peer does not speak telnet",
    [VM_END_PROXY] = "it sent a PROXY header, and its address is in no network "
                     "of --proxy-protocol-from",
    [VM_END_NO_EXTENSION] =
        "no VM: the peer does not speak VMware's telnet extension",
    [VM_END_NO_IDENTITY] = "it did not identify its VM in time",
    [VM_END_NO_UUID] = "the VM did not send its UUID",
    [VM_END_EARLY_DATA] = "it sent more data than is kept for a connection "
                          "that has not identified its VM",
    [VM_END_EARLY_DATA_OF_ALL] =
        "unidentified connections sent more data than is kept for all of them",
    [VM_END_SUBNEGOTIATION] = "it sent a subnegotiation of more than 16 KiB",
    [VM_END_NO_MEMORY] =
        "no memory for the VM's output, or for vspcd's answers",
    [VM_END_NO_MEMORY_FOR_CONSOLE] = "no memory for another console",
    [VM_END_TOO_MANY_CONSOLES] =
        "limit of consoles reached (--console-limit), and none is unused",
    [VM_END_TOO_MANY_OF_VM] =
        "the VM has 64 serial ports, or 32 from this address, and none is "
        "unused",
    [VM_END_TOO_MANY_NEW] =
        "its address brings more VMs that are not known yet than "
        "--new-console-burst and --new-console-rate allow",
    [VM_END_CLEAR] = "the VM has come by TLS before (--vm-tls-keep)",
    [VM_END_RIVAL] = "another connection has its console (--vm-takeover)",
    [VM_END_UNKNOWN] = "the VM has no console yet (--unknown-vms)",
    [VM_END_KEY] = "its service URI does not have the right key (--vm-keys)",
    [VM_END_NOT_ALLOWED] = "the address is no longer in --vm-allow",
    [VM_END_DISMISSED] = "its console continues without this connection",
    [VM_END_SHUT_DOWN] = "shutting down",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

const char *vm_end_text(enum vm_end end)
{
    return end < VM_END_COUNT ? texts[end] : "?";
}

#include "session/vm/vm_end.h"

static const char *const texts[VM_END_COUNT] = {
    [VM_END_CLOSED] = "closed by the host",
    [VM_END_RESET] = "the connection was reset by the host",
    [VM_END_TIMEOUT] = "the host does not answer any more",
    [VM_END_NO_ANSWERS_TAKEN] = "it does not take our answers",
    [VM_END_CUT] = "the connection was cut (TLS has not ended in order)",
    [VM_END_TLS_RULES] = "the host has broken the rules of TLS",
    [VM_END_TLS] = "TLS has failed",
    [VM_END_TLS_REQUIRED] =
        "TLS is required on this port: use telnets:// in the proxy URI",
    [VM_END_HALF_AUTHENTICATED] =
        "it has begun AUTHENTICATION and goes on without an end of it",
    [VM_END_HELLO_LATE] = "a TLS hello, but too late: it was greeted in the "
                          "clear after a second without a byte",
    [VM_END_HELLO_WITHOUT_TLS] = "a TLS hello, and this port has no TLS "
                                 "(--tls): use telnet:// in the proxy URI",
    [VM_END_NO_TELNET] = "it does not speak telnet: no VM",
    [VM_END_NO_EXTENSION] =
        "it does not speak VMware's telnet extension: no VM",
    [VM_END_NO_IDENTITY] = "it did not say which VM it is in time",
    [VM_END_NO_UUID] = "the VM did not say its UUID",
    [VM_END_EARLY_DATA] = "it sends more data than can be kept before it has "
                          "said which VM it is",
    [VM_END_EARLY_DATA_OF_ALL] =
        "connections that have not said which VM they are send more data than "
        "can be kept for all of them",
    [VM_END_SUBNEGOTIATION] = "a subnegotiation of more than 16 KiB",
    [VM_END_NO_MEMORY] = "there is no memory for its output",
    [VM_END_TOO_MANY_CONSOLES] = "too many consoles: no room for a new one",
    [VM_END_DISMISSED] = "its console goes on without it",
    [VM_END_SHUT_DOWN] = "shutting down",
};

const char *vm_end_text(enum vm_end end)
{
    return end < VM_END_COUNT ? texts[end] : "?";
}

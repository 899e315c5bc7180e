#include "proto/telnet.h"

const char *telnet_verb_name(uint8_t verb)
{
    static const char *const names[] = {
        "SE", "NOP", "DM", "BRK",  "IP",   "AO", "AYT",  "EC",
        "EL", "GA",  "SB", "WILL", "WONT", "DO", "DONT", "IAC",
    };

    return verb >= TELNET_SE ? names[verb - TELNET_SE] : "?";
}

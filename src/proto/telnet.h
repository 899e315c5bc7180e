/*
 * telnet.h - the numbers of TELNET: commands, options, and the bytes of a line
 * end (RFC 854, RFC 855).
 *
 * telnet_decode.h turns a byte stream into events; telnet_encode.h turns data
 * and commands into bytes.
 */
#ifndef PROTO_TELNET_H
#define PROTO_TELNET_H

#include <stdint.h>

enum telnet_verb {
    TELNET_SE = 240,
    TELNET_NOP = 241,
    TELNET_DATA_MARK = 242,
    TELNET_BRK = 243,
    TELNET_IP = 244,
    TELNET_AO = 245,
    TELNET_AYT = 246,
    TELNET_EC = 247,
    TELNET_EL = 248,
    TELNET_GA = 249,
    TELNET_SB = 250,
    TELNET_WILL = 251,
    TELNET_WONT = 252,
    TELNET_DO = 253,
    TELNET_DONT = 254,
    TELNET_IAC = 255,
};

enum telnet_option {
    TELNET_OPTION_BINARY = 0,          /* RFC 856 */
    TELNET_OPTION_ECHO = 1,            /* RFC 857 */
    TELNET_OPTION_SGA = 3,             /* RFC 858 */
    TELNET_OPTION_TTYPE = 24,          /* RFC 1091: the terminal's name */
    TELNET_OPTION_NAWS = 31,           /* RFC 1073: the window's size */
    TELNET_OPTION_AUTHENTICATION = 37, /* RFC 2941 */
    TELNET_OPTION_COM_PORT = 44,       /* RFC 2217 */
    TELNET_OPTION_VMWARE = 232,        /* VMware's guide, chapter 2 */
};

/* The bytes of a line end (RFC 854, "The NVT printer and keyboard"). */
enum { TELNET_NUL = 0, TELNET_LF = 10, TELNET_CR = 13 };

enum {
    /* Bytes of a subnegotiation's body; a longer one ends the connection. */
    TELNET_SUBOPTION_MAX = 16384,
};

/* "WILL", "AYT", ...; "?" for an unknown verb. */
const char *telnet_verb_name(uint8_t verb);

#endif

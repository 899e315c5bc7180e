/*
 * peer.h - a connection of the chaos: a VM, a client, a remote system. It
 * negotiates by itself, as the real one would, and says the rest when told.
 *
 * Nothing here waits: what the kernel does not take at once stays in out, and
 * what does not fit there is dropped, for nobody misses a byte in a chaos.
 */
#ifndef TESTS_CHAOS_PEER_H
#define TESTS_CHAOS_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum peer_kind {
    PEER_NONE,
    PEER_VM,
    PEER_DESTINATION, /* a VM that says VMOTION-PEER in place of DO-PROXY */
    PEER_TELNET,
    PEER_RFC2217,
    PEER_RAW,
    PEER_SILENT, /* says nothing, and reads */
    PEER_REMOTE, /* where a service URI leads */
};

enum {
    PEER_OUT_MAX = 256 * 1024,
    PEER_SB_MAX = 128,
    PEER_KEY_MAX = 64,
    PEER_URI_MAX = 96
};

enum peer_state {
    PEER_STATE_DATA,
    PEER_STATE_IAC,
    PEER_STATE_OPTION,
    PEER_STATE_SB,
    PEER_STATE_SB_IAC,
};

struct peer {
    enum peer_kind kind;
    int fd;
    SSL *ssl; /* NULL: in the clear */
    int console;
    uint8_t *out; /* said, not sent */
    size_t out_len;
    enum peer_state state;
    uint8_t verb;
    uint8_t sb[PEER_SB_MAX];
    size_t sb_len;

    bool is_deaf;        /* reads nothing */
    bool is_mute;        /* an extension's message is never answered */
    bool is_half_closed; /* has sent its end */
    bool knows_auth;     /* goes over to TLS in AUTHENTICATION */
    bool is_serving;     /* VM: WILL-PROXY or PEER-OK came */
    bool echoes;         /* data comes back as it is */
    bool has_goahead;    /* of the last BEGIN */

    char uri[PEER_URI_MAX];    /* VM: what DO-PROXY says, the direction first */
    char name[32];             /* VM */
    char uuid[64];             /* VM: as ESXi writes it */
    uint8_t key[PEER_KEY_MAX]; /* of GOAHEAD; for PEER */
    size_t key_len;

    char heard[64]; /* the last data that came */
    size_t heard_len;
    uint64_t received; /* bytes of data */
};

/* The socket is connected or still connecting; it is the peer's. */
void peer_open(struct peer *p, enum peer_kind kind, int fd);

/* TLS from the next byte on. */
void peer_secure(struct peer *p);

/* Says hello as its kind does. */
void peer_greet(struct peer *p);

void peer_say(struct peer *p, const void *bytes, size_t len);
void peer_say_option(struct peer *p, uint8_t verb, uint8_t option);
void peer_say_command(struct peer *p, uint8_t verb);
/* Data, with 255 doubled where the peer speaks telnet. */
void peer_say_data(struct peer *p, const void *bytes, size_t len);
void peer_say_extension(struct peer *p, uint8_t code, const void *body,
                        size_t len);
void peer_say_com_port(struct peer *p, uint8_t command, uint8_t value);
void peer_say_proxy(struct peer *p);
void peer_say_name(struct peer *p);

/* Sends what the kernel takes. False: the connection is broken. */
bool peer_flush(struct peer *p);

/* Reads what is there, once, and answers. False: it is over. */
bool peer_read(struct peer *p);

/* With a reset, or as a program that exits. */
void peer_reset(struct peer *p);
void peer_close(struct peer *p);

static inline bool peer_is_vm(const struct peer *p)
{
    return p->kind == PEER_VM || p->kind == PEER_DESTINATION;
}

enum {
    TELNET_SE = 240,
    TELNET_IP = 244,
    TELNET_BRK = 243,
    TELNET_AYT = 246,
    TELNET_SB = 250,
    TELNET_WILL = 251,
    TELNET_WONT = 252,
    TELNET_DO = 253,
    TELNET_DONT = 254,
    TELNET_IAC = 255,
};

enum {
    OPTION_BINARY = 0,
    OPTION_ECHO = 1,
    OPTION_SGA = 3,
    OPTION_AUTHENTICATION = 37,
    OPTION_COM_PORT = 44,
    OPTION_VMWARE = 232,
};

/* Codes of option 232. */
enum {
    KNOWN_SUBOPTIONS_1 = 0,
    KNOWN_SUBOPTIONS_2 = 1,
    VMOTION_BEGIN = 40,
    VMOTION_GOAHEAD = 41,
    VMOTION_PEER = 44,
    VMOTION_PEER_OK = 45,
    VMOTION_COMPLETE = 46,
    VMOTION_ABORT = 48,
    DO_PROXY = 70,
    WILL_PROXY = 71,
    VM_VC_UUID = 80,
    GET_VM_VC_UUID = 81,
    VM_NAME = 82,
    GET_VM_NAME = 83,
    VM_BIOS_UUID = 84,
    GET_VM_BIOS_UUID = 85,
    VM_LOCATION_UUID = 86,
    GET_VM_LOCATION_UUID = 87,
};

#endif

/*
 * telnet.h - just enough telnet for a simulated VM and a binary client.
 *
 * No I/O: bytes go in, data comes out, and what must be answered collects in
 * reply. The VM's end speaks VMware's option 232 in the order in which ESXi
 * does: AUTHENTICATION is offered first, 232 only after both that was answered
 * and 232 was asked for, COM-PORT only after WILL-PROXY. The destination of a
 * move says VMOTION-PEER in place of DO-PROXY, and COM-PORT along with it.
 */
#ifndef BENCH_TELNET_H
#define BENCH_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum telnet_role {
    TELNET_NONE,
    TELNET_CLIENT,
    TELNET_VM,
    TELNET_DESTINATION, /* a VM's, to which it is moved */
};

enum telnet_state {
    TELNET_DATA,
    TELNET_IAC,    /* after a 255 */
    TELNET_OPTION, /* after WILL, WONT, DO or DONT */
    TELNET_SB,     /* inside a subnegotiation */
    TELNET_SB_IAC, /* after a 255 inside a subnegotiation */
};

enum { TELNET_SB_MAX = 64, TELNET_REPLY_MAX = 512 };

enum { TELNET_SEQUENCE_LEN = 4, TELNET_KEY_MAX = 32 };

/* What names a move: the sequence and, behind it, the server's secret. */
struct telnet_key {
    uint8_t len;
    uint8_t bytes[TELNET_KEY_MAX];
};

struct telnet {
    enum telnet_role role;
    enum telnet_state state;
    uint8_t verb; /* the one TELNET_OPTION belongs to */
    uint8_t sb_len;
    uint16_t reply_len;
    unsigned vm; /* number of the VM, from which name and UUID are made */

    /* What was agreed on, or seen of the extension, so far. */
    bool will_binary, will_sga, do_binary, do_sga, do_echo;
    bool auth_settled, ext_asked, ext_offered;
    bool proxied, uuid_given, name_given, comport_settled;
    bool knows_moves, has_goahead, has_said_peer, has_peer_ok;

    /* The guest does not run here, and data that comes now is lost. */
    bool is_silent;
    struct telnet_key key; /* of the last move */

    uint8_t sb[TELNET_SB_MAX];
    uint8_t reply[TELNET_REPLY_MAX];
};

void telnet_init(struct telnet *t, enum telnet_role role, unsigned vm);

/*
 * Decodes len bytes; data goes to out, which may be in. Returns the number of
 * data bytes. With TELNET_NONE all bytes are data.
 */
size_t telnet_decode(struct telnet *t, const uint8_t *in, size_t len,
                     uint8_t *out);

/* Client: binary both ways. VM: attached, identified, all questions answered.
 */
bool telnet_is_ready(const struct telnet *t);

/* Puts data into reply, doubled where it must be. */
void telnet_put_data(struct telnet *t, const uint8_t *bytes, size_t len);

/*
 * The messages of a move, put into reply. Begin is the source's; when the
 * server agrees, has_goahead is set and key complete. A refusal ends the
 * program, as does data for a VM that cannot take it: at the source from
 * GOAHEAD on, at the destination up to complete.
 */
void telnet_begin_move(struct telnet *t,
                       const uint8_t sequence[TELNET_SEQUENCE_LEN]);

/* For a new TELNET_DESTINATION: whom it is to say that it is the peer of. */
void telnet_set_key(struct telnet *t, const struct telnet_key *key);

/* When has_peer_ok is set. It is a VM like any other from then on. */
void telnet_complete_move(struct telnet *t);

/* The display name by which VM number n registers; the log shows it again. */
enum { VM_NAME_LEN = 32 };
#define VM_NAME_FORMAT "load-%06u"
void vm_name(char name[VM_NAME_LEN], unsigned n);

#endif

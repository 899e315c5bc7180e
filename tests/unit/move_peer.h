/*
 * move_peer.h - what hosts say for a vMotion, played by session_peer.h.
 *
 * All moves have the same sequence; it has a 255 in it.
 */
#ifndef TESTS_MOVE_PEER_H
#define TESTS_MOVE_PEER_H

#include "session_peer.h"

#define SEQUENCE "\x01\xff\xff\x00\xf0" /* as on the wire: 1 255 0 240 */
#define SEQUENCE_SAID "1 255 0 240"
#define COMPLETE EXT("\x2e" SEQUENCE)
#define ABORT EXT("\x30")
#define BEGIN EXT("\x28" SEQUENCE)

enum { SECRET_LEN = 8 };

struct secret {
    uint8_t bytes[SECRET_LEN];
};

/* Takes "SB 232 41 SEQUENCE SECRET" off what the source heard. */
struct secret heard_goahead(struct peer *source);
struct secret begin(struct peer *source);

void say_peer(struct peer *p, struct secret secret);

/* A host's connection up to what it says first in the extension; one that is
 * a move's destination then; the VM, started anew: what it gets is kept. */
struct peer *host_connect(struct site *s);
struct peer *join(struct site *s, struct secret secret);
struct peer *come_back(struct site *s);

/* DO-PROXY and all answers of that VM, or of the one that vm_start plays. */
#define WHO(uuid)                                                              \
    ESXI_PROXY EXT(VC_UUID uuid) EXT(VM_NAME "vm-0001") EXT(BIOS_UUID "1")     \
        EXT(LOCATION_UUID "2")
void say_who(struct peer *p);

/* Bytes that come while nobody looks; they are read when somebody does. */
void put_only(struct peer *p, struct slice bytes);

/* The loop looks at this one alone. */
void look_at(struct peer *p);

#endif

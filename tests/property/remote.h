/*
 * remote.h - a connection of a schedule: what its far end has said, how much of
 * it was given to the server and read by it, and what came back.
 *
 * Between the wire (session_peer.h) and the model (model.h): saying puts bytes
 * into a queue and remembers what they mean; giving moves pieces of any size
 * onto the wire; each time that the server has read some, what is there to
 * its end is told to the model. So the model knows the server's order and not
 * more than that.
 */
#ifndef TESTS_REMOTE_H
#define TESTS_REMOTE_H

#include "model.h"
#include "session_peer.h"

enum {
    REMOTE_ITEMS_MAX = 64,
    REMOTE_KEYS_MAX = 16,
    REMOTE_DATA_MAX = 256 * KIB,
    REMOTE_LAST_WORD = 1024 * KIB, /* docs/vmotion.md */
};

#define COM_PORT "\x2c"
#define COM_PORT_CONTROL IAC SB COM_PORT "\x05"

enum item_kind {
    ITEM_DATA,
    ITEM_NOTHING, /* negotiation */
    ITEM_LINES,   /* breaks, DTR and RTS: no bytes for anybody */
    ITEM_TELNET,  /* a client's first IAC: it speaks telnet */
    ITEM_CONNECT, /* DO-PROXY and all answers */
    ITEM_BEGIN,
    ITEM_PEER,
    ITEM_COMPLETE,
    ITEM_ABORT,
};

struct item {
    uint8_t kind;
    uint32_t len; /* DATA: bytes that are left; else bytes on the wire */
    struct key key;
    struct model_console *console; /* CONNECT */
};

struct remote {
    struct model *model;
    struct peer *peer;
    struct buf pending; /* said, not given yet */
    uint64_t given;     /* bytes on the wire */
    uint64_t read;      /* of them, by the server */
    uint64_t told;      /* of them, to the model */
    uint64_t data_said; /* positions in its data: said, */
    uint64_t data_told; /* and told to the model */
    uint32_t pattern;   /* which data it sends */
    struct item items[REMOTE_ITEMS_MAX];
    int item_count;
    struct key keys[REMOTE_KEYS_MAX]; /* that GOAHEAD gave to it */
    int key_count;
    int console; /* index; which VM's it is or will be */
    bool is_vm;
    bool is_raw;
    bool is_served; /* a client: gets output */
    bool was_ended; /* by its far end: a cut to come is no surprise */
    struct model_vm vm;
    struct model_client client;
};

struct remote *remote_new(struct model *m, struct peer *p, int number,
                          bool is_vm);
void remote_free(struct remote *r);

/* One more thing fits. */
bool remote_may_say(const struct remote *r);

void remote_say(struct remote *r, struct item item, struct slice wire);

/* The next len bytes of what it prints or types. */
void remote_say_data(struct remote *r, size_t len);

/* Messages of option 232 with a sequence, and a secret behind it (PEER). */
void remote_say_move(struct remote *r, enum item_kind kind,
                     const struct key *key);

/* At most len bytes onto the wire. */
void remote_give(struct remote *r, size_t len);

/* The far end ends: with what it has given; at once; or so that what it has
 * given can be read, while nothing can be written to it any more. */
enum remote_end { REMOTE_CLOSES, REMOTE_BREAKS, REMOTE_RESETS };
void remote_end(struct remote *r, enum remote_end how);

/* What the server has read up to now, to the model. lookup finds the line of
 * a VM that has its last word by that. */
struct remote_lookup {
    struct remote *(*remote_of)(void *owner, const struct model_vm *vm);
    void *owner;
};
void remote_tell_read(struct remote *r, const struct remote_lookup *lookup);

/* The same of the VM that leaves the console, and whether it has left. It must
 * go before its time where another VM comes or its follower is lost. */
void remote_tell_leaving(struct model_console *c, bool must_go,
                         const struct remote_lookup *lookup);

/* What came from the server, to the model. */
void remote_listen(struct remote *r);

/* A client gets output from now on. */
void remote_is_served(struct remote *r);

/* Whether both ends agree with the model about who is there. */
void remote_check_end(struct remote *r);

/* Bytes that were given and not read. */
size_t remote_unread(const struct remote *r);

#endif

/*
 * line.h - a connection of a schedule: what its far end has said, how much of
 * it was given to the server and read by it, and what came back.
 *
 * Between the wire (session_peer.h) and the model (model.h): saying puts bytes
 * into a queue and remembers what they mean; giving moves pieces of any size
 * onto the wire; each time that the server has read some, what is there to
 * its end is told to the model. So the model knows the server's order and not
 * more than that.
 */
#ifndef TESTS_LINE_H
#define TESTS_LINE_H

#include "model.h"
#include "session_peer.h"

enum {
    LINE_ITEMS_MAX = 64,
    LINE_KEYS_MAX = 16,
    LINE_DATA_MAX = 256 * KIB,
};

enum item_kind {
    ITEM_DATA,
    ITEM_NOTHING, /* negotiation */
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

struct line {
    struct model *model;
    struct peer *peer;
    struct buf pending; /* said, not given yet */
    uint64_t given;     /* bytes on the wire */
    uint64_t read;      /* of them, by the server */
    uint64_t told;      /* of them, to the model */
    uint64_t data_said; /* positions in its data: said, */
    uint64_t data_told; /* and told to the model */
    uint32_t pattern;   /* which data it sends */
    struct item items[LINE_ITEMS_MAX];
    int item_count;
    struct key keys[LINE_KEYS_MAX]; /* that GOAHEAD gave to it */
    int key_count;
    int console; /* index; which VM's it is or will be */
    bool is_vm;
    bool is_raw;
    bool is_served; /* a client: gets output */
    bool was_ended; /* by its far end: a cut to come is no surprise */
    struct model_vm vm;
    struct model_client client;
};

struct line *line_new(struct model *m, struct peer *p, int number, bool is_vm);
void line_free(struct line *l);

/* One more thing fits. */
bool line_may_say(const struct line *l);

void line_say(struct line *l, struct item item, struct slice wire);

/* The next len bytes of what it prints or types. */
void line_say_data(struct line *l, size_t len);

/* Messages of option 232 with a sequence, and a secret behind it (PEER). */
void line_say_move(struct line *l, enum item_kind kind, const struct key *key);

/* At most len bytes onto the wire. */
void line_give(struct line *l, size_t len);

/* The far end ends: with what it has given, or at once. */
void line_end(struct line *l, bool breaks);

/* What the server has read up to now, to the model. lookup finds the line of
 * a VM that has its last word by that. */
struct line_lookup {
    struct line *(*line_of)(void *owner, const struct model_vm *vm);
    void *owner;
};
void line_tell_read(struct line *l, const struct line_lookup *lookup);

/* What came from the server, to the model. */
void line_listen(struct line *l);

/* Whether both ends agree with the model about who is there. */
void line_check_end(struct line *l);

/* Bytes that were given and not read. */
size_t line_unread(const struct line *l);

#endif

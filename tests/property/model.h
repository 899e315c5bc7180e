/*
 * model.h - what must arrive where while VMs move: docs/vmotion.md and the
 * paces of core/client.h, once more and as plainly as possible.
 *
 * The model knows no telnet, no queue and no turn. It is told what the server
 * has read, in the order in which it did: this VM printed, that client typed,
 * this host said COMPLETE. Of each console it keeps two byte streams:
 *
 *   output  what its VMs have printed, one behind the other as the moves went;
 *           a client's position in it is all there is to know about a client;
 *   input   what was typed and has to arrive: all that was read while there
 *           was a VM or a move. Connections to VMs get it one behind the
 *           other, each from the position where the one before it stopped.
 *
 * Then it judges what the far ends got. Positions that cannot be known (what a
 * connection had been handed when it broke) are intervals, which the bytes
 * that come make narrow. The first thing that is wrong is kept in failure, and
 * nothing after it counts.
 *
 * Nothing here includes the server's core or sessions: mistakes of theirs must
 * not be shared.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "base/buf.h"

enum {
    MODEL_CONSOLES_MAX = 4,
    MODEL_CLIENTS_MAX = 8, /* of one console, those that have left too */
    MODEL_ANSWERS_MAX = 32,
    MODEL_NEWS_MAX = 62,
    MODEL_STREAM_MAX = 64 * 1024 * 1024,
    MODEL_AHEAD = 64 * 1024, /* at least, docs/vmotion.md */
    MODEL_EARLY_MAX = 128 * 1024,
    SEQUENCE_MAX = 80,
    SEQUENCE_ALLOWED = 64,
    SECRET_LEN = 8,
};

/* Of option 232; guide, table 2-5. */
enum {
    VMOTION_BEGIN = 40,
    VMOTION_GOAHEAD = 41,
    VMOTION_NOTNOW = 43,
    VMOTION_PEER = 44,
    VMOTION_PEER_OK = 45,
    VMOTION_COMPLETE = 46,
    VMOTION_ABORT = 48,
    UNKNOWN_SUBOPTION_RCVD_2 = 3,
};

struct sequence {
    uint8_t len;
    uint8_t bytes[SEQUENCE_MAX];
};

/* What GOAHEAD gives and PEER shows. */
struct key {
    struct sequence sequence;
    uint8_t secret[SECRET_LEN];
};

enum model_role {
    MODEL_STRANGER, /* no console yet */
    MODEL_JOINED,   /* a move's destination */
    MODEL_SERVES,   /* its console's connection; it may be a move's source */
    MODEL_LEAVES,   /* it was one: its output comes before its follower's */
    MODEL_GONE,     /* closed by either end */
};

struct model_answer {
    uint8_t code;
    uint32_t move; /* GOAHEAD: which one, by model_move.number */
    struct sequence sequence;
};

/* A connection from a host. */
struct model_vm {
    int number; /* for messages */
    uint8_t role;
    bool has_served;
    struct model_console *console; /* JOINED, SERVES */
    struct buf early;              /* printed before its turn */
    uint64_t first_lo, first_hi;   /* position in input of its first byte */
    uint64_t got;                  /* bytes of input, since */
    uint64_t unsure;               /* got while lo < hi, not counted in got */
    struct model_answer awaited[MODEL_ANSWERS_MAX];
    int awaited_count;
};

struct model_news {
    bool is_there; /* the VM; or it is gone */
    uint64_t at;   /* position in the output */
};

struct model_client {
    int number;
    struct model_console *console; /* NULL: it has left */
    uint64_t at;                   /* position of the next byte it gets */
    uint64_t at_least; /* it may be this one, while it has got none, */
    uint64_t waiting;  /* or few bytes: so many; then both are equal */
    bool is_served;    /* before that it is nothing to the VM */
    bool keeps_up;     /* takes everything at once */
    bool may_lag;      /* until it has caught up */
    bool has_lagged;
    bool is_unjudged; /* what it gets is not known */
    bool is_telnet;   /* is told news; a raw one gets the VM's bytes alone */
    bool is_program;  /* RFC 2217: need not be told news, nor of a skip */
    struct model_news news[MODEL_NEWS_MAX]; /* since it is served */
    int news_count;
    uint64_t told; /* bit n: it may have been told the first n news */
};

struct model_move {
    bool is_live;
    uint32_t number;
    struct key key;
    bool is_key_known; /* the source has got GOAHEAD */
    struct model_vm *destination;
    uint64_t held_from; /* position in input */
};

struct model_console {
    int number;
    struct buf output;
    struct buf input;
    uint64_t early_from;   /* what came before its VM's turn, and in the same
                            * read: from here. It may wait for clients. */
    uint64_t ahead;        /* of the slowest client, when output came last */
    bool has_no_trust;     /* the VM was held for nothing, by a client that has
                            * proved nothing: for such it waits no more */
    struct model_vm *link; /* its VM; while a move is live, the source */
    struct model_vm *leaving;
    uint64_t rest_lo; /* where the next VM's input begins, */
    uint64_t rest_hi; /* while there is no link */
    struct model_move move;
    struct model_client *clients[MODEL_CLIENTS_MAX];
};

struct model {
    struct model_console consoles[MODEL_CONSOLES_MAX];
    int console_count;
    uint32_t ring;     /* settings of the server: bytes */
    uint32_t held_max; /* bytes */
    uint32_t moves;    /* begun so far */
    uint32_t verdicts[5];
    uint64_t skipped; /* bytes that lagging clients were told they lost */
    char failure[1024];
};

/* Indices of verdicts. */
enum { COMPLETED, TAKEN_OVER, ABORTED, RETURNED, LOST };

void model_init(struct model *m, int consoles);
void model_done(struct model *m);

/* Keeps the first. */
__attribute__((format(printf, 2, 3))) void model_fail(struct model *m,
                                                      const char *format, ...);

/* What the server has read. */
void model_prints(struct model *m, struct model_vm *vm, struct slice bytes);
void model_types(struct model *m, struct model_client *client,
                 struct slice bytes);
void model_begins(struct model *m, struct model_vm *vm,
                  const struct sequence *sequence);
void model_joins(struct model *m, struct model_vm *vm, const struct key *key);
void model_completes(struct model *m, struct model_vm *vm,
                     const struct sequence *sequence);
void model_aborts(struct model *m, struct model_vm *vm);
void model_connects(struct model *m, struct model_vm *vm,
                    struct model_console *c);
void model_is_lost(struct model *m, struct model_vm *vm);
void model_times_out(struct model *m, struct model_console *c);

/* The one that leaves has left. */
void model_has_left(struct model *m, struct model_console *c);

/* A client's next read is about to be told of: no more than it takes to see
 * what it wants may have been read while as much was held as may be. */
enum { MODEL_PEEK = 1024 };
void model_reads_client(struct model *m, const struct model_client *client,
                        uint64_t len);

void model_client_comes(struct model_console *c, struct model_client *client);
void model_client_is_telnet(struct model_client *client);
void model_client_is_served(const struct model *m, struct model_client *client);
void model_client_leaves(const struct model *m, struct model_client *client);

/* The hold time is over, or a last word was read that cannot wait (never by a
 * move that works): clients that do not keep up and are half a ring behind may
 * lose bytes from now on. */
void model_lets_lag(const struct model *m, struct model_console *c);

/* The hold time is over. And what that means for a client later. */
void model_hold_is_over(const struct model *m, struct model_console *c);
void model_distrusts(const struct model *m, struct model_client *client);

/* What the far ends got. The first two return how many of the bytes were
 * judged; the rest is to be shown again with what follows it. */
size_t model_vm_got(struct model *m, struct model_vm *vm, struct slice bytes);
size_t model_client_got(struct model *m, struct model_client *client,
                        struct slice bytes);
void model_vm_heard(struct model *m, struct model_vm *vm, uint8_t code,
                    struct slice body);

/* This VM was held back for a moment and is still not read to its end: it must
 * have been read a ring ahead of its clients. */
void model_check_ahead(struct model *m, const struct model_vm *vm);

/* It takes all that there is, and the server has nothing to do: it has all
 * that was read, but for what came early and waits for others. */
void model_check_client_output(struct model *m,
                               const struct model_client *client,
                               bool others_may_be_slow);

/* Everybody has taken everything: whether all of it came. */
void model_check_vm_rest(struct model *m, const struct model_vm *vm);
void model_check_client_rest(struct model *m,
                             const struct model_client *client);

#endif

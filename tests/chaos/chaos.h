/*
 * chaos.h - one round of chaos: a vspcd, what connects to it, and the dice.
 *
 * Everything is played from outside: sockets, signals, the configuration file,
 * the log. No source of the server is shared, so that no change of its inside
 * can change what is tested, and no mistake of it is made twice.
 *
 * One thread. The round owns its peers; a peer owns its socket.
 */
#ifndef TESTS_CHAOS_H
#define TESTS_CHAOS_H

#include "peer.h"
#include "server.h"

#define CHAOS_BYSTANDERS_ADDRESS "127.0.0.2"

enum {
    CHAOS_PEERS_MAX = 96,
    CHAOS_BYSTANDERS = 2, /* the first peers; nothing happens to them */
    CHAOS_CONSOLES = 5,   /* few, so that much happens to each */
    CHAOS_BYSTANDER = CHAOS_CONSOLES, /* its console's number */
    CHAOS_SEQUENCE_LEN = 4,
    CHAOS_ACTIONS_MAX = 32,
};

/* What GOAHEAD gave to a VM, and its destination has to show. */
struct chaos_key {
    uint8_t bytes[PEER_KEY_MAX]; /* sequence and secret */
    size_t len;                  /* 0: there was no GOAHEAD yet */
};

struct chaos_counts {
    unsigned vms, clients, persons, remotes, moves, joined, completed;
    unsigned resets, bursts, reloads, answers;
};

struct chaos {
    struct server server;
    struct peer peers[CHAOS_PEERS_MAX];
    struct chaos_key keys[CHAOS_CONSOLES];
    char uris[CHAOS_CONSOLES][PEER_URI_MAX]; /* direction first, mostly */
    struct chaos_counts counts;
    uint64_t dice;
    int listener; /* the remote system that service URIs name */
    uint16_t remote_port;
    bool has_tls;            /* as the configuration file has it, */
    bool has_listen;         /* and rules for listeners, which need TLS too, */
    bool has_connect;        /* and for connections and null modems */
    const char *known_right; /* that clients have, for consoles whose name is */
    const char *other_right; /* the first one, and for others */
    bool has_one_writer;
    bool is_verbose;
    bool has_console_logs;
    unsigned names; /* given so far */
    uint32_t weights[CHAOS_ACTIONS_MAX];

    char failure[256]; /* the first thing that is wrong */
};

/* 0 .. below - 1. */
uint32_t chaos_dice(struct chaos *c, uint32_t below);

__attribute__((format(printf, 2, 3))) void chaos_note(const struct chaos *c,
                                                      const char *format, ...);
__attribute__((format(printf, 2, 3))) void chaos_fail(struct chaos *c,
                                                      const char *format, ...);

/* NULL: there are enough, or nobody listens there. */
struct peer *chaos_dial(struct chaos *c, enum peer_kind kind, int console,
                        uint16_t port);

/* Something happens. What is said waits for peer_flush, so that several things
 * may be said in one segment. */
void chaos_act(struct chaos *c);

/* Each round has its own taste: some things happen often in it, others never.
 * That finds more than a mixture of everything. */
void chaos_choose_taste(struct chaos *c);

/* Other settings, which are not written yet. */
void chaos_choose_settings(struct chaos *c);

/* The configuration file for a start or a reload. */
void chaos_write_settings(const struct chaos *c);

/* Ends a peer by a reset, and counts it. */
void chaos_reset(struct chaos *c, struct peer *p);

#endif

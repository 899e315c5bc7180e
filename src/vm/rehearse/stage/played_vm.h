/*
 * played_vm.h - a VM that is played: its host's connection, what its guest
 * prints and what it gets, each a proof (proof.h).
 *
 * The guest prints as fast as the concentrator takes it, by
 * played_vm_settle, which the owner calls at the end of each turn. In the
 * owner's storage; nothing here ends a connection within a handler.
 */
#ifndef VM_REHEARSE_STAGE_PLAYED_VM_H
#define VM_REHEARSE_STAGE_PLAYED_VM_H

#include "base/list.h"
#include "base/text.h"
#include "vm/host/hosts.h"
#include "vm/rehearse/stage/proof.h"

enum { PLAYED_VM_NAME_MAX = 40 };

/* Of all VMs that have the same one. */
struct played_count {
    unsigned under_way; /* connect, and have no port yet */
    unsigned open;
};

/* What is looked at in each turn of the loop stands together, in front: the
 * rest is so large that each VM has its own pages. */
struct played_vm {
    struct list node; /* the owner's */
    struct played_count *count;
    bool is_awake;     /* something may have to be done at the turn's end */
    bool is_under_way; /* it connects */
    bool is_open;      /* it has its serial port */
    bool is_lost;      /* its connection has ended: why */
    bool is_echoing;   /* it prints a byte more for each one that it gets */

    struct proof out; /* at: what the concentrator's system has taken */
    uint64_t goal;    /* the guest prints up to there: played_vm_print */
    struct proof in;
    uint64_t started_us; /* when it began to connect; 0: it did not */
    uint64_t opened_us;

    struct hosts hosts;
    struct hosts_config config;
    struct loop *loop;
    char name[PLAYED_VM_NAME_MAX + 1];
    char uuid[TEXT_UUID_LEN + 1];
    unsigned number;

    struct err why;
    char terms[80];      /* of TLS; "none" */
    unsigned breaks;     /* that clients have sent */
    uint8_t seen;        /* modem lines: COMPORT_MODEM_* */
    struct played_move { /* the last one */
        bool is_over;
        bool is_moved;
        enum rehearsal_input end;
        uint64_t stopped_us;
        struct err text;
    } move;
};

struct played_vm_settings {
    struct played_count *count;
    struct tls_hub *hub;
    struct proxy_target proxy;
    struct proxy_target move_to;
    const char *uri;
    unsigned timeout_s;
};

/* The caller has set name, uuid and number, and all else to zeros. Borrows what
 * the settings have as texts and targets. */
void played_vm_init(struct played_vm *v, struct loop *loop,
                    const struct played_vm_settings *settings);
void played_vm_done(struct played_vm *v);

/* Not from a handler: a connection that is there is cut without a word, as of a
 * host that dies. */
void played_vm_connect(struct played_vm *v);
void played_vm_cut(struct played_vm *v);
/* Ends in order; is_idle when it has. */
void played_vm_finish(struct played_vm *v);
bool played_vm_is_idle(const struct played_vm *v);

/* The guest prints so many bytes more. */
void played_vm_print(struct played_vm *v, uint64_t len);
void played_vm_move(struct played_vm *v, const struct rehearsal_way *way);
void played_vm_send_break(struct played_vm *v);
void played_vm_set_uart(struct played_vm *v, const struct uart *uart);

void played_vm_settle(struct played_vm *v);

#endif

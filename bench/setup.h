/*
 * setup.h - gets simulated VMs and their clients connected through the server.
 *
 * A pair is proven before it is used: each client sends a marker that its VM
 * must see, then the VM sends one that all its clients must see. What comes
 * before a marker (a greeting, a banner) is ignored, after it only the
 * pattern counts.
 */
#ifndef BENCH_SETUP_H
#define BENCH_SETUP_H

#include "end.h"
#include "load.h"

/* VM number i has the clients number i * clients_per_vm and following. */
struct rig {
    const struct load *load;
    struct loop *loop;
    int listener; /* of the VMs' end behind a relay; else -1 */
    unsigned vm_count, clients_per_vm;
    struct end *vms, *clients;
};

/* The number of the host on which that VM is started; see socket_dial. */
unsigned setup_host(unsigned vm);

/* Connects VM number i to where VMs connect to, in TLS if that was asked for.
 * The end's kind, on_data and context are set already. */
void setup_dial_vm(const struct load *load, struct loop *l, struct end *vm,
                   unsigned number);

/* Registers VMs first to first + count - 1 of the array, in order. */
void setup_vms(const struct load *load, struct loop *l, struct end *vms,
               unsigned first, unsigned count);

/* Opens all of it and proves it. */
void setup_rig(struct rig *rig, const struct load *load, struct loop *l,
               unsigned vm_count, unsigned clients_per_vm);

/* The same behind a relay, some at a time: an empty rig, and then its VMs
 * first to first + count - 1. */
void setup_relayed(struct rig *rig, const struct load *load, struct loop *l,
                   unsigned vm_count);
void setup_relayed_pairs(struct rig *rig, unsigned first, unsigned count);

#endif

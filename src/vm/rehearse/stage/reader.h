/*
 * reader.h - a person at the console of a VM that is played, over the API: what
 * the console shows and what is typed there, each a proof (proof.h).
 *
 * It types up to `goal`, by reader_settle, which the owner calls at the end of
 * each turn. In the owner's storage.
 */
#ifndef VM_REHEARSE_STAGE_READER_H
#define VM_REHEARSE_STAGE_READER_H

#include "base/list.h"
#include "remote/link/console_link.h"
#include "vm/rehearse/stage/played_vm.h"

struct reader {
    struct list node; /* the owner's */
    struct console_link link;
    struct console_link_settings settings;
    struct played_vm *vm; /* borrowed */
    struct proof out;
    struct proof typed; /* at: what the link has taken */
    uint64_t goal;      /* it types up to there */
    bool may_write;
    bool may_break;
    bool is_over;
    struct err why;
    unsigned breaks; /* that the VM has sent */
    unsigned gaps;   /* vspcd says that bytes are missing */
};

/* Begins to attach. The VM is quiet: what it prints from now on is proven, and
 * what is typed from now on. */
void reader_init(struct reader *r, struct turns *turns, struct played_vm *vm);
void reader_done(struct reader *r);

bool reader_is_served(const struct reader *r);
void reader_send_break(struct reader *r);
/* Says goodbye; is_over follows. */
void reader_leave(struct reader *r);

void reader_settle(struct reader *r);

#endif

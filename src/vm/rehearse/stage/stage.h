/*
 * stage.h - where a rehearsal is played: the loop, the VMs, the readers of
 * their consoles, the server if it is known; and waiting.
 *
 * Steps are plain functions, one statement behind the other: they change
 * something, and stage_wait runs the loop until that has had its effect. Only
 * there do handlers run.
 */
#ifndef VM_REHEARSE_STAGE_STAGE_H
#define VM_REHEARSE_STAGE_STAGE_H

#include "net/timer.h"
#include "vm/host/concentrator.h"
#include "vm/rehearse/stage/reader.h"
#include "vm/rehearse/stage/server.h"

enum {
    STAGE_VMS_MAX = 10000,
    STAGE_RUN_LEN = 10, /* hex digits that tell rehearsals apart */
    /* How long a VM that has lost its connection tries to come back. */
    STAGE_BACK_MS = 10 * 1000,
    STAGE_RETRY_MS = 500,
    /* How long a VM has to keep its connection until it is known to be
     * admitted, where no server can be asked: whoever is not is closed right
     * behind WILL-PROXY, once it has said who it is. */
    STAGE_ADMIT_MS = 200,
    /* What the server is asked for again is asked this often. */
    STAGE_LOOK_MS = 20,
    /* How long a console may be without its TCP port; it may have none. */
    STAGE_PORTS_MS = 2000,
};

struct stage_settings {
    const struct concentrator *proxy; /* these are borrowed */
    const struct concentrator *move_to;
    struct concentrator_proof proof;
    const char *uri; /* the service URI of the VMs */
    unsigned vms;
    unsigned clients;
    unsigned timeout_s; /* for what a step waits for */
};

typedef bool stage_until_fn(void *owner);

struct stage {
    const struct stage_settings *settings; /* borrowed */
    struct server *server;                 /* borrowed; NULL: not known */
    json_t *listeners;     /* GET /vm-listeners; NULL: not known; borrowed */
    struct loop *own_loop; /* NULL: it is the server's */
    struct loop *loop;
    struct tls_hub hub;
    struct proxy_target proxy;
    struct proxy_target move_to;
    struct turns turns;
    struct timer limit;
    struct timer tick; /* looks again, for what has a time of its own */
    stage_until_fn *until;
    void *until_owner;
    bool is_late;
    bool is_interrupted;  /* by a signal: nothing is waited for any more */
    bool was_interrupted; /* is never forgiven */
    bool is_unreachable;  /* nothing that needs a VM is of use any more */
    bool is_portless;     /* consoles have no TCP ports */
    /* The URI's scheme by which a VM got into TLS; NULL: none did. */
    const char *tls_scheme;
    char run[STAGE_RUN_LEN + 1];
    struct list vms;
    struct played_count count; /* of them */
    struct list readers;
    struct played_vm *first;
    struct reader *reader; /* of the first VM; NULL: none yet */
};

/* server: NULL, or what must outlive the stage. 0, or -errno with err
 * filled. */
int stage_open(struct stage *s, const struct stage_settings *settings,
               struct server *server, struct err *err);
void stage_close(struct stage *s);

/* Runs the loop until the function, which is asked at least each 100 ms, says
 * true. False: not in this time, or interrupted. */
bool stage_wait_ms(struct stage *s, unsigned ms, stage_until_fn *until,
                   void *owner);
/* The time is that of the settings. */
bool stage_wait(struct stage *s, stage_until_fn *until, void *owner);
/* Runs the loop for this time. */
void stage_pause(struct stage *s, unsigned ms);
/* After it was false: why. */
const char *stage_why(const struct stage *s);
/* For a signal's handler. */
void stage_interrupt(struct stage *s);
/* What ends must be waited for nevertheless. */
void stage_forgive(struct stage *s);

/* A VM of this rehearsal, number 1 to STAGE_VMS_MAX; not connected. */
struct played_vm *stage_add_vm(struct stage *s, unsigned number);
void stage_remove_vm(struct stage *s, struct played_vm *vm);

/* Connects it, and waits until it has its port and is admitted, as far as that
 * can be known, or it is clear that it is not: then false, err says why. */
bool stage_connect(struct stage *s, struct played_vm *vm, struct err *err);

/* Why a VM has lost its connection: what its host sees, and what the server
 * has to say about it. */
struct err stage_describe_loss(struct stage *s, const struct played_vm *vm);

/* The first VM is connected: it was, or is now again. */
bool stage_have_vm(struct stage *s, struct err *err);

/* Somebody is at the first VM's console; the server is known. */
bool stage_have_reader(struct stage *s, struct err *err);
struct reader *stage_add_reader(struct stage *s, struct played_vm *vm);
bool stage_await_readers(struct stage *s, struct err *err);

/*
 * The first VM prints so many bytes more, and its reader types so many; waits
 * until all that was printed and typed has arrived. Without a reader: until the
 * concentrator has taken what was printed. False: err says what is missing.
 */
bool stage_prove(struct stage *s, unsigned printed, unsigned typed,
                 struct err *err);
/* As stage_prove, of a VM that has come back. Where its former connection may
 * still be its console's, as behind a proxy that passes an end on late, what is
 * typed would go there: so it is typed when what is printed has arrived. */
bool stage_prove_back(struct stage *s, unsigned printed, unsigned typed,
                      struct err *err);

/* The glob for the names of this rehearsal's VMs. */
struct stage_match {
    char text[PLAYED_VM_NAME_MAX + 1];
};
struct stage_match stage_match(const struct stage *s);

/* Whether a UUID is one of this rehearsal's. */
bool stage_is_own(const struct stage *s, const char *uuid);

#endif

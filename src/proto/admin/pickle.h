/*
 * pickle.h - the pickles that vSPC.py's client and server exchange: numbers and
 * short texts one way, and those and lists of VMs the other.
 *
 * Python's pickles are programs for a machine with a stack, and whoever runs
 * them does what the peer says. This reader runs nothing: it accepts exactly
 * the opcodes by which Python writes one number, one text or None, in the
 * protocols 0 and 2 to 5, and refuses every other byte. Nothing nests, nothing
 * refers to an earlier value, and a pickle has PICKLE_MAX bytes at most.
 *
 * The writer writes protocol 2, without memo, which Python 2.7 and all later
 * ones read.
 *
 * No I/O, no clock, no allocation but in the caller's buf.
 */
#ifndef PROTO_ADMIN_PICKLE_H
#define PROTO_ADMIN_PICKLE_H

#include "base/buf.h"

enum {
    /* Bytes of one pickle. A VM's name has 80 characters; a client may send any
     * text that somebody has typed for one. */
    PICKLE_MAX = 4096,
};

enum pickle_kind { PICKLE_NONE, PICKLE_NUMBER, PICKLE_TEXT };

struct pickle_value {
    enum pickle_kind kind;
    int64_t number;
    size_t len; /* of text, which may have any bytes in it, NUL too */
    char text[PICKLE_MAX + 1]; /* with a NUL behind it */
};

enum pickle_event {
    PICKLE_NEED_MORE, /* in is the beginning of a pickle */
    PICKLE_READ,      /* *ret and *ret_used are set */
    PICKLE_REFUSED,   /* it is nothing that this reader reads */
};

/* Whether a pickle that is read here can begin with this byte. */
bool pickle_is_begin(uint8_t byte);

/* Reads one pickle off the front of in, which is all that has come of it so
 * far. ret_used: its bytes. *ret is changed in any case. */
enum pickle_event pickle_read(struct slice in, struct pickle_value *ret,
                              size_t *ret_used);

/* These append, all or nothing; they fail as buf_append does. text is UTF-8.
 * put_list: a list that has this text alone, as Python 2 has texts; "": an
 * empty list. */
int pickle_put_number(struct buf *to, int32_t number);
int pickle_put_text(struct buf *to, const char *text);
int pickle_put_list(struct buf *to, const char *text);

/* A VM of vSPC.py's list. port 0: it has none. */
struct pickle_vm {
    const char *name;
    const char *uuid;
    uint16_t port;
};

/* How the VMs of a list are put together. LIST and TUPLE are for clients under
 * Python 2: their texts are bytes, because such a client fails when it prints
 * an ü of another kind of text into a file. */
enum pickle_list {
    PICKLE_SINGLE, /* each VM is a pickle, and begin and end are nothing */
    PICKLE_LIST,   /* one pickle: a list of them */
    PICKLE_TUPLE,  /* one pickle: (1, a list of them) */
};

/* begin, any number of VMs, end. */
int pickle_put_begin(struct buf *to, enum pickle_list list);
int pickle_put_vm(struct buf *to, enum pickle_list list,
                  const struct pickle_vm *vm);
int pickle_put_end(struct buf *to, enum pickle_list list);

#endif

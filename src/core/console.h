/*
 * console.h - one virtual serial port of one VM: the ring of its output, its
 * clients, and the link to the VM while there is one.
 *
 * Pure: no I/O and no clock. Sessions on both sides translate: a VM session
 * embeds struct vm_link, a client session struct client. The directory creates
 * and destroys consoles. A console stays while a VM or a client is attached,
 * and for the directory's expiry time after (console_stay.c).
 *
 * Core does not call from the middle of its work. A function here changes the
 * console's state, and marks what a link or a reader has to do about it.
 * directory_settle alone calls the operations that act on a mark, when the
 * state is whole (core/console_settle.c says why). Whoever enters core calls
 * directory_settle last, before it returns to the loop. An operation may call
 * anything in core/ that marks, but it attaches and detaches nothing: a session
 * whose connection breaks in an operation notes that, and ends at the end of
 * the turn.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "access/pattern.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "base/network.h"
#include "base/ring.h"
#include "base/throttle.h"
#include "base/window.h"
#include "core/client.h"
#include "core/line.h"
#include "core/told/break_mark.h"
#include "core/told/history.h"

struct console;
struct console_log;
struct console_port;
struct console_rename;
struct directory;
struct move;
struct service;
struct vm_link;
struct vm_site;

/* The operations of the first group move bytes within the work of the caller.
 * Any function here may call them. They call nothing of core/ back but
 * console_output, its relatives, and console_set_link_full. */
struct vm_link_ops {
    /* Bytes for the VM. Returns how many were taken. The console keeps the
     * rest, and gives no more before console_set_link_full(c, false). */
    size_t (*input)(struct vm_link *link, struct slice bytes);
    /* Bytes that the link must queue now, because a message follows that has
     * to stand behind them. False: they do not fit, and none were taken. */
    bool (*queue_input)(struct vm_link *link, struct slice bytes);
    /* A break begins or ends, behind the input so far. */
    void (*line_break)(struct vm_link *link, bool is_on);
    /* No more input for now: the link writes what it has collected. If its
     * connection does not take all of that, it calls
     * console_set_link_full(c, true). */
    void (*input_end)(struct vm_link *link);
    /* The VM has another connection, and from now on this link has nothing but
     * output. It makes room for the output that it has kept (readers that are
     * too far behind start to lag), and hands it to console_output. */
    void (*begin_drain)(struct vm_link *link);
    /* After begin_drain: the link does one read, and makes room for and hands
     * over the bytes likewise. False: there was nothing to read. */
    bool (*drain)(struct vm_link *link);
    /* Reads and drops what has come, a bounded amount. Returns how many bytes
     * were dropped. */
    size_t (*discard)(struct vm_link *link);
    /* The console, or the move, goes on without the link, which is detached
     * already. The reason is static text. The link notes that it ends. */
    void (*dismiss)(struct vm_link *link, const char *reason);

    /* directory_settle alone calls the operations of the second group. */

    /* The link was the destination of a move, and serves the console now. */
    void (*serve)(struct vm_link *link);
    /* The VM has moved away, and the link leaves (console_leaving.c): it is
     * read for its output alone, as fast as the clients take that. */
    void (*leave)(struct vm_link *link);
    /* There is room after console_hold, or the source that left before this
     * link has had its last output: the link is read, and what waits in it
     * becomes output. */
    void (*resume)(struct vm_link *link);
    /* console_lines of the VM's side, or the console's window, may have
     * changed. */
    void (*lines_changed)(struct vm_link *link);
};

/* A VM session, as core sees it. Embedded in the session and owned by it. */
struct vm_link {
    const struct vm_link_ops *ops;
    struct console *console; /* NULL while not attached */
    struct console *leaves;  /* console that still gets its output, or NULL */
    struct move *move;       /* move whose destination it is, or NULL */
    struct ip ip;            /* its address; all zeros: it has none */
    char peer[ADDRESS_TEXT_MAX]; /* its address, for messages */
    bool is_encrypted;           /* it is in TLS */
    bool takes_window; /* its VM wants the window's size: console_line.c */
};

/*
 * A pointer to a console, for code that is not attached to it: it is NULL once
 * the console has gone. on_gone is called just before that; it notes it, and
 * calls nothing of core/ that changes anything.
 */
struct console_ref {
    struct list node; /* in console->refs */
    struct console *console;
    void (*on_gone)(struct console_ref *ref);
};

/* While a link leaves in its own time, which few do: console_leaving.c. */
struct console_leave {
    struct console *console;
    struct deadline silence; /* since the link's last byte */
    uint64_t from;           /* position in the output of its BEGIN */
    uint64_t until_us;
};

/* What a console's deadline expiry is for. */
enum console_wait {
    CONSOLE_WAITS_FOR_NOTHING,
    CONSOLE_WAITS_FOR_TRIAL,  /* the connection of its VM has to last */
    CONSOLE_WAITS_FOR_EXPIRY, /* it has neither VM nor client */
};

struct console {
    struct directory *directory;
    struct console *next_of_vm; /* other serial ports of the same UUID */
    struct ring output;
    struct list readers; /* struct reader.node: clients, log, any other */
    struct list clients; /* struct client.node; see client_wait */
    struct list refs;    /* struct console_ref.node */
    struct console *next_unsettled; /* of the directory; while due is not 0 */
    struct vm_link *link;    /* NULL: no connection of the VM serves it */
    struct vm_link *leaving; /* former link whose last output comes before the
                              * link's; mostly NULL */
    struct move *move;       /* NULL: the VM is not moving; see move.h */
    struct deadline expiry;  /* for what: waits */
    struct vm_site *site;    /* of its VM's last connection; never NULL */
    struct list spare;       /* of the site, while the console is spare; or in
                              * directory.evicted */
    struct deadline hold;    /* runs while the VM is held */
    struct console_leave *leave; /* NULL: none leaves in its own time */
    uint64_t held_since_us;
    uint64_t trusts_from_us; /* before that the VM waits for no reader that has
                              * proved nothing; see console_pace.c */
    uint64_t held_at;     /* where the slowest was when the hold was checked */
    uint64_t input_bytes; /* to the VM since the console is there; what
                           * came from it is output.head */
    /* What the owner of the directory has for this console; core/ knows nothing
     * of it. NULL: there is none. */
    struct console_port *port;     /* the listener on its TCP port */
    struct service *service;       /* what the VM's service URI asks for */
    struct console_log *log;       /* its console log */
    char *name;                    /* the VM's, cleaned */
    struct console_rename *rename; /* a recent one; mostly NULL */
    struct buf held_input;         /* for the VM, which must not get it yet */
    struct break_mark held_break;  /* in it; as input_bytes counts */
    struct line line;
    uint32_t last_output_s; /* console_note_output; 0: there was none */
    uint64_t typist; /* number of the client that typed last; 0: it has left, or
                      * nobody has typed */
    struct window window; /* of that client; what was known last */
    struct throttle failed_moves;
    uint32_t client_count;
    uint32_t dtr_clients; /* of the clients, those that drive DTR, RTS */
    uint32_t rts_clients;
    uint32_t last_input_s; /* console_note_input; 0: there was none */
    uint8_t waits;         /* enum console_wait */
    /* In one byte, because most consoles are idle, and there are many. The
     * first three are kept over a restart. */
    bool is_proven : 1;    /* it was used, so it is new no longer
                            * (console_stay.c) */
    bool came_by_tls : 1;  /* its VM's last connection that lasted was in TLS */
    bool is_keyed : 1;     /* its VM has come with the key of its
                            * configuration */
    bool is_evicted : 1;   /* it makes room at the end of the turn */
    bool is_port_new : 1;  /* the port's number was announced to nobody yet */
    bool is_new : 1;       /* no FACT_VM_ATTACHED was added yet */
    bool is_in_break : 1;  /* the VM is, and has told its clients */
    bool awaits_label : 1; /* restored without a label: the VM's next unknown
                            * serial port gives one */
    uint16_t due; /* bits of enum console_due: left to directory_settle */
    uint16_t port_number; /* of the port that the owner of the directory opened
                           * for this console last; 0: none yet */
    bool is_input_held : 1; /* console_hold_input */
    bool is_link_full : 1;  /* the link takes no input now */
    bool takes_input : 1;   /* the state, and what the clients were told last:
                             * clients are read for input */
    bool reads_ahead : 1;   /* the VM is read further than its slowest reader
                             * allows */
    bool is_locked : 1;     /* somebody has its keyboard locked (keyboard.h) */
    bool has_curious : 1;   /* a reader that wants to know of input or breaks */
    uint32_t number;        /* no other console of this run had it */
    const char *label;      /* behind the uuid */
    char uuid[];
};

/* "NAME", "NAME/LABEL" or "NAME_LABEL": as shown to people. "" for NULL:
 * whoever logs may have no console yet. */
struct console_name {
    char text[2 * LIMIT_NAME + 2];
};
struct console_name console_name(const struct console *c);

/* A console as rules and patterns look at it, with what the inventory has about
 * its VM; the texts are borrowed. NULL: no console, which is the server. */
struct access_console console_view(const struct console *c);

/* "UUID/LABEL": the identity of a console. "" for NULL. */
struct console_name console_id(const struct console *c);

/*
 * Names the stream that positions in the console's output count in: no other
 * console has the epoch, nor has this one after it was forgotten, or in another
 * run of the program. So whoever comes again with an epoch and a position
 * continues there exactly, or learns that it cannot be.
 */
uint64_t console_epoch(const struct console *c);

/* Whether a console needs its label to be told from others: its VM has several,
 * or all are shown with it. */
bool console_needs_label(const struct console *c);

/* set: the reference is to this console from now on, and to no other one.
 * Accepts NULL: to none. init: to none yet. */
void console_ref_init(struct console_ref *ref,
                      void (*on_gone)(struct console_ref *ref));
void console_ref_set(struct console_ref *ref, struct console *c);

/* A reader that has just been attached begins at this position in the output,
 * as far as that is kept, and not so far back that the VM would soon wait for
 * it. */
void console_begin_at(struct reader *reader, uint64_t at);

/* Moves a reader that has had nothing yet back by as much earlier output as is
 * wished for. The reader does not go so far back that the VM would soon wait
 * for it. */
void console_look_back(struct reader *reader, const struct history_wish *wish);

/* The reader is so far behind that the VM would soon have to wait for it. */
bool console_is_soon_held_by(const struct reader *reader);

/*
 * The connection that says it is the console's VM too, from another address:
 * the console's link, or else the destination of its move. NULL: there is none,
 * or it has the newcomer's address, or one of the two has no address.
 */
struct vm_link *console_find_rival(const struct console *c,
                                   const struct vm_link *newcomer);

/* The newcomer does not get the console, because its rival keeps it, for this
 * reason (static text): adds the fact. */
void console_refuse_takeover(struct console *c, const struct vm_link *rival,
                             const struct vm_link *newcomer,
                             const char *reason);

/* The link's VM is gone; clients stay. Accepts a link without a console. */
void console_detach_vm(struct vm_link *link, const char *reason,
                       uint64_t now_us);

/*
 * Output of the VM. Before a read the session asks how many bytes may come
 * without a loss for a reader that follows. 0 means that the room is too small
 * to be worth a read: the session calls console_hold, stops reading and waits
 * for the operation resume.
 */
size_t console_output_room(const struct console *c);
void console_hold(struct console *c, uint64_t now_us);
void console_output(struct console *c, struct slice bytes);

/*
 * Output that the session writes into the ring itself, without a copy.
 * console_output_reserve makes room for len bytes, and returns where the next
 * bytes go and how many fit there (0: use console_output). console_output_wrote
 * says how many were written.
 */
uint8_t *console_output_reserve(struct console *c, size_t len,
                                size_t *ret_room);
void console_output_wrote(struct console *c, size_t len);

/* There was output, at this time; once for each read that had some. Kept as
 * last_output_s, in seconds of the same clock. */
void console_note_output(struct console *c, uint64_t now_us);

/* The same for a client's input, which client_input notes. */
void console_note_input(struct console *c, uint64_t now_us);

/*
 * Reports of a link that leaves. goes_on: it was read, and there was output.
 * is_empty: there is nothing to read now. has_ended: its connection has ended.
 * The first two may dismiss the link.
 */
void console_leaving_goes_on(struct vm_link *link, uint64_t now_us);
void console_leaving_is_empty(struct vm_link *link);
void console_leaving_has_ended(struct vm_link *link);

/* The leaving link, if there is one, is drained and dismissed now. */
void console_finish_leaving(struct console *c);

/* Makes room for len bytes of output that cannot wait: reads ahead at once, and
 * where that is not enough, readers that are too far behind start to lag. */
void console_make_room(struct console *c, size_t len, uint64_t now_us);

/* The link takes no input now, or takes some again. While it takes none, input
 * is kept; from held_input_max on, clients are no longer read for input. */
void console_set_link_full(struct console *c, bool is_full);

/* Whether new input goes to the VM's connection at once, as far as that takes
 * it. Else it is kept, behind what waits already. */
bool console_passes_input(const struct console *c);

/*
 * From console_hold_input on, input is kept instead of being given to the link,
 * because the VM must not get any. From held_input_max on, clients are no
 * longer read for input; nothing is dropped. console_release_input passes the
 * kept input on, in order, as fast as the link takes it. While the VM is
 * moving, input is kept in any case.
 */
void console_hold_input(struct console *c);
void console_release_input(struct console *c);

/*
 * The lines (console_line.c). A side sees LINE_DSR, LINE_CTS, LINE_DCD of what
 * the other side drives; docs/rfc2217.md has the tables. A side is told
 * (lines_changed) when what it sees may have changed.
 */
uint8_t console_lines(const struct console *c, enum line_side seen_by);
void console_set_vm_lines(struct console *c, uint8_t driven);
uint8_t console_client_lines(const struct console *c);

/* The VM of this link wants to know the console's window, or does not want to
 * any more. Its clients are asked for theirs (lines_changed). */
void console_set_takes_window(struct vm_link *link, bool takes);

/* Whether the clients are to be asked for the size of their windows. */
bool console_wants_window(const struct console *c);

/* A break of the VM begins or ends, at the end of the output so far. */
void console_break_output(struct console *c, bool is_on);

/* Drops the input that waits for the VM; the output that clients have not had
 * yet. Console logs keep that output. */
void console_purge_input(struct console *c);
void console_purge_output(struct console *c, uint64_t now_us);

/* The address of the host whose VM it is, or was last; of the latter's IPv6
 * address the first 64 bits are known. All zeros: none is. */
struct ip console_host(const struct console *c);

/* Whether connections of its VM need a key is the sessions' to decide. */
void console_set_keyed(struct console *c, bool is_keyed);

/* Since when the console has had neither VM nor client. False: it has one. */
bool console_left_since(const struct console *c, uint64_t *ret_since_us);

/* Whether there is a VM: connected, or on its way to another host. */
bool console_has_vm(const struct console *c);

/* Whether clients are to be read for input. And, while they are not, whether
 * this many bytes of a client that is read for another reason have room above
 * the mark. */
bool console_takes_input(const struct console *c);
bool console_has_input_room(const struct console *c, size_t len);

#endif

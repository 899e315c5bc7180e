/*
 * console.h - one virtual serial port of one VM: the ring of its output, its
 * clients, and the link to the VM while there is one.
 *
 * Pure: no I/O and no clock. Sessions on both sides translate: a VM session
 * embeds struct vm_link, a client session struct client. The directory creates
 * and destroys consoles. A console stays while a VM or a client is attached,
 * and for the directory's expiry time after.
 *
 * Core does not call from the middle of its work. A function here changes the
 * console's state, and marks what a link or a reader has to do about it. The
 * operations that act on such a mark are called by directory_settle alone, when
 * the state is whole. Whoever has entered core calls directory_settle last,
 * before it returns to the loop. An operation may call anything in core/ that
 * marks, but it attaches and detaches nobody: a session whose connection breaks
 * in an operation notes that, and ends at the end of the turn.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "base/buf.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "base/ring.h"
#include "base/throttle.h"
#include "core/client.h"
#include "core/line.h"
#include "core/told/break_mark.h"
#include "core/told/history.h"

struct console;
struct console_log;
struct console_port;
struct directory;
struct move;
struct service;
struct vm_link;

/*
 * The first group moves bytes on behalf of whoever is at work. It is called
 * from any function here, and calls nothing of core/ back but console_output
 * and what belongs to it.
 */
struct vm_link_ops {
    /* Bytes for the VM; returns how many were taken. The console keeps the
     * rest, and gives no more before console_set_link_full(c, false). */
    size_t (*input)(struct vm_link *link, struct slice bytes);
    /* Bytes that the link must take, because something follows that has to
     * stand behind them. False: it is too much. */
    bool (*queue_input)(struct vm_link *link, struct slice bytes);
    /* A break begins or ends, behind the input so far. */
    void (*line_break)(struct vm_link *link, bool is_on);
    /* No more input for now: what the link has collected is written. If it does
     * not take all of that it says console_set_link_full(c, true). */
    void (*input_end)(struct vm_link *link);
    /* Its VM has another connection: the link says nothing but output any more,
     * does one read, makes room for what that brings, whoever is in the way,
     * and hands it to console_output. False: there was nothing. */
    bool (*drain)(struct vm_link *link);
    /* Reads on and forgets it, up to a point. Returns how many bytes that
     * were. */
    size_t (*discard)(struct vm_link *link);
    /* The console, or the move, goes on without the link. It is detached
     * already; the reason is static text. The link notes that it ends. */
    void (*dismiss)(struct vm_link *link, const char *reason);

    /* The second group is called by directory_settle alone. */

    /* The link was the destination of a move, and has the console now. */
    void (*serve)(struct vm_link *link);
    /* Its VM has moved away, and the link leaves (console_leaving.c): from now
     * on it is read for its output alone, as fast as the clients take it. */
    void (*leave)(struct vm_link *link);
    /* There is room after console_hold, or the link that left before it has
     * had its last word: the VM is read, and what waits is output. */
    void (*resume)(struct vm_link *link);
    /* console_lines of the VM's side may have changed. */
    void (*lines_changed)(struct vm_link *link);
};

/* A VM session's end of it. Embedded there and owned by the session. */
struct vm_link {
    const struct vm_link_ops *ops;
    struct console *console;     /* NULL while not attached */
    struct console *leaves;      /* whose output it still has, or NULL */
    struct move *move;           /* whose destination it is, or NULL */
    char peer[ADDRESS_TEXT_MAX]; /* for messages: where it comes from */
    bool is_encrypted;           /* the same */
};

struct console {
    struct directory *directory;
    struct console *next_of_vm; /* other serial ports of the same UUID */
    struct ring output;
    struct list readers; /* struct reader.node, in order of attaching: */
    struct list clients; /* struct client.node, and whoever else reads */
    struct console *next_unsettled; /* of the directory; while due is not 0 */
    struct vm_link *link;
    struct vm_link *leaving; /* what it still has to say comes before what
                              * the link says; mostly NULL */
    struct move *move;       /* NULL: the VM is not moving; see move.h */
    struct deadline expiry;  /* runs while nobody is attached */
    struct deadline hold;    /* runs while the VM is held back */
    struct deadline leave;   /* runs while one leaves, since its last byte */
    uint64_t leave_from;     /* position in the output of its BEGIN */
    uint64_t leave_until_us;
    uint64_t held_since_us;
    uint64_t held_at;     /* where the slowest was when the hold was checked */
    uint64_t input_bytes; /* to the VM since the console is there; what
                           * came from it is output.head */
    /* What the owner of the directory has for this console; core/ knows nothing
     * of it. NULL: there is none. */
    struct console_port *port;    /* the listener on its TCP port */
    struct service *service;      /* what the VM's service URI asks for */
    struct console_log *log;      /* its console log */
    char *name;                   /* the VM's, cleaned */
    struct buf held_input;        /* for the VM, which must not get it yet */
    struct break_mark held_break; /* in it; as input_bytes counts */
    struct line line;
    struct throttle failed_moves;
    struct throttle renames;
    uint32_t client_count;
    uint16_t due; /* bits of enum console_due: left to directory_settle */
    uint16_t port_number; /* of the port that the owner of the directory opened
                           * for this console last; 0: none yet */
    bool is_port_new;     /* the port's number was announced to nobody yet */
    bool is_new;          /* its first VM was not told of yet */
    bool is_input_held;   /* console_hold_input */
    bool is_link_full;    /* what console_set_link_full said last */
    bool is_in_break;     /* the VM is, and has told its clients */
    bool takes_input;     /* what the clients were told last */
    bool reads_ahead;     /* of the clients that hold the VM back */
    bool awaits_label;    /* the directory's: directory_restore */
    const char *label;    /* behind the uuid */
    char uuid[];
};

/* "NAME", "NAME/LABEL" or "NAME_LABEL": as shown to people. */
struct console_name {
    char text[2 * LIMIT_NAME + 2];
};
struct console_name console_name(const struct console *c);

/* "UUID/LABEL": what a console is known by. */
struct console_name console_id(const struct console *c);

/* Moves a reader that has had nothing yet back to see as much of what came
 * before; but no further than where nobody would have to wait for it. */
void console_look_back(struct reader *reader, const struct history_wish *wish);

/* It is so far behind that the VM would soon have to wait for it. */
bool console_is_soon_held_by(const struct reader *reader);

/* The link's VM is gone; clients stay. Takes one that is not attached. */
void console_detach_vm(struct vm_link *link, const char *reason,
                       uint64_t now_us);

/*
 * From the VM. Before a read the session asks how many bytes may come without
 * running over a client that follows; 0 means that the room is too small to
 * be worth a read: the session calls console_hold, stops reading and waits
 * for resume.
 */
size_t console_output_room(const struct console *c);
void console_hold(struct console *c, uint64_t now_us);
void console_output(struct console *c, struct slice bytes);

/*
 * The same for bytes that are made where they belong: makes room for len, says
 * where the next ones go and how many fit there (0: use console_output); then
 * console_output_wrote says how many came.
 */
uint8_t *console_output_reserve(struct console *c, size_t len,
                                size_t *ret_room);
void console_output_wrote(struct console *c, size_t len);

/*
 * The hold has lasted longer than jitter does: the VM is read a ring further,
 * because more than output may be waiting there (a move, an end).
 */
void console_short_hold_due(struct console *c, uint64_t now_us);

/* It has lasted long enough: who has not taken half a ring meanwhile, lags. */
void console_hold_due(struct console *c, uint64_t now_us);

/*
 * From a link that leaves: it was read, and there was more; there is nothing
 * more now; it has ended. The first two may dismiss it.
 */
void console_leaving_goes_on(struct vm_link *link, uint64_t now_us);
void console_leaving_is_empty(struct vm_link *link);
void console_leaving_has_ended(struct vm_link *link);

/* Nothing has come from the one that leaves for a while. */
void console_leave_due(struct console *c, uint64_t now_us);

/* The one that leaves, if there is one, has to be done now. */
void console_finish_leaving(struct console *c);

/* For output that cannot wait: reads ahead at once, and where that is not
 * enough, lets those lag who are in the way. */
void console_make_room(struct console *c, size_t len, uint64_t now_us);

/* Whether the link takes no input now. What comes is kept, and when that is
 * much the clients are no longer read. */
void console_set_link_full(struct console *c, bool is_full);

/*
 * From now on input is kept for the VM instead of being handed to the link,
 * because the VM must not get any now. When much is kept the clients are no
 * longer read; nothing is dropped. Release hands it on, in order, as fast as
 * the link takes it. While the VM is moving it is kept in any case.
 */
void console_hold_input(struct console *c);
void console_release_input(struct console *c);

/*
 * The lines (console_line.c). What a side sees: LINE_DSR, LINE_CTS, LINE_DCD;
 * docs/rfc2217.md has the tables. The other side is told when its own change.
 */
uint8_t console_lines(const struct console *c, enum line_side seen_by);
void console_set_vm_lines(struct console *c, uint8_t driven);
uint8_t console_client_lines(const struct console *c);

/* From the VM: a break begins or ends, at the end of its output. */
void console_break_output(struct console *c, bool is_on);

/* For the VM: what was not handed on yet is forgotten. */
void console_purge_input(struct console *c);
void console_purge_output(struct console *c, uint64_t now_us);

/* Whether there is a VM, if only one on its way to another host. */
bool console_has_vm(const struct console *c);

/* Whether clients are to be read for input; and, where they are not, whether so
 * much of one that is read for another reason has room all the same. */
bool console_takes_input(const struct console *c);
bool console_has_input_room(const struct console *c, size_t len);

#endif

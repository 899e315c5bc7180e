/*
 * vm_session_private.h - what the files of a VM session share:
 *
 *   vm_session.c    its life: from the first byte to the end
 *   vm_extension.c  what is said in option 232
 *   vm_output.c     from the VM to the console
 *   vm_input.c      from the console to the VM
 *   vm_line.c       the serial line
 *   vm_attach.c     how it gets its console
 *   vm_key.c        the key in its service URI
 *   vm_takeover.c   whether it gets a console that another connection has
 */
#ifndef SESSION_VM_VM_SESSION_PRIVATE_H
#define SESSION_VM_VM_SESSION_PRIVATE_H

#include "base/text.h"
#include "log/log.h"
#include "session/comport_peer.h"
#include "session/gate.h"
#include "session/session_context.h"
#include "session/telnet_link.h"
#include "session/vm/vm_end.h"
#include "session/vm/vm_key.h"
#include "session/vm/vm_session.h"

/*
 * Where the session is in the guide's progression (VMware Telnet Session).
 *
 *     GREETED --WILL 232--> EXTENDED --DO-PROXY--> ASKED --answers--> SERVING
 *        ^                      |                    ^                 |  |
 *        |                      +--VMOTION-PEER--> JOINED --COMPLETE---+  |
 *        +-------------------- WONT 232 ------------------------------ +  |
 *                                    its VM is elsewhere: LEAVING <-------+
 *
 * Between ASKED and SERVING is PROBING, if a connection from another address
 * has the console. DO-PROXY asks anew in every phase. Every phase can be
 * followed by ENDING, and ENDING by none.
 */
enum vm_phase {
    VM_PHASE_GREETED,  /* waiting for WILL 232 */
    VM_PHASE_EXTENDED, /* 232 is on; waiting for DO-PROXY */
    VM_PHASE_ASKED,    /* WILL-PROXY and GET-* are out; waiting for answers */
    VM_PHASE_PROBING,  /* identified; its console has another connection, which
                        * is probed: vm_takeover.c */
    VM_PHASE_JOINED,   /* destination of a move; waiting for COMPLETE */
    VM_PHASE_SERVING,  /* attached to its console */
    VM_PHASE_LEAVING,  /* its VM is elsewhere; only its output counts */
    VM_PHASE_ENDING,   /* it does nothing any more */
    VM_PHASE_COUNT,
};
const char *vm_phase_name(enum vm_phase phase);

/* What a VM can be asked about itself; a bit each in struct identity. */
enum question {
    QUESTION_VC_UUID,
    QUESTION_NAME,
    QUESTION_BIOS_UUID,
    QUESTION_LOCATION_UUID,
    QUESTION_COUNT,
};

/* PROBING: the look at the console's other connection. */
struct vm_probe {
    struct deadline look;        /* until the next one */
    uint32_t heard;              /* stream_pulse.heard before it was asked */
    uint8_t looks;               /* that have been */
    char peer[ADDRESS_TEXT_MAX]; /* the connection; "": none is probed */
};

/* What is needed until the VM is attached; freed then. */
struct identity {
    struct vm_session *session;
    struct deadline deadline;
    struct deadline first_byte;    /* until its first byte, or the greeting */
    struct vm_probe probe;         /* of who has its console */
    struct gate_newcomer newcomer; /* until it is identified */
    char text[QUESTION_COUNT][TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1];
    struct vm_key key; /* as its service URI has it; "": none */
    char *service_uri; /* for service/service.h; NULL: a label */
    char direction;
    struct line line; /* what it has set before it is attached */
    uint8_t known;    /* bits: the VM listed the question's code */
    uint8_t open;     /* bits: asked and not answered */
    bool has_listed;  /* KNOWN-SUBOPTIONS-1 came */
};

struct vm_session {
    struct session session;
    struct telnet_link telnet;
    struct vm_link link;
    struct identity *identity; /* NULL while serving */
    struct comport_peer comport;
    uint8_t phase;             /* enum vm_phase: vm_session_enter */
    uint8_t end_level;         /* ENDING: of the line in the log */
    bool ends_gently;          /* ENDING: what is queued still goes out */
    bool is_held;              /* the console has no room; core calls resume */
    bool has_room;             /* for the data of the read at hand */
    bool has_read;             /* its first bytes were telnet */
    uint8_t costly;            /* messages of this read; vm_session_affords */
    struct window told_window; /* of the console, as the VM knows it */
    uint64_t asked_ns;         /* DO-PROXY, for rate_take */
    struct buf early;          /* output that has to wait; see vm_output.c */
    const char *end_detail;    /* ENDING: what the log says; static, or the
                                * stream's own */
};

/* Makes s->identity, if it has none; without a deadline. */
void vm_session_new_identity(struct vm_session *s);
void vm_session_drop_identity(struct vm_session *s);

/* expect: the VM has its time to identify itself from now on. stop: it is
 * identified, or has ended. */
void vm_session_expect_identity(struct vm_session *s);
void vm_session_stop_waiting(struct vm_session *s);

/* Sets the phase. The session must not have ended. */
void vm_session_enter(struct vm_session *s, enum vm_phase phase);

/*
 * The session ends at the end of the turn. May be called twice; the first
 * reason counts. For a VM that has a console, the fact that it was detached
 * becomes the log line.
 */
void vm_session_end(struct vm_session *s, enum vm_end end);

/* vm_session_end, after one line of text that says what this port is for. */
void vm_session_turn_away(struct vm_session *s, enum vm_end end);

/* Core goes on without the session, for this reason, which is logged already.
 */
void vm_session_dismiss(struct vm_session *s, const char *reason);

/*
 * Some messages cost far more than their bytes: a walk over all clients, a
 * move. Of one read only VM_COSTLY_MAX of those have their effect. False: this
 * one has none.
 */
enum { VM_COSTLY_MAX = 32 };
bool vm_session_affords(struct vm_session *s);

/* Settles the directory now, before the next byte of this read. */
void vm_session_settle(struct vm_session *s);

/* The session serves the console that its link has from now on. Output that
 * came early follows when it is its turn and there is room. */
void vm_session_serve(struct vm_session *s);

/* ---- vm_output.c */

/* The pace of the link, and one readiness of it. */
enum telnet_link_pace vm_output_pace(const struct vm_session *s);
void vm_output_on_readable(struct vm_session *s);

/* copy: moves data at the front of *in into the ring, in one copy. take: data
 * that has to be output now or later. */
void vm_output_copy(struct vm_session *s, struct slice *in);
void vm_output_take(struct vm_session *s, struct slice bytes);

/* Early output goes to the console, as far as there is room. */
void vm_output_pour(struct vm_session *s);

/* Early output goes to the console now, at the cost of readers that are in the
 * way: the session ends, or what comes next is not this console's. */
void vm_output_end(struct vm_session *s);

/* Operations of struct vm_link_ops. */
void vm_output_resume(struct vm_link *link);
void vm_output_leave(struct vm_link *link);
void vm_output_begin_drain(struct vm_link *link);
bool vm_output_drain(struct vm_link *link);
size_t vm_output_discard(struct vm_link *link);

/* ---- vm_input.c */

extern const struct vm_link_ops vm_input_link_ops;

/* Whether the VM takes input now may have changed. */
void vm_input_update(struct vm_session *s);

/* What the VM sees of the lines may have changed. */
void vm_input_tell_lines(struct vm_session *s);

/* ---- vm_extension.c */

/* A message of the extension came; the option went on, or went off or was
 * refused. 0, or a failure of buf_append: the VM does not take the answers. */
int vm_extension_handle_message(struct vm_session *s, struct slice body);
int vm_extension_handle_option(struct vm_session *s, bool is_on);

/* The answers of a read were written, as far as the connection takes them. */
void vm_extension_note_answers(struct vm_session *s);

/* ---- vm_attach.c */

/* Attaches the VM to its console, by the identity that it has given so far; or
 * it waits (PROBING) and is attached later; or the session ends. */
void vm_attach(struct vm_session *s);

/* ---- vm_takeover.c */

enum {
    /* Shorter than any delay that a person notices, and some round trips. */
    VM_TAKEOVER_LOOK_US = 50 * 1000,
    /* 2 s: TCP sends a question three or four times until then, and delays of
     * acknowledgements are a tenth of it. */
    VM_TAKEOVER_LOOKS = 40,
};

/* Whether the session may be attached to this console, its own, now. False: it
 * waits (PROBING), and is attached (vm_attach) or ends later; or it
 * ends. */
bool vm_takeover_is_decided(struct vm_session *s, struct console *c);

/* For the queue vm_sessions.probes. */
void vm_takeover_look_due(struct deadline *d, void *owner);

/* ---- vm_line.c */

/*
 * From the VM: COM-PORT-OPTION went on or off (handle_option), a message of it
 * (handle_message), IAC BRK (handle_break). To the VM: the lines that it sees,
 * if they have changed (tell), a break (tell_break); the option may have been
 * on before TLS had begun (begin). An int is 0, or a failure of buf_append.
 *
 * vm_line_join: the session has become the destination of a move, and continues
 * the line of the console that it joins: what it does not set stays.
 * vm_line_take_early: its console is known, and gets what the VM had set
 * before. vm_line_catch_up: at the end of a read, of which not each break was
 * shown.
 *
 * vm_line_tell_window: the console's window, if it has changed, to a VM that
 * wants it. No ESXi host does; vspc-vm may. handle_window_option: the VM wants
 * it, or does not want it any more.
 */
int vm_line_handle_option(struct vm_session *s, bool is_on);
int vm_line_begin(struct vm_session *s);
int vm_line_handle_message(struct vm_session *s, struct slice body);
void vm_line_handle_break(struct vm_session *s);
int vm_line_tell(struct vm_session *s);
int vm_line_tell_break(struct vm_session *s, bool is_on);
void vm_line_join(struct vm_session *s);
void vm_line_take_early(struct vm_session *s);
void vm_line_catch_up(struct vm_session *s);
int vm_line_tell_window(struct vm_session *s);
void vm_line_handle_window_option(struct vm_session *s, bool is_on);

static inline struct vm_session *vm_session_of_link(struct vm_link *link)
{
    return CONTAINER_OF(link, struct vm_session, link);
}

/* Asked when a connection becomes a console's, or a move's destination. */
static inline void vm_session_note_tls(struct vm_session *s)
{
    s->link.is_encrypted = s->telnet.secure.state == SECURE_DONE;
}

static inline struct vm_session *vm_session_of_telnet(struct telnet_link *l)
{
    return CONTAINER_OF(l, struct vm_session, telnet);
}

#endif

/*
 * vm_session_private.h - what the files of a VM session share:
 *
 *   vm_session.c    its life: from the first byte to the end
 *   vm_extension.c  what is said in option 232
 *   vm_output.c     from the VM to the console
 *   vm_input.c      from the console to the VM
 *   vm_line.c       the serial line
 */
#ifndef SESSION_VM_VM_SESSION_PRIVATE_H
#define SESSION_VM_VM_SESSION_PRIVATE_H

#include "base/text.h"
#include "base/throttle.h"
#include "log/log.h"
#include "session/comport_peer.h"
#include "session/gate.h"
#include "session/session_context.h"
#include "session/telnet_link.h"
#include "session/vm/vm_end.h"
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
 * DO-PROXY asks anew in every phase. ENDING comes after each of them, and
 * nothing comes after it.
 */
enum vm_phase {
    VM_PHASE_GREETED,  /* waiting for WILL 232 */
    VM_PHASE_EXTENDED, /* 232 is on; waiting for DO-PROXY */
    VM_PHASE_ASKED,    /* WILL-PROXY and GET-* are out; waiting for answers */
    VM_PHASE_JOINED,   /* destination of a move; waiting for COMPLETE */
    VM_PHASE_SERVING,  /* attached to its console */
    VM_PHASE_LEAVING,  /* its VM is elsewhere; it has only its output */
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

/* Needed only until the VM is attached; then its memory goes. */
struct identity {
    struct vm_session *session;
    struct deadline deadline;
    struct deadline first_byte;    /* until it has said something */
    struct gate_newcomer newcomer; /* until it has said who it is */
    char text[QUESTION_COUNT][TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1];
    char *service_uri; /* for service/service.h; NULL: a label */
    char direction;
    struct line line; /* what it set before that */
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
    uint8_t phase;     /* enum vm_phase: vm_session_enter */
    uint8_t end_level; /* ENDING: of the line in the log */
    bool ends_gently;  /* ENDING: what is queued still goes out */
    bool is_held;      /* there is no room for more */
    bool has_room;     /* for the data of the read at hand */
    bool has_read;
    struct buf early; /* output that has to wait: for the console to be known,
                       * for another connection's, for room */
    union {
        struct throttle told;   /* in the log, of what it may do without end */
        const char *end_detail; /* ENDING: what the log says; static, or the
                                 * stream's own */
    };
};

/* Makes s->identity, if it has none; without a deadline. */
void vm_session_new_identity(struct vm_session *s);
void vm_session_drop_identity(struct vm_session *s);

/* From now on the VM has its time to say who it is; and has it no more. */
void vm_session_expect_identity(struct vm_session *s);
void vm_session_stop_waiting(struct vm_session *s);

/* The phase is this one from now on; it has not ended. */
void vm_session_enter(struct vm_session *s, enum vm_phase phase);

/*
 * The session ends at the end of the turn; may be called twice, the first
 * reason counts. The log line for a VM that had a console comes from the fact
 * that it was detached.
 */
void vm_session_end(struct vm_session *s, enum vm_end end);

/* The same after one line that says what this port is for. */
void vm_session_turn_away(struct vm_session *s, enum vm_end end);

/* Core goes on without it, for this reason; others have logged that. */
void vm_session_dismiss(struct vm_session *s, const char *reason);

/* What core has left to do is done before the next byte of this read. */
void vm_session_settle(struct vm_session *s);

/* From now on the session serves the console that its link has: what came
 * early is output, when it is its turn and there is room. */
void vm_session_serve(struct vm_session *s);

/* ---- vm_output.c */

/* How the link is read, and one readiness of it. */
enum telnet_link_pace vm_output_pace(const struct vm_session *s);
void vm_output_on_readable(struct vm_session *s);

/* Data that is next in the input goes to the console in one copy. */
void vm_output_copy(struct vm_session *s, struct slice *in);
void vm_output_take(struct vm_session *s, struct slice bytes);

/* What came early goes out, as far as it may. */
void vm_output_pour(struct vm_session *s);

/* What came early is output now, because what comes next is another matter. */
void vm_output_end(struct vm_session *s);

/* Operations of the link: see core/console.h. */
void vm_output_resume(struct vm_link *link);
void vm_output_leave(struct vm_link *link);
bool vm_output_drain(struct vm_link *link);
size_t vm_output_discard(struct vm_link *link);

/* ---- vm_input.c */

extern const struct vm_link_ops vm_input_link_ops;

/* Whether the VM takes input now may have changed. */
void vm_input_update(struct vm_session *s);

/* What the VM sees of the lines may have changed. */
void vm_input_tell_lines(struct vm_session *s);

/* ---- vm_extension.c */

/* The identity is as complete as it gets: attaches the VM to its console. */
void vm_extension_attach(struct vm_session *s);

/* A message of the extension, and: it went on, off, or was refused. 0, or a
 * failure of buf_append: the VM does not take our answers. */
int vm_extension_handle_message(struct vm_session *s, struct slice body);
int vm_extension_handle_option(struct vm_session *s, bool is_on);

/* ---- vm_line.c */

/*
 * COM-PORT-OPTION went on or off; a message of it; IAC BRK. To the VM: what it
 * sees of the lines, if that has changed; a break. Once its console is known:
 * what it had set before. As above. With VMOTION-PEER-OK it continues the line
 * of the console that it is to have: what it does not set stays.
 */
int vm_line_handle_option(struct vm_session *s, bool is_on);
int vm_line_handle_message(struct vm_session *s, struct slice body);
void vm_line_handle_break(struct vm_session *s);
int vm_line_tell(struct vm_session *s);
int vm_line_tell_break(struct vm_session *s, bool is_on);
void vm_line_join(struct vm_session *s);
void vm_line_take_early(struct vm_session *s);

static inline struct vm_session *vm_session_of_link(struct vm_link *link)
{
    return CONTAINER_OF(link, struct vm_session, link);
}

static inline struct vm_session *vm_session_of_telnet(struct telnet_link *l)
{
    return CONTAINER_OF(l, struct vm_session, telnet);
}

#endif

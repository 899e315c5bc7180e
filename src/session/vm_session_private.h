/*
 * vm_session_private.h - what the files of a VM session share: vm_session.c
 * has its stream and its life, vm_extension.c what is said in option 232,
 * vm_line.c the serial line.
 */
#ifndef SESSION_VM_SESSION_PRIVATE_H
#define SESSION_VM_SESSION_PRIVATE_H

#include "base/text.h"
#include "base/throttle.h"
#include "session/comport_peer.h"
#include "session/secure.h"
#include "session/session_context.h"
#include "session/wire.h"

/* Where the session is in the guide's progression (VMware Telnet Session). */
enum vm_phase {
    PHASE_GREETED,  /* waiting for WILL 232 */
    PHASE_EXTENDED, /* 232 is on; waiting for DO-PROXY */
    PHASE_ASKED,    /* WILL-PROXY and GET-* are out; waiting for answers */
    PHASE_JOINED,   /* destination of a move; waiting for COMPLETE */
    PHASE_SERVING,  /* attached to its console */
    PHASE_LEAVING,  /* its VM is elsewhere; it has only its output */
    PHASE_ENDING,   /* it does nothing any more; session.is_ending */
};

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
    struct deadline first_byte; /* until it has said something */
    struct newcomer newcomer;   /* until it has said who it is */
    char text[QUESTION_COUNT][TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1];
    char *service_uri; /* for session/service.h; NULL: a label */
    char direction;
    struct line line; /* what it set before that */
    uint8_t known;    /* bits: the VM listed the question's code */
    uint8_t open;     /* bits: asked and not answered */
    bool has_listed;  /* KNOWN-SUBOPTIONS-1 came */
};

struct vm_session {
    struct session session;
    struct session_context *ctx;
    struct wire wire;
    struct vm_link link;
    struct identity *identity; /* NULL while serving */
    struct comport_peer comport;
    struct secure secure;
    struct buf early; /* output that has to wait: for the console to be known,
                       * for another connection's, for room */
    struct throttle told;   /* in the log, of what it may do without end */
    const char *end_reason; /* ENDING; static text, or the stream's own */
    uint8_t phase;          /* enum vm_phase: vm_session_enter */
    uint8_t end_level;      /* ENDING: of the line in the log; enum log_level */
    bool ends_gently;       /* ENDING: what is queued still goes out */
    bool is_held;           /* there is no room for more */
    bool has_room;          /* for the data of the read at hand */
    bool has_read;
};

/* Makes s->identity, if it has none; without a deadline. */
void vm_session_new_identity(struct vm_session *s);
void vm_session_drop_identity(struct vm_session *s);

/* From now on the VM has its time to say who it is. */
void vm_session_expect_identity(struct vm_session *s);

/* The phase is this one from now on; it has not ended. */
void vm_session_enter(struct vm_session *s, enum vm_phase phase);

/*
 * The session ends at the end of the turn; may be called twice, the first
 * reason counts. The log line for a VM that had a console comes from the fact
 * that it was detached.
 */
void vm_session_close(struct vm_session *s, const char *reason, bool gently);

/* The same after one line that says what this port is for. */
void vm_session_turn_away(struct vm_session *s, const char *reason);

/* From now on the session serves the console that its link has: what came
 * early is output, when it is its turn and there is room. */
void vm_session_serve(struct vm_session *s);

/* What core has left to do is done before the next byte of this read. */
void vm_session_settle(struct vm_session *s);

/* What came early is output now, because what comes next is another matter. */
void vm_session_end_output(struct vm_session *s);

/* The identity is as complete as it gets: attaches the VM to its console. */
void vm_extension_attach(struct vm_session *s);

/* A message of the extension, and: it went on, off, or was refused. 0, or a
 * failure of buf_append: the VM does not take our answers. */
int vm_extension_handle_message(struct vm_session *s, struct slice body);
int vm_extension_handle_option(struct vm_session *s, bool is_on);

/* Whether the VM takes input now may have changed. */
void vm_session_update_input(struct vm_session *s);

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

#endif

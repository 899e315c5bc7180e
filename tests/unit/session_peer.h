/*
 * session_peer.h - plays the far ends of sessions over in-memory streams: VMs
 * and clients with a telnet of their own, for tests and fuzz targets.
 *
 * A site is a directory and a session context without a loop; it owns its
 * peers. A peer keeps what the session sent, taken apart: data as it reads
 * behind telnet, and commands in words. The telnet here shares nothing with
 * src/proto, whose mistakes it has to see; wrong telnet aborts the program.
 */
#ifndef TESTS_SESSION_PEER_H
#define TESTS_SESSION_PEER_H

#include "core/census/census.h"
#include "core/directory.h"
#include "net/stream_mem.h"
#include "session/kinds/sessions.h"

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define IAC "\xff"
#define SB "\xfa"
#define SE "\xf0"
#define AYT "\xf6"
#define WILL "\xfb"
#define WONT "\xfc"
#define DO "\xfd"
#define DONT "\xfe"
#define BINARY "\0"
#define ECHO "\1"
#define SGA "\3"
#define AUTHENTICATION "\x25"
#define VMWARE "\xe8"
#define EXT(body) IAC SB VMWARE body IAC SE
#define DO_PROXY "\x46"
#define VC_UUID "\x50"
#define VM_NAME "\x52"
#define BIOS_UUID "\x54"
#define LOCATION_UUID "\x56"

/* What a telnet client answers to the greeting. */
#define YES IAC DO BINARY IAC DO SGA IAC DO ECHO IAC WILL BINARY IAC WILL SGA

/* What ESXi says up to DO-PROXY, in its order. */
#define ESXI_OPTIONS                                                           \
    IAC WILL AUTHENTICATION IAC DO BINARY IAC DO SGA IAC DO ECHO IAC WILL      \
        BINARY IAC WILL SGA IAC WILL VMWARE
#define ESXI_KNOWN                                                             \
    EXT("\x00\x01\x02\x03\x28\x29\x2b\x2c\x2d\x2e\x30\x46\x47\x49\x50\x51"     \
        "\x54\x55\x56\x57\x52\x53")
#define ESXI_PROXY EXT(DO_PROXY "SvSPC.py")

#define UUID_TEXT "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af b0 c1 d2 e3"
#define UUID "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3"
#define LABEL "vSPC.py"

enum { SITE_PEERS_MAX = 32, PEER_TEXT_MAX = 64 * 1024 * KIB };

struct peer {
    struct site *site;
    struct stream_mem stream;
    struct buf data; /* since the test last took it */
    struct buf said; /* "WILL 0, DO 232, SB 232 71": the same for commands */
    bool is_raw;     /* takes everything for data */
    uint8_t state;
    uint8_t verb;
};

struct site {
    struct directory directory;
    struct census_walks walks;
    struct session_context ctx;
    struct access_rules
        *access; /* the standard ones, unless a test has others */
    struct peer *peers[SITE_PEERS_MAX];
    size_t peer_count;
    enum tls_policy policy; /* of those who arrive; off at first */
    /* What core/ told, by enum fact_kind. */
    struct {
        struct fact last;
        uint32_t count;
    } seen[FACT_KIND_COUNT];
    /* Called after each event of a session, for who has to know their order;
     * may be NULL. */
    void (*after_event)(struct peer *p, void *owner);
    void *owner;
};

/* Consoles of 64 KiB, no limits. */
struct directory_settings site_settings(void);

void site_open(struct site *s, const struct directory_settings *settings);

/* Other rules for the sessions from now on; they are not judged by it. The
 * site's own from then on. */
void site_set_access(struct site *s, struct access_rules *rules);

/* The same, of rules that must be valid. */
void site_set_rules(struct site *s, const struct access_source *source);

/* Ends whoever is still there; frees the peers. */
void site_close(struct site *s);

/* Lets everybody come to rest, as at the end of a turn of the loop. */
void site_run(struct site *s);

/* The parts of site_run: tells one session what its stream can do, true if
 * there was anything; and the end of a turn. */
bool peer_turn(struct peer *p);
void site_turn_end(struct site *s);

/* Time passes for all who wait in this queue. */
void site_identities_due(struct site *s);
void site_probes_due(struct site *s); /* the next look at who has a console */
void site_negotiations_due(struct site *s);
void site_drains_due(struct site *s);
void site_answers_due(struct site *s);
void site_doubts_due(struct site *s); /* what a raw client typed is raw */
void site_pasts_due(struct site *s);
void site_logins_due(struct site *s); /* a login took too long */
void site_nops_due(struct site *s);
void site_idles_due(struct site *s);       /* the warning */
void site_last_times_due(struct site *s);  /* the end */
void site_first_bytes_due(struct site *s); /* nobody says hello */
void site_tls_due(struct site *s);         /* handshakes, and their ends */
void site_short_holds_due(struct site *s); /* reading ahead begins */
void site_holds_due(struct site *s);       /* those too */
void site_moves_due(struct site *s);
void site_renames_due(struct site *s);
void site_leaves_due(struct site *s);

/* What menus want is done; a key that is alone is what it is; a terminal has
 * not answered; a list becomes old. */
void site_menus_due(struct site *s);
void site_menu_keys_due(struct site *s);
void site_menu_terminals_due(struct site *s);
void site_menu_refreshes_due(struct site *s);

/* On the admin port: nothing was said so far, and so the kit's option is
 * offered; what looks at consoles does so; a conversation takes too long, or
 * reading a list does. */
void site_admin_silences_due(struct site *s);
void site_admin_work_due(struct site *s);
void site_admin_talks_due(struct site *s);

/* The console of the VM that vm_start plays. */
struct console *site_console(struct site *s);

/* Connected; nothing was said by it. */
struct peer *vm_connect(struct site *s);
struct peer *client_connect(struct site *s, struct console *c);

/* The same, and the site has not run yet. */
struct peer *vm_arrive(struct site *s);
struct peer *client_arrive(struct site *s, struct console *c);

/* The same at the menu's port; nothing was said by it. */
struct peer *menu_connect(struct site *s);

/* The same at the admin port. */
struct peer *admin_connect(struct site *s);

/* One whose stream a test gives to a session by itself. */
struct peer *peer_add(struct site *s);

/* Forgets one whose stream the session has closed, after the turn's end. */
void peer_remove(struct peer *p);

/* ESXi's start up to serving as UUID and LABEL, name vm-0001; what was said
 * is forgotten. */
struct peer *vm_start(struct site *s);
struct peer *vm_start_as(struct site *s, const char *uuid, const char *label);

/* What vm_start_as says; nobody has read it yet. */
void vm_put_start(struct peer *p, const char *uuid, const char *label);

/* One that agreed to BINARY, and one that never negotiates. */
struct peer *telnet_connect(struct site *s, struct console *c);
struct peer *raw_connect(struct site *s, struct console *c);

/* Gives bytes that nobody has read yet; put_data: as telnet data, 255
 * doubled. */
void peer_put(struct peer *p, struct slice bytes);
void peer_put_data(struct peer *p, struct slice bytes);

/* Gives bytes and runs the site; the second in pieces of len bytes. */
void peer_give(struct peer *p, struct slice bytes);
void peer_give_pieces(struct peer *p, struct slice bytes, size_t len);

/* The bytes as telnet data: 255 doubled. */
void peer_send(struct peer *p, struct slice bytes);

/* Takes len bytes at a time, with a run of the site after each, until nothing
 * more comes; it then takes none. */
void peer_take(struct peer *p, size_t len);
void peer_block(struct peer *p);
void peer_unblock(struct peer *p);

/* It sends no more; a client is shown what comes until it is quiet for a while.
 * The second one lets that time pass. */
void peer_half_close(struct peer *p);
void peer_end(struct peer *p);
void peer_break(struct peer *p);

/* Takes apart what has come so far, which the end of a turn does as well. */
void peer_listen(struct peer *p);

/* Whether the last command in said is there to its end. */
bool peer_has_finished(const struct peer *p);

/* True if that is what came since; then it is forgotten. */
bool peer_got(struct peer *p, struct slice data);
bool peer_heard(struct peer *p, const char *said);
void peer_forget(struct peer *p);

/* A byte of a long stream, rich in 255; the same for both directions. */
uint8_t pattern_at(uint64_t at);
void pattern_fill(uint8_t *to, size_t len, uint64_t at);

#endif

/*
 * Whatever stands in for vspcd-pam: a conversation ends once, with a result
 * that was said, and says only what the protocol has. The first byte of an
 * input is the length of the pieces it comes in; the second one is what the
 * person does.
 */
#include "auth/helper/pam_wire.h"
#include "auth/pam.h"
#include "base/slice.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct play {
    struct loop *loop;
    struct pam_conversation c;
    struct slice in; /* what is still to be said */
    struct slice all;
    size_t piece;
    uint8_t habits;
    int control;
    int fd; /* -1: closed */
    bool is_over;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- the person ------------------------------------------------------- */

static void on_ask(struct pam_conversation *c, const char *question,
                   bool is_hidden)
{
    struct play *p = CONTAINER_OF(c, struct play, c);

    (void)is_hidden;
    require(question[0] != '\0' && !p->is_over);
    if (p->habits & 1)
        require(pam_conversation_answer(c, question));
    if (p->habits & 2) {
        pam_conversation_cancel(c);
        p->is_over = true;
    }
}

static void on_tell(struct pam_conversation *c, const char *text)
{
    struct play *p = CONTAINER_OF(c, struct play, c);

    require(text[0] != '\0' && !p->is_over);
    if (p->habits & 4) {
        pam_conversation_cancel(c);
        p->is_over = true;
    }
}

static void on_done(struct pam_conversation *c, enum pam_outcome outcome,
                    const char *text)
{
    struct play *p = CONTAINER_OF(c, struct play, c);

    require(!p->is_over);
    p->is_over = true;
    if (outcome == PAM_OUTCOME_ACCEPTED)
        require(text[0] != '\0' &&
                memmem(p->all.data, p->all.len, text, strlen(text)) != NULL);
    else if (outcome == PAM_OUTCOME_UNAVAILABLE)
        require(text[0] != '\0' || p->all.len > 0);
    else
        require(text[0] == '\0');
}

/* ---- vspcd-pam -------------------------------------------------------- */

static void take_connection(struct play *p)
{
    char byte;
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } ancillary = { 0 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &ancillary,
                              .msg_controllen = sizeof ancillary };

    require(recvmsg(p->control, &message, MSG_CMSG_CLOEXEC) == 1);
    memcpy(&p->fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof p->fd);
}

/* All that vspcd has said so far is messages. */
static void listen_to_it(const struct play *p)
{
    struct pam_wire w = { 0 };
    uint8_t *at;

    for (;;) {
        size_t room = pam_wire_room(&w, &at);
        ssize_t n = room > 0 ? recv(p->fd, at, room, MSG_DONTWAIT) : 0;

        if (room > 0 && n <= 0)
            break;
        require(pam_wire_added(&w, (size_t)n));
        if (pam_wire_room(&w, &at) > 0)
            continue;
        require(pam_wire_kind(&w) == PAM_WIRE_LOGIN ||
                pam_wire_kind(&w) == PAM_WIRE_ANSWER);
        pam_wire_wipe(&w);
    }
    require(w.len == 0);
}

static bool is_read(int fd)
{
    int unread = 0;

    return ioctl(fd, SIOCOUTQ, &unread) < 0 || unread == 0;
}

static void on_turn_end(void *owner)
{
    struct play *p = owner;
    size_t len = p->in.len < p->piece ? p->in.len : p->piece;

    if (p->is_over || p->fd < 0) {
        loop_stop(p->loop);
        return;
    }
    listen_to_it(p);
    if (!is_read(p->fd))
        return;
    if (len == 0) {
        close(p->fd);
        p->fd = -1;
    } else {
        (void)send(p->fd, p->in.data, len, MSG_NOSIGNAL);
        p->in = slice_of(p->in.data + len, p->in.len - len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct pam_conversation_ops ops = { on_ask, on_tell, on_done };
    struct play p = { 0 };
    struct pam_login login = { .user = "alice", .remote = "192.0.2.7" };
    struct pam_service *service;
    int ends[2];

    if (len < 2)
        return 0;
    p.piece = bytes[0] + 1u;
    p.habits = bytes[1];
    p.all = p.in = slice_of(bytes + 2, len - 2);
    login.password = p.habits & 8 ? "secret" : NULL;
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    require(loop_open(&p.loop) == 0);
    p.control = ends[1];
    service = pam_service_new(p.loop, NULL, ends[0]);
    loop_on_turn_end(p.loop, on_turn_end, &p);
    pam_conversation_begin(service, &p.c, &ops, &login);
    take_connection(&p);
    loop_run(p.loop);
    pam_conversation_cancel(&p.c);
    require(p.c.user == NULL && p.c.password == NULL && p.c.in == NULL);
    pam_service_free(service);
    loop_close(p.loop);
    if (p.fd >= 0)
        close(p.fd);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

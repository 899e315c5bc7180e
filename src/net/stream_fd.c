#include "net/stream_fd.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/loop_private.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * On uv_poll_t, not uv_tcp_t: libuv's streams read into buffers of their own
 * until the socket is empty, and queue what is written. Here each readiness is
 * one read, so that no connection takes more than its share of a turn, and the
 * ring is written to the socket directly.
 */
struct stream_fd {
    struct stream stream;
    struct loop *loop;
    uv_poll_t poll;
    int fd;
    /* What libuv watches for; may be more than stream.interest. A change costs
     * two system calls, and flow control changes interest often. So a loss of
     * interest is only noted, and carried out when an unwanted event comes. */
    uint8_t armed;
    bool is_resting; /* in loop->break_fd */
    bool is_broken;  /* libuv no longer watches it */
    bool has_told;   /* take_error has the socket's error, and cleared it */
    /* runs while it closes gently, is broken, or the peer owes an answer */
    struct deadline deadline;
    uint32_t lingered; /* bytes read and dropped while lingering */
    bool was_owed;     /* when the peer's patience was looked at last */
};

/*
 * Each state of an open stream has a watcher, so that no owner waits for a
 * connection that is gone:
 *
 *     armed != 0   libuv, which reports a break whatever it watches for
 *     is_resting   break_fd: its owner wants nothing, and libuv does not watch
 *                  a descriptor for nothing
 *     is_broken    broken_queue, as long as its owner wants anything
 *
 * Before its owner's first stream_want it has none.
 */

enum {
    LINGER_US = 2000 * 1000,
    LINGER_READ_MAX = 1024 * 1024,
    BREAKS_PER_TURN = 64,
    /* With 0, a stream whose owner is told within the microsecond that fires
     * the queue would be told again in that turn. */
    NEXT_TURN_US = 1,
    SILENCE_US = 60 * 1000 * 1000,
    /* Dead peers that nothing is sent to are noticed after 60 + 5 * 10 s
     * (PROTOCOL: VM side). */
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_PROBES = 5,

    /* Bytes that are not on their way yet. More of them make nothing faster:
     * a socket with less than half of it is writable, and one write brings up
     * to LIMIT_READ. Without a bound a peer that takes nothing has up to 4 MiB
     * (tcp_wmem[2]) of the kernel's. */
    UNSENT_MAX = 128 * 1024,
};

static struct stream_fd *stream_fd_of(struct stream *s)
{
    return CONTAINER_OF(s, struct stream_fd, stream);
}

static void stream_fd_on_poll(uv_poll_t *poll, int status, int events);

/* Watches for a break only, and reports it once: level-triggered, a pty without
 * a program or a Unix socket whose peer has closed would be reported in every
 * turn. */
static void rest(struct stream_fd *f)
{
    struct epoll_event once = { .events = EPOLLET, .data.ptr = f };

    f->is_resting =
        epoll_ctl(f->loop->break_fd, EPOLL_CTL_ADD, f->fd, &once) == 0;
}

/* The entry must be removed explicitly. close(2) would leave it while a child
 * between fork and exec has the socket too, and the entry points to f. */
static void stop_resting(struct stream_fd *f)
{
    if (f->is_resting)
        (void)epoll_ctl(f->loop->break_fd, EPOLL_CTL_DEL, f->fd, NULL);
    f->is_resting = false;
}

static void arm(struct stream_fd *f, unsigned interest)
{
    stop_resting(f);
    f->armed = (uint8_t)interest;
    if (interest == 0) {
        uv_poll_stop(&f->poll);
        rest(f);
    } else {
        uv_poll_start(&f->poll,
                      (interest & STREAM_READ ? UV_READABLE : 0) |
                          (interest & STREAM_WRITE ? UV_WRITABLE : 0),
                      stream_fd_on_poll);
    }
}

/* Must be called before the owner is told, because the owner may close the
 * stream. */
static void update_again(struct stream_fd *f)
{
    if (f->stream.interest == 0)
        deadline_stop(&f->deadline);
    else if (!deadline_is_running(&f->deadline))
        deadline_start(&f->loop->broken_queue, &f->deadline, clock_now_us());
}

static void tell_broken(struct stream_fd *f)
{
    update_again(f);
    f->stream.on_ready(f->stream.owner, stream_broken_readiness(&f->stream));
}

/* Takes the error off the socket, because an owner that neither reads nor
 * writes must know it too. Other descriptors return their error when they are
 * read or written. */
static void take_error(struct stream_fd *f)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return;
    f->has_told = true;
    if (f->stream.error == 0)
        f->stream.error = (int16_t)(error != 0 ? -error : -ECONNRESET);
}

static void handle_break(struct stream_fd *f)
{
    uv_poll_stop(&f->poll);
    stop_resting(f);
    f->armed = 0;
    f->is_broken = true;
    take_error(f);
    deadline_stop(&f->deadline); /* it may linger */
    tell_broken(f);
}

static void stream_fd_broken_due(struct deadline *d, void *owner)
{
    (void)owner;
    tell_broken(CONTAINER_OF(d, struct stream_fd, deadline));
}

static void stream_fd_on_poll(uv_poll_t *poll, int status, int events)
{
    struct stream_fd *f = poll->data;
    unsigned ready = 0;

    loop_turn_begins(f->loop);
    /* POLLERR, which libuv reports as UV_EBADF after it has stopped
     * watching. */
    if (status < 0) {
        handle_break(f);
        return;
    }
    if (events & UV_READABLE)
        ready |= STREAM_READ;
    if (events & UV_WRITABLE)
        ready |= STREAM_WRITE;
    if (ready & ~f->stream.interest)
        arm(f, f->stream.interest);
    ready &= f->stream.interest;
    if (ready != 0)
        f->stream.on_ready(f->stream.owner, ready);
}

/* A stream that an earlier handler of this loop has closed no longer rests, and
 * its memory is freed after this, at the end of the turn. */
static void stream_fd_on_break(uv_poll_t *poll, int status, int events)
{
    struct loop *loop = poll->data;
    struct epoll_event broken[BREAKS_PER_TURN];
    int count;

    loop_turn_begins(loop);
    count = epoll_wait(loop->break_fd, broken, BREAKS_PER_TURN, 0);
    (void)status;
    (void)events;
    for (int i = 0; i < count; i++) {
        struct stream_fd *f = broken[i].data.ptr;

        if (f->is_resting && broken[i].events & EPOLLERR)
            handle_break(f);
    }
}

/* ---- peers that are gone without a word --------------------------------- */

static bool is_answer_due(const struct tcp_info *info)
{
    return info->tcpi_unacked > 0 || info->tcpi_probes > 1;
}

/*
 * A write starts the deadline, which looks whether the peer's system has taken
 * everything. If at two looks it has not, and has not answered in between, it
 * is gone. TCP's keepalive does not look while anything is unacknowledged, and
 * TCP itself gives up after a quarter of an hour. Why not TCP_USER_TIMEOUT, see
 * stream_fd.h.
 *
 * A peer may keep its window closed for as long as it likes: nothing is on its
 * way then but TCP's own questions, up to two minutes apart, and two without an
 * answer tell that it is gone.
 */
static bool is_gone(const struct stream_fd *f)
{
    struct tcp_info info;
    socklen_t len = sizeof info;

    return getsockopt(f->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
           info.tcpi_last_ack_recv * UINT64_C(1000) >=
               f->loop->silence_queue.length_us &&
           is_answer_due(&info);
}

/*
 * netinet/tcp.h ends before tcpi_segs_in, and linux/tcp.h cannot be included
 * beside it; the kernel keeps the place of each member. A kernel before 4.2
 * does not have it: nothing is known then, also not that the peer is silent.
 */
static struct stream_pulse stream_fd_pulse(const struct stream *s)
{
    enum { SEGS_IN = 140, NEEDED = SEGS_IN + sizeof(uint32_t) };
    union {
        struct tcp_info info;
        uint8_t bytes[NEEDED];
    } tcp;
    struct stream_pulse pulse = { .heard = 0 };
    socklen_t len = sizeof tcp;

    if (getsockopt(stream_fd_number(s), IPPROTO_TCP, TCP_INFO, &tcp, &len) !=
            0 ||
        len < NEEDED)
        return pulse;
    memcpy(&pulse.heard, tcp.bytes + SEGS_IN, sizeof pulse.heard);
    pulse.is_answer_due = is_answer_due(&tcp.info);
    return pulse;
}

static size_t stream_fd_owed(const struct stream *s)
{
    int owed = 0;

    /* No socket: what was written was delivered. */
    if (ioctl(stream_fd_number(s), SIOCOUTQ, &owed) != 0)
        return 0;
    return (size_t)owed;
}

static void expect_answer(struct stream_fd *f)
{
    deadline_start(&f->loop->silence_queue, &f->deadline, clock_now_us());
}

/* For the close that follows. */
static void prepare_reset(const struct stream_fd *f)
{
    const struct linger now = { .l_onoff = 1 };

    (void)setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* What is left unsent is not worth the kernel's memory either. */
static void give_up(struct stream_fd *f)
{
    prepare_reset(f);
    f->stream.error = -ETIMEDOUT;
    handle_break(f);
}

static void stream_fd_silence_due(struct deadline *d, void *owner)
{
    struct stream_fd *f = CONTAINER_OF(d, struct stream_fd, deadline);
    bool was_owed = f->was_owed;

    (void)owner;
    f->was_owed = stream_fd_owed(&f->stream) > 0;
    if (f->was_owed && was_owed && is_gone(f))
        give_up(f);
    else if (f->was_owed)
        expect_answer(f);
}

/* ---- reading and writing ------------------------------------------------ */

/* Keeps the error, because the system returns it only once. */
static ssize_t failure(struct stream_fd *f, int error)
{
    if (f->stream.error == 0)
        f->stream.error = (int16_t)-error;
    return f->stream.error;
}

static ssize_t stream_fd_read(struct stream *s, void *to, size_t len)
{
    struct stream_fd *f = stream_fd_of(s);
    ssize_t n;

    do
        n = read(f->fd, to, len);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return n;
    /* EPIPE here is a reset behind the peer's FIN. The FIN stays in its place:
     * a reader gets the peer's end, not the error. */
    if (f->has_told && !(n == 0 && s->error == -EPIPE))
        return s->error;
    if (n == 0)
        return n;
    if (errno == EAGAIN)
        return -EAGAIN;
    /* A pty whose other side was closed reads as EIO: that is its end. */
    return errno == EIO ? 0 : failure(f, errno);
}

static ssize_t stream_fd_writev(struct stream *s, const struct iovec *part,
                                int count)
{
    struct stream_fd *f = stream_fd_of(s);
    ssize_t n;

    if (f->has_told)
        return s->error;
    do
        n = writev(f->fd, part, count);
    while (n < 0 && errno == EINTR);
    if (n > 0 && !deadline_is_running(&f->deadline))
        expect_answer(f);
    if (n >= 0)
        return n;
    return errno == EAGAIN ? 0 : failure(f, errno);
}

static void stream_fd_want(struct stream *s, unsigned interest)
{
    struct stream_fd *f = stream_fd_of(s);

    if (f->is_broken)
        update_again(f);
    else if (interest & ~(unsigned)f->armed)
        arm(f, interest);
}

static void stream_fd_finish(struct stream *s)
{
    (void)shutdown(stream_fd_of(s)->fd, SHUT_WR);
}

static void stream_fd_on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_now(struct stream_fd *f)
{
    struct loop *loop = f->loop;

    deadline_stop(&f->deadline);
    stop_resting(f);
    uv_close((uv_handle_t *)&f->poll, stream_fd_on_closed);
    close(f->fd);
    f->fd = -1;
    descriptors_freed(&loop->descriptors);
}

static void stream_fd_on_linger_ready(void *owner, unsigned ready)
{
    struct stream_fd *f = owner;
    ssize_t n;

    if (ready & STREAM_BROKEN) {
        close_now(f);
        return;
    }
    n = stream_fd_read(&f->stream, loop_read_buffer(f->loop), LIMIT_READ);
    if (n > 0)
        f->lingered += (uint32_t)n;
    if (n == 0 || (n < 0 && n != -EAGAIN) || f->lingered > LINGER_READ_MAX)
        close_now(f);
}

static void stream_fd_linger_due(struct deadline *d, void *owner)
{
    (void)owner;
    close_now(CONTAINER_OF(d, struct stream_fd, deadline));
}

static void stream_fd_close(struct stream *s, enum stream_close how)
{
    struct stream_fd *f = stream_fd_of(s);

    if (how == STREAM_CLOSE_RESET)
        prepare_reset(f);
    if (how != STREAM_CLOSE_GENTLY || f->is_broken ||
        shutdown(f->fd, SHUT_WR) != 0) {
        close_now(f);
        return;
    }
    stream_set_owner(s, stream_fd_on_linger_ready, f);
    stream_want(s, STREAM_READ);
    deadline_start(&f->loop->linger_queue, &f->deadline, clock_now_us());
}

static const struct stream_ops stream_fd_ops = {
    .read = stream_fd_read,
    .writev = stream_fd_writev,
    .want = stream_fd_want,
    .finish = stream_fd_finish,
    .close = stream_fd_close,
    .owed = stream_fd_owed,
    .pulse = stream_fd_pulse,
};

int stream_fd_open(struct loop *loop, int fd, const struct address *peer,
                   struct stream **ret_stream)
{
    struct stream_fd *f = xcalloc(1, sizeof *f);
    int r = uv_poll_init(&loop->uv, &f->poll, fd);

    if (r < 0) {
        close(fd);
        free(f);
        return r;
    }
    f->poll.data = f;
    f->loop = loop;
    f->fd = fd;
    f->stream.ops = &stream_fd_ops;
    if (peer != NULL)
        f->stream.peer = *peer;
    deadline_init(&f->deadline);
    *ret_stream = &f->stream;
    return 0;
}

int stream_fd_set_tcp(int fd, bool takes_little)
{
    static const struct {
        int level;
        int name;
        int value;
    } options[] = {
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
        /* RFC 854, SYNCH: the urgent byte is the DM of IAC DM. Without
         * SO_OOBINLINE it is taken out of the stream, and the IAC in front of
         * it spoils the next byte. */
        { SOL_SOCKET, SO_OOBINLINE, 1 },
        { IPPROTO_TCP, TCP_NODELAY, 1 },
        { IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
        { IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
        { IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
        { IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX },
        { SOL_SOCKET, SO_SNDBUF, STREAM_FD_LITTLE },
    };
    size_t count = sizeof options / sizeof options[0];

    if (!takes_little)
        count--;
    for (size_t i = 0; i < count; i++) {
        if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                       sizeof options[i].value) != 0)
            return -errno;
    }
    return 0;
}

int stream_fd_loop_open(struct loop *loop)
{
    int r;

    loop->break_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->break_fd < 0)
        return -errno;
    r = uv_poll_init(&loop->uv, &loop->break_poll, loop->break_fd);
    if (r < 0) {
        close(loop->break_fd);
        return r;
    }
    loop->break_poll.data = loop;
    uv_poll_start(&loop->break_poll, UV_READABLE, stream_fd_on_break);
    uv_unref((uv_handle_t *)&loop->break_poll);
    deadline_queue_open(&loop->linger_queue, LINGER_US, stream_fd_linger_due,
                        loop);
    deadline_queue_open(&loop->silence_queue, SILENCE_US, stream_fd_silence_due,
                        loop);
    deadline_queue_open(&loop->broken_queue, NEXT_TURN_US, stream_fd_broken_due,
                        loop);
    loop_watch(loop, &loop->linger_queue);
    loop_watch(loop, &loop->broken_queue);
    loop_watch(loop, &loop->silence_queue);
    return 0;
}

void stream_fd_loop_close(struct loop *loop)
{
    struct deadline *d;

    while ((d = deadline_first(&loop->linger_queue)) != NULL)
        stream_fd_linger_due(d, loop);
    uv_close((uv_handle_t *)&loop->break_poll, NULL);
    close(loop->break_fd);
}

int stream_fd_number(const struct stream *s)
{
    return CONTAINER_OF(s, const struct stream_fd, stream)->fd;
}

#include "auth/helper/helper_login.h"

#include "auth/helper/pam_wire.h"
#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    WORK_S = 10,                  /* PAM's time, together */
    PERSON_US = 60 * 1000 * 1000, /* a person's time, together */
    MESSAGES_MAX = PAM_MAX_NUM_MSG,
};

struct login {
    int fd;
    bool is_over;     /* nobody is at the other end any more */
    timer_t work;     /* runs while PAM works */
    uint64_t left_us; /* of PERSON_US */
    struct pam_wire message;
};

/* ---- time ------------------------------------------------------------- */

/* Ends the process by a signal that no module can catch or block. */
static bool make_work_timer(struct login *l)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL,
        .sigev_signo = SIGKILL,
    };
    const struct itimerspec whole = { .it_value.tv_sec = WORK_S };

    return timer_create(CLOCK_MONOTONIC, &event, &l->work) == 0 &&
           timer_settime(l->work, 0, &whole, NULL) == 0;
}

/* False: the person's time is over. */
static bool wait_for_input(struct login *l)
{
    struct pollfd p = { .fd = l->fd, .events = POLLIN };
    uint64_t begin_us = clock_now_us();
    uint64_t took_us;
    int r = poll(&p, 1, (int)(l->left_us / 1000));

    took_us = clock_now_us() - begin_us;
    l->left_us -= took_us < l->left_us ? took_us : l->left_us;
    return r > 0 || (r < 0 && errno == EINTR);
}

/* ---- messages --------------------------------------------------------- */

/* False: the peer is gone, has no more time, or says no message. */
static bool receive(struct login *l)
{
    uint8_t *at;
    size_t room;

    pam_wire_wipe(&l->message);
    while ((room = pam_wire_room(&l->message, &at)) > 0) {
        ssize_t n;

        if (!wait_for_input(l))
            return false;
        n = recv(l->fd, at, room, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0 || !pam_wire_added(&l->message, (size_t)n))
            return false;
    }
    return true;
}

/* A text that is too long is cut. False: the peer is gone. */
static bool say(struct login *l, enum pam_wire_kind kind, const char *text,
                size_t len)
{
    struct pam_wire w;
    size_t sent = 0;

    if (len > PAM_WIRE_TEXT_MAX)
        len = PAM_WIRE_TEXT_MAX;
    if (!pam_wire_put(&w, kind, text, len))
        return false;
    while (sent < w.len) {
        ssize_t n = send(l->fd, w.bytes + sent, w.len - sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return false;
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool say_text(struct login *l, enum pam_wire_kind kind, const char *text)
{
    return say(l, kind, text, strlen(text));
}

/* Each line by itself; the last one has what the message is. */
static bool say_lines(struct login *l, enum pam_wire_kind kind,
                      const char *text)
{
    for (;;) {
        size_t len = strcspn(text, "\n");

        if (text[len] == '\0' ||
            (kind == PAM_WIRE_TEXT && text[len + 1] == '\0'))
            return say(l, kind, text, len);
        if (!say(l, PAM_WIRE_TEXT, text, len))
            return false;
        text += len + 1;
    }
}

/* The answer is PAM's, which wipes it. NULL: there is none. */
static char *ask(struct login *l, enum pam_wire_kind kind, const char *question)
{
    const struct itimerspec stopped = { 0 };
    struct itimerspec left;
    char *answer = NULL;

    if (timer_settime(l->work, 0, &stopped, &left) < 0)
        return NULL;
    if (say_lines(l, kind, question) && receive(l) &&
        pam_wire_kind(&l->message) == PAM_WIRE_ANSWER)
        answer = strdup(l->message.text);
    pam_wire_wipe(&l->message);
    if (timer_settime(l->work, 0, &left, NULL) == 0)
        return answer;
    free(answer);
    return NULL;
}

/* ---- PAM's conversation ----------------------------------------------- */

/* False: nothing can be said, or not answered. */
static bool take_up(struct login *l, const struct pam_message *message,
                    struct pam_response *response)
{
    const char *text = message->msg != NULL ? message->msg : "";

    switch (message->msg_style) {
    case PAM_PROMPT_ECHO_OFF:
        response->resp = ask(l, PAM_WIRE_HIDDEN, text);
        return response->resp != NULL;
    case PAM_PROMPT_ECHO_ON:
        response->resp = ask(l, PAM_WIRE_VISIBLE, text);
        return response->resp != NULL;
    case PAM_TEXT_INFO:
    case PAM_ERROR_MSG:
        return say_lines(l, PAM_WIRE_TEXT, text);
    default:
        return false;
    }
}

static void free_responses(struct pam_response *response, int count)
{
    for (int i = 0; i < count; i++) {
        if (response[i].resp != NULL)
            explicit_bzero(response[i].resp, strlen(response[i].resp));
        free(response[i].resp);
    }
    free(response);
}

/* Called by modules, with several messages at once. */
static int converse(int count, const struct pam_message **message,
                    struct pam_response **ret_response, void *owner)
{
    struct login *l = owner;
    struct pam_response *response;

    if (count <= 0 || count > MESSAGES_MAX || l->is_over)
        return PAM_CONV_ERR;
    response = calloc((size_t)count, sizeof *response);
    if (response == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        if (!take_up(l, message[i], &response[i])) {
            l->is_over = true;
            free_responses(response, count);
            return PAM_CONV_ERR;
        }
    }
    *ret_response = response;
    return PAM_SUCCESS;
}

/* In place of PAM's delay after a wrong password: vspcd delays its answers by
 * who has failed before. This process would only keep others waiting. */
static void delay_nothing(int status, unsigned usec, void *owner)
{
    (void)status;
    (void)usec;
    (void)owner;
}

/* ---- the login -------------------------------------------------------- */

/* What comes of what PAM returned before the person has proven anything. Only
 * what hinders everybody is not "denied". */
static enum pam_wire_kind kind_of_proof(int status)
{
    switch (status) {
    case PAM_SUCCESS:
        return PAM_WIRE_ACCEPTED;
    case PAM_OPEN_ERR:
    case PAM_SYMBOL_ERR:
    case PAM_SERVICE_ERR:
    case PAM_SYSTEM_ERR:
    case PAM_BUF_ERR:
    case PAM_AUTHINFO_UNAVAIL:
    case PAM_CONV_ERR:
    case PAM_ABORT:
    case PAM_MODULE_UNKNOWN:
    case PAM_BAD_ITEM:
        return PAM_WIRE_FAILED;
    default:
        return PAM_WIRE_DENIED;
    }
}

static enum pam_wire_kind kind_of_account(int status)
{
    switch (status) {
    case PAM_ACCT_EXPIRED:
    case PAM_CRED_EXPIRED:
    case PAM_AUTHTOK_EXPIRED:
    case PAM_NEW_AUTHTOK_REQD:
        return PAM_WIRE_EXPIRED;
    default:
        return kind_of_proof(status);
    }
}

/* Who does not change an expired password has not got in. */
static enum pam_wire_kind kind_of_change(int status)
{
    return status == PAM_SUCCESS ? PAM_WIRE_ACCEPTED : PAM_WIRE_EXPIRED;
}

/* As sshd does for somebody with a key, and cron for a job. */
static enum pam_wire_kind judge_account(pam_handle_t *pam, int *ret_status)
{
    *ret_status = pam_acct_mgmt(pam, PAM_SILENT);
    return kind_of_account(*ret_status);
}

static enum pam_wire_kind judge(pam_handle_t *pam, int *ret_status)
{
    enum pam_wire_kind kind;

    *ret_status = pam_authenticate(pam, PAM_DISALLOW_NULL_AUTHTOK);
    kind = kind_of_proof(*ret_status);
    if (kind != PAM_WIRE_ACCEPTED)
        return kind;
    *ret_status = pam_acct_mgmt(pam, PAM_DISALLOW_NULL_AUTHTOK);
    if (*ret_status != PAM_NEW_AUTHTOK_REQD)
        return kind_of_account(*ret_status);
    *ret_status = pam_chauthtok(pam, PAM_CHANGE_EXPIRED_AUTHTOK);
    return kind_of_change(*ret_status);
}

static int set_items(pam_handle_t *pam, const char *remote)
{
    void (*const delay)(int, unsigned, void *) = delay_nothing;
    const void *item;
    int status;

    /* As POSIX's dlsym has it: C knows no way from one to the other. */
    static_assert(sizeof item == sizeof delay, "pointers are alike");
    memcpy(&item, &delay, sizeof item);
    status = pam_set_item(pam, PAM_FAIL_DELAY, item);

    /* Modules want the name of some terminal. */
    if (status == PAM_SUCCESS)
        status = pam_set_item(pam, PAM_TTY, "vspcd");
    if (status == PAM_SUCCESS && remote[0] != '\0')
        status = pam_set_item(pam, PAM_RHOST, remote);
    return status;
}

/* A module may have found another name for the person. */
static bool say_name(struct login *l, pam_handle_t *pam)
{
    const void *name = NULL;

    if (pam_get_item(pam, PAM_USER, &name) == PAM_SUCCESS && name != NULL &&
        say_text(l, PAM_WIRE_ACCEPTED, name))
        return true;
    return say_text(l, PAM_WIRE_FAILED, "PAM has no name for the person");
}

static void answer(struct login *l, const char *service)
{
    const struct pam_conv conversation = {
        .conv = converse,
        .appdata_ptr = l,
    };
    enum pam_wire_kind kind = PAM_WIRE_FAILED;
    pam_handle_t *pam = NULL;
    int status = pam_start(service, l->message.text, &conversation, &pam);

    if (status == PAM_SUCCESS)
        status = set_items(pam, pam_wire_remote(&l->message));
    if (status == PAM_SUCCESS)
        kind = pam_wire_kind(&l->message) == PAM_WIRE_CHECK
                   ? judge_account(pam, &status)
                   : judge(pam, &status);
    if (l->is_over)
        return;
    if (kind == PAM_WIRE_ACCEPTED)
        (void)say_name(l, pam);
    else
        (void)say_text(
            l, kind, kind == PAM_WIRE_FAILED ? pam_strerror(pam, status) : "");
    if (pam != NULL)
        (void)pam_end(pam, status);
}

bool helper_login_allows(int fd, uid_t user)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == user);
}

void helper_login_run(int fd, const char *service)
{
    struct login l = { .fd = fd, .left_us = PERSON_US };

    if (!make_work_timer(&l))
        return;
    if (receive(&l) && (pam_wire_kind(&l.message) == PAM_WIRE_LOGIN ||
                        pam_wire_kind(&l.message) == PAM_WIRE_CHECK))
        answer(&l, service);
    pam_wire_wipe(&l.message);
    (void)timer_delete(l.work);
}

/*
 * Whatever stands in for vspcd: vspcd-pam says messages only, one result at
 * most, and "accepted" after right answers alone. The first two bytes of an
 * input are what this target's PAM does; the others are what is said.
 */
#include "auth/helper/helper_login.h"
#include "auth/helper/pam_wire.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- PAM -------------------------------------------------------------- */

static struct {
    uint8_t questions; /* two bits for each: none, hidden, visible, text */
    uint8_t account;
    struct pam_conv conv;
    char user[PAM_WIRE_NAME_MAX + 1];
    bool is_denied;
    bool is_authenticated;
} play;

int pam_start(const char *service, const char *user,
              const struct pam_conv *conversation, pam_handle_t **ret)
{
    require(strcmp(service, "vspcd") == 0);
    require(user[0] != '\0' && strlen(user) <= PAM_WIRE_NAME_MAX);
    strcpy(play.user, user);
    play.conv = *conversation;
    *ret = (pam_handle_t *)(void *)&play;
    return PAM_SUCCESS;
}

int pam_set_item(pam_handle_t *pam, int type, const void *item)
{
    (void)pam;
    if (type == PAM_RHOST)
        require(strlen(item) < PAM_WIRE_TEXT_MAX);
    return PAM_SUCCESS;
}

int pam_get_item(const pam_handle_t *pam, int type, const void **item)
{
    (void)pam;
    require(type == PAM_USER);
    *item = play.user;
    return PAM_SUCCESS;
}

/* The right answer is "x". */
static int ask(unsigned style)
{
    static const int styles[] = { 0, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON,
                                  PAM_TEXT_INFO };
    const struct pam_message m[2] = {
        { .msg_style = PAM_TEXT_INFO, .msg = "two\nlines\n" },
        { .msg_style = styles[style], .msg = "first\nquestion" },
    };
    const struct pam_message *list[2] = { &m[0], &m[1] };
    struct pam_response *response = NULL;
    int r = play.conv.conv(2, list, &response, play.conv.appdata_ptr);

    if (r != PAM_SUCCESS)
        return r;
    require(response[0].resp == NULL);
    if (style < 3) {
        require(response[1].resp != NULL);
        require(strlen(response[1].resp) <= PAM_WIRE_TEXT_MAX);
        r = strcmp(response[1].resp, "x") == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
    }
    free(response[1].resp);
    free(response);
    return r;
}

int pam_authenticate(pam_handle_t *pam, int flags)
{
    int r = PAM_SUCCESS;

    (void)pam;
    require(flags == PAM_DISALLOW_NULL_AUTHTOK);
    for (unsigned i = 0; i < 8 && r == PAM_SUCCESS; i += 2) {
        if ((play.questions >> i & 3) != 0)
            r = ask(play.questions >> i & 3);
    }
    play.is_denied = r != PAM_SUCCESS;
    play.is_authenticated = true;
    return r;
}

/* Of a login with its proof, and of a check alone. */
int pam_acct_mgmt(pam_handle_t *pam, int flags)
{
    (void)pam;
    require(play.is_authenticated != (flags == PAM_SILENT));
    require(!play.is_denied);
    play.is_denied = play.account != PAM_SUCCESS;
    return play.account;
}

int pam_chauthtok(pam_handle_t *pam, int flags)
{
    int r;

    (void)pam;
    require(flags == PAM_CHANGE_EXPIRED_AUTHTOK);
    require(play.account == PAM_NEW_AUTHTOK_REQD);
    r = ask(1);
    play.is_denied = r != PAM_SUCCESS;
    return r;
}

const char *pam_strerror(pam_handle_t *pam, int error)
{
    (void)pam;
    (void)error;
    return "why";
}

int pam_end(pam_handle_t *pam, int status)
{
    (void)pam;
    (void)status;
    return PAM_SUCCESS;
}

/* ---- vspcd ------------------------------------------------------------ */

static void judge(int fd)
{
    unsigned results = 0;

    for (;;) {
        struct pam_wire w = { 0 };
        uint8_t *at;
        size_t room;

        while ((room = pam_wire_room(&w, &at)) > 0) {
            ssize_t n = recv(fd, at, room, 0);

            if (n <= 0) {
                require(w.len == 0);
                return;
            }
            require(pam_wire_added(&w, (size_t)n));
        }
        require(results == 0);
        switch (pam_wire_kind(&w)) {
        case PAM_WIRE_ACCEPTED:
            require(!play.is_denied && strcmp(w.text, play.user) == 0);
            results++;
            break;
        case PAM_WIRE_DENIED:
        case PAM_WIRE_EXPIRED:
        case PAM_WIRE_FAILED:
            require(play.is_denied);
            results++;
            break;
        case PAM_WIRE_TEXT:
        case PAM_WIRE_HIDDEN:
        case PAM_WIRE_VISIBLE:
            break;
        case PAM_WIRE_LOGIN:
        case PAM_WIRE_CHECK:
        case PAM_WIRE_ANSWER:
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    int ends[2];

    /* What does not fit into the socket would block. */
    if (len < 2 || len > 16384)
        return 0;
    memset(&play, 0, sizeof play);
    play.questions = bytes[0];
    play.account = bytes[1] % 32;
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    require(send(ends[0], bytes + 2, len - 2, MSG_NOSIGNAL) ==
            (ssize_t)(len - 2));
    shutdown(ends[0], SHUT_WR);
    helper_login_run(ends[1], "vspcd");
    close(ends[1]);
    judge(ends[0]);
    close(ends[0]);
    return 0;
}

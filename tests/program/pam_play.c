/*
 * A PAM module whose arguments are its part, for test_pam.py:
 *
 *     say=TEXT  warn=TEXT     a message; ~ stands for a new line
 *     hidden=QUESTION:ANSWER  asks; another answer is an authentication error
 *     visible=QUESTION:ANSWER
 *     both=ANSWER:ANSWER      two questions in one call
 *     user=NAME               the person has another name
 *     answer=NUMBER           returns this number of PAM
 *     run=PROGRAM             waits for a program, as pam_unix does
 *     leave=PROGRAM           starts one in a session of its own, and goes on
 *     hang                    forever, with every signal blocked
 *     crash
 */
#include <security/pam_modules.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int converse(pam_handle_t *pam, int count, const struct pam_message *m,
                    struct pam_response **ret)
{
    const struct pam_message *list[2] = { m, count > 1 ? m + 1 : NULL };
    const void *conv = NULL;

    if (pam_get_item(pam, PAM_CONV, &conv) != PAM_SUCCESS || conv == NULL)
        return PAM_SYSTEM_ERR;
    return ((const struct pam_conv *)conv)
        ->conv(count, list, ret, ((const struct pam_conv *)conv)->appdata_ptr);
}

static int say(pam_handle_t *pam, int style, const char *text)
{
    char copy[2048];
    const struct pam_message m = { .msg_style = style, .msg = copy };
    struct pam_response *response = NULL;
    int r;

    snprintf(copy, sizeof copy, "%s", text);
    for (char *at = copy; (at = strchr(at, '~')) != NULL;)
        *at = '\n';
    r = converse(pam, 1, &m, &response);
    free(response);
    return r;
}

static int judge(struct pam_response *response, int count,
                 const char *const *right)
{
    int r = PAM_SUCCESS;

    for (int i = 0; i < count; i++) {
        if (response[i].resp == NULL || strcmp(response[i].resp, right[i]) != 0)
            r = PAM_AUTH_ERR;
        free(response[i].resp);
    }
    free(response);
    return r;
}

static int ask(pam_handle_t *pam, int style, const char *text)
{
    char copy[2048];
    const struct pam_message m = { .msg_style = style, .msg = copy };
    struct pam_response *response = NULL;
    char *right;
    int r;

    snprintf(copy, sizeof copy, "%s", text);
    right = strrchr(copy, ':');
    if (right == NULL)
        return PAM_SERVICE_ERR;
    *right++ = '\0';
    for (char *at = copy; (at = strchr(at, '~')) != NULL;)
        *at = '\n';
    r = converse(pam, 1, &m, &response);
    return r == PAM_SUCCESS ? judge(response, 1, (const char *[]){ right }) : r;
}

static int ask_both(pam_handle_t *pam, const char *text)
{
    const struct pam_message m[2] = {
        { .msg_style = PAM_PROMPT_ECHO_ON, .msg = "First" },
        { .msg_style = PAM_PROMPT_ECHO_OFF, .msg = "Second" },
    };
    struct pam_response *response = NULL;
    char first[64];
    const char *second = strchr(text, ':');
    int r;

    if (second == NULL)
        return PAM_SERVICE_ERR;
    snprintf(first, sizeof first, "%.*s", (int)(second - text), text);
    r = converse(pam, 2, m, &response);
    return r == PAM_SUCCESS
               ? judge(response, 2, (const char *[]){ first, second + 1 })
               : r;
}

static int run(const char *program)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0
               ? PAM_SUCCESS
               : PAM_SYSTEM_ERR;
}

static int leave(const char *program)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void)setsid();
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    return pid > 0 ? PAM_SUCCESS : PAM_SYSTEM_ERR;
}

_Noreturn static void hang(void)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    for (;;)
        pause();
}

static int play(pam_handle_t *pam, const char *word, const char *text)
{
    if (strcmp(word, "say") == 0)
        return say(pam, PAM_TEXT_INFO, text);
    if (strcmp(word, "warn") == 0)
        return say(pam, PAM_ERROR_MSG, text);
    if (strcmp(word, "hidden") == 0)
        return ask(pam, PAM_PROMPT_ECHO_OFF, text);
    if (strcmp(word, "visible") == 0)
        return ask(pam, PAM_PROMPT_ECHO_ON, text);
    if (strcmp(word, "both") == 0)
        return ask_both(pam, text);
    if (strcmp(word, "user") == 0)
        return pam_set_item(pam, PAM_USER, text);
    if (strcmp(word, "answer") == 0)
        return atoi(text);
    if (strcmp(word, "run") == 0)
        return run(text);
    if (strcmp(word, "leave") == 0)
        return leave(text);
    if (strcmp(word, "hang") == 0)
        hang();
    if (strcmp(word, "crash") == 0)
        abort();
    return PAM_SERVICE_ERR;
}

static int play_all(pam_handle_t *pam, int count, const char **argument)
{
    for (int i = 0; i < count; i++) {
        char word[16];
        size_t len = strcspn(argument[i], "=");
        int r;

        snprintf(word, sizeof word, "%.*s", (int)len, argument[i]);
        r = play(pam, word, argument[i] + len + (argument[i][len] == '='));
        if (r != PAM_SUCCESS)
            return r;
    }
    return PAM_SUCCESS;
}

int pam_sm_authenticate(pam_handle_t *pam, int flags, int count,
                        const char **argument)
{
    (void)flags;
    return play_all(pam, count, argument);
}

int pam_sm_setcred(pam_handle_t *pam, int flags, int count,
                   const char **argument)
{
    (void)pam;
    (void)flags;
    (void)count;
    (void)argument;
    return PAM_SUCCESS;
}

int pam_sm_acct_mgmt(pam_handle_t *pam, int flags, int count,
                     const char **argument)
{
    (void)flags;
    return play_all(pam, count, argument);
}

/* What is typed on a terminal: keys for the VM, and keys for us. */
#include "base/clock.h"
#include "cli/attach/attach_private.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void type(struct attach *a, struct slice bytes)
{
    if (a->is_spying || a->settings->is_read_only || a->is_full)
        return;
    /* All of it has room, unless it was said that keys are not sent. */
    (void)console_link_type(&a->link, bytes);
}

static void command(struct attach *a, json_t *object)
{
    if (!console_link_say(&a->link, object))
        attach_say(a, "there is no connection now");
}

static void send_sysrq(struct attach *a, char letter)
{
    const char *words = keys_sysrq_words(letter);
    const char text[] = { letter, '\0' };

    attach_say(a, "SysRq %c%s%s", letter, words != NULL ? ": " : "",
               words != NULL ? words : "");
    command(a, json_pack("{s:s}", "sysrq", text));
}

/* ---- replay --------------------------------------------------------------
 */

static void replay(struct attach *a)
{
    uint64_t at = ring_tail(&a->replay);
    struct ring_span span;

    (void)ring_peek(&a->replay, &at, &span);
    attach_say(a, "what was shown last:");
    for (int i = 0; i < 2; i++)
        attach_put_words(a, span.part[i]);
    attach_say(a, "the end of the replay");
}

/* ---- log -----------------------------------------------------------------
 */

static void make_log_name(const struct attach *a, char *to, size_t size)
{
    int64_t now_s = clock_utc_s();
    time_t now = (time_t)now_s;
    struct tm local;
    char stamp[32];
    size_t len;

    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    snprintf(to, size, "%.100s-%s.log", a->settings->name, stamp);
    len = strlen(to);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)to[i]) && strchr("-_.", to[i]) == NULL)
            to[i] = '_';
    if (to[0] == '.' || to[0] == '-')
        to[0] = '_';
}

void attach_close_log(struct attach *a)
{
    if (a->log_fd >= 0)
        close(a->log_fd);
    a->log_fd = -1;
}

static void toggle_log(struct attach *a)
{
    char name[160];

    if (a->log_fd >= 0) {
        attach_close_log(a);
        attach_say(a, "the log has ended");
        return;
    }
    make_log_name(a, name, sizeof name);
    a->log_fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (a->log_fd < 0)
        attach_say_error(a, "%s: %s", name, strerror(errno));
    else
        attach_say(a, "output is logged to %s", name);
}

/* ---- the rest ------------------------------------------------------------
 */

static void toggle_spying(struct attach *a)
{
    struct keys_text key = keys_format(a->settings->escape);

    if (a->settings->is_read_only) {
        attach_say(a, "you are here to read");
        return;
    }
    a->is_spying = !a->is_spying;
    if (a->is_spying)
        (void)console_link_say(&a->link, json_pack("{s:b}", "release", 1));
    attach_say(a,
               a->is_spying ? "spying: keys are not sent; %s s: they are"
                            : "keys are sent again%.0s",
               key.text);
}

static bool is_for_shell(enum keys_event event)
{
    return event == KEYS_LOG || event == KEYS_SUSPEND;
}

static void run(struct attach *a, enum keys_event event,
                const struct keys_item *item)
{
    if (a->settings->is_by_ssh && is_for_shell(event))
        event = KEYS_UNKNOWN;
    switch (event) {
    case KEYS_NEED_MORE:
        break;
    case KEYS_TYPED:
        type(a, item->bytes);
        break;
    case KEYS_LEAVE:
        attach_leave(a, EXITS_DONE);
        break;
    case KEYS_HELP:
        attach_say_help(a);
        break;
    case KEYS_BREAK:
        attach_say(a, "break");
        command(a, json_pack("{s:s}", "break", "pulse"));
        break;
    case KEYS_ASK_SYSRQ:
        attach_say(a, "SysRq: which letter? (? lists them, another key: none)");
        break;
    case KEYS_SYSRQ:
        send_sysrq(a, item->letter);
        break;
    case KEYS_SYSRQ_HELP:
        attach_say_sysrq_help(a);
        break;
    case KEYS_SYSRQ_NOT:
        attach_say(a, "no SysRq is sent");
        break;
    case KEYS_REPLAY:
        replay(a);
        break;
    case KEYS_WHO:
        attach_say_people(a);
        break;
    case KEYS_TAKE:
        command(a, json_pack("{s:b}", "take", 1));
        break;
    case KEYS_SPY:
        toggle_spying(a);
        break;
    case KEYS_LOG:
        toggle_log(a);
        break;
    case KEYS_SUSPEND:
        attach_say(a, "suspended; fg goes on");
        attach_flush(a);
        tty_suspend(a->tty);
        break;
    case KEYS_UNKNOWN:
        attach_say(a, "%s ? lists the keys",
                   keys_format(a->settings->escape).text);
        break;
    }
}

void attach_take_keys(struct attach *a, struct slice typed)
{
    struct keys_item item;
    enum keys_event event;

    while (!a->is_over &&
           (event = keys_next(&a->keys, &typed, &item)) != KEYS_NEED_MORE)
        run(a, event, &item);
}

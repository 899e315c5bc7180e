/*
 * The writer's thread calls when it begins to fail, works again, or has another
 * file. A disk that does not answer calls nobody, and an event that is lost
 * does not either: so the writer is looked at each second while there is
 * something to be written or wrong.
 */
#include "daemon/parts/daemon_audit.h"

#include "base/clock.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/waker.h"

#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    TICK_US = US_PER_S,
    TELL_US = 60 * US_PER_S, /* between two lines about one failure */
    CLOSE_US = 3 * US_PER_S, /* how long the end waits for the disk */
};

/* ---- events ------------------------------------------------------------- */

static void start_tick(struct daemon_audit *a)
{
    if (!deadline_is_running(&a->tick))
        deadline_start(&a->ticks, &a->tick, clock_now_us());
}

static uint64_t daemon_audit_take(void *owner, const struct log_record *record,
                                  enum log_noise noise)
{
    struct daemon_audit *a = owner;

    start_tick(a);
    return audit_writer_put(a->writer, record, noise);
}

/* ---- news --------------------------------------------------------------- */

static bool is_in_trouble(const struct audit_news *news)
{
    return news->is_failing || news->is_in_former;
}

/* Whatever is said here about events goes to the log alone: the audit log does
 * not take it now. */
static void tell_trouble(struct daemon_audit *a, const struct audit_news *news)
{
    bool is_new =
        !is_in_trouble(&a->news) || news->is_failing != a->news.is_failing;

    if (!is_new && clock_now_us() - a->told_us < TELL_US)
        return;
    a->told_us = clock_now_us();
    if (news->is_failing)
        log_error(
            LOG_AUDIT_NOT_WRITTEN " file=%s waiting=%llu lost=%llu reason=%s",
            LOG_TEXT(a->settings->audit_log), (unsigned long long)news->waiting,
            (unsigned long long)news->lost, LOG_TEXT(news->why.text));
    else
        log_error(LOG_AUDIT_NOT_REOPENED " file=%s reason=%s",
                  LOG_TEXT(a->settings->audit_log), LOG_TEXT(news->why.text));
}

/* These are events themselves. */
static void tell_events(const struct daemon_audit *a,
                        const struct audit_news *news)
{
    const char *file = a->settings->audit_log;

    if (news->deleted != a->news.deleted)
        log_audit(LOG_ERROR, NULL, NULL, LOG_AUDIT_DELETED " file=%s",
                  LOG_TEXT(file));
    if (news->reopened != a->news.reopened)
        log_audit(LOG_INFO, NULL, NULL, LOG_AUDIT_REOPENED " file=%s",
                  LOG_TEXT(file));
    if (!news->is_failing && a->news.is_failing)
        log_audit(LOG_WARNING, NULL, NULL,
                  LOG_AUDIT_WRITTEN " file=%s waiting=%llu", LOG_TEXT(file),
                  (unsigned long long)news->waiting);
}

/* Told when there is room for the telling again. */
static void tell_lost(const struct daemon_audit *a, struct audit_news *news)
{
    uint64_t lost = news->lost - a->news.lost;

    if (news->is_failing)
        news->lost = a->news.lost;
    else if (lost > 0)
        log_audit(LOG_ERROR, NULL, NULL, LOG_AUDIT_EVENTS_LOST " count=%llu",
                  (unsigned long long)lost);
}

static void daemon_audit_on_news(void *owner)
{
    struct daemon_audit *a = owner;
    struct audit_news news;

    audit_writer_read_news(a->writer, &news);
    if (is_in_trouble(&news))
        tell_trouble(a, &news);
    tell_events(a, &news);
    tell_lost(a, &news);
    a->news = news;
    if (is_in_trouble(&news) || news.waiting > 0)
        start_tick(a);
}

static void daemon_audit_tick_due(struct deadline *tick, void *owner)
{
    (void)tick;
    daemon_audit_on_news(owner);
}

/* Called on the writer's thread. */
static void daemon_audit_wake(void *owner)
{
    waker_wake(((struct daemon_audit *)owner)->waker);
}

/* ---- opening and closing ------------------------------------------------ */

static void begin(struct daemon_audit *a, struct loop *loop, bool is_torn)
{
    const struct log_auditor auditor = { daemon_audit_take, a };

    deadline_init(&a->tick);
    deadline_queue_open(&a->ticks, TICK_US, daemon_audit_tick_due, a);
    loop_watch(loop, &a->ticks);
    log_set_auditor(&auditor);
    log_audit(is_torn ? LOG_WARNING : LOG_INFO, NULL, NULL,
              LOG_AUDIT_OPENED " file=%s torn=%s version=%s",
              LOG_TEXT(a->settings->audit_log), is_torn ? "yes" : "no",
              VSPCD_VERSION);
}

int daemon_audit_open(struct daemon_audit *a, const struct settings *settings,
                      struct loop *loop, struct err *err)
{
    const struct audit_settings audit = {
        .path = settings->audit_log,
        .waiting_max = AUDIT_WAITING_MAX,
        .on_news = daemon_audit_wake,
        .owner = a,
    };
    bool is_torn = false;
    struct err why;
    int r;

    *a = (struct daemon_audit){ .settings = settings };
    if (settings->audit_log == NULL)
        return 0;
    r = waker_open(loop, daemon_audit_on_news, a, &a->waker);
    if (r < 0) {
        err_set(err, "--audit-log: %s", strerror(-r));
        return r;
    }
    r = audit_writer_open(&a->writer, &audit, &is_torn, &why);
    if (r < 0) {
        waker_close(a->waker);
        err_set(err, "--audit-log: %s", why.text);
        return r;
    }
    begin(a, loop, is_torn);
    return 0;
}

void daemon_audit_reload(struct daemon_audit *a)
{
    if (a->writer != NULL)
        audit_writer_reopen(a->writer);
}

bool daemon_audit_refuses_clients(const struct daemon_audit *a)
{
    return a->settings->audit_required != 0 && a->news.is_failing;
}

void daemon_audit_count(const struct daemon_audit *a, struct census *census)
{
    struct audit_news news;

    if (a->writer == NULL)
        return;
    audit_writer_read_news(a->writer, &news);
    census->audit_written = news.written;
    census->audit_lost = news.lost;
    census->audit_waiting = news.waiting;
    census->audit_failing = news.is_failing;
}

void daemon_audit_close(struct daemon_audit *a)
{
    struct audit_news news = { .written = 0 };

    if (a->writer == NULL)
        return;
    log_audit(LOG_INFO, NULL, NULL, LOG_AUDIT_CLOSED " file=%s",
              LOG_TEXT(a->settings->audit_log));
    log_set_auditor(NULL);
    if (!audit_writer_close(a->writer, CLOSE_US, &news))
        log_error(LOG_AUDIT_UNWRITTEN " file=%s count=%llu reason=%s",
                  LOG_TEXT(a->settings->audit_log),
                  (unsigned long long)news.waiting, LOG_TEXT(news.why.text));
    /* Until audit_writer_close the thread may call the waker. */
    waker_close(a->waker);
    deadline_queue_close(&a->ticks);
}

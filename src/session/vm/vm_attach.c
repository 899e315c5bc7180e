/*
 * How a VM's connection that has identified itself gets its console, and why it
 * does not.
 *
 * The order of the questions: the key first, because whoever has none is to
 * learn nothing else; then whether a VM that is not known is served, and how
 * many of them; last the console's other connection, because the answer to that
 * may take a while (vm_takeover.c). Then everything is asked anew.
 */
#include "base/clock.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/service/service.h"
#include "session/vm/vm_session_private.h"

static enum vm_end end_of(enum directory_outcome outcome)
{
    static const enum vm_end ends[] = {
        [DIRECTORY_ATTACHED] = VM_END_COUNT,
        [DIRECTORY_FULL] = VM_END_TOO_MANY_CONSOLES,
        [DIRECTORY_FULL_OF_VM] = VM_END_TOO_MANY_OF_VM,
        [DIRECTORY_NEEDS_TLS] = VM_END_CLEAR,
        [DIRECTORY_NO_MEMORY] = VM_END_NO_MEMORY_FOR_CONSOLE,
    };

    return ends[outcome];
}

static void log_too_many_new(const struct vm_session *s, const char *name)
{
    log_limited(
        LOG_WARNING, s->link.peer, NULL,
        LOG_CONSOLE_REFUSED " vm=%s peer=%s reason=%s", LOG_TEXT(name),
        s->link.peer,
        LOG_TEXT("the address brings more VMs that are not known yet than "
                 "--new-console-burst and --new-console-rate allow; they are "
                 "served when their hosts connect again; raise both where many "
                 "VMs come from one address"));
}

/* An auditor asks for it: somebody has brought a VM that is not on the site's
 * list. */
static void refuse_unknown(struct vm_session *s, const struct vm_identity *who)
{
    log_audit(LOG_WARNING, s->link.peer, who->uuid,
              LOG_VM_UNKNOWN_REFUSED
              " vm=%s uuid=%s label=%s door=vms peer=%s reason=%s",
              LOG_TEXT(who->name), LOG_TEXT(who->uuid), LOG_TEXT(who->label),
              s->link.peer,
              LOG_TEXT("the serial port has no console yet, and --unknown-vms "
                       "is refuse"));
    vm_session_dismiss(s, vm_end_text(VM_END_UNKNOWN));
}

/* NULL: the key is right, or none is needed; else what is wrong. c: the VM's
 * console, or NULL. */
static const char *key_problem(const struct vm_session *s,
                               const struct vm_identity *who,
                               const struct console *c)
{
    const struct session_settings *settings = &s->telnet.ctx->settings;
    const struct vm_key *key = &s->identity->key;
    bool is_given = key->text[0] != '\0';

    if (settings->vm_keys == VM_KEYS_OFF)
        return NULL;
    if (is_given &&
        !vm_key_is_right(settings->vm_site_key, who->uuid, who->label, key))
        return "the key of its service URI is wrong: this is another machine "
               "that poses as the VM, or UUID, label or site key have changed; "
               "--vm-key prints the right one";
    if (is_given)
        return NULL;
    if (settings->vm_keys == VM_KEYS_REQUIRED)
        return "its service URI has no key, and --vm-keys is required; "
               "--vm-key prints it";
    if (c != NULL && c->is_keyed)
        return "its service URI has no key, and the VM has come with one "
               "before";
    return NULL;
}

static void refuse_key(struct vm_session *s, const struct vm_identity *who,
                       const char *problem)
{
    log_audit(LOG_WARNING, s->link.peer, who->uuid,
              LOG_VM_KEY_REFUSED
              " vm=%s uuid=%s label=%s door=vms peer=%s reason=%s",
              LOG_TEXT(who->name), LOG_TEXT(who->uuid), LOG_TEXT(who->label),
              s->link.peer, LOG_TEXT(problem));
    vm_session_dismiss(s, vm_end_text(VM_END_KEY));
}

/* The VM has been attached. Where keys are off, one that comes without a key
 * makes its console one without. */
static void note_key(struct vm_session *s)
{
    bool is_checked = s->telnet.ctx->settings.vm_keys != VM_KEYS_OFF;
    bool is_given = s->identity->key.text[0] != '\0';

    if (is_checked == is_given)
        console_set_keyed(s->link.console, is_given);
}

static void log_in_the_clear(const struct vm_session *s,
                             const struct console *c)
{
    struct console_name name = console_name(c);

    log_audit(
        LOG_WARNING, s->link.peer, console_id(c).text,
        LOG_VM_CLEAR_REFUSED " console=%s id=%s peer=%s reason=%s",
        LOG_TEXT(name.text), LOG_TEXT(console_id(c).text), s->link.peer,
        LOG_TEXT("the console's VM has come by TLS before: this is another "
                 "machine that poses as the VM, or its proxy URI was changed; "
                 "use telnets:// again, or set --vm-tls-keep off until the VM "
                 "has been connected for a minute"));
}

/* c: the VM's console, or NULL. False: the session ends, or waits. */
static bool may_attach(struct vm_session *s, const struct vm_identity *who,
                       struct console *c)
{
    struct session_context *ctx = s->telnet.ctx;
    const char *problem = key_problem(s, who, c);

    if (problem != NULL) {
        refuse_key(s, who, problem);
        return false;
    }
    if (c == NULL && ctx->settings.refuses_unknown) {
        refuse_unknown(s, who);
        return false;
    }
    if (c == NULL && !gate_admits_console(&ctx->gate, s->link.ip)) {
        log_too_many_new(s, who->name);
        vm_session_end(s, VM_END_TOO_MANY_NEW);
        return false;
    }
    return c == NULL || vm_takeover_is_decided(s, c);
}

/* False: the session ends, or waits. */
static bool get_console(struct vm_session *s, const struct vm_identity *who)
{
    struct directory *d = s->telnet.ctx->directory;
    struct console *c = directory_find_known(d, who);
    enum directory_outcome outcome;

    if (!may_attach(s, who, c))
        return false;
    outcome = directory_attach_vm(d, &s->link, who, clock_now_us());
    if (outcome == DIRECTORY_ATTACHED) {
        note_key(s);
        return true;
    }
    if (outcome == DIRECTORY_NEEDS_TLS)
        log_in_the_clear(s, c);
    vm_session_end(s, end_of(outcome));
    return false;
}

/*
 * Of the UUIDs the first that is there counts, in the order VC, BIOS, location.
 *
 * The order: the link is attached, then what the service URI asks for begins
 * (it needs the console), then the session serves, then held input is released:
 * a VM whose extension was off had it held, and gets it now that it serves.
 * Settled at once, because the bytes behind this message in the same read are
 * the console's output.
 */
void vm_attach(struct vm_session *s)
{
    struct identity *id = s->identity;
    struct vm_identity who = { .label = id->label };
    static const enum question uuids[] = {
        QUESTION_VC_UUID,
        QUESTION_BIOS_UUID,
        QUESTION_LOCATION_UUID,
    };

    for (size_t i = 0; i < 3 && who.uuid == NULL; i++) {
        if (id->text[uuids[i]][0] != '\0')
            who.uuid = id->text[uuids[i]];
    }
    if (who.uuid == NULL) {
        vm_session_end(s, VM_END_NO_UUID);
        return;
    }
    vm_session_note_tls(s);
    who.name = id->text[QUESTION_NAME];
    if (who.name[0] == '\0')
        who.name = who.uuid;
    if (!get_console(s, &who))
        return;
    service_settle(s->telnet.ctx, s->link.console, s->identity->service_uri,
                   s->identity->direction);
    vm_session_serve(s);
    console_release_input(s->link.console);
    vm_session_settle(s);
}

#include "daemon/ask/explain_access.h"

#include "access/asked.h"
#include "auth/account_lookup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "daemon/access/daemon_access.h"
#include "daemon/process/state_path.h"
#include "store/tokens/token_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXPLANATION_MAX = 256 * 1024 };

__attribute__((format(printf, 2, 3))) static void say(const char *field,
                                                      const char *format, ...)
{
    va_list args;

    printf("%-10s ", field);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* ---- who ------------------------------------------------------------------
 */

/* An account's groups, and whether it can write vspcd's files. */
static void take_account(struct principal *p)
{
    struct groups_answer answer;

    account_lookup(p->name, 0, &answer);
    switch (answer.outcome) {
    case GROUPS_FOUND:
        principal_set_groups(p, answer.group, answer.count);
        p->is_keeper = answer.uid == 0 || answer.uid == geteuid();
        say("account", "uid %lu, in %zu group%s", (unsigned long)answer.uid,
            answer.count, answer.count == 1 ? "" : "s");
        break;
    case GROUPS_NO_ACCOUNT:
        say("account", "none on this system: no unix: member is for it");
        break;
    case GROUPS_FAILED:
        say("account", "not known: %s", answer.err.text);
        break;
    }
    account_lookup_done(&answer);
}

/* The owner's account decides about its groups. */
static void take_owner(const struct token_record *record, struct principal *p)
{
    struct principal *owner = xcalloc(1, sizeof *owner);
    enum right right = RIGHT_NONE;

    *owner = principal_of_address(!ip_is_none(p->ip), p->ip);
    if (!principal_prove(owner, PROOF_UID, record->owner) ||
        !right_parse(record->rights, &right)) {
        say("token", "damaged: the file has no owner or right of it");
        principal_done(owner);
        free(owner);
        return;
    }
    p->owner = owner;
    p->right_max = (uint8_t)right;
    if (record->consoles[0] != '\0')
        p->consoles = xstrdup(record->consoles);
    say("token", "of %s, for %s at most%s%s", record->owner, right_name(right),
        p->consoles != NULL ? ", on " : "",
        p->consoles != NULL ? p->consoles : "");
    take_account(owner);
}

/* Of several with one name, the one that holds. NULL: none does. */
static const struct token_record *find_token(const struct token_list *list,
                                             const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->item[i]->name, name) == 0 &&
            token_record_holds(list->item[i], clock_utc_s()))
            return list->item[i];
    }
    return NULL;
}

/* Without its record a token has no owner, and so may nothing. */
static void take_token(const struct settings *s, struct principal *p)
{
    char path[STATE_PATH_MAX] = "";
    struct token_file *file = NULL;
    struct token_list list = { .count = 0 };
    const struct token_record *record = NULL;
    struct err err = { "there is no file of tokens" };
    unsigned damaged;
    int r = state_path_find_tokens(s, path, &err);

    if (r == 0)
        r = token_file_open(&file, path, false, &err);
    if (r == 0)
        r = token_file_load(file, &list, &damaged, &err);
    if (r == 0)
        record = find_token(&list, p->name);
    if (record != NULL)
        take_owner(record, p);
    else if (r == 0)
        say("token", "not known, revoked or expired: %s", path);
    else
        say("token", "not known: %s%s%s", path, path[0] != '\0' ? ": " : "",
            err.text);
    token_list_done(&list);
    token_file_close(file);
}

/* ---- the answer ---------------------------------------------------------- */

static void say_console(const struct access_console *c)
{
    say("console", "%s '%s'%s%s%s; patterns by %s do not match here",
        c->name != NULL ? "name" : "UUID", c->name != NULL ? c->name : c->uuid,
        c->label != NULL ? ", label '" : "", c->label != NULL ? c->label : "",
        c->label != NULL ? "'" : "", c->name != NULL ? "UUID" : "name");
    say("host", "%s",
        ip_is_none(c->host) ? "not given: no section with hosts is for it"
                            : ip_format(c->host).text);
}

static void say_principal(const struct principal *who)
{
    say("principal", "%s", principal_format(who).text);
    say("from", "%s%s", ip_is_none(who->ip) ? "" : ip_format(who->ip).text,
        !who->is_local        ? ""
        : ip_is_none(who->ip) ? "this machine"
                              : ", this machine");
}

static void say_verdict(const struct settings *s,
                        const struct access_verdict *v)
{
    if (v->line == 0)
        say("right", "%s", right_name(v->right));
    else if (v->right == RIGHT_NONE)
        say("right", "none; %s:%u decides", s->file, v->line);
    else
        say("right", "%s, by %s:%u", right_name(v->right), s->file, v->line);
    if (v->is_matched)
        say("keyboard", "%s",
            v->keyboard == KEYBOARD_ONE_WRITER ? "one-writer" : "free-for-all");
}

static void say_recording(const struct access_recording *recording)
{
    say("record", "%s%s", access_record_name(recording->record),
        recording->has_input ? ", what is typed may be recorded, too" : "");
}

static void answer(const struct settings *s, const struct access_rules *rules,
                   const struct principal *who,
                   const struct access_console *console, bool *ret_may_read)
{
    struct access_verdict verdict = access_rules_judge(rules, who, console);
    struct access_recording recording = access_rules_recording(rules, console);
    char *text = xmalloc(EXPLANATION_MAX);

    say_console(console);
    say_verdict(s, &verdict);
    if (verdict.is_matched)
        say_recording(&recording);
    text[0] = '\0';
    access_rules_explain(rules, s->file, who, console, text, EXPLANATION_MAX);
    printf("\n%s", text);
    free(text);
    *ret_may_read = verdict.right >= RIGHT_READ;
}

int explain_access(const struct settings *settings, bool *ret_may_read,
                   struct err *err)
{
    struct asked_console console = { .name = NULL };
    struct principal who = { .name = NULL };
    struct daemon_access access;
    int r = daemon_access_open(&access, settings, err);

    if (r < 0)
        return r;
    r = asked_principal(settings->explain_access, &who, err);
    if (r == 0)
        r = asked_console(settings->explain_console, &console, err);
    if (r == 0) {
        say_principal(&who);
        if (who.proof == PROOF_PASSWORD)
            take_account(&who);
        if (who.proof == PROOF_TOKEN)
            take_token(settings, &who);
        answer(settings, access.rules, &who, &console.view, ret_may_read);
    }
    asked_console_done(&console);
    principal_done(&who);
    daemon_access_close(&access);
    return r;
}

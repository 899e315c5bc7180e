#include "cli/doctor/doctor.h"

#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/doctor/gather.h"
#include "cli/doctor/judge/checks.h"
#include "cli/doctor/judge/remedies.h"
#include "cli/doctor/report.h"
#include "cli/output/out.h"
#include "cli/verbs/form_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHECKS_MAX = 64 };

/* clang-format off */
static const struct option_row doctor_options[] = {
    { "check", 0, "CODE", "only this check, with all that it says; may be given "
                          "several times" },
    { "explain", 0, "TEXT", "what an error of vCenter, ESXi or vspcd means; - "
                            "reads standard input" },
    FORM_OPTION_OUTPUT,
    { NULL, 0, NULL, NULL },
};

static const struct column finding_columns[] = {
    { .heading = "CODE", .path = "code", .is_firm = true },
    { .heading = "WEIGHT", .path = "weight", .is_firm = true },
    { .heading = "SUBJECT", .path = "subject" },
    { .heading = "FOUND", .path = "found" },
    { .heading = NULL },
};
/* clang-format on */

static const struct listing findings = { finding_columns, "code" };

/* ---- --explain ------------------------------------------------------------
 */

/* Standard input, as far as it is read; the caller's. */
static char *read_input(void)
{
    char *text = xmalloc(REMEDY_TEXT_MAX + 1);

    text[fread(text, 1, REMEDY_TEXT_MAX, stdin)] = '\0';
    return text;
}

static bool was_told(const char *text, const struct remedy *remedy)
{
    const struct remedy *other;
    size_t at = 0;

    while ((other = remedies_next(text, &at)) != remedy) {
        if (strcmp(other->subject, remedy->subject) == 0)
            return true;
    }
    return false;
}

static json_t *show_remedy(const struct remedy *remedy)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < REMEDY_STEPS && remedy->steps[i] != NULL; i++)
        (void)json_array_append_new(steps, json_string(remedy->steps[i]));
    return json_pack("{s:s, s:s, s:o, s:s?}", "subject", remedy->subject,
                     "cause", remedy->cause, "steps", steps, "code",
                     remedy->code);
}

/* An unknown text is EXITS_NO_PATTERN: a script can tell. */
static enum exits explain(const char *text, enum listing_form form)
{
    json_t *answer = json_pack("{s:[]}", "items");
    json_t *items = json_object_get(answer, "items");
    const struct remedy *remedy;
    bool is_known;
    size_t at = 0;

    while ((remedy = remedies_next(text, &at)) != NULL) {
        if (was_told(text, remedy))
            continue;
        (void)json_array_append_new(items, show_remedy(remedy));
        if (form == LISTING_TABLE || form == LISTING_WIDE)
            report_remedy(remedy);
    }
    is_known = json_array_size(items) > 0;
    if (form != LISTING_TABLE && form != LISTING_WIDE)
        listing_print_one(answer, form, "items");
    out_flush();
    json_decref(answer);
    if (is_known)
        return EXITS_DONE;
    say_error("this text is not known here");
    say_news("vspc doctor alone looks at the server and at refused VMs;");
    say_news("vspc doctor --check D107 says what to type on an ESXi host");
    return EXITS_NO_PATTERN;
}

static enum exits run_explain(const struct invocation *in,
                              enum listing_form form)
{
    const char *text = arguments_text(&in->arguments, "explain");
    char *input = strcmp(text, "-") == 0 ? read_input() : NULL;
    enum exits exits;

    if (input != NULL)
        text = input;
    if (text[strspn(text, " \t\r\n")] == '\0')
        exits = invocation_refuse(in, "--explain: there is no text; quotes "
                                      "around it keep it together");
    else
        exits = explain(text, form);
    free(input);
    return exits;
}

/* ---- looking --------------------------------------------------------------
 */

/* On a terminal, one line that says what takes its time. */
static void tell_progress(const char *what)
{
    fprintf(stderr, "\r\x1b[Kvspc: %s ...", what);
}

static void end_progress(void)
{
    fputs("\r\x1b[K", stderr);
}

static void tell_nothing(const char *what)
{
    (void)what;
}

/* False: one is unknown, and was told. */
static bool read_checks(const struct invocation *in,
                        const struct check *ret[CHECKS_MAX])
{
    const char *code;
    size_t count = 0;
    size_t at = 0;

    while ((code = arguments_each(&in->arguments, "check", &at)) != NULL &&
           count + 1 < CHECKS_MAX) {
        ret[count] = checks_find(code);
        if (ret[count++] == NULL) {
            (void)invocation_refuse(in,
                                    "--check %.20s: there is no such check; "
                                    "docs/doctor.md lists them",
                                    code);
            return false;
        }
    }
    ret[count] = NULL;
    return true;
}

static enum exits exits_of(const json_t *facts, const json_t *items)
{
    if (!json_is_true(
            json_object_get(json_object_get(facts, "reach"), "is_reached")))
        return EXITS_NO_SERVER;
    return checks_worst(items) == FINDING_WRONG ? EXITS_FAILED : EXITS_DONE;
}

static void show(const json_t *items, enum listing_form form, bool is_whole,
                 bool is_quiet)
{
    json_t *answer;

    if (form == LISTING_TABLE || form == LISTING_WIDE) {
        report_findings(items, is_whole || form == LISTING_WIDE, is_quiet);
        return;
    }
    answer = json_pack("{s:s, s:O, s:i, s:i}", "verdict",
                       finding_weight_name(checks_worst(items)), "items", items,
                       "total", (int)json_array_size(items), "hidden", 0);
    listing_print(&findings, answer, form, true);
    out_flush();
    json_decref(answer);
}

static enum exits run_doctor(struct invocation *in)
{
    bool is_quiet = arguments_has(&in->arguments, "quiet");
    bool has_progress = !is_quiet && isatty(STDERR_FILENO) == 1;
    const struct check *only[CHECKS_MAX];
    enum listing_form form;
    json_t *facts, *items;
    enum exits exits = form_options_read(in, &form);

    if (exits != EXITS_DONE)
        return exits;
    if (arguments_has(&in->arguments, "explain"))
        return run_explain(in, form);
    if (!read_checks(in, only))
        return EXITS_USAGE;
    exits = gather_facts(in, only, has_progress ? tell_progress : tell_nothing,
                         &facts);
    if (has_progress)
        end_progress();
    if (exits != EXITS_DONE)
        return exits;
    items = checks_judge(facts, only);
    show(items, form, only[0] != NULL, is_quiet);
    exits = exits_of(facts, items);
    json_decref(items);
    json_decref(facts);
    return exits;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "look for what is wrong with the server, the way to it and the "
               "VMs' connections, and say what to do",
    .text = "Nothing is changed. It is run on the server, as root for the "
            "firewall, and from a client, for the network between. Exit code "
            "0: all is well, or there are notes; 1: something is wrong; 5: the "
            "server is not reached; with --explain 8: the text is not known. "
            "With --quiet only what is wrong is shown. Pages that it names, "
            "docs/..., are in /usr/share/doc/vspcd.",
    .example = "sudo vspc doctor\n"
               "vspc doctor --check D601 --check D107\n"
               "vspc doctor --explain \"Unable to connect virtual device "
               "serial0.\"\n",
    .option = doctor_options,
    .run = run_doctor,
};

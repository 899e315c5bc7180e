/*
 * access_judge - answers who may do what, for test_access_model.py: from the
 * text of a configuration file to verdicts, by the code of vspcd.
 *
 * Standard input has lines of fields, separated by tabs:
 *
 *     RULES KEEPER IS-OPEN LENGTH    then LENGTH bytes of the file; KEEPER is
 *                                    vspcd's own user. No answer.
 *     CASE field ...                 enum field says which; "" is none. The
 *                                    answer: RIGHT KEYBOARD LINE IS-MATCHED
 *                                    MAY-GAIN
 */
#include "base/mem.h"
#include "conf/sources.h"
#include "daemon/access/daemon_access.h"

#include <stdlib.h>
#include <string.h>

enum field {
    KIND,
    PROOF,
    NAME,
    GROUPS, /* separated by commas */
    IS_KEEPER,
    OWNER_PROOF, /* of a token */
    OWNER_NAME,
    OWNER_GROUPS,
    OWNER_IS_KEEPER,
    RIGHT_MAX,
    CONSOLES,
    ADDRESS,
    CONSOLE_NAME,
    CONSOLE_UUID,
    CONSOLE_LABEL,
    CONSOLE_HOST,
    INVENTORY, /* none, known, unknown */
    FOLDER,
    OWNER,
    HOST_NAME,
    TAGS, /* each with a ; behind it */
    FIELDS,
};

_Noreturn static void end(const char *why, const char *what)
{
    fprintf(stderr, "access_judge: %s: %s\n", why, what);
    exit(1);
}

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* ---- rules --------------------------------------------------------------- */

static struct access_rules *read_rules(const char *text, size_t len,
                                       const char *keeper, bool is_open)
{
    struct problems problems = { .count = 0 };
    struct settings s = { .is_vspc_server = is_open };
    struct daemon_access own = { .keeper = xstrdup(keeper) };
    struct daemon_access made = { .keeper = NULL };
    struct access_rules *rules;
    struct err err;

    s.file = xstrdup("file");
    config_text_read("file", text, len, &s, &problems);
    if (problems.count > 0)
        end("the file", problems.item[0].text);
    if (daemon_access_reopen(&own, &s, &made, &err) < 0)
        end("the rules", err.text);
    rules = made.rules;
    made.rules = NULL;
    daemon_access_close(&made);
    daemon_access_close(&own);
    options_free(&s);
    return rules;
}

static struct access_rules *take_rules(char *fields)
{
    const char *keeper = strsep(&fields, "\t");
    bool is_open = strcmp(strsep(&fields, "\t"), "1") == 0;
    size_t len = strtoul(fields, NULL, 10);
    char *text = xmalloc(len + 1);
    struct access_rules *rules;

    if (fread(text, 1, len, stdin) != len)
        end("standard input", "ends in the rules");
    rules = read_rules(text, len, keeper, is_open);
    free(text);
    return rules;
}

/* ---- cases --------------------------------------------------------------- */

static struct ip ip_of(const char *text)
{
    struct ip ip = { 0 };

    if (text[0] != '\0' && !ip_parse(text, &ip))
        end("no address", text);
    return ip;
}

static void set_groups(struct principal *p, char *list)
{
    char *group[64];
    size_t count = 0;

    while (list != NULL && list[0] != '\0' && count < 64)
        group[count++] = strsep(&list, ",");
    principal_set_groups(p, group, count);
}

static void prove(struct principal *p, const char *proof, const char *name,
                  char *groups, const char *is_keeper)
{
    for (int i = PROOF_UID; i < PROOF_COUNT; i++) {
        if (strcmp(principal_proof_name((enum principal_proof)i), proof) == 0 &&
            !principal_prove(p, (enum principal_proof)i, name))
            end("no name", name);
    }
    set_groups(p, groups);
    p->is_keeper = is_keeper[0] == '1';
}

static struct principal principal_of(char **field)
{
    struct principal p =
        principal_of_address(field[ADDRESS][0] != '\0', ip_of(field[ADDRESS]));
    enum right right = RIGHT_NONE;

    prove(&p, field[PROOF], field[NAME], field[GROUPS], field[IS_KEEPER]);
    if (p.proof != PROOF_TOKEN)
        return p;
    if (!right_parse(field[RIGHT_MAX], &right))
        end("no right", field[RIGHT_MAX]);
    p.right_max = (uint8_t)right;
    if (field[CONSOLES][0] != '\0')
        p.consoles = xstrdup(field[CONSOLES]);
    if (field[OWNER_PROOF][0] == '\0')
        return p;
    /* At no address: the token's counts. */
    p.owner = xcalloc(1, sizeof *p.owner);
    prove(p.owner, field[OWNER_PROOF], field[OWNER_NAME], field[OWNER_GROUPS],
          field[OWNER_IS_KEEPER]);
    return p;
}

static struct inventory_vm vm_of(char **field)
{
    if (field[INVENTORY][0] != 'k')
        return (struct inventory_vm){ .is_unknown =
                                          field[INVENTORY][0] == 'u' };
    /* The NUL of the field is the empty tag at their end. */
    for (char *at = field[TAGS]; (at = strchr(at, ';')) != NULL;)
        *at++ = '\0';
    return (struct inventory_vm){ .name = "",
                                  .folder = field[FOLDER],
                                  .host = field[HOST_NAME],
                                  .owner = field[OWNER],
                                  .tags = field[TAGS] };
}

static void answer(const struct access_rules *rules, char **field)
{
    const struct access_console console = {
        .name = text_or_null(field[CONSOLE_NAME]),
        .uuid = text_or_null(field[CONSOLE_UUID]),
        .label = text_or_null(field[CONSOLE_LABEL]),
        .host = ip_of(field[CONSOLE_HOST]),
        .vm = vm_of(field),
    };
    struct principal who = principal_of(field);
    struct access_verdict v = access_rules_judge(rules, &who, &console);
    char explanation[4096] = "";

    access_rules_explain(rules, "file", &who, &console, explanation,
                         sizeof explanation);
    if (explanation[0] == '\0')
        end("no explanation", field[CONSOLE_NAME]);
    printf("%s %d %u %d %d\n", right_name(v.right), (int)v.keyboard, v.line,
           v.is_matched, access_rules_may_gain(rules, &who, &console));
    principal_done(&who);
}

static void take_line(struct access_rules **rules, char *line)
{
    char *field[FIELDS];
    size_t count = 0;

    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "RULES\t", 6) == 0) {
        access_rules_free(*rules);
        *rules = take_rules(line + 6);
        return;
    }
    while (line != NULL && count < FIELDS)
        field[count++] = strsep(&line, "\t");
    if (count != FIELDS || line != NULL || *rules == NULL)
        end("no case", field[0]);
    answer(*rules, field);
}

int main(void)
{
    struct access_rules *rules = NULL;
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0)
        take_line(&rules, line);
    free(line);
    access_rules_free(rules);
    return fflush(stdout) == 0 ? 0 : 1;
}

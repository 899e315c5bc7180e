#include "daemon/ask/check_access.h"

#include "access/rules/member.h"
#include "daemon/access/daemon_access.h"

#include <grp.h>

static void warn_of_member(const struct settings *s,
                           const struct section_text *text,
                           struct problems *warnings)
{
    struct member member;

    if (member_parse(text->text, &member, NULL) < 0)
        return; /* an error, which was reported */
    if (member.kind == MEMBER_UNIX && getgrnam(member.name) == NULL)
        problems_add(warnings, text->line,
                     "%.200s:%u: this system has no group '%s'", s->file,
                     text->line, member.name);
    member_done(&member);
}

static void warn_of_members(const struct settings *s,
                            const struct access_section *section,
                            struct problems *warnings)
{
    for (int i = SECTION_MEMBERS; i <= SECTION_READ; i++) {
        for (size_t j = 0; j < section->list[i].count; j++)
            warn_of_member(s, &section->list[i].item[j], warnings);
    }
}

void check_access_warn(const struct settings *settings, FILE *to)
{
    struct problems warnings = { .count = 0 };
    int kept;

    daemon_access_check(settings, NULL, &warnings);
    for (int i = 0; i < SECTION_KINDS; i++) {
        const struct access_section_group *all = &settings->sections.of[i];

        for (size_t j = 0; j < all->count; j++)
            warn_of_members(settings, &all->item[j], &warnings);
    }
    kept = problems_kept(&warnings);
    for (int i = 0; i < kept; i++)
        fprintf(to, "vspcd: warning: %s\n", warnings.item[i].text);
    if (warnings.count > kept)
        fprintf(to, "vspcd: and %d more warnings\n", warnings.count - kept);
}

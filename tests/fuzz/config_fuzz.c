/*
 * Whatever is in the file: problems have lines of it, and what is read can be
 * written, and read again as the same.
 */
#include "conf/sources.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_problems(const struct problems *p, const uint8_t *bytes,
                           size_t len)
{
    unsigned lines = 1;

    for (size_t i = 0; i < len; i++)
        lines += bytes[i] == '\n';
    for (int i = 0; i < problems_kept(p); i++) {
        require(p->item[i].line >= (i > 0 ? p->item[i - 1].line : 1));
        require(p->item[i].line <= lines);
        require(strncmp(p->item[i].text, "file:", 5) == 0);
    }
}

/* The settings as a file, which the caller frees. */
static char *print(const struct settings *s, size_t *ret_len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, ret_len);

    require(to != NULL);
    for (int i = 0; i < option_row_count; i++) {
        if (s->origins[i].source != SETTINGS_FILE)
            continue;
        fprintf(to, "%s = ", option_rows[i].name);
        require(option_print_value(&option_rows[i], s, to));
        fputc('\n', to);
    }
    options_print_sections(&s->sections, "file", to);
    fclose(to);
    return text;
}

static void check_again(const struct settings *s)
{
    struct settings again = { 0 };
    struct problems problems = { 0 };
    size_t len;
    char *text = print(s, &len);

    config_text_read("file", text, len, &again, &problems);
    require(problems.count == 0);
    for (int i = 0; i < option_row_count; i++)
        require(option_is_equal(&option_rows[i], s, &again));
    for (int i = 0; i < SECTION_KINDS; i++)
        require(access_sections_are_equal(&s->sections, &again.sections,
                                          (enum access_section_kind)i));
    options_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct settings s = { 0 };
    struct problems problems = { 0 };

    config_text_read("file", (const char *)bytes, len, &s, &problems);
    check_problems(&problems, bytes, len);
    if (problems.count == 0)
        check_again(&s);
    options_free(&s);
    return 0;
}

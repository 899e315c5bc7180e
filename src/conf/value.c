#include "base/mem.h"
#include "base/text.h"
#include "conf/option_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *member_of(const struct option_row *row, struct settings *s)
{
    return (char *)s + row->offset;
}

static const void *seen_member_of(const struct option_row *row,
                                  const struct settings *s)
{
    return (const char *)s + row->offset;
}

/* ---- reading ---------------------------------------------------------- */

/* A letter that can follow a number, and its factor. */
struct unit {
    char letter; /* '\0' ends a table */
    uint64_t factor;
};

static const struct unit sizes[] = {
    { 'K', UINT64_C(1) << 10 },
    { 'M', UINT64_C(1) << 20 },
    { 'G', UINT64_C(1) << 30 },
    { 0 },
};

static const struct unit times[] = {
    { 's', 1 }, { 'm', 60 }, { 'h', 60 * 60 }, { 'd', 24 * 60 * 60 }, { 0 },
};

/* Parses a number with or without a unit, such as "64K". False: it is neither,
 * or above max. */
static bool parse_units(const char *text, const struct unit *unit, uint64_t max,
                        uint64_t *ret)
{
    char digits[24];
    size_t len = strlen(text);
    unsigned long number;
    uint64_t factor = 1;

    if (len == 0)
        return false;
    while (unit->letter != '\0' && unit->letter != text[len - 1])
        unit++;
    if (unit->letter != '\0') {
        factor = unit->factor;
        len--;
    }
    if (len == 0 || len >= sizeof digits)
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (!text_number(digits, max / factor, &number))
        return false;
    *ret = (uint64_t)number * factor;
    return true;
}

/* Finds the index of value in "first|second|...". False: it is not there. */
static bool find_word(const char *words, const char *value, uint64_t *ret)
{
    size_t len = strlen(value);

    for (uint64_t i = 0; *words != '\0'; i++) {
        size_t n = strcspn(words, "|");

        if (n == len && memcmp(words, value, n) == 0) {
            *ret = i;
            return true;
        }
        words += n + (words[n] == '|');
    }
    return false;
}

static int bad_word(const char *words, const char *value, struct err *err)
{
    err_set(err, "'%s' is not valid: expected one of %s", text_show(value).text,
            words);
    return -EINVAL;
}

static const char *what_of(const struct option_row *row)
{
    if (row->type == OPTION_SIZE)
        return " of bytes, optionally followed by K, M or G,";
    if (row->type == OPTION_SECONDS)
        return " of seconds, optionally followed by m, h or d,";
    return "";
}

static int bad_value(const struct option_row *row, const char *value,
                     struct err *err)
{
    char *range = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&range, &len);

    if (to == NULL)
        return -ENOMEM;
    if (row->type == OPTION_SIZE) {
        option_print_size(row->min, to);
        fputs(" to ", to);
        option_print_size(row->max, to);
    } else {
        fprintf(to, "%llu to %llu", (unsigned long long)row->min,
                (unsigned long long)row->max);
    }
    if (row->words != NULL)
        fprintf(to, ", or %s", row->words);
    fclose(to);
    err_set(err, "'%s' is not valid: expected a number%s from %s",
            text_show(value).text, what_of(row), range);
    free(range);
    return -EINVAL;
}

/* The row's min is the policy of a port for which none is given. */
static int add_port(const struct option_row *row, struct settings_ports *ports,
                    unsigned line, const char *value, struct err *err)
{
    struct settings_port port = { .tls = row->min, .line = line };
    size_t len = strcspn(value, ",");
    const char *rest = value + len;

    if (ports->count == SETTINGS_PORTS_MAX) {
        err_set(err, "too many ports: the limit is %d", SETTINGS_PORTS_MAX);
        return -EINVAL;
    }
    if (len == 0 || len >= sizeof port.address ||
        (rest[0] != '\0' && strncmp(rest, ",tls=", 5) != 0)) {
        err_set(err,
                "'%s' is not valid: expected ADDRESS:PORT or "
                "ADDRESS:PORT,tls=POLICY",
                text_show(value).text);
        return -EINVAL;
    }
    memcpy(port.address, value, len);
    port.has_tls = rest[0] != '\0';
    if (port.has_tls && !find_word(row->words, rest + 5, &port.tls))
        return bad_word(row->words, rest + 5, err);
    ports->item[ports->count++] = port;
    return 0;
}

static int add_rule(const struct option_row *row, struct settings_rules *rules,
                    unsigned line, const char *value, struct err *err)
{
    uint64_t max = row->max != 0 ? row->max : SETTINGS_RULES_MAX;

    if (rules->count == max) {
        err_set(err, "too many values: the limit is %llu",
                (unsigned long long)max);
        return -EINVAL;
    }
    rules->line[rules->count] = line;
    rules->text[rules->count++] = xstrdup(value);
    return 0;
}

static int add_network(struct settings_networks *networks, unsigned line,
                       const char *value, struct err *err)
{
    int r;

    if (networks->count == SETTINGS_NETWORKS_MAX) {
        err_set(err,
                "too many networks: the limit is %d; a larger network can "
                "replace several",
                SETTINGS_NETWORKS_MAX);
        return -EINVAL;
    }
    r = network_parse(value, &networks->item[networks->count], err);
    if (r == 0)
        networks->line[networks->count++] = line;
    return r;
}

/* A word of the row, which can only be "any", is every address of both
 * families. */
static int add_networks(const struct option_row *row,
                        struct settings_networks *networks, unsigned line,
                        const char *value, struct err *err)
{
    uint64_t word;
    int r;

    if (row->words == NULL || !find_word(row->words, value, &word))
        return add_network(networks, line, value, err);
    r = add_network(networks, line, "0.0.0.0/0", err);
    return r == 0 ? add_network(networks, line, "::/0", err) : r;
}

static int set_text(const struct option_row *row, char **member,
                    const char *value, struct err *err)
{
    uint64_t number;

    if (row->words != NULL && !find_word(row->words, value, &number))
        return bad_word(row->words, value, err);
    if (strlen(value) < row->min) {
        err_set(err, "'' is not valid: expected a text that is not empty");
        return -EINVAL;
    }
    free(*member);
    *member = xstrdup(value);
    return 0;
}

static int set_address(char *member, const char *value, struct err *err)
{
    if (strlen(value) >= SETTINGS_HOST_MAX || value[0] == '\0') {
        err_set(err, "'%s' is not valid: expected an IP address",
                text_show(value).text);
        return -EINVAL;
    }
    memcpy(member, value, strlen(value) + 1);
    return 0;
}

/* Of the rows whose setting is a number. */
static int parse_number(const struct option_row *row, const char *value,
                        uint64_t *ret, struct err *err)
{
    unsigned long number;
    bool is_good;

    switch (row->type) {
    case OPTION_WORD:
        return option_parse_word(row->words, value, ret, err);
    case OPTION_SIZE:
        is_good = parse_units(value, sizes, row->max, ret) && *ret >= row->min;
        break;
    case OPTION_SECONDS:
        if (row->words != NULL && strcmp(value, row->words) == 0) {
            *ret = 0;
            return 0;
        }
        is_good = parse_units(value, times, row->max, ret) && *ret >= row->min;
        break;
    default:
        is_good = text_number(value, row->max, &number) && number >= row->min;
        *ret = is_good ? number : 0;
        break;
    }
    return is_good ? 0 : bad_value(row, value, err);
}

int options_parse(const struct options_form *form, const char *value,
                  uint64_t *ret, struct err *err)
{
    static const enum option_type types[] = {
        [OPTIONS_NUMBER] = OPTION_NUMBER,
        [OPTIONS_SIZE] = OPTION_SIZE,
        [OPTIONS_SECONDS] = OPTION_SECONDS,
        [OPTIONS_WORD] = OPTION_WORD,
    };
    const struct option_row row = {
        .type = types[form->kind],
        .words = form->words,
        .min = form->min,
        .max = form->max,
    };
    uint64_t number;
    int r = parse_number(&row, value, &number, err);

    if (r == 0)
        *ret = number;
    return r;
}

static int set_member(const struct option_row *row, unsigned line,
                      const char *value, struct settings *settings,
                      struct err *err)
{
    void *member = member_of(row, settings);
    uint64_t result;
    int r;

    switch (row->type) {
    case OPTION_FLAG:
        if (!find_word("false|true", value, &result))
            return bad_word("false|true", value, err);
        *(bool *)member = result != 0;
        return 0;
    case OPTION_ADDRESS:
        return set_address(member, value, err);
    case OPTION_TEXT:
        return set_text(row, member, value, err);
    case OPTION_RULE:
        return add_rule(row, member, line, value, err);
    case OPTION_NETWORK:
        return add_networks(row, member, line, value, err);
    case OPTION_PORT:
        return add_port(row, member, line, value, err);
    default:
        r = parse_number(row, value, &result, err);
        if (r == 0)
            *(uint64_t *)member = result;
        return r;
    }
}

int option_check_text(const char *value, struct err *err)
{
    size_t size = 3 * strlen(value) + 1;
    char *clean = xmalloc(size);
    bool is_same;

    text_clean(clean, size, slice_of_text(value));
    is_same = strcmp(clean, value) == 0;
    free(clean);
    if (is_same)
        return 0;
    err_set(err, "contains control characters or invalid UTF-8: expected "
                 "printable text");
    return -EINVAL;
}

int option_parse_word(const char *words, const char *value, uint64_t *ret,
                      struct err *err)
{
    return find_word(words, value, ret) ? 0 : bad_word(words, value, err);
}

int option_set(const struct option_row *row, struct settings_origin origin,
               const char *value, struct settings *settings, struct err *err)
{
    struct settings_origin *at = &settings->origins[option_index(row)];
    int r;

    if (option_is_setting(row) && option_check_text(value, err) < 0)
        return -EINVAL;
    /* A source overrides the whole list of another one. */
    if (option_is_list(row) && at->source != origin.source)
        option_clear(row, settings);
    r = set_member(row, origin.line, value, settings, err);
    if (r == 0)
        *at = origin;
    return r;
}

/* ---- keeping ---------------------------------------------------------- */

static void clear_rules(struct settings_rules *rules)
{
    for (uint64_t i = 0; i < rules->count; i++)
        free(rules->text[i]);
    *rules = (struct settings_rules){ 0 };
}

void option_clear(const struct option_row *row, struct settings *s)
{
    void *member = member_of(row, s);

    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)member = false;
        break;
    case OPTION_ADDRESS:
        memset(member, 0, SETTINGS_HOST_MAX);
        break;
    case OPTION_TEXT:
        free(*(char **)member);
        *(char **)member = NULL;
        break;
    case OPTION_RULE:
        clear_rules(member);
        break;
    case OPTION_NETWORK:
        *(struct settings_networks *)member = (struct settings_networks){ 0 };
        break;
    case OPTION_PORT:
        ((struct settings_ports *)member)->count = 0;
        break;
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_SIZE:
    case OPTION_WORD:
        *(uint64_t *)member = 0;
        break;
    case OPTION_REQUEST:
        break;
    }
}

static void copy_rules(struct settings_rules *to,
                       const struct settings_rules *from)
{
    *to = *from;
    for (uint64_t i = 0; i < to->count; i++)
        to->text[i] = xstrdup(from->text[i]);
}

void option_copy(const struct option_row *row, struct settings *to,
                 const struct settings *from)
{
    const void *source = seen_member_of(row, from);
    void *member = member_of(row, to);
    int index = option_index(row);

    option_clear(row, to);
    to->origins[index] = from->origins[index];
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)member = *(const bool *)source;
        break;
    case OPTION_ADDRESS:
        memcpy(member, source, SETTINGS_HOST_MAX);
        break;
    case OPTION_TEXT:
        if (*(char *const *)source != NULL)
            *(char **)member = xstrdup(*(char *const *)source);
        break;
    case OPTION_RULE:
        copy_rules(member, source);
        break;
    case OPTION_NETWORK:
        *(struct settings_networks *)member =
            *(const struct settings_networks *)source;
        break;
    case OPTION_PORT:
        *(struct settings_ports *)member =
            *(const struct settings_ports *)source;
        break;
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_SIZE:
    case OPTION_WORD:
        *(uint64_t *)member = *(const uint64_t *)source;
        break;
    case OPTION_REQUEST:
        break;
    }
}

static bool are_texts_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool are_rules_equal(const struct settings_rules *a,
                            const struct settings_rules *b)
{
    for (uint64_t i = 0; i < a->count && i < b->count; i++) {
        if (strcmp(a->text[i], b->text[i]) != 0)
            return false;
    }
    return a->count == b->count;
}

static bool are_networks_equal(const struct settings_networks *a,
                               const struct settings_networks *b)
{
    for (uint64_t i = 0; i < a->count && i < b->count; i++) {
        if (!network_is_equal(&a->item[i], &b->item[i]))
            return false;
    }
    return a->count == b->count;
}

static bool are_ports_equal(const struct settings_ports *a,
                            const struct settings_ports *b)
{
    for (uint64_t i = 0; i < a->count && i < b->count; i++) {
        if (strcmp(a->item[i].address, b->item[i].address) != 0 ||
            a->item[i].tls != b->item[i].tls ||
            a->item[i].has_tls != b->item[i].has_tls)
            return false;
    }
    return a->count == b->count;
}

bool option_is_equal(const struct option_row *row, const struct settings *a,
                     const struct settings *b)
{
    const void *of_a = seen_member_of(row, a);
    const void *of_b = seen_member_of(row, b);

    switch (row->type) {
    case OPTION_FLAG:
        return *(const bool *)of_a == *(const bool *)of_b;
    case OPTION_ADDRESS:
        return strcmp(of_a, of_b) == 0;
    case OPTION_TEXT:
        return are_texts_equal(*(char *const *)of_a, *(char *const *)of_b);
    case OPTION_RULE:
        return are_rules_equal(of_a, of_b);
    case OPTION_NETWORK:
        return are_networks_equal(of_a, of_b);
    case OPTION_PORT:
        return are_ports_equal(of_a, of_b);
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_SIZE:
    case OPTION_WORD:
        return *(const uint64_t *)of_a == *(const uint64_t *)of_b;
    case OPTION_REQUEST:
        break;
    }
    return true;
}

/* ---- writing ---------------------------------------------------------- */

void option_print_size(uint64_t size, FILE *to)
{
    const struct unit *unit = NULL;

    for (int i = 0; sizes[i].letter != '\0'; i++) {
        if (size != 0 && size % sizes[i].factor == 0)
            unit = &sizes[i];
    }
    fprintf(to, "%llu",
            (unsigned long long)(unit != NULL ? size / unit->factor : size));
    if (unit != NULL)
        fputc(unit->letter, to);
}

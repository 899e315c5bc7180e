#include "record/record_name.h"

#include "base/clock.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* '#' is a digit, 'x' one of a hex number in lower case. */
static const char id_form[] = "########T######.###Z-xxxxxxxxxxxxxxxx";
static const char suffix[] = ".cast";
static const char packed_suffix[] = ".cast.gz";

static_assert(sizeof id_form - 1 == RECORD_ID_LEN, "the form of an id");

struct record_id record_name_id(int64_t started_ms, uint64_t number)
{
    char text[CLOCK_TEXT_LEN]; /* 2026-11-30T14:05:09.123Z */
    struct record_id id;
    size_t len = 0;

    clock_format_ms(text, started_ms);
    for (const char *p = text; *p != '\0' && len < 20; p++) {
        if (*p != '-' && *p != ':')
            id.text[len++] = *p;
    }
    snprintf(id.text + len, sizeof id.text - len, "-%016" PRIx64, number);
    return id;
}

static bool has_form(const char *text, const char *form)
{
    for (; *form != '\0'; text++, form++) {
        unsigned char c = (unsigned char)*text;
        bool fits = *form == '#'   ? c >= '0' && c <= '9'
                    : *form == 'x' ? isxdigit(c) != 0 && isupper(c) == 0
                                   : c == (unsigned char)*form;

        if (!fits)
            return false;
    }
    return true;
}

static int64_t number_of(const char *text, size_t len)
{
    int64_t number = 0;

    for (size_t i = 0; i < len; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

bool record_name_is_id(const char *text, int64_t *ret_started_ms)
{
    struct tm tm;

    if (strnlen(text, RECORD_ID_LEN + 1) != RECORD_ID_LEN ||
        !has_form(text, id_form))
        return false;
    tm = (struct tm){
        .tm_year = (int)number_of(text, 4) - 1900,
        .tm_mon = (int)number_of(text + 4, 2) - 1,
        .tm_mday = (int)number_of(text + 6, 2),
        .tm_hour = (int)number_of(text + 9, 2),
        .tm_min = (int)number_of(text + 11, 2),
        .tm_sec = (int)number_of(text + 13, 2),
    };
    *ret_started_ms = (int64_t)timegm(&tm) * 1000 + number_of(text + 16, 3);
    return true;
}

struct record_folder record_name_folder(const char *uuid, const char *label)
{
    const struct conlog_facts facts = { .uuid = uuid, .label = label };
    struct record_folder folder = { "" };

    (void)conlog_name_expand("%{uuid}/%{label}", &facts, 0, folder.text);
    return folder;
}

struct record_file_name record_name_file(const struct record_id *id,
                                         uint32_t part, bool is_compressed)
{
    struct record_file_name name;

    snprintf(name.text, sizeof name.text, "%s.%" PRIu32 "%s", id->text, part,
             is_compressed ? packed_suffix : suffix);
    return name;
}

bool record_name_parse(const char *name, struct record_id *ret_id,
                       uint32_t *ret_part, bool *ret_is_compressed)
{
    struct record_id id;
    int64_t started_ms;
    const char *digits;
    size_t count;
    uint32_t part;
    bool is_compressed;

    if (strnlen(name, RECORD_ID_LEN) < RECORD_ID_LEN ||
        name[RECORD_ID_LEN] != '.')
        return false;
    snprintf(id.text, sizeof id.text, "%s", name);
    digits = name + RECORD_ID_LEN + 1;
    count = strspn(digits, "0123456789");
    is_compressed = strcmp(digits + count, packed_suffix) == 0;
    if (!record_name_is_id(id.text, &started_ms) || count < 1 || count > 6 ||
        digits[0] == '0' ||
        (!is_compressed && strcmp(digits + count, suffix) != 0))
        return false;
    part = (uint32_t)number_of(digits, count);
    *ret_id = id;
    *ret_part = part;
    *ret_is_compressed = is_compressed;
    return true;
}

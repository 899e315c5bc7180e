#include "conlog/file/conlog_name.h"

#include "base/slice.h"
#include "base/text.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- the pattern ------------------------------------------------------ */

enum piece_kind {
    PIECE_END,
    PIECE_SLASH,
    PIECE_CHARACTER, /* stands for itself */
    PIECE_NAME,
    PIECE_UUID,
    PIECE_UUID_HEX,
    PIECE_LABEL,
    PIECE_FOLDER,    /* many consoles have one */
    PIECE_DATE,      /* text: its letter */
    PIECE_UNKNOWN,   /* an unknown %x or %{x}; text: all of it */
    PIECE_UNENDED,   /* a "%{" without "}", or a "%" at the end */
    PIECE_FORBIDDEN, /* a character that no pattern may have */
};

struct piece {
    enum piece_kind kind;
    struct slice text; /* within the pattern */
};

static const struct word {
    const char *text;
    enum piece_kind kind;
} words[] = {
    { "name", PIECE_NAME },         { "uuid", PIECE_UUID },
    { "uuid-hex", PIECE_UUID_HEX }, { "label", PIECE_LABEL },
    { "folder", PIECE_FOLDER },
};

enum { WORD_COUNT = sizeof words / sizeof words[0] };

static const char all_words[] = "%{name}, %{uuid}, %{uuid-hex}, %{label}, "
                                "%{folder}, %Y, %m, %d, %H, and %% for a "
                                "percent sign";

static enum piece_kind kind_of_word(struct slice word)
{
    for (int i = 0; i < WORD_COUNT; i++) {
        if (slice_is_equal(word, slice_of_text(words[i].text)))
            return words[i].kind;
    }
    return PIECE_UNKNOWN;
}

/* The piece behind a "%"; its text begins there. */
static struct piece directive(const char *at)
{
    struct piece piece = { PIECE_UNENDED, slice_of(at, strlen(at)) };
    struct slice behind = slice_after(piece.text, 1);
    const char *end;
    uint32_t code;
    size_t len;

    if (behind.len == 0)
        return piece;
    if (at[1] == '{') {
        end = strchr(at, '}');
        if (end == NULL)
            return piece;
        piece.text.len = (size_t)(end - at) + 1;
        piece.kind = kind_of_word(slice_of(at + 2, piece.text.len - 3));
        return piece;
    }
    if (at[1] == '%')
        return (struct piece){ PIECE_CHARACTER, slice_of(at, 2) };
    if (strchr("YmdH", at[1]) != NULL)
        return (struct piece){ PIECE_DATE, slice_of(at, 2) };
    len = text_character(behind, &code);
    return (struct piece){ PIECE_UNKNOWN, slice_of(at, 1 + len) };
}

/* The piece at the front. */
static struct piece piece_at(const char *at)
{
    struct slice rest = slice_of_text(at);
    uint32_t code = 0;
    size_t len = text_character(rest, &code);

    if (rest.len == 0)
        return (struct piece){ PIECE_END, rest };
    if (at[0] == '/')
        return (struct piece){ PIECE_SLASH, slice_of(at, 1) };
    if (at[0] == '%')
        return directive(at);
    if (len == 0 || text_is_invisible(code) || code == '~')
        return (struct piece){ PIECE_FORBIDDEN, slice_of(at, 1) };
    return (struct piece){ PIECE_CHARACTER, slice_of(at, len) };
}

/* ---- problems of a pattern -------------------------------------------- */

static bool is_of_a_console(enum piece_kind kind)
{
    return kind >= PIECE_NAME && kind <= PIECE_LABEL;
}

/* The known word nearest to an unknown "%{word}"; or NULL. */
static const char *guess(struct slice unknown)
{
    char word[TEXT_DISTANCE_MAX + 1];
    const char *nearest = NULL;
    size_t least;

    if (unknown.len < 4 || unknown.len - 3 > TEXT_DISTANCE_MAX)
        return NULL;
    memcpy(word, unknown.data + 2, unknown.len - 3);
    word[unknown.len - 3] = '\0';
    least = strlen(word) / 2 + 1;
    for (int i = 0; i < WORD_COUNT; i++) {
        size_t far = text_distance(word, words[i].text);

        if (far >= least)
            continue;
        least = far;
        nearest = words[i].text;
    }
    return nearest;
}

static void say_unknown(struct slice text, int place, struct err *err)
{
    const char *near = guess(text);
    char shown[48];

    text_clean(shown, sizeof shown, text);
    if (near != NULL)
        err_set(err, "character %d: there is no %s; did you mean %%{%s}?",
                place, shown, near);
    else
        err_set(err, "character %d: there is no %s; there are %s", place, shown,
                all_words);
}

/* is_first: the first piece of a folder's or the file's name. */
static int check_piece(struct piece piece, bool is_first, int place,
                       struct err *err)
{
    switch (piece.kind) {
    case PIECE_SLASH:
    case PIECE_END:
        if (!is_first)
            return 0;
        if (place == 1 && piece.kind == PIECE_SLASH)
            err_set(err, "character 1: it must be relative to the directory of "
                         "the logs, without a / at its front");
        else
            err_set(err, "character %d: there is no name %s the /", place,
                    piece.kind == PIECE_END ? "behind" : "before");
        return -EINVAL;
    case PIECE_CHARACTER:
        if (!is_first ||
            (piece.text.data[0] != '.' && piece.text.data[0] != '-'))
            return 0;
        err_set(err, "character %d: a name cannot begin with \"%c\" here",
                place, piece.text.data[0]);
        return -EINVAL;
    case PIECE_UNKNOWN:
        say_unknown(piece.text, place, err);
        return -EINVAL;
    case PIECE_UNENDED:
        if (piece.text.len > 1)
            err_set(err, "character %d: a %%{ without its }", place);
        else
            err_set(err, "character %d: nothing behind the %%; there are %s",
                    place, all_words);
        return -EINVAL;
    case PIECE_FORBIDDEN:
        err_set(
            err,
            piece.text.data[0] == '~'
                ? "character %d: ~ is for the ends of names that vspcd cuts"
                  " or tells apart"
                : "character %d: it is an invisible character, or not UTF-8",
            place);
        return -EINVAL;
    default:
        return 0;
    }
}

/* Counts characters, as people do. */
static int characters_in(struct slice text)
{
    int count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += (text.data[i] & 0xc0) != 0x80;
    return count;
}

int conlog_name_check(const char *pattern, struct err *err)
{
    bool is_first = true;
    bool tells_apart = false;
    int parts = 1;
    int place = 1;
    struct piece piece;

    if (pattern[0] == '\0') {
        err_set(err, "it is empty");
        return -EINVAL;
    }
    if (strlen(pattern) > CONLOG_PATTERN_MAX) {
        err_set(err, "it is too long: %zu bytes; at most %d", strlen(pattern),
                CONLOG_PATTERN_MAX);
        return -EINVAL;
    }
    do {
        piece = piece_at(pattern);
        if (check_piece(piece, is_first, place, err) < 0)
            return -EINVAL;
        is_first = piece.kind == PIECE_SLASH;
        parts += is_first;
        if (parts > CONLOG_NAME_PARTS) {
            err_set(err, "character %d: too many folders; at most %d", place,
                    CONLOG_NAME_PARTS - 1);
            return -EINVAL;
        }
        tells_apart = tells_apart || is_of_a_console(piece.kind);
        place += characters_in(piece.text);
        pattern += piece.text.len;
    } while (piece.kind != PIECE_END);
    if (!tells_apart) {
        err_set(err, "all consoles would have the same file: it needs one of "
                     "%%{name}, %%{uuid}, %%{uuid-hex} and %%{label}");
        return -EINVAL;
    }
    return 0;
}

/* ---- text of a VM ----------------------------------------------------- */

static bool is_replaced(uint32_t code)
{
    static const char marks[] = "/\\!\"#$&'*;<>?[]`{|}~";

    if (code < 0x80 && code > 0 && strchr(marks, (int)code) != NULL)
        return true;
    return text_is_invisible(code);
}

/* ---- the path --------------------------------------------------------- */

struct path {
    char *text;    /* CONLOG_NAME_MAX bytes */
    size_t start;  /* of the part that is being made */
    size_t len;    /* of the whole path */
    uint64_t hash; /* of the part, including what does not fit */
    bool is_cut;
};

enum { CUT_MARK_LEN = 1 + 16 };

/* FNV-1a, 64 bits: it must not change in later versions. */
static const uint64_t hash_start = UINT64_C(0xcbf29ce484222325);
static const uint64_t hash_prime = UINT64_C(0x100000001b3);

/* Appends a whole character. */
static void put(struct path *p, struct slice character)
{
    for (size_t i = 0; i < character.len; i++)
        p->hash = (p->hash ^ character.data[i]) * hash_prime;
    if (p->len - p->start + character.len > CONLOG_NAME_PART_MAX)
        p->is_cut = true;
    if (p->is_cut)
        return;
    memcpy(p->text + p->len, character.data, character.len);
    p->len += character.len;
}

static void put_cleaned(struct path *p, const char *text)
{
    struct slice rest = slice_of_text(text != NULL ? text : "");

    while (rest.len > 0) {
        uint32_t code = 0;
        size_t len = text_character(rest, &code);

        if (len == 0 || is_replaced(code))
            put(p, slice_of("_", 1));
        else
            put(p, slice_of(rest.data, len));
        rest = slice_after(rest, len > 0 ? len : 1);
    }
}

static void put_uuid_hex(struct path *p, const char *uuid)
{
    char canonical[TEXT_ID_MAX + 1];
    char hex[TEXT_ID_MAX];
    size_t count = 0;

    if (uuid == NULL || !text_uuid(canonical, slice_of_text(uuid)))
        canonical[0] = '\0';
    for (const char *c = canonical; *c != '\0'; c++) {
        if (isxdigit((unsigned char)*c))
            hex[count++] = *c;
        else if (*c != '-')
            count = TEXT_ID_MAX; /* it is no UUID */
        if (count == TEXT_ID_MAX)
            break;
    }
    if (count != 32) {
        put_cleaned(p, uuid);
        return;
    }
    for (size_t i = 0; i < count; i++)
        put(p, slice_of(hex + i, 1));
}

static void put_date(struct path *p, char letter, int64_t utc_s)
{
    /* the last second of year 9999 */
    static const int64_t last_s = INT64_C(253402300799);
    time_t when = (time_t)(utc_s < 0 ? 0 : utc_s > last_s ? last_s : utc_s);
    struct tm utc;
    char text[16];
    int len;

    gmtime_r(&when, &utc);
    if (letter == 'Y')
        len = snprintf(text, sizeof text, "%04d", utc.tm_year + 1900);
    else
        len = snprintf(text, sizeof text, "%02d",
                       letter == 'm'   ? utc.tm_mon + 1
                       : letter == 'd' ? utc.tm_mday
                                       : utc.tm_hour);
    for (int i = 0; i < len; i++)
        put(p, slice_of(text + i, 1));
}

/* Puts the mark of a long name at its end. The text reaches behind the mark's
 * place, because the character that did not fit has at most 4 bytes. */
static void cut(struct path *p)
{
    size_t at = p->start + CONLOG_NAME_PART_MAX - CUT_MARK_LEN;
    char mark[CUT_MARK_LEN + 1];

    while (((unsigned char)p->text[at] & 0xc0) == 0x80)
        at--;
    snprintf(mark, sizeof mark, "~%016" PRIx64, p->hash);
    memcpy(p->text + at, mark, CUT_MARK_LEN);
    p->len = at + CUT_MARK_LEN;
}

static void end_part(struct path *p)
{
    char *first = p->text + p->start;

    if (p->is_cut)
        cut(p);
    if (p->len == p->start)
        p->text[p->len++] = '_';
    if (*first == '.' || *first == '-' || *first == ' ')
        *first = '_';
    if (p->text[p->len - 1] == ' ')
        p->text[p->len - 1] = '_';
}

static void begin_part(struct path *p)
{
    p->start = p->len;
    p->hash = hash_start;
    p->is_cut = false;
}

static bool ends_in(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len >= n && memcmp(name + len - n, end, n) == 0;
}

/* Removes the mark of a rotated file from a live file's name. */
static void spoil_number(struct path *p)
{
    char *name = p->text + p->start;
    size_t len = p->len - p->start;
    size_t digits = 0;

    if (ends_in(name, len, ".tmp")) {
        name[len - 4] = '_';
        return;
    }
    if (ends_in(name, len, ".gz"))
        len -= 3;
    while (digits < len && isdigit((unsigned char)name[len - 1 - digits]))
        digits++;
    if (digits < 1 || digits > 3 || digits == len || name[len - digits] == '0')
        return;
    if (name[len - 1 - digits] == '.')
        name[len - 1 - digits] = '_';
}

static void put_piece(struct path *p, struct piece piece,
                      const struct conlog_facts *facts, int64_t utc_s)
{
    switch (piece.kind) {
    case PIECE_SLASH:
        end_part(p);
        p->text[p->len++] = '/';
        begin_part(p);
        break;
    case PIECE_CHARACTER: /* of "%%" either one will do */
        put(p, piece.text.data[0] == '%' ? slice_of("%", 1) : piece.text);
        break;
    case PIECE_NAME:
        put_cleaned(p, facts->name);
        break;
    case PIECE_UUID:
        put_cleaned(p, facts->uuid);
        break;
    case PIECE_UUID_HEX:
        put_uuid_hex(p, facts->uuid);
        break;
    case PIECE_LABEL:
        put_cleaned(p, facts->label);
        break;
    case PIECE_FOLDER:
        put_cleaned(p, facts->folder != NULL && facts->folder[0] == '/'
                           ? facts->folder + 1
                           : facts->folder);
        break;
    case PIECE_DATE:
        put_date(p, (char)piece.text.data[1], utc_s);
        break;
    case PIECE_END:
    case PIECE_UNKNOWN:
    case PIECE_UNENDED:
    case PIECE_FORBIDDEN:
        assert(false); /* the pattern has not passed the check */
        break;
    }
}

size_t conlog_name_expand(const char *pattern, const struct conlog_facts *facts,
                          int64_t utc_s, char ret_path[CONLOG_NAME_MAX])
{
    struct path p = { .text = ret_path };

    begin_part(&p);
    while (*pattern != '\0') {
        struct piece piece = piece_at(pattern);

        put_piece(&p, piece, facts, utc_s);
        pattern += piece.text.len;
    }
    end_part(&p);
    spoil_number(&p);
    ret_path[p.len] = '\0';
    return p.len;
}

int64_t conlog_name_next_date(const char *pattern, int64_t utc_s)
{
    enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };
    int64_t period = 0;
    struct piece piece;

    for (; *pattern != '\0'; pattern += piece.text.len) {
        piece = piece_at(pattern);
        if (piece.kind != PIECE_DATE)
            continue;
        if (piece.text.data[1] == 'H')
            period = HOUR_S;
        else if (period == 0)
            period = DAY_S;
    }
    if (period == 0 || utc_s < 0 || utc_s > INT64_MAX - DAY_S)
        return INT64_MAX;
    return (utc_s / period + 1) * period;
}

/*
 * Depth 1 is the list of VMs, or the object that has them by UUID; depth 2 is a
 * VM, depth 3 its list of tags. What is deeper is read over.
 */
#include "inventory/inventory_json.h"

#include <string.h>

const char *inventory_json_state_name(enum inventory_json_state state)
{
    static const char *const names[] = {
        [INVENTORY_JSON_VALUE] = "value",
        [INVENTORY_JSON_FIRST_VALUE] = "first value",
        [INVENTORY_JSON_FIRST_KEY] = "first key",
        [INVENTORY_JSON_KEY] = "key",
        [INVENTORY_JSON_COLON] = "colon",
        [INVENTORY_JSON_COMMA] = "comma",
        [INVENTORY_JSON_STRING] = "string",
        [INVENTORY_JSON_ESCAPE] = "escape",
        [INVENTORY_JSON_UNICODE] = "unicode",
        [INVENTORY_JSON_WORD] = "word",
        [INVENTORY_JSON_END] = "end",
    };

    return (size_t)state < sizeof names / sizeof *names ? names[state] : "?";
}

void inventory_json_init(struct inventory_json *json,
                         struct inventory_build *build)
{
    json->build = build;
    json->why = NULL;
    json->line = 1;
    json->state = INVENTORY_JSON_VALUE;
    json->depth = 0;
    json->objects = 0;
    json->is_key = false;
    json->is_cut = false;
    json->high = 0;
    json->field = INVENTORY_FIELDS;
    json->len = 0;
    inventory_draft_begin(&json->draft, 1);
}

static bool fail(struct inventory_json *json, const char *why)
{
    json->why = why;
    return false;
}

static bool is_object(const struct inventory_json *json)
{
    return json->depth > 0 && (json->objects >> (json->depth - 1) & 1) != 0;
}

/* ---- values -------------------------------------------------------------- */

/* A value that is no text, as a member of a VM, or instead of one. */
static void take_other(struct inventory_json *json, bool is_null)
{
    if (json->depth == 1)
        inventory_build_doubt(json->build, json->line, "is no object");
    else if (((json->depth == 2 && !is_null) || json->depth == 3) &&
             json->field != INVENTORY_FIELDS)
        inventory_draft_refuse(&json->draft, "has a value that is no text");
}

static bool end_value(struct inventory_json *json)
{
    json->state = json->depth == 0 ? INVENTORY_JSON_END : INVENTORY_JSON_COMMA;
    return true;
}

static void begin_vm(struct inventory_json *json)
{
    inventory_draft_begin(&json->draft, json->line);
    if (is_object(json))
        inventory_draft_set(&json->draft, INVENTORY_UUID,
                            slice_of(json->text, json->len), json->is_cut);
}

static bool begin_nested(struct inventory_json *json, bool is_list)
{
    bool is_tags = is_list && json->depth == 2 && json->field == INVENTORY_TAGS;

    if (json->depth == INVENTORY_DEPTH_MAX)
        return fail(json, "there are more than 32 lists and objects in each "
                          "other");
    if (json->depth == 1 && !is_list)
        begin_vm(json);
    else if (json->depth > 0 && !is_tags)
        take_other(json, false);
    /* The texts of a list of tags are tags; those of others are nothing. */
    if (!is_tags)
        json->field = INVENTORY_FIELDS;
    json->objects &= ~(UINT64_C(1) << json->depth);
    json->objects |= (uint64_t)!is_list << json->depth;
    json->depth++;
    json->state =
        is_list ? INVENTORY_JSON_FIRST_VALUE : INVENTORY_JSON_FIRST_KEY;
    return true;
}

static bool end_nested(struct inventory_json *json, uint8_t c)
{
    bool was_object = is_object(json);

    if (json->depth == 0 || was_object != (c == '}'))
        return fail(json, "a list or object ends where none does");
    json->depth--;
    if (json->depth == 1 && was_object &&
        !inventory_build_add(json->build, &json->draft))
        return fail(json, "there are too many VMs, or there is no memory");
    return end_value(json);
}

/* ---- strings ------------------------------------------------------------- */

static void add(struct inventory_json *json, uint8_t c)
{
    if (json->len < sizeof json->text)
        json->text[json->len++] = (char)c;
    else
        json->is_cut = true;
}

static void add_character(struct inventory_json *json, uint32_t code)
{
    if (code < 0x80) {
        add(json, (uint8_t)code);
        return;
    }
    if (code < 0x800) {
        add(json, (uint8_t)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            add(json, (uint8_t)(0xe0 | code >> 12));
        } else {
            add(json, (uint8_t)(0xf0 | code >> 18));
            add(json, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        }
        add(json, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
    }
    add(json, (uint8_t)(0x80 | (code & 0x3f)));
}

/* A high surrogate whose other half has not come is no character: it stays as
 * the bytes that UTF-8 has no room for, and the text is refused for them. */
static void end_surrogate(struct inventory_json *json)
{
    if (json->high != 0)
        add_character(json, json->high);
    json->high = 0;
}

static void end_code(struct inventory_json *json)
{
    uint32_t code = json->code;

    if (json->high != 0 && code >= 0xdc00 && code <= 0xdfff) {
        code = 0x10000 + ((json->high - 0xd800) << 10) + (code - 0xdc00);
        json->high = 0;
        add_character(json, code);
        return;
    }
    end_surrogate(json);
    if (code >= 0xd800 && code <= 0xdbff)
        json->high = code;
    else
        add_character(json, code);
}

static bool begin_string(struct inventory_json *json, bool is_key)
{
    json->is_key = is_key;
    json->is_cut = false;
    json->high = 0;
    json->len = 0;
    json->state = INVENTORY_JSON_STRING;
    return true;
}

static bool end_string(struct inventory_json *json)
{
    struct slice text = slice_of(json->text, json->len);

    end_surrogate(json);
    text.len = json->len;
    if (json->is_key) {
        if (json->depth == 2)
            json->field =
                json->is_cut ? INVENTORY_FIELDS : inventory_field_of(text);
        json->state = INVENTORY_JSON_COLON;
        return true;
    }
    if (json->depth == 1)
        take_other(json, false);
    else if (json->field != INVENTORY_FIELDS &&
             (json->depth == 2 || (json->depth == 3 && !is_object(json))))
        inventory_draft_set(&json->draft, json->field, text, json->is_cut);
    return end_value(json);
}

static bool take_in_string(struct inventory_json *json, uint8_t c)
{
    if (c < ' ')
        return fail(json, "a text has a control character, or no end");
    if (c == '\\') {
        json->state = INVENTORY_JSON_ESCAPE;
        return true;
    }
    if (c == '"')
        return end_string(json);
    end_surrogate(json);
    add(json, c);
    return true;
}

static bool take_escape(struct inventory_json *json, uint8_t c)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    const char *at = c != '\0' ? strchr(letters, c) : NULL;

    json->state = INVENTORY_JSON_STRING;
    if (c == 'u') {
        json->digits = 0;
        json->code = 0;
        json->state = INVENTORY_JSON_UNICODE;
        return true;
    }
    if (at == NULL)
        return fail(json, "a text has a backslash that escapes nothing");
    end_surrogate(json);
    add(json, (uint8_t)meant[at - letters]);
    return true;
}

static bool take_unicode(struct inventory_json *json, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t low = c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 'a') : c;
    const char *at = low != '\0' ? strchr(hex, low) : NULL;

    if (at == NULL)
        return fail(json, "a text has \\u without four hex digits");
    json->code = json->code << 4 | (uint32_t)(at - hex);
    if (++json->digits == 4) {
        end_code(json);
        json->state = INVENTORY_JSON_STRING;
    }
    return true;
}

/* ---- numbers and words --------------------------------------------------- */

static bool is_of_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' ||
           c == '-' || c == '+' || c == '.';
}

static const char *skip_digits(const char *at)
{
    return at + strspn(at, "0123456789");
}

static bool is_number(const char *word)
{
    const char *at = word + (*word == '-');
    const char *end = *at == '0' ? at + 1 : skip_digits(at);

    if (end == at)
        return false;
    if (*end == '.') {
        at = end + 1;
        end = skip_digits(at);
        if (end == at)
            return false;
    }
    if (*end == 'e' || *end == 'E') {
        at = end + 1;
        at += *at == '+' || *at == '-';
        end = skip_digits(at);
        if (end == at)
            return false;
    }
    return *end == '\0';
}

static bool end_word(struct inventory_json *json)
{
    const char *word = json->text;

    if (json->is_cut || json->len == sizeof json->text)
        return fail(json, "a number is too long");
    json->text[json->len] = '\0';
    if (strcmp(word, "null") != 0 && strcmp(word, "true") != 0 &&
        strcmp(word, "false") != 0 && !is_number(word))
        return fail(json, "there is a word that is no JSON: expected a text "
                          "in quotes");
    take_other(json, strcmp(word, "null") == 0);
    return end_value(json);
}

/* ---- bytes --------------------------------------------------------------- */

/* The value at depth 0 is a list or an object. */
static bool take_value(struct inventory_json *json, uint8_t c)
{
    if (c == '[' || c == '{')
        return begin_nested(json, c == '[');
    if (json->depth == 0)
        return fail(json, "expected a list of objects, or an object with an "
                          "object for each UUID");
    if (c == '"')
        return begin_string(json, false);
    if (!is_of_word(c))
        return fail(json, "expected a value");
    json->len = 0;
    json->is_cut = false;
    json->state = INVENTORY_JSON_WORD;
    add(json, c);
    return true;
}

static bool take_comma(struct inventory_json *json, uint8_t c)
{
    if (c == ']' || c == '}')
        return end_nested(json, c);
    if (c != ',')
        return fail(json, "expected a comma, or the end of a list or object");
    json->state = is_object(json) ? INVENTORY_JSON_KEY : INVENTORY_JSON_VALUE;
    return true;
}

static bool take_key(struct inventory_json *json, uint8_t c)
{
    if (c == '}' && json->state == INVENTORY_JSON_FIRST_KEY)
        return end_nested(json, c);
    return c == '"' ? begin_string(json, true)
                    : fail(json, "expected a name in quotes");
}

static bool take_between(struct inventory_json *json, uint8_t c)
{
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        json->line += c == '\n';
        return true;
    }
    switch (json->state) {
    case INVENTORY_JSON_FIRST_VALUE:
        if (c == ']')
            return end_nested(json, c);
        return take_value(json, c);
    case INVENTORY_JSON_VALUE:
        return take_value(json, c);
    case INVENTORY_JSON_FIRST_KEY:
    case INVENTORY_JSON_KEY:
        return take_key(json, c);
    case INVENTORY_JSON_COLON:
        json->state = INVENTORY_JSON_VALUE;
        return c == ':' ? true : fail(json, "expected a colon");
    case INVENTORY_JSON_COMMA:
        return take_comma(json, c);
    default:
        return fail(json, "there is something behind the end");
    }
}

static bool take(struct inventory_json *json, uint8_t c)
{
    switch (json->state) {
    case INVENTORY_JSON_STRING:
        return take_in_string(json, c);
    case INVENTORY_JSON_ESCAPE:
        return take_escape(json, c);
    case INVENTORY_JSON_UNICODE:
        return take_unicode(json, c);
    case INVENTORY_JSON_WORD:
        if (is_of_word(c)) {
            add(json, c);
            return true;
        }
        return end_word(json) && take_between(json, c);
    default:
        return take_between(json, c);
    }
}

bool inventory_json_feed(struct inventory_json *json, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && json->why == NULL; i++)
        (void)take(json, bytes.data[i]);
    return json->why == NULL;
}

bool inventory_json_end(struct inventory_json *json)
{
    if (json->why == NULL && json->state != INVENTORY_JSON_END)
        json->why = "it has no end: was the file not written completely?";
    return json->why == NULL;
}

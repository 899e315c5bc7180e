/*
 * inventory_json.h - reads an inventory as JSON (RFC 8259), in pieces.
 *
 *     [{"uuid": "564d...", "folder": "/prod/web", "tags": ["web", "linux"]}]
 *     {"564d...": {"folder": "/prod/web", "tags": "web,linux"}}
 *
 * Not by a library that makes a tree of it: 64 MiB of JSON would be a tree of
 * several hundred, and nothing is kept here but a string and where it is. Other
 * members may have any values. Pure.
 */
#ifndef INVENTORY_INVENTORY_JSON_H
#define INVENTORY_INVENTORY_JSON_H

#include "inventory/inventory_build.h"

enum { INVENTORY_DEPTH_MAX = 32 };

/* What comes next, or what is being read. */
enum inventory_json_state {
    INVENTORY_JSON_VALUE,
    INVENTORY_JSON_FIRST_VALUE, /* or the list's end */
    INVENTORY_JSON_FIRST_KEY,   /* or the object's end */
    INVENTORY_JSON_KEY,
    INVENTORY_JSON_COLON,
    INVENTORY_JSON_COMMA, /* or the end of the list or object */
    INVENTORY_JSON_STRING,
    INVENTORY_JSON_ESCAPE, /* behind a backslash */
    INVENTORY_JSON_UNICODE,
    INVENTORY_JSON_WORD, /* a number, true, false, null */
    INVENTORY_JSON_END,
};

/* "value", "first value", ... */
const char *inventory_json_state_name(enum inventory_json_state state);

struct inventory_json {
    struct inventory_build *build; /* borrowed */
    const char *why; /* static text: what is wrong in line; NULL: nothing */
    unsigned line;
    enum inventory_json_state state;
    unsigned depth;             /* of lists and objects that are open */
    uint64_t objects;           /* a bit for each: it is an object */
    bool is_key;                /* the string is one */
    bool is_cut;                /* text had no room for all of the string */
    unsigned digits;            /* of \uXXXX */
    uint32_t code;              /* their value */
    uint32_t high;              /* a high surrogate before them; 0: none */
    enum inventory_field field; /* of the member that is read */
    size_t len;
    char text[INVENTORY_FIELD_MAX];
    struct inventory_draft draft;
};

void inventory_json_init(struct inventory_json *json,
                         struct inventory_build *build);

/* False: why and line say what is wrong. Nothing is fed then. */
bool inventory_json_feed(struct inventory_json *json, struct slice bytes);

/* There is no more. False: it cannot end here. */
bool inventory_json_end(struct inventory_json *json);

#endif

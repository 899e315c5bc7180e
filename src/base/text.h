/*
 * text.h - making text from outside fit to be shown, logged and compared.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/slice.h"

#include <stddef.h>

/*
 * The length of the UTF-8 character at the front of what is not empty (RFC
 * 3629: no overlong forms, no surrogates, nothing above U+10FFFF); 0 if there
 * is none.
 */
size_t text_character(struct slice s, uint32_t *ret_code);

/* C0, DEL, C1, and the Unicode line separators. */
bool text_is_control(uint32_t code);

/*
 * Copies bytes as valid UTF-8 into to (size bytes, terminated, cut between
 * characters). What is not UTF-8 becomes U+FFFD; control characters are left
 * out. Returns the length.
 */
size_t text_clean(char *to, size_t size, struct slice bytes);

enum { TEXT_UUID_LEN = 36, TEXT_ID_MAX = 128 };

/*
 * A VM's UUID as we compare it: 32 hex digits with any separators that are
 * not letters or digits -> lower case 8-4-4-4-12. Anything else printable up
 * to TEXT_ID_MAX bytes -> as it is. False: nothing usable in it.
 */
bool text_uuid(char to[TEXT_ID_MAX + 1], struct slice bytes);

/*
 * Reads a decimal number of at most max, all of text and nothing else.
 * False: it is none, or larger.
 */
bool text_number(const char *text, unsigned long max, unsigned long *ret);

/* How many letters have to be changed, added or left out to make b of a
 * (Levenshtein); for words that may be misspelt. TEXT_DISTANCE_MAX for a word
 * that is longer than that. */
enum { TEXT_DISTANCE_MAX = 32 };
size_t text_distance(const char *a, const char *b);

#endif

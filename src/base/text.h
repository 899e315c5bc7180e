/*
 * text.h - makes text from outside safe to show, log and compare.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/slice.h"

#include <stddef.h>

/*
 * The length of the UTF-8 character at the front of s, which must not be empty
 * (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). 0 if
 * there is none.
 */
size_t text_character(struct slice s, uint32_t *ret_code);

/* UTF-8 that comes in pieces. All zeros before the first one. */
struct text_check {
    uint8_t left;      /* bytes of a character that are still to come */
    uint8_t low, high; /* what the next one of them is between */
};

/* False: with these bytes it is no UTF-8, and check is of no use any more. The
 * text ends with a whole character if check->left is 0. */
bool text_check(struct text_check *check, struct slice bytes);

/* True for C0, DEL, C1, and the Unicode line separators. */
bool text_is_control(uint32_t code);

/* True for all that a person does not see, or sees as something else: control
 * characters, spaces other than ' ', characters without width, those that turn
 * the direction of the text around them, tags, fillers, variation selectors. */
bool text_is_invisible(uint32_t code);

/*
 * Copies bytes as valid UTF-8 into to (size bytes, terminated, cut between
 * characters). Invalid bytes become U+FFFD, spaces ' '; other invisible
 * characters are left out, so that no two texts look alike that differ in them.
 * Returns the length.
 */
size_t text_clean(char *to, size_t size, struct slice bytes);

/* A text from outside for a message of ours: cleaned, and cut. */
struct text_shown {
    char text[61];
};
struct text_shown text_show(const char *text);

/* Puts bytes behind the len that to (size bytes, no NUL) has of a longer text,
 * of which it keeps the end. Returns the new length. */
size_t text_keep_end(char *to, size_t size, size_t len, struct slice bytes);

/* The last line of the text, without its end, and without empty lines and NULs
 * behind it. */
struct slice text_last_line(struct slice text);

/* Whether a text is UTF-8 in which a person sees each character. */
bool text_is_visible(const char *text);

enum { TEXT_UUID_LEN = 36, TEXT_ID_MAX = 128 };

/*
 * A VM's UUID in the form that is compared: 32 hex digits, with any separators
 * that are not letters or digits, become lower case 8-4-4-4-12. Anything else
 * that is printable, up to TEXT_ID_MAX bytes, stays as it is. False: nothing
 * usable in bytes.
 */
bool text_uuid(char to[TEXT_ID_MAX + 1], struct slice bytes);

/* Whether the text is a UUID in that form, and not "anything else". */
bool text_is_uuid(const char *text);

/* Whether a certificate's name is for the host, in any case of the letters:
 * "*.example.org" is for one label more. */
bool text_is_name_of(const char *name, const char *host);

/*
 * Reads a decimal number of at most max. False: text is not such a number
 * alone, or the number is larger.
 */
bool text_number(const char *text, unsigned long max, unsigned long *ret);

/* The order in which people sort names: letters regardless of case, numbers by
 * their size (web-2, web-10). 0 also for texts that differ in nothing else.
 * Less than, equal to or greater than 0. */
int text_compare(const char *a, const char *b);

/* How many letters have to be changed, added or left out to turn a into b
 * (Levenshtein), for words that may be misspelt. TEXT_DISTANCE_MAX if a word is
 * longer than TEXT_DISTANCE_MAX. */
enum { TEXT_DISTANCE_MAX = 32 };
size_t text_distance(const char *a, const char *b);

#endif

/*
 * width.h - how many columns of a terminal a text has, and how it is cut to
 * them. Texts are UTF-8 without invisible characters (text_clean). The locale's
 * characters must be UTF-8, or every character counts as one column.
 */
#ifndef CLI_OUTPUT_WIDTH_H
#define CLI_OUTPUT_WIDTH_H

#include <stddef.h>

unsigned width_of(const char *text);

/* How many bytes of text have at most so many columns. */
size_t width_cut(const char *text, unsigned columns);

#endif

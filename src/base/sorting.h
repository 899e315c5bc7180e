/*
 * sorting.h - a merge sort of pointers that is done a little at a time, so that
 * the order of very many costs no turn of the loop much.
 *
 * The caller owns two arrays of count pointers: the first one has the pointers,
 * the second one is room. Between two steps it may set pointers to NULL in
 * both, for what has gone, and what is compared may change: then the order is
 * not exact, and everything is still there once. Stable.
 */
#ifndef BASE_SORTING_H
#define BASE_SORTING_H

#include <stdbool.h>
#include <stddef.h>

/* Less than, equal to or greater than 0, as qsort has it. Gets no NULL. */
typedef int sorting_compare_fn(const void *a, const void *b, void *owner);

struct sorting {
    sorting_compare_fn *compare;
    void *owner;
    char *from; /* sorted in runs of width */
    char *to;   /* gets runs of twice the width */
    size_t count;
    size_t width;
    size_t at;          /* where the next pointer goes */
    size_t left, right; /* the next of the two runs that become one */
};

/* Both are arrays of count pointers to structs, of whatever type. */
void sorting_begin(struct sorting *s, void *pointers, void *room, size_t count,
                   sorting_compare_fn *compare, void *owner);

/* Moves so many pointers at most. True: the order is there, in the array that
 * sorting_result returns; NULLs are anywhere in it. */
bool sorting_step(struct sorting *s, size_t moves);

static inline void *sorting_result(const struct sorting *s)
{
    return s->from;
}

#endif

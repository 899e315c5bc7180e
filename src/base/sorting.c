#include "base/sorting.h"

#include <string.h>

/* Copied as bytes, because the arrays' type is the caller's. */
enum { SIZE = sizeof(void *) };

void sorting_begin(struct sorting *s, void *pointers, void *room, size_t count,
                   sorting_compare_fn *compare, void *owner)
{
    *s = (struct sorting){
        .compare = compare,
        .owner = owner,
        .from = pointers,
        .to = room,
        .count = count,
        .width = 1,
    };
}

static size_t end_of(const struct sorting *s, size_t begin)
{
    return s->count - begin < s->width ? s->count : begin + s->width;
}

/* NULL goes first: it is nobody's, and its place does not matter. */
static bool takes_left(const struct sorting *s)
{
    const void *left, *right;

    memcpy(&left, s->from + s->left * SIZE, SIZE);
    memcpy(&right, s->from + s->right * SIZE, SIZE);
    return left == NULL ||
           (right != NULL && s->compare(left, right, s->owner) <= 0);
}

/* The next of the pair of runs that at is in. A pair begins at a multiple of
 * twice the width. */
static void move_one(struct sorting *s)
{
    size_t begin = s->at - s->at % (2 * s->width);
    size_t middle = end_of(s, begin);
    size_t end = end_of(s, middle);
    bool is_left;

    if (s->at == begin) {
        s->left = begin;
        s->right = middle;
    }
    is_left = s->left < middle && (s->right >= end || takes_left(s));
    memcpy(s->to + s->at++ * SIZE,
           s->from + (is_left ? s->left++ : s->right++) * SIZE, SIZE);
}

bool sorting_step(struct sorting *s, size_t moves)
{
    for (; s->width < s->count && moves > 0; moves--) {
        char *from = s->from;

        move_one(s);
        if (s->at < s->count)
            continue;
        s->from = s->to;
        s->to = from;
        s->width *= 2;
        s->at = 0;
    }
    return s->width >= s->count;
}

/*
 * problems.h - a list of everything that is wrong with a configuration, so that
 * it can be reported at once.
 *
 * Lives in the caller's storage and owns nothing. The first PROBLEMS_MAX
 * problems are kept, because a person mends the first ones first; the others
 * are counted.
 */
#ifndef CONF_PROBLEMS_H
#define CONF_PROBLEMS_H

enum { PROBLEMS_MAX = 20, PROBLEM_TEXT_MAX = 512 };

struct problem {
    unsigned line; /* of the file, from 1; 0: not in the file */
    char text[PROBLEM_TEXT_MAX];
};

struct problems {
    int count; /* of all problems, also of those that are not kept */
    struct problem item[PROBLEMS_MAX];
};

/* The number of entries of item. */
static inline int problems_kept(const struct problems *p)
{
    return p->count < PROBLEMS_MAX ? p->count : PROBLEMS_MAX;
}

/* Adds a problem, cut to PROBLEM_TEXT_MAX. Problems stay in the order of lines;
 * a problem without a line goes to the end. */
void problems_add(struct problems *p, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

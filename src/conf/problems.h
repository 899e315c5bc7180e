/*
 * problems.h - everything that is wrong with a configuration, so that it can
 * be said at once.
 *
 * Lives on the caller's stack and owns nothing. The first PROBLEMS_MAX are
 * kept; of the others only how many they are.
 */
#ifndef CONF_PROBLEMS_H
#define CONF_PROBLEMS_H

enum { PROBLEMS_MAX = 20, PROBLEM_TEXT_MAX = 512 };

struct problem {
    unsigned line; /* of the file; 0: of somewhere else */
    char text[PROBLEM_TEXT_MAX];
};

struct problems {
    int count; /* those that are not kept too */
    struct problem item[PROBLEMS_MAX];
};

/* How many are kept. */
static inline int problems_kept(const struct problems *p)
{
    return p->count < PROBLEMS_MAX ? p->count : PROBLEMS_MAX;
}

/* Cuts what is too long. In the order of lines; what is of no line stands
 * behind what is there. */
void problems_add(struct problems *p, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

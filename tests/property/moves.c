/*
 * moves - random schedules of vMotion, each judged by the model in model.h.
 *
 * TAP on stdout. A failure says which seed it was, what was expected and what
 * came, and how to play it again.
 */
#include "schedule.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAILURES_MAX = 5, SCHEDULE_SECONDS = 60 };

struct arguments {
    uint64_t seed;
    uint64_t count;
    int steps;
    bool is_verbose;
};

/* For a failure that ends the program. */
static char repeat[256];

static void say_repeat(void)
{
    (void)!write(STDOUT_FILENO, repeat, strlen(repeat));
}

static void on_crash(int number)
{
    say_repeat();
    signal(number, SIG_DFL);
    raise(number);
}

/* There in a build with sanitizers, which do not end by a signal. */
extern void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

static void prepare_for_crash(void)
{
    signal(SIGABRT, on_crash);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(say_repeat);
    else
        signal(SIGSEGV, on_crash);
    signal(SIGALRM, on_crash);
}

static void usage(const char *program)
{
    fprintf(stderr,
            "usage: %s [--seed N] [--count N] [--steps N] [--verbose]\n",
            program);
    exit(2);
}

static struct arguments parse(int argc, char **argv)
{
    static const struct option options[] = {
        { "seed", required_argument, NULL, 's' },
        { "count", required_argument, NULL, 'c' },
        { "steps", required_argument, NULL, 't' },
        { "verbose", no_argument, NULL, 'v' },
        { 0 },
    };
    struct arguments a = { .seed = 1, .count = 5000, .steps = 80 };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 's')
            a.seed = strtoull(optarg, NULL, 0);
        else if (c == 'c')
            a.count = strtoull(optarg, NULL, 0);
        else if (c == 't')
            a.steps = atoi(optarg);
        else if (c == 'v')
            a.is_verbose = true;
        else
            usage(argv[0]);
    }
    if (optind < argc)
        usage(argv[0]);
    return a;
}

static void print_totals(const struct schedule_totals *t)
{
    printf(
        "# %llu moves: %llu completed, %llu taken over, %llu aborted or "
        "timed out, %llu returned, %llu lost\n",
        (unsigned long long)t->begun, (unsigned long long)t->verdicts[0],
        (unsigned long long)t->verdicts[1], (unsigned long long)t->verdicts[2],
        (unsigned long long)t->verdicts[3], (unsigned long long)t->verdicts[4]);
    printf("# %llu bytes printed, %llu typed, %llu skipped\n",
           (unsigned long long)t->printed, (unsigned long long)t->typed,
           (unsigned long long)t->skipped);
}

int main(int argc, char **argv)
{
    struct arguments a = parse(argc, argv);
    struct schedule_totals totals = { 0 };
    int failures = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare_for_crash();
    printf("1..1\n");
    for (uint64_t i = 0; i < a.count && failures < FAILURES_MAX; i++) {
        snprintf(repeat, sizeof repeat,
                 "# again: %s --seed %llu --count 1 --steps %d --verbose\n",
                 argv[0], (unsigned long long)(a.seed + i), a.steps);
        alarm(SCHEDULE_SECONDS); /* it may go round for ever */
        if (schedule_run(a.seed + i, a.steps, a.is_verbose, &totals))
            continue;
        say_repeat();
        failures++;
    }
    print_totals(&totals);
    printf("%s 1 - %llu schedules\n", failures > 0 ? "not ok" : "ok",
           (unsigned long long)totals.schedules);
    return failures > 0 ? 1 : 0;
}

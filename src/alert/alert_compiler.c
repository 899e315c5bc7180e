#include "alert/alert_compiler.h"

#include "base/mem.h"
#include "base/worker.h"

#include <stdlib.h>

struct alert_compiler {
    struct worker worker;
    struct worker_crew crew; /* its lock protects all members below */
    struct alert_settings wanted;
    bool is_wanted;
    bool has_result;
    struct alert_rules *rules;
    struct err err;
};

/* Called with the lock. A result that nobody has taken is of no use. */
static void compile(struct alert_compiler *c)
{
    struct alert_settings wanted = c->wanted;
    struct alert_rules *rules = NULL;
    struct err err = { "" };

    c->wanted = (struct alert_settings){ 0 };
    c->is_wanted = false;
    worker_unlock(&c->crew);
    (void)alert_rules_make(&wanted, &rules, &err);
    alert_settings_clear(&wanted);
    worker_lock(&c->crew);
    alert_rules_leave(c->rules);
    c->rules = rules;
    c->err = err;
    c->has_result = true;
    worker_call_owner(&c->crew);
}

static void alert_compiler_run(void *arg)
{
    struct alert_compiler *c = arg;

    while (!c->crew.is_ending) {
        if (c->is_wanted)
            compile(c);
        else
            (void)worker_wait(&c->crew);
    }
}

int alert_compiler_open(struct alert_compiler **ret_compiler,
                        void (*wake)(void *owner), void *owner)
{
    struct alert_compiler *c = xcalloc(1, sizeof *c);
    int r;

    worker_crew_init(&c->crew, wake, owner);
    worker_lock(&c->crew);
    r = worker_start(&c->worker, &c->crew, alert_compiler_run, c);
    worker_unlock(&c->crew);
    if (r == 0) {
        *ret_compiler = c;
        return 0;
    }
    (void)worker_crew_done(&c->crew);
    free(c);
    return r;
}

void alert_compiler_close(struct alert_compiler *c, uint64_t wait_us)
{
    if (c == NULL)
        return;
    (void)worker_crew_end(&c->crew, wait_us);
    if (!worker_crew_done(&c->crew))
        return;
    alert_settings_clear(&c->wanted);
    alert_rules_leave(c->rules);
    free(c);
}

void alert_compiler_ask(struct alert_compiler *c,
                        const struct alert_settings *settings)
{
    worker_lock(&c->crew);
    alert_settings_copy(&c->wanted, settings);
    c->is_wanted = true;
    worker_wake(&c->crew);
    worker_unlock(&c->crew);
}

bool alert_compiler_take(struct alert_compiler *c,
                         struct alert_rules **ret_rules, struct err *err)
{
    bool has_result;

    worker_lock(&c->crew);
    has_result = c->has_result && !c->is_wanted;
    if (has_result) {
        *ret_rules = c->rules;
        *err = c->err;
        c->rules = NULL;
        c->has_result = false;
    }
    worker_unlock(&c->crew);
    return has_result;
}

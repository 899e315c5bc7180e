#include "alert/match/alert_matcher_private.h"
#include "base/mem.h"

#include <stdlib.h>

void alert_subject_close_stream(struct alert_subject *s)
{
    if (s->stream != NULL)
        (void)hs_close_stream(s->stream, NULL, NULL, NULL);
    s->stream = NULL;
}

void alert_subject_strip(struct alert_matcher *m, struct alert_subject *s)
{
    alert_subject_close_stream(s);
    if (m->rules != NULL)
        alert_times_remove(m, s);
    free(s->bits);
    s->bits = NULL;
    free(s->hit);
    s->hit = NULL;
    s->hit_count = 0;
}

struct alert_subject *alert_subject_new(struct alert_matcher *m, void *console)
{
    struct alert_subject *s = xcalloc(1, sizeof *s);

    s->console = console;
    alert_clean_init(&s->clean);
    alert_text_init(&s->text);
    list_init(&s->finds);
    list_add_tail(&m->subjects, &s->node);
    if (m->rules != NULL)
        alert_times_add(m, s);
    return s;
}

static void drop_finds(struct alert_matcher *m, struct alert_subject *s)
{
    LIST_EACH (node, after, &s->finds) {
        struct alert_find *find = CONTAINER_OF(node, struct alert_find, node);

        deadline_stop(&find->after);
        list_remove(&find->node);
        m->waiting--;
        alert_find_free(find);
    }
}

void alert_subject_free(struct alert_matcher *m, struct alert_subject *s)
{
    if (s == NULL)
        return;
    drop_finds(m, s);
    alert_subject_strip(m, s);
    alert_text_done(&s->text);
    list_remove(&s->node);
    free(s);
}

void alert_subject_apply(struct alert_matcher *m, struct alert_subject *s,
                         const uint8_t *bits)
{
    size_t len = alert_rules_bits_len(m->rules);

    free(s->bits);
    s->bits = xmalloc(len + 1);
    memcpy(s->bits, bits, len);
}

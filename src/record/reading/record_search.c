#include "record/reading/record_search.h"

bool record_search_open(struct record_search *s, const char *directory,
                        const struct record_found *found, const char *wanted)
{
    s->is_found = false;
    output_find_init(&s->find, wanted, false, 0, false);
    return record_reading_open(&s->reading, directory, found, 0);
}

void record_search_close(struct record_search *s)
{
    record_reading_close(&s->reading);
    output_find_done(&s->find);
}

bool record_search_step(struct record_search *s)
{
    enum record_reading_item item;
    struct output_find_hit hit;
    struct cast_event event;

    while ((item = record_reading_next(&s->reading, &event)) ==
           RECORD_READING_EVENT) {
        if (event.code != CAST_OUTPUT)
            continue;
        s->is_found = output_find_put(&s->find, &event.text, &hit);
        if (s->is_found)
            return false;
    }
    if (item == RECORD_READING_END)
        s->is_found = output_find_end(&s->find, &hit);
    return item == RECORD_READING_AGAIN;
}

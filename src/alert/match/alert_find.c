#include "alert/match/alert_find.h"

#include <stdlib.h>

void alert_find_free(struct alert_find *find)
{
    if (find == NULL)
        return;
    for (uint32_t i = 0; i < find->before_count; i++)
        free(find->before[i]);
    for (uint32_t i = 0; i < find->after_count; i++)
        free(find->after_line[i]);
    alert_rules_leave(find->rules);
    free(find->text);
    free(find);
}

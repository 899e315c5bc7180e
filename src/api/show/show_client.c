#include "api/show/show_client.h"

#include <string.h>

json_t *show_client(const struct client *client, enum right right,
                    const struct show_moment *now)
{
    struct census_client row;
    json_t *json;

    census_read_client(&row, client);
    json = json_pack(
        "{s:I, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:b, s:o, "
        "s:o, s:o, s:o, s:o}",
        "number", (json_int_t)row.number, "console",
        json_string(row.console.text), "console_id",
        show_text(row.console_id.text), "name", show_text(row.name), "proof",
        principal_proof_name(row.proof), "door", client_door_name(row.door),
        "right", right_name(row.right), "mode", lock_mode_name(row.mode),
        "peer", show_text(row.peer), "tls", row.is_encrypted, "has_keyboard",
        row.has_keyboard, "lags", row.is_lagging, "since",
        show_time_us(now, row.since_us), "input_bytes",
        show_number(row.input_bytes), "output_bytes",
        show_number(row.output_bytes), "behind_bytes",
        show_number(row.behind_bytes), "window", show_window(row.window));
    if (right >= RIGHT_CONTROL)
        (void)json_object_set_new_nocheck(json, "typed_last",
                                          json_boolean(row.has_typed_last));
    return json;
}

size_t show_clients_behind(const struct console *c, uint64_t number,
                           const struct client *ret[SHOW_CLIENTS_MAX])
{
    const struct client *client = NULL;
    size_t count = 0;

    while ((client = census_next_client(c, client)) != NULL) {
        size_t at = count;

        if (client->number <= number)
            continue;
        while (at > 0 && ret[at - 1]->number > client->number)
            at--;
        if (at == SHOW_CLIENTS_MAX)
            continue;
        if (count < SHOW_CLIENTS_MAX)
            count++;
        memmove(ret + at + 1, ret + at,
                (count - at - 1) * sizeof(const struct client *));
        ret[at] = client;
    }
    return count;
}

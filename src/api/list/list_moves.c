#include "api/list/list_moves.h"

#include "api/api_means.h"
#include "api/show/show_items.h"
#include "core/move.h"
#include "core/told/past_moves.h"

static json_t *show_move(const struct past_move *move)
{
    const struct fact_move_ended *how = &move->how;

    return json_pack(
        "{s:o, s:o, s:o, s:b, s:s, s:f, s:I}", "ended",
        show_time(move->ended_ms), "from", show_text(how->from), "to",
        show_text(how->to), "completed", how->verdict == MOVE_COMPLETED,
        "outcome", move_verdict_name((enum move_verdict)how->verdict), "took",
        (double)how->took_us / 1e6, "held_bytes", (json_int_t)how->held);
}

void list_moves(struct api_call *call)
{
    const struct past_moves *moves = api_means_of(call->api)->moves;
    struct console_name id = console_id(call->console);
    json_t *items = json_array();
    const struct past_move *move;
    uint64_t before = UINT64_MAX;

    if (moves == NULL) {
        json_decref(items);
        api_fail(call, API_UNAVAILABLE, NULL, "no moves are kept");
        return;
    }
    while ((move = past_moves_before(moves, id.text, before)) != NULL) {
        before = move->number;
        (void)json_array_append_new(items, show_move(move));
    }
    api_answer_json(call, 200, show_items_all(items));
}

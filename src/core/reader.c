/*
 * The way back to following; the way to lagging is in console_pace.c, with the
 * whole subject on top.
 */
#include "core/reader.h"

#include "core/console.h"
#include "core/console_private.h"

const char *reader_pace_name(enum reader_pace pace)
{
    static const char *const names[READER_PACE_COUNT] = {
        [READER_FOLLOWS] = "follows",
        [READER_LAGS] = "lags",
    };

    return (unsigned)pace < READER_PACE_COUNT ? names[pace] : "?";
}

void reader_init(struct reader *reader, const struct reader_kind *kind)
{
    *reader = (struct reader){ .kind = kind };
    list_init(&reader->node);
}

static bool is_curious(const struct reader *reader)
{
    return reader->kind->typed != NULL || reader->kind->broke != NULL;
}

/* Most consoles have no such reader, and each of their inputs asks. */
static void note_curious(struct console *c)
{
    c->has_curious = false;
    LIST_EACH (node, after, &c->readers)
        c->has_curious = c->has_curious || is_curious(reader_at(node));
}

void reader_attach(struct reader *reader, struct console *console)
{
    reader->console = console;
    reader->at = console->output.head;
    reader->pace = reader->kind->is_waited_for ? READER_FOLLOWS : READER_LAGS;
    list_add_tail(&console->readers, &reader->node);
    console->has_curious = console->has_curious || is_curious(reader);
}

/* console is NULL before console_reader_moved: the reader is judged as gone,
 * and it may have been the one that the VM was held for. */
void reader_detach(struct reader *reader, uint64_t now_us)
{
    struct console *c = reader->console;

    if (c == NULL)
        return;
    list_remove(&reader->node);
    if (c->has_curious)
        note_curious(c);
    reader->console = NULL;
    console_reader_moved(c, reader, now_us);
}

bool reader_has_caught_up(const struct reader *reader)
{
    return reader->at == reader->console->output.head;
}

uint64_t reader_peek(struct reader *reader, struct ring_span *ret)
{
    return ring_peek(&reader->console->output, &reader->at, ret);
}

/* Readers that pace nobody do not count: a console log follows nearly always,
 * and with it in the count no client that lags would ever follow again before
 * the end of the output. */
static bool any_pacer_follows(const struct console *c)
{
    LIST_EACH (node, after, &c->readers) {
        const struct reader *reader = reader_at(node);

        if (reader->kind->paces_others && reader->pace == READER_FOLLOWS)
            return true;
    }
    return false;
}

/*
 * Whether a reader that lags and has taken something follows again although it
 * has not reached the end of the output.
 *
 * For a reader that paces nobody: yes, a disk that writes again gets every byte
 * from here on. For a client: only if no other client follows. Then it is the
 * fastest that there is, and a console runs at the pace of its fastest client;
 * otherwise the clients that do follow would wait for it again.
 */
static bool follows_again(const struct console *c, const struct reader *reader)
{
    return !reader->kind->paces_others || !any_pacer_follows(c);
}

void reader_took(struct reader *reader, size_t len, uint64_t now_us)
{
    struct console *c = reader->console;

    if (len > 0 && reader_is_on_trust(reader))
        reader->is_proven = console_was_held_by(reader);
    reader->at += len;
    if (reader_has_caught_up(reader))
        reader->held_us = 0;
    if (reader->kind->is_waited_for && reader->pace == READER_LAGS &&
        (reader_has_caught_up(reader) || (len > 0 && follows_again(c, reader))))
        reader->pace = READER_FOLLOWS;
    /* Behind the pace: console_reader_moved looks at the paces of all readers,
     * this one among them. */
    console_reader_moved(c, reader, now_us);
}

void reader_tell_typed(struct console *c, const struct client *client,
                       struct slice bytes)
{
    if (!c->has_curious)
        return;
    LIST_EACH (node, after, &c->readers) {
        if (reader_at(node)->kind->typed != NULL)
            reader_at(node)->kind->typed(reader_at(node), client, bytes);
    }
}

/* The mark: without output, nobody would pull the reader. */
void reader_tell_break(struct console *c, const struct client *client)
{
    if (!c->has_curious)
        return;
    LIST_EACH (node, after, &c->readers) {
        if (reader_at(node)->kind->broke != NULL)
            reader_at(node)->kind->broke(reader_at(node), client);
    }
    console_mark(c, CONSOLE_DUE_PULL);
}

#include "vm/rehearse/stage/reader.h"

#include <string.h>

enum { TYPE_MAX = 16 * 1024 };

static void reader_on_hello(void *owner, const json_t *hello)
{
    struct reader *r = owner;
    const json_t *you = json_object_get(hello, "you");
    const char *right = json_string_value(json_object_get(you, "right"));

    r->may_write = right != NULL && strcmp(right, "read") != 0;
    r->may_break = r->may_write && strcmp(right, "write") != 0;
}

static void reader_on_output(void *owner, struct slice bytes)
{
    struct reader *r = owner;

    proof_check(&r->out, bytes);
    console_link_took(&r->link, bytes.len);
}

static void reader_on_text(void *owner, const char *type, const json_t *text)
{
    struct reader *r = owner;

    if (strcmp(type, "break") == 0)
        r->breaks += json_is_true(json_object_get(text, "is_on"));
    else if (strcmp(type, "gap") == 0)
        r->gaps++;
}

/* The link comes again by itself. */
static void reader_on_change(void *owner, enum console_link_change change,
                             const char *why)
{
    (void)owner;
    (void)change;
    (void)why;
}

/* What there is to type is looked at in each turn. */
static void reader_on_room(void *owner)
{
    (void)owner;
}

static void reader_on_over(void *owner, enum exits exits, const char *why)
{
    struct reader *r = owner;

    (void)exits;
    r->is_over = true;
    err_set(&r->why, "%s", why[0] != '\0' ? why : "it has left");
}

static const struct console_link_ops link_ops = {
    .on_hello = reader_on_hello,
    .on_output = reader_on_output,
    .on_text = reader_on_text,
    .on_change = reader_on_change,
    .on_room = reader_on_room,
    .on_over = reader_on_over,
};

void reader_init(struct reader *r, struct turns *turns, struct played_vm *vm)
{
    *r = (struct reader){ .vm = vm, .out = vm->out, .typed = vm->in };
    r->out.is_broken = false;
    vm->in.is_broken = false;
    r->typed.is_broken = false;
    r->goal = r->typed.at;
    r->settings = (struct console_link_settings){ .id = vm->uuid };
    console_link_init(&r->link, turns, &r->settings, &link_ops, r);
    console_link_open(&r->link);
}

void reader_done(struct reader *r)
{
    console_link_done(&r->link);
}

bool reader_is_served(const struct reader *r)
{
    return console_link_is_served(&r->link);
}

void reader_send_break(struct reader *r)
{
    (void)console_link_say(&r->link, json_pack("{s:s}", "break", "pulse"));
}

void reader_leave(struct reader *r)
{
    console_link_leave(&r->link);
}

void reader_settle(struct reader *r)
{
    uint8_t bytes[TYPE_MAX];
    size_t taken = 1;

    while (taken > 0 && r->typed.at < r->goal && reader_is_served(r)) {
        uint64_t left = r->goal - r->typed.at;
        size_t len = left < sizeof bytes ? (size_t)left : sizeof bytes;

        proof_copy(&r->typed, bytes, len);
        taken = console_link_type(&r->link, slice_of(bytes, len));
        r->typed.at += taken;
    }
}

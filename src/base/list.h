/*
 * list.h - an intrusive, doubly linked list, whose head is a node.
 *
 * The nodes live inside the listed structs; the list owns nothing. A node is in
 * one list at most; list_remove on a node in no list does nothing.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

/* The struct that holds the member at this address. */
#define CONTAINER_OF(member_ptr, type, member)                                 \
    ((type *)(void *)((char *)(member_ptr)-offsetof(type, member)))

/* Makes an empty list's head, or a node that is in no list. */
static inline void list_init(struct list *l)
{
    l->next = l;
    l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_add_tail(struct list *head, struct list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Moves all nodes of a list to the end of another. */
static inline void list_move_all(struct list *from, struct list *to)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

/*
 * The node at which LIST_EACH continues. A node that was removed meanwhile
 * points to itself, and the loop would never leave it.
 */
static inline struct list *list_go_on(struct list *after,
                                      const struct list *head)
{
    assert(after == head || after->next != after);
    return after;
}

/* The body may remove the current node, and no other. */
#define LIST_EACH(node, after, head)                                           \
    for (struct list *node = (head)->next, *after = node->next;                \
         node != (head); node = list_go_on(after, (head)), after = node->next)

#endif

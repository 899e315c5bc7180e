#include "access/principal.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *principal_proof_name(enum principal_proof proof)
{
    static const char *const names[PROOF_COUNT] = {
        [PROOF_ADDRESS] = "address",
        [PROOF_UID] = "uid",
        [PROOF_CERTIFICATE] = "certificate",
        [PROOF_TOKEN] = "token",
        [PROOF_PASSWORD] = "password",
        [PROOF_PROXY] = "proxy",
        [PROOF_SSH] = "ssh",
    };

    return (unsigned)proof < PROOF_COUNT ? names[proof] : "?";
}

struct principal principal_of_address(bool has_ip, struct ip ip)
{
    struct principal p = { .proof = PROOF_ADDRESS };

    if (has_ip)
        p.ip = ip;
    p.is_local = !has_ip || ip_range(ip) == IP_LOOPBACK;
    return p;
}

bool principal_is_name(const char *name)
{
    return name[0] != '\0' && strlen(name) < PRINCIPAL_NAME_MAX &&
           text_is_visible(name);
}

static void free_groups(struct principal *p)
{
    for (size_t i = 0; i < p->group_count; i++)
        free(p->group[i]);
    free(p->group);
    p->group = NULL;
    p->group_count = 0;
}

/* All but the owner's. */
static void free_own_texts(struct principal *p)
{
    free(p->name);
    free_groups(p);
    free(p->consoles);
}

/* An owner may have an owner, as far as this module knows. */
static void free_texts(struct principal *p)
{
    struct principal *owner = p->owner;

    free_own_texts(p);
    while (owner != NULL) {
        struct principal *next = owner->owner;

        free_own_texts(owner);
        free(owner);
        owner = next;
    }
}

bool principal_prove(struct principal *p, enum principal_proof proof,
                     const char *name)
{
    struct principal proven = {
        .proof = (uint8_t)proof,
        .is_local = p->is_local,
        .ip = p->ip,
    };

    if (!principal_is_name(name))
        return false;
    proven.name = xstrdup(name);
    free_texts(p);
    *p = proven;
    return true;
}

void principal_copy_names(struct principal *p, const struct principal *of)
{
    struct principal copy = { 0 };

    (void)principal_prove(&copy, (enum principal_proof)of->proof, of->name);
    if (of->owner != NULL) {
        copy.owner = xcalloc(1, sizeof *copy.owner);
        (void)principal_prove(copy.owner,
                              (enum principal_proof)of->owner->proof,
                              of->owner->name);
    }
    principal_done(p);
    *p = copy;
}

static int compare_groups(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void principal_set_groups(struct principal *p, char *const *group, size_t count)
{
    char **copy;

    if (count > PRINCIPAL_GROUPS_MAX)
        count = PRINCIPAL_GROUPS_MAX;
    copy = count > 0 ? xcalloc(count, sizeof *copy) : NULL;
    for (size_t i = 0; i < count; i++)
        copy[i] = xstrdup(group[i]);
    if (count > 0)
        qsort(copy, count, sizeof *copy, compare_groups);
    free_groups(p);
    p->group = copy;
    p->group_count = count;
}

static bool is_person(unsigned proof)
{
    return proof == PROOF_UID || proof == PROOF_PASSWORD ||
           proof == PROOF_PROXY || proof == PROOF_SSH;
}

static bool have_one_name(const struct principal *a, const struct principal *b)
{
    return a->name != NULL && b->name != NULL &&
           (a->proof == b->proof ||
            (is_person(a->proof) && is_person(b->proof))) &&
           strcmp(a->name, b->name) == 0;
}

/* The name of a token that has ended is free, and another person's token may
 * have it: so its owner counts, too. */
bool principal_is_same(const struct principal *a, const struct principal *b)
{
    return have_one_name(a, b) && (a->owner == NULL || b->owner == NULL ||
                                   have_one_name(a->owner, b->owner));
}

bool principal_has_group(const struct principal *p, const char *group)
{
    return p->group_count > 0 && bsearch(&group, p->group, p->group_count,
                                         sizeof *p->group, compare_groups);
}

void principal_done(struct principal *p)
{
    free_texts(p);
    *p = (struct principal){ 0 };
}

struct principal_text principal_format(const struct principal *p)
{
    struct principal_text t;

    if (p->name == NULL)
        snprintf(t.text, sizeof t.text, "anybody");
    else if (p->proof != PROOF_TOKEN)
        snprintf(t.text, sizeof t.text, "%s (%s)", p->name,
                 principal_proof_name((enum principal_proof)p->proof));
    else if (p->owner == NULL || p->owner->name == NULL)
        snprintf(t.text, sizeof t.text, "token %s", p->name);
    else
        snprintf(t.text, sizeof t.text, "token %s (for %s)", p->name,
                 p->owner->name);
    return t;
}

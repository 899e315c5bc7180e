#include "auth/peer_uid.h"

#include <stdio.h>

struct principal peer_uid_principal(const struct groups *all, uid_t uid,
                                    const struct groups_answer *answer)
{
    struct principal p = principal_of_address(false, (struct ip){ 0 });
    char number[32];

    snprintf(number, sizeof number, "uid:%lu", (unsigned long)uid);
    if (answer->outcome != GROUPS_FOUND ||
        !principal_prove(&p, PROOF_UID, answer->name))
        (void)principal_prove(&p, PROOF_UID, number);
    p.is_keeper = groups_is_keeper(all, uid);
    (void)groups_give(all, answer, &p);
    return p;
}

/*
 * firewall_words.h - whether a firewall lets a TCP port in, by what its tool
 * prints. A likely answer and no proof: rules can ask for anything, so what
 * names the port counts, and what happens to packets that nothing names.
 *
 * Pure. Accepts any text.
 */
#ifndef CLI_DOCTOR_JUDGE_FIREWALL_WORDS_H
#define CLI_DOCTOR_JUDGE_FIREWALL_WORDS_H

#include <stdbool.h>

enum firewall_meaning {
    FIREWALL_NONE,    /* it filters nothing that comes in */
    FIREWALL_OPEN,    /* it lets the port in, perhaps for some addresses */
    FIREWALL_PARTLY,  /* it drops, and some networks or interfaces pass */
    FIREWALL_CLOSED,  /* it drops what comes for the port, as far as can be seen
                       */
    FIREWALL_STRANGE, /* no such tool is known */
};

/*
 * tool and output: "nft" and `nft list ruleset`, "iptables" and `iptables -S`,
 * "ufw" and `ufw status verbose`, "firewalld" and `firewall-cmd --list-all`.
 */
enum firewall_meaning firewall_judge(const char *tool, const char *output,
                                     unsigned port);

#endif

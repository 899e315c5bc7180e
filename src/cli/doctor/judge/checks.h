/*
 * checks.h - what the doctor checks: rows, each with a code that stays, a
 * title, and a function that judges facts. docs/doctor.md has a section for
 * each.
 *
 * Facts are JSON (doctor/gather.h has how they come), so each check is a pure
 * function of them:
 *
 *   here           {"is_server", "is_root", "version", "time_ms", "place"}
 *   reach          {"is_reached", "kind", "host", "port", "why"}
 *   missing        {FACT: "why it is not known"}
 *   status, limits, vm_listeners, refusals, diagnosis, config, consoles,
 *   rules, webhooks                            answers of the API
 *   answered_ms    when diagnosis was answered, by the clock here
 *   tries          [{"for", "address", "port", "tls", "end", "why", "ms",
 *                    "greeting", "handshake", "handshake_why", "terms"}]
 *   names          [{"name", "addresses": [], "why"}]
 *   addresses      [{"address", "names": [], "why"}]
 *   firewall       [{"tool", "output", "why"}]
 *
 * A fact that is not there was not found out.
 */
#ifndef CLI_DOCTOR_JUDGE_CHECKS_H
#define CLI_DOCTOR_JUDGE_CHECKS_H

#include "cli/doctor/judge/findings.h"

#include <stddef.h>

struct check {
    const char *code;
    const char *title; /* what holds if all is well */
    const char *needs; /* the fact without which it is unknown; NULL: none */
    void (*judge)(const json_t *facts, struct findings *to);
};

#define CHECKS_NO_ANSWER "not looked at: vspcd did not answer"

/* Each ends with a code NULL. */
extern const struct check checks_of_reach[];
extern const struct check checks_of_certificate[];
extern const struct check checks_of_machine[];
extern const struct check checks_of_names[];
extern const struct check checks_of_access[];
extern const struct check checks_of_vms[];
extern const struct check checks_of_parts[];

/* All rows in their order; at begins with 0. NULL: there are no more. */
const struct check *checks_next(size_t *at);

/* In either case. NULL: there is none. */
const struct check *checks_find(const char *code);

/* Judges by all checks, or by those of `only`, which ends with NULL. Returns
 * the array of findings, which is the caller's. */
json_t *checks_judge(const json_t *facts, const struct check *const *only);

/* The worst of them. */
enum finding_weight checks_worst(const json_t *items);

/* ---- for the files of checks: facts by their path, "reach.why" */

/* "" if it is missing or no text. */
const char *checks_text(const json_t *facts, const char *path);
/* fallback if it is missing or null. */
double checks_number(const json_t *facts, const char *path, double fallback);
bool checks_flag(const json_t *facts, const char *path);

/* A text of somebody else as a word of a command, which a person may paste into
 * a shell: "otherwise" in its place if it has any character that means
 * something there. */
const char *checks_word(const char *text, const char *otherwise);

/* Some names in a row, "a, b, c and 7 more". */
struct checks_list {
    char text[256];
    size_t len;
    unsigned shown;
    unsigned count;
};
void checks_list_add(struct checks_list *list, const char *name);
const char *checks_list_text(struct checks_list *list);

/* "once", "7 times" */
struct checks_count {
    char text[32];
};
struct checks_count checks_times(double count);

/* 1234567 -> "1.2 MiB" */
struct checks_size {
    char text[32];
};
struct checks_size checks_bytes(double bytes);

#endif

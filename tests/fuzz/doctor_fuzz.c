/*
 * What vspc doctor reads of others: facts that a server has told, the output of
 * a firewall's tool, texts of errors. The first byte chooses. Whatever facts
 * are like, each check has something to say, and all of it is text.
 */
#include "cli/doctor/judge/checks.h"
#include "cli/doctor/judge/firewall_words.h"
#include "cli/doctor/judge/remedies.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void judge_facts(const char *text)
{
    json_t *facts = json_loads(text, 0, NULL);
    const char *code = "";
    enum finding_weight weight;
    size_t checks = 0;
    size_t at = 0;
    json_t *items;

    while (checks_next(&at) != NULL)
        checks++;
    items = checks_judge(facts, NULL);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *next = json_string_value(json_object_get(item, "code"));

        require(next != NULL && checks_find(next) != NULL);
        require(json_string_value(json_object_get(item, "found")) != NULL);
        require(finding_parse_weight(
            json_string_value(json_object_get(item, "weight")), &weight));
        require(weight <= checks_worst(items));
        require(json_is_array(json_object_get(item, "steps")));
        checks -= strcmp(next, code) != 0;
        code = next;
    }
    require(checks == 0);
    json_decref(items);
    json_decref(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tools[] = { "nft", "iptables", "ufw",
                                         "firewalld" };
    char *text;
    size_t at = 0;

    if (size == 0)
        return 0;
    text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] == 'f')
        judge_facts(text);
    else if (data[0] == 'e')
        while (remedies_next(text, &at) != NULL)
            ;
    else
        (void)firewall_judge(tools[data[0] % 4], text, 13370);
    free(text);
    return 0;
}

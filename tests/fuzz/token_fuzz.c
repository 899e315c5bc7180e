/*
 * What somebody presents as a token. The first 32 bytes are also the random
 * bytes of a token that was made: it proves its principal, and the rest of the
 * input does not, unless it is that text.
 */
#include "auth/tokens.h"

#include <stdlib.h>
#include <string.h>

enum { NOW_S = 1000 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void ignore_use(void *owner, const struct token *token, bool is_new)
{
    (void)owner;
    (void)token;
    (void)is_new;
}

static void check_form(struct slice text)
{
    enum token_form form = token_form(text);

    require(form == TOKEN_NONE || text.len >= TOKEN_PREFIX_LEN);
    require(form != TOKEN_WHOLE || text.len == TOKEN_LEN);
}

static enum tokens_verdict prove(struct tokens *all, struct slice text)
{
    struct principal p = principal_of_address(false, (struct ip){ 0 });
    enum tokens_verdict v = tokens_prove(all, text, NOW_S, &p);

    require((v == TOKENS_PROVEN) == (p.proof == PROOF_TOKEN));
    principal_done(&p);
    return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tokens_events events = { .on_use = ignore_use };
    uint8_t random[TOKEN_RANDOM_LEN] = { 0 };
    size_t len = size < sizeof random ? size : sizeof random;
    struct token token = {
        .id = 1,
        .name = "ci",
        .owner = "alice",
        .right = RIGHT_READ,
        .used_from = "",
    };
    struct slice presented = slice_of(data, size);
    char text[TOKEN_LEN + 1];
    struct tokens *all;

    if (len > 0)
        memcpy(random, data, len);
    token_make(random, text);
    require(token_form(slice_of_text(text)) == TOKEN_WHOLE);
    token_digest(slice_of_text(text), token.digest);
    all = tokens_new(&events);
    tokens_replace(all, &token, 1, NOW_S, NULL, NULL, NULL);
    check_form(presented);
    require((prove(all, presented) == TOKENS_PROVEN) ==
            slice_is_equal(presented, slice_of_text(text)));
    require(prove(all, slice_of_text(text)) == TOKENS_PROVEN);
    /* One slip: what was made, with one character of the input in it. */
    if (size > 1 && (char)data[1] != text[data[0] % TOKEN_LEN]) {
        text[data[0] % TOKEN_LEN] = (char)data[1];
        require(prove(all, slice_of(text, TOKEN_LEN)) != TOKENS_PROVEN);
    }
    tokens_free(all);
    return 0;
}

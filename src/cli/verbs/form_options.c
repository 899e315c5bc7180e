#include "cli/verbs/form_options.h"

const struct option_row form_options_list[] = {
    FORM_OPTION_OUTPUT,
    FORM_OPTION_HEADERS,
    { NULL, 0, NULL, NULL },
};

const struct option_row form_options_one[] = {
    FORM_OPTION_OUTPUT,
    { NULL, 0, NULL, NULL },
};

enum exits form_options_read(const struct invocation *in,
                             enum listing_form *ret_form)
{
    struct err err;

    if (listing_parse_form(arguments_text(&in->arguments, "output"), ret_form,
                           &err))
        return EXITS_DONE;
    return invocation_refuse(in, "%s", err.text);
}

enum exits form_options_get_list(struct invocation *in,
                                 const struct target *target,
                                 const struct listing *listing)
{
    enum listing_form form;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    if (exits == EXITS_DONE)
        exits = ask_get(in, target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    listing_print(listing, answer, form,
                  !arguments_has(&in->arguments, "no-headers"));
    json_decref(answer);
    return EXITS_DONE;
}

enum exits form_options_get_one(struct invocation *in,
                                const struct target *target,
                                const char *name_path)
{
    enum listing_form form;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    if (exits == EXITS_DONE)
        exits = ask_get(in, target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    listing_print_one(answer, form, name_path);
    json_decref(answer);
    return EXITS_DONE;
}

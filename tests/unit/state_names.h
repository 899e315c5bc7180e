/*
 * state_names.h - checks a to-string function: each value of its enum has a
 * name of its own, and what is behind the last one is "?".
 */
#ifndef TESTS_STATE_NAMES_H
#define TESTS_STATE_NAMES_H

/* cmocka.h wants what comes first before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CHECK_STATE_NAMES(name_of, type, count)                                \
    do {                                                                       \
        for (int at_ = 0; at_ < (count); at_++) {                              \
            assert_non_null(name_of((type)at_));                               \
            assert_string_not_equal(name_of((type)at_), "");                   \
            assert_string_not_equal(name_of((type)at_), "?");                  \
            for (int other_ = 0; other_ < at_; other_++)                       \
                assert_string_not_equal(name_of((type)at_),                    \
                                        name_of((type)other_));                \
        }                                                                      \
        assert_string_equal(name_of((type)(count)), "?");                      \
    } while (0)

#endif

/* At which addresses other machines reach this one: interfaces are the test's,
 * but for what the default route of this machine uses. */
#include "net/dial/own_addresses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 100 };

static struct address places[MANY];
static struct ifaddrs interfaces[MANY];
static size_t count;
static bool is_failing;

static void has(const char *host, unsigned flags)
{
    struct err err;

    assert_int_equal(address_parse(host, 7, &places[count], &err), 0);
    interfaces[count] =
        (struct ifaddrs){ .ifa_flags = flags, .ifa_addr = &places[count].any };
    if (count > 0)
        interfaces[count - 1].ifa_next = &interfaces[count];
    count++;
}

int getifaddrs(struct ifaddrs **ret)
{
    if (is_failing) {
        errno = ENOBUFS;
        return -1;
    }
    *ret = count > 0 ? interfaces : NULL;
    return 0;
}

void freeifaddrs(struct ifaddrs *freed)
{
    (void)freed;
}

/* As often as it is there. */
static int times(const struct own_addresses *own, const char *text)
{
    int found = 0;

    for (size_t i = 0; i < own->count; i++)
        found += strcmp(address_format(&own->item[i]).text, text) == 0;
    return found;
}

static int begin(void **state)
{
    (void)state;
    count = 0;
    is_failing = false;
    return 0;
}

static void what_others_reach_is_there_once(void **state)
{
    struct own_addresses own;

    (void)state;
    has("127.0.0.1", IFF_UP);
    has("::1", IFF_UP);
    has("fe80::1", IFF_UP);
    has("169.254.7.7", IFF_UP);
    has("2001:db8::7", IFF_UP);
    has("192.0.2.7", IFF_UP);
    has("192.0.2.7", IFF_UP);
    has("192.0.2.8", 0);
    interfaces[count++] = (struct ifaddrs){ .ifa_flags = IFF_UP };
    interfaces[count - 2].ifa_next = &interfaces[count - 1];
    own_addresses_find(&own);
    assert_int_equal(times(&own, "192.0.2.7:0"), 1);
    assert_int_equal(times(&own, "[2001:db8::7]:0"), 1);
    assert_int_equal(times(&own, "192.0.2.8:0"), 0);
    assert_int_equal(times(&own, "127.0.0.1:0"), 0);
    assert_int_equal(times(&own, "[::1]:0"), 0);
    assert_int_equal(times(&own, "[fe80::1]:0"), 0);
    assert_int_equal(times(&own, "169.254.7.7:0"), 0);
}

static void many_are_cut(void **state)
{
    struct own_addresses own;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        char host[24];

        snprintf(host, sizeof host, "198.51.100.%d", i + 1);
        has(host, IFF_UP);
    }
    own_addresses_find(&own);
    assert_int_equal(own.count, OWN_ADDRESSES_MAX);
}

static void a_kernel_that_does_not_tell_is_no_failure(void **state)
{
    struct own_addresses own;

    (void)state;
    is_failing = true;
    own_addresses_find(&own);
    assert_true(own.count <= 2); /* of the default routes */
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_others_reach_is_there_once),
        TEST(many_are_cut),
        TEST(a_kernel_that_does_not_tell_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

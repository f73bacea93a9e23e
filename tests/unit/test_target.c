/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "net/address.h"
#include "ugrpc/target.h"

/* "host port authority", then " address" for each; or the refusal's message. */
static const char *parsed(const char *text)
{
    static char out[2048];
    struct target target;
    struct ugrpc_status st = {0};
    if (target_parse(&target, text, "443", &st) != 0) {
        assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
        snprintf(out, sizeof(out), "%s", st.message);
        target_done(&target);
        return out;
    }
    assert_string_equal(target.text, text);
    assert_true(strncmp(target.shown, text, strlen(text)) == 0);
    assert_string_equal(target.shown + strlen(text), target.portless ? " (port 443)" : "");
    size_t len = (size_t)snprintf(out, sizeof(out), "%s %s %s", target.host, target.port, target.authority);
    for (size_t i = 0; i < target.n_addresses; i++) {
        char address[ADDRESS_TEXT_MAX];
        address_format(&target.addresses[i], address);
        len += (size_t)snprintf(out + len, sizeof(out) - len, " %s", address);
    }
    target_done(&target);
    return out;
}

static void a_name_is_looked_up_later(void **state)
{
    assert_string_equal(parsed("gw.local:50051"), "gw.local 50051 gw.local:50051");
    assert_string_equal(parsed("dns:///gw.local:50051"), "gw.local 50051 gw.local:50051");
    assert_string_equal(parsed("dns:gw.local:50051"), "gw.local 50051 gw.local:50051");
}

static void a_port_that_is_left_out_is_the_default(void **state)
{
    assert_string_equal(parsed("gw.local"), "gw.local 443 gw.local:443");
    assert_string_equal(parsed("[::1]"), "::1 443 [::1]:443 [::1]:443");
}

static void messages_tell_the_port_that_was_left_out(void **state)
{
    static const char *const texts[][2] = {{"gw.local", "gw.local (port 443)"}, {"gw.local:1", "gw.local:1"},
        {"ipv4:10.0.0.7", "ipv4:10.0.0.7 (port 443)"}, {"unix:/run/x", "unix:/run/x"}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct target target;
        assert_int_equal(target_parse(&target, texts[i][0], "443", NULL), 0);
        assert_string_equal(target.shown, texts[i][1]);
        target_done(&target);
    }
}

static void a_literal_address_needs_no_lookup(void **state)
{
    assert_string_equal(parsed("127.0.0.1:1"), "127.0.0.1 1 127.0.0.1:1 127.0.0.1:1");
    assert_string_equal(parsed("[::1]:50051"), "::1 50051 [::1]:50051 [::1]:50051");
    assert_string_equal(parsed("::1"), "::1 443 [::1]:443 [::1]:443");
    assert_string_equal(parsed("dns:///127.0.0.1:7"), "127.0.0.1 7 127.0.0.1:7 127.0.0.1:7");
}

static void several_addresses_are_tried_in_order(void **state)
{
    assert_string_equal(parsed("ipv4:10.0.0.7:1,10.0.0.8:2"), "10.0.0.8 2 10.0.0.8:2 10.0.0.7:1 10.0.0.8:2");
    assert_string_equal(parsed("ipv6:[::1]:1"), "::1 1 [::1]:1 [::1]:1");
}

static void a_unix_socket_has_no_host(void **state)
{
    assert_string_equal(parsed("unix:/run/x.sock"), "  localhost unix:/run/x.sock");
    assert_string_equal(parsed("unix:///run/x.sock"), "  localhost unix:/run/x.sock");
    assert_string_equal(parsed("unix:here/x.sock"), "  localhost unix:here/x.sock");
}

static void what_is_no_target_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "it names no host"},
        {":50051", "it names no host"},
        {"gw.local:", "the port must be 1 to 65535"},
        {"gw.local:0", "the port must be 1 to 65535"},
        {"gw.local:65536", "the port must be 1 to 65535"},
        {"gw.local:5005a", "the port must be 1 to 65535"},
        {"gw.local:123456789", "the port must be 1 to 65535"},
        {"gw local:1", "a character that no name has"},
        {"me@gw.local:1", "a character that no name has"},
        {"[gw],local:1", "a colon must follow the bracket"},
        {"gw,local:1", "a character that no name has"},
        {"gw.local:1:2", "no IPv6 address"},
        {"[gw.local:1]:2", "no IPv6 address"},
        {"[::1", "the bracket is not closed"},
        {"[::1]50051", "a colon must follow the bracket"},
        {"http://gw.local:1", "this kind of target is not known"},
        {"dns://8.8.8.8/gw.local:1", "a name server of its own is not supported"},
        {"ipv4:gw.local:1", "no IPv4 address"},
        {"ipv4:[::1]:1", "no IPv4 address"},
        {"ipv4:10.0.0.7:1,", "it names no host"},
        {"ipv6:10.0.0.7:1", "no IPv6 address"},
        {"unix:", "a path of 1 to"},
        {"unix://run/x.sock", "must begin with a slash"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *message = parsed(cases[i].text);
        if (!strstr(message, cases[i].why)) {
            fail_msg("\"%s\": \"%s\" is not in \"%s\"", cases[i].text, cases[i].why, message);
        }
    }
}

static void long_hosts_and_paths_are_refused(void **state)
{
    char text[4096] = "unix:/";
    memset(text + 6, 'a', 200);
    assert_non_null(strstr(parsed(text), "too long"));
    memset(text, 'a', sizeof(text) - 1);
    assert_non_null(strstr(parsed(text), "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_looked_up_later),
        cmocka_unit_test(a_port_that_is_left_out_is_the_default),
        cmocka_unit_test(messages_tell_the_port_that_was_left_out),
        cmocka_unit_test(a_literal_address_needs_no_lookup),
        cmocka_unit_test(several_addresses_are_tried_in_order),
        cmocka_unit_test(a_unix_socket_has_no_host),
        cmocka_unit_test(what_is_no_target_is_refused_with_the_reason),
        cmocka_unit_test(long_hosts_and_paths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

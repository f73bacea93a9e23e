/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ugrpc/method_table.h"

#define N 1000

static const struct method *find(const struct method_table *t, const char *path)
{
    char *exact = malloc(strlen(path) + 1); /* without a NUL, as HTTP/2 may give it */
    memcpy(exact, path, strlen(path));
    const struct method *found = method_table_find(t, exact, strlen(path));
    free(exact);
    return found;
}

static void an_empty_table_finds_nothing(void **state)
{
    struct method_table t = {0};
    assert_null(find(&t, "/a.B/C"));
    method_table_done(&t);
}

static void a_method_is_found_with_all_that_belongs_to_it(void **state)
{
    static const struct ugrpc_method type = {"Say", UGRPC_BIDI_STREAMING};
    static const struct ugrpc_handler handler;
    int servicer, userdata;
    struct method_table t = {0};
    struct method method = {.type = &type, .handler = &handler, .servicer = &servicer, .userdata = &userdata};
    assert_int_equal(method_table_add(&t, "acme.v1.Chat", &method), 0);
    const struct method *found = find(&t, "/acme.v1.Chat/Say");
    assert_non_null(found);
    assert_string_equal(found->path, "/acme.v1.Chat/Say");
    assert_ptr_equal(found->type, &type);
    assert_ptr_equal(found->handler, &handler);
    assert_ptr_equal(found->servicer, &servicer);
    assert_ptr_equal(found->userdata, &userdata);
    method_table_done(&t);
}

static void what_is_nearly_a_path_is_not_found(void **state)
{
    static const struct ugrpc_method type = {"Say"};
    static const char *const others[] = {"", "/", "acme.v1.Chat/Say", "/acme.v1.Chat/", "/acme.v1.Chat/Sa",
        "/acme.v1.Chat/Say/", "/acme.v1.Chat/say", "/acme.v1.Chat/Says", "//acme.v1.Chat/Say"};
    struct method_table t = {0};
    assert_int_equal(method_table_add(&t, "acme.v1.Chat", &(struct method){.type = &type}), 0);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (find(&t, others[i])) {
            fail_msg("\"%s\" was found", others[i]);
        }
    }
    method_table_done(&t);
}

static void a_thousand_methods_are_each_found_while_the_table_grows(void **state)
{
    static char names[N][16];
    static struct ugrpc_method types[N];
    struct method_table t = {0};
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof(names[i]), "Method%zu", i);
        types[i].name = names[i];
        assert_int_equal(
            method_table_add(&t, i % 2 ? "odd.Service" : "even.Service", &(struct method){.type = &types[i]}),
            0);
        for (size_t k = i % 100; k <= i; k += 100) {
            char path[64];
            snprintf(path, sizeof(path), "/%s.Service/%s", k % 2 ? "odd" : "even", names[k]);
            const struct method *found = find(&t, path);
            assert_non_null(found);
            assert_ptr_equal(found->type, &types[k]);
        }
    }
    assert_null(find(&t, "/odd.Service/Method0"));
    assert_null(find(&t, "/even.Service/Method1000"));
    method_table_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_finds_nothing),
        cmocka_unit_test(a_method_is_found_with_all_that_belongs_to_it),
        cmocka_unit_test(what_is_nearly_a_path_is_not_found),
        cmocka_unit_test(a_thousand_methods_are_each_found_while_the_table_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

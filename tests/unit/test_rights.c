/* SPDX-License-Identifier: MIT */
/* Who may call what: every method of every version, with every role. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "fake_service.h"
#include "service/rights.h"
#include "service/v1/microgrid_v1.h"
#include "service/v1alpha/microgrid_v1alpha.h"

/* A method that is not here fails the tests: decide who may call it. */
static const struct {
    const char *method;
    enum role least;
} decided[] = {
    {"GetMicrogridMetadata", ROLE_VIEWER},
    {"ListComponents", ROLE_VIEWER},
    {"ListSensors", ROLE_VIEWER},
    {"ListConnections", ROLE_VIEWER},
    {"ReceiveComponentDataStream", ROLE_VIEWER},
    {"ReceiveSensorDataStream", ROLE_VIEWER},
    {"AddComponentBounds", ROLE_OPERATOR},
    {"SetComponentPowerActive", ROLE_OPERATOR},
    {"SetComponentPowerReactive", ROLE_OPERATOR},
    {"StartComponent", ROLE_OPERATOR},
    {"PutComponentInStandby", ROLE_OPERATOR},
    {"StopComponent", ROLE_OPERATOR},
    {"AckComponentError", ROLE_OPERATOR},
    {"GetMicrogrid", ROLE_VIEWER},
    {"ListElectricalComponents", ROLE_VIEWER},
    {"ListElectricalComponentConnections", ROLE_VIEWER},
    {"ReceiveElectricalComponentTelemetryStream", ROLE_VIEWER},
    {"ReceiveSensorTelemetryStream", ROLE_VIEWER},
    {"AugmentElectricalComponentBounds", ROLE_OPERATOR},
    {"ClearElectricalComponentBounds", ROLE_OPERATOR},
    {"SetElectricalComponentPower", ROLE_OPERATOR},
    {"StartElectricalComponent", ROLE_OPERATOR},
    {"PutElectricalComponentInStandby", ROLE_OPERATOR},
    {"StopElectricalComponent", ROLE_OPERATOR},
    {"AckElectricalComponentError", ROLE_OPERATOR},
};

static const uint64_t inverter_only[] = {4};
static const struct rights limited = {"key ems", ROLE_OPERATOR, inverter_only, ARRAY_LEN(inverter_only)};

static int add_all(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st)
{
    int rc = service_v1_add(service, server, st);
    return rc ? rc : service_v1alpha_add(service, server, st);
}

static int set_up(void **state)
{
    *state = fake_service_new("", false, add_all);
    return 0;
}

static int tear_down(void **state)
{
    fake_service_free(*state);
    return 0;
}

static enum role least_role(const char *method)
{
    for (size_t i = 0; i < ARRAY_LEN(decided); i++) {
        if (strcmp(decided[i].method, method) == 0) {
            return decided[i].least;
        }
    }
    fail_msg("who may call %s?", method);
    return ROLES;
}

/* What a call of the method about a component comes to: OK if it goes on. */
static struct ugrpc_status call(
    struct fake_service *f, const char *service, const char *method, const uint8_t *data, size_t len)
{
    char path[128];
    snprintf(path, sizeof(path), "/%s/%s", service, method);
    struct ugrpc_call *call = fake_call_bytes(f->server, path, data, len);
    struct ugrpc_status st = call->status;
    fake_call_free(call);
    return st;
}

/* Field 1 of every request about a component is its id. */
static struct ugrpc_status call_about(
    struct fake_service *f, const char *service, const char *method, uint8_t id)
{
    const uint8_t data[] = {0x08, id};
    return call(f, service, method, data, sizeof(data));
}

typedef void method_fn(struct fake_service *f, const char *service, const char *method, enum role least);

static size_t each_method(struct fake_service *f, method_fn *fn)
{
    const struct ugrpc_service *service;
    size_t n = 0;
    for (size_t i = 0; (service = ugrpc_server_service(f->server, i)); i++) {
        for (size_t j = 0; j < service->n_methods; j++, n++) {
            fn(f, service->name, service->methods[j].name, least_role(service->methods[j].name));
        }
    }
    return n;
}

static void check_roles(struct fake_service *f, const char *service, const char *method, enum role least)
{
    for (enum role role = ROLE_VIEWER; role < ROLES; role++) {
        const struct rights rights = {.holder = "key ems", .role = role};
        char text[200];
        fake_server_set_rights(f->server, &rights);
        struct ugrpc_status st = call_about(f, service, method, 4);
        assert_int_equal(st.code == UGRPC_PERMISSION_DENIED, role < least);
        snprintf(text, sizeof(text), "%s: needs the role %s, key ems has the role %s", method,
            role_name(least), role_name(role));
        assert_string_equal(role < least ? st.message : text, text);
    }
    fake_server_set_rights(f->server, NULL);
    assert_int_not_equal(call_about(f, service, method, 4).code, UGRPC_PERMISSION_DENIED);
}

static void each_method_of_each_version_needs_its_role(void **state)
{
    assert_int_equal(each_method(*state, check_roles), 3 * 13);
}

static void check_components(struct fake_service *f, const char *service, const char *method, enum role least)
{
    fake_server_set_rights(f->server, &limited);
    assert_int_not_equal(call_about(f, service, method, 4).code, UGRPC_PERMISSION_DENIED);
    for (uint8_t id = 9; id <= 99; id += 90) { /* a PV inverter, and none */
        struct ugrpc_status st = call_about(f, service, method, id);
        assert_int_equal(st.code == UGRPC_PERMISSION_DENIED, least > ROLE_VIEWER);
        if (least > ROLE_VIEWER) {
            assert_string_equal(
                st.message, id == 9 ? "pv_inv (9): key ems may not command it, only component 4"
                                    : "component 99: key ems may not command it, only component 4");
        }
    }
}

static void a_key_for_some_components_commands_no_others_but_sees_them(void **state)
{
    each_method(*state, check_components);
}

static void check_order(struct fake_service *f, const char *service, const char *method, enum role least)
{
    static const uint8_t broken[] = {0x08};
    static const struct rights viewer = {.holder = "key tv", .role = ROLE_VIEWER};
    if (least == ROLE_VIEWER) {
        return;
    }
    fake_server_set_rights(f->server, &viewer);
    assert_int_equal(call(f, service, method, broken, sizeof(broken)).code, UGRPC_PERMISSION_DENIED);
    fake_server_set_rights(f->server, &limited);
    assert_int_equal(call(f, service, method, broken, sizeof(broken)).code, UGRPC_INVALID_ARGUMENT);
}

static void the_role_is_asked_before_the_request_is_decoded_the_component_after(void **state)
{
    each_method(*state, check_order);
}

static void a_long_list_of_components_is_cut_in_messages(void **state)
{
    uint64_t many[40];
    const struct rights rights = {"key ems", ROLE_OPERATOR, many, ARRAY_LEN(many)};
    struct ugrpc_status st;
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i] = UINT64_MAX - i;
    }
    assert_int_equal(rights_check_component(&rights, UINT64_MAX - 39, "x", &st), 0);
    assert_int_equal(rights_check_component(&rights, 1, "x (1)", &st), -UGRPC_PERMISSION_DENIED);
    assert_memory_equal(st.message,
        "x (1): key ems may not command it, only components 18446744073709551615, ",
        strlen("x (1): key ems may not command it, only components 18446744073709551615, "));
    assert_string_equal(st.message + strlen(st.message) - strlen(" …"), " …");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_method_of_each_version_needs_its_role, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_key_for_some_components_commands_no_others_but_sees_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_role_is_asked_before_the_request_is_decoded_the_component_after, set_up, tear_down),
        cmocka_unit_test(a_long_list_of_components_is_cut_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

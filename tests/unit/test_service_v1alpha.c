/* SPDX-License-Identifier: MIT */
/* What v1alpha18 and v1alpha19 do differently from v1: set-points answered by a stream, bounds with tokens,
 * at most two ranges, modes and diagnostics. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "fake_journal.h"
#include "fake_service.h"
#include "model/site.h"
#include "service/service.h"
#include "service/v1alpha/microgrid_v1alpha.h"
#include "service/v1alpha/wire.h"

#define API        "/frequenz.api.microgrid.v1alpha18.Microgrid/"

#define ACTIVE     ALPHA_POWER_TYPE(ACTIVE)
#define REACTIVE   ALPHA_POWER_TYPE(REACTIVE)
#define NO_TIME    0
#define NO_TOKEN   NULL
#define BY_DEFAULT (-1)
#define ANY        0

static int set_up(void **state)
{
    *state = fake_service_new(API, false, service_v1alpha_add);
    return 0;
}

static int set_up_read_only(void **state)
{
    *state = fake_service_new(API, true, service_v1alpha_add);
    return 0;
}

/* The demo's meter with a fuse before a second one, which v1alpha has no category for. */
static int add_behind_a_fuse(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st)
{
    struct site *site = service_site(service);
    const struct component_spec fuse = {.id = 22, .name = "fuse", .type = COMPONENT_FUSE};
    const struct component_spec meter = {.id = 23, .name = "behind", .type = COMPONENT_METER};
    struct component *between = site_add_component(site, &fuse, st);
    site_connect(site, site_component(site, 2), between, st);
    site_connect(site, between, site_add_component(site, &meter, st), st);
    return service_v1alpha_add(service, server, st);
}

static int set_up_with_a_fuse(void **state)
{
    *state = fake_service_new(API, false, add_behind_a_fuse);
    return 0;
}

static int tear_down(void **state)
{
    fake_service_free(*state);
    return 0;
}

static int64_t now_s(const struct fake_service *f)
{
    return f->fake->clock.utc_ns / NS_PER_S;
}

/* ---- set-points ------------------------------------------------------------------------------------- */

static struct ugrpc_call *set_power(
    struct fake_service *f, uint64_t id, int power_type, float power, int64_t lifetime_s)
{
    alpha_power_request request = MICROGRID_V1ALPHA18_SET_ELECTRICAL_COMPONENT_POWER_REQUEST_INIT;
    request.electrical_component_id = id;
    request.power_type = (unsigned)power_type;
    request.power = power;
    if (lifetime_s != BY_DEFAULT) {
        microgrid_v1alpha18_set_electrical_component_power_request_set_request_lifetime(
            &request, (uint64_t)lifetime_s);
    }
    return fake_ask(f, "SetElectricalComponentPower", &request);
}

/* The call's message at `index`, which is its newest. */
static void assert_told(const struct ugrpc_call *call, size_t index, int status, int64_t until_s)
{
    assert_int_equal(call->n_sent, index + 1);
    alpha_power_response *message = fake_call_message(call, index);
    assert_int_equal(message->status, status);
    if (until_s == NO_TIME) {
        assert_null(message->valid_until_time);
    } else {
        assert_int_equal(message->valid_until_time->seconds, until_s);
    }
    fake_release(message);
}

/* It ended with OK after exactly one final message. */
static void assert_ended(const struct ugrpc_call *call, int status, int64_t until_s)
{
    assert_true(call->finished);
    assert_int_equal(call->status.code, UGRPC_OK);
    assert_told(call, 1, status, until_s);
}

static void it_is_accepted_at_once_and_a_success_when_it_is_measured(void **state)
{
    struct fake_service *f = *state;
    int64_t until_s = now_s(f) + LIFETIME_DEFAULT_S;
    struct ugrpc_call *call = set_power(f, 4, ACTIVE, 5000, BY_DEFAULT);
    assert_told(call, 0, ALPHA_POWER_STATUS(ACCEPTED), until_s);
    fake_finish_all(f->fake);
    fake_report_reading(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, 3000);
    assert_false(call->finished);
    fake_report_reading(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000);
    assert_ended(call, ALPHA_POWER_STATUS(SUCCESS), until_s);
}

static void with_a_journal_it_is_accepted_when_that_has_it(void **state)
{
    struct fake_service *f = *state;
    static struct fake_journal journal; /* to the end of the fixture */
    int64_t until_s = now_s(f) + LIFETIME_DEFAULT_S;
    fake_journal_attach(&journal, f->fake->site);
    struct ugrpc_call *call = set_power(f, 4, ACTIVE, 5000, BY_DEFAULT);
    assert_int_equal(call->n_sent, 0);
    fake_journal_sync(&journal);
    assert_told(call, 0, ALPHA_POWER_STATUS(ACCEPTED), until_s);

    struct ugrpc_call *overridden = set_power(f, 6, ACTIVE, 0, BY_DEFAULT);
    assert_refused(overridden, UGRPC_NOT_FOUND, NULL);
    overridden = set_power(f, 9, ACTIVE, -1000, BY_DEFAULT);
    set_power(f, 9, ACTIVE, -2000, BY_DEFAULT);
    assert_int_equal(overridden->n_sent, 0); /* nothing before it is accepted, also not its end */
    fake_journal_sync(&journal);
    assert_ended(overridden, ALPHA_POWER_STATUS(OVERRIDDEN), NO_TIME);
    assert_int_equal(overridden->n_sent, 2);

    struct ugrpc_call *gone = set_power(f, 10, ACTIVE, 5000, BY_DEFAULT);
    fake_call_cancel(gone);
    fake_journal_sync(&journal);
    assert_int_equal(gone->n_sent, 0);
    assert_true(f->fake->ev_charger->setpoints[AXIS_ACTIVE].mode == SETPOINT_ACTIVE);
}

static void commands_are_marked_while_the_journal_cannot_be_written(void **state)
{
    struct fake_service *f = *state;
    static struct fake_journal journal; /* to the end of the fixture */
    const ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    fake_journal_attach(&journal, f->fake->site);
    journal.degraded = true;
    assert_string_equal(set_power(f, 4, ACTIVE, 99000, BY_DEFAULT)->trailing, "journal: degraded");
    assert_true(fake_journal_says(&journal, "refusal set 4 99000 11")); /* it is still told */
    assert_string_equal(fake_ask(f, "GetMicrogrid", &nothing)->trailing, "");
    journal.degraded = false;
    assert_string_equal(set_power(f, 4, ACTIVE, 99000, BY_DEFAULT)->trailing, "");
}

static void the_other_axis_is_on_its_own(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *active = set_power(f, 4, ACTIVE, 5000, BY_DEFAULT);
    struct ugrpc_call *reactive = set_power(f, 4, REACTIVE, -500, 10);
    assert_int_equal(fake_last(f->fake, f->fake->bat_inv)->axis, AXIS_REACTIVE);
    assert_told(reactive, 0, ALPHA_POWER_STATUS(ACCEPTED), now_s(f) + 10);
    fake_finish_all(f->fake);
    fake_report_reading(f->fake->bat_inv, METRIC_AC_REACTIVE_POWER, -500);
    assert_ended(reactive, ALPHA_POWER_STATUS(SUCCESS), now_s(f) + 10);
    assert_false(active->finished);
}

static void a_newer_one_overrides_it(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *older = set_power(f, 4, ACTIVE, 5000, BY_DEFAULT);
    struct ugrpc_call *newer = set_power(f, 4, ACTIVE, 5000, BY_DEFAULT);
    assert_ended(older, ALPHA_POWER_STATUS(OVERRIDDEN), NO_TIME);
    fake_finish_all(f->fake);
    fake_report_reading(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000);
    assert_ended(newer, ALPHA_POWER_STATUS(SUCCESS), now_s(f) + LIFETIME_DEFAULT_S);
}

static void a_device_that_refuses_it_fails_it(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *call = set_power(f, 4, ACTIVE, 5000, BY_DEFAULT);
    fake_finish(fake_last(f->fake, f->fake->bat_inv), UGRPC_INTERNAL);
    assert_ended(call, ALPHA_POWER_STATUS(FAILED), NO_TIME);
}

static void the_end_of_its_lifetime_fails_it(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *call = set_power(f, 4, ACTIVE, 5000, 10);
    fake_finish_all(f->fake);
    fake_pass_ms(f->fake, 9999);
    assert_false(call->finished);
    fake_pass_ms(f->fake, 1);
    assert_ended(call, ALPHA_POWER_STATUS(FAILED), NO_TIME);
}

static void a_cancel_changes_nothing(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *call = set_power(f, 4, ACTIVE, 5000, BY_DEFAULT);
    fake_call_cancel(call);
    fake_finish_all(f->fake);
    assert_true(call->finished);
    assert_int_equal(call->n_sent, 1);
    assert_true(f->fake->bat_inv->setpoints[AXIS_ACTIVE].applied == 5000);
    assert_false(set_power(f, 4, ACTIVE, 4000, BY_DEFAULT)->finished); /* and overrides nobody */
}

static void a_refusal_is_a_status_and_nothing_is_told(void **state)
{
    struct fake_service *f = *state;
    assert_refused(
        set_power(f, 4, 0, 1, BY_DEFAULT), UGRPC_INVALID_ARGUMENT, "bat_inv (4)", "power_type is 0", NULL);
    assert_refused(set_power(f, 4, 3, 1, BY_DEFAULT), UGRPC_INVALID_ARGUMENT, "power_type is 3", NULL);
    assert_refused(set_power(f, 4, ACTIVE, NAN, BY_DEFAULT), UGRPC_INVALID_ARGUMENT, "nan", "W", NULL);
    assert_refused(set_power(f, 4, REACTIVE, INFINITY, BY_DEFAULT), UGRPC_INVALID_ARGUMENT, "VAr", NULL);
    assert_refused(set_power(f, 4, ACTIVE, 1, 9), UGRPC_INVALID_ARGUMENT, "9 s", "10 ... 900", NULL);
    assert_refused(set_power(f, 4, ACTIVE, 1, 901), UGRPC_INVALID_ARGUMENT, NULL);
    assert_refused(set_power(f, 99, 0, 1, BY_DEFAULT), UGRPC_INVALID_ARGUMENT, "component 99", NULL);
    assert_refused(set_power(f, 99, ACTIVE, 1, BY_DEFAULT), UGRPC_NOT_FOUND, NULL);
    assert_refused(set_power(f, 2, ACTIVE, 1, BY_DEFAULT), UGRPC_UNIMPLEMENTED, "meter (2)", NULL);
    assert_refused(set_power(f, 4, ACTIVE, 10001, BY_DEFAULT), UGRPC_OUT_OF_RANGE, "10001", "10000", NULL);
    assert_int_equal(fake_unanswered(f->fake), 0);
}

/* ---- bounds ----------------------------------------------------------------------------------------- */

static struct ugrpc_call *augment(
    struct fake_service *f, const struct range *ranges, size_t n, int64_t lifetime_s, const char *token)
{
    alpha_bounds items[8], *pointers[8];
    alpha_bounds_request request = MICROGRID_V1ALPHA18_AUGMENT_ELECTRICAL_COMPONENT_BOUNDS_REQUEST_INIT;
    request.electrical_component_id = 4;
    request.target_metric = ALPHA_METRIC(AC_POWER_ACTIVE);
    request.n_bounds = n;
    request.bounds = pointers;
    for (size_t i = 0; i < n; i++) {
        items[i] = alpha_bounds_of(ranges[i]);
        pointers[i] = &items[i];
    }
    if (lifetime_s != BY_DEFAULT) {
        microgrid_v1alpha18_augment_electrical_component_bounds_request_set_request_lifetime(
            &request, (uint64_t)lifetime_s);
    }
    if (token) {
        microgrid_v1alpha18_augment_electrical_component_bounds_request_set_bounds_token(
            &request, (char *)token);
    }
    return fake_ask(f, "AugmentElectricalComponentBounds", &request);
}

static void assert_until(const struct ugrpc_call *call, int64_t until_s)
{
    microgrid_v1alpha18_augment_electrical_component_bounds_response *reply = fake_reply(call);
    assert_int_equal(reply->valid_until_time->seconds, until_s);
    fake_release(reply);
}

static struct ugrpc_call *clear(struct fake_service *f, uint64_t id, int metric, const char *token)
{
    microgrid_v1alpha18_clear_electrical_component_bounds_request request =
        MICROGRID_V1ALPHA18_CLEAR_ELECTRICAL_COMPONENT_BOUNDS_REQUEST_INIT;
    request.electrical_component_id = id;
    request.target_metric = (unsigned)metric;
    request.bounds_token = (char *)token;
    return fake_ask(f, "ClearElectricalComponentBounds", &request);
}

static void assert_in_force(const struct fake_service *f, double lower, double upper)
{
    const struct ranges *in_force = bounds_in_force(f->fake->bat_inv, BOUNDED_ACTIVE);
    assert_int_equal(in_force->n, 1);
    assert_true(in_force->items[0].lower == lower && in_force->items[0].upper == upper);
}

static void bounds_last_for_seconds_and_for_five_by_default(void **state)
{
    struct fake_service *f = *state;
    const struct range range = {-1000, 2000};
    assert_until(augment(f, &range, 1, BY_DEFAULT, NO_TOKEN), now_s(f) + 5);
    assert_until(augment(f, &range, 1, 5, "a"), now_s(f) + 5);
    assert_until(augment(f, &range, 1, 900, "b"), now_s(f) + 900);
    assert_refused(augment(f, &range, 1, 4, NO_TOKEN), UGRPC_INVALID_ARGUMENT, "4 s", "5 ... 900", NULL);
    assert_refused(augment(f, &range, 1, 901, NO_TOKEN), UGRPC_INVALID_ARGUMENT, NULL);
    assert_refused(augment(f, &range, 0, BY_DEFAULT, NO_TOKEN), UGRPC_INVALID_ARGUMENT, "is empty", NULL);
}

static void a_metric_that_takes_no_bounds_is_unimplemented_also_one_that_the_model_lacks(void **state)
{
    struct fake_service *f = *state;
    const int pressure = ALPHA_METRIC(PRESSURE_ABSOLUTE);
    assert_refused(clear(f, 4, pressure, "a"), UGRPC_UNIMPLEMENTED, "ac_active_power", NULL);
    assert_refused(clear(f, 99, pressure, "a"), UGRPC_NOT_FOUND, NULL); /* the id before the ability */
    assert_refused(clear(f, 2, ALPHA_METRIC(AC_POWER_ACTIVE), "a"), UGRPC_UNIMPLEMENTED,
        "type meter takes no bounds", NULL);
    assert_refused(clear(f, 99, 181, "a"), UGRPC_INVALID_ARGUMENT, "181", NULL);
    assert_refused(clear(f, 99, 0, "a"), UGRPC_INVALID_ARGUMENT, NULL);
}

static void a_tokens_next_use_replaces_its_bounds_whoever_calls(void **state)
{
    struct fake_service *f = *state;
    const struct range wide = {-5000, 5000}, narrow = {-100, 100};
    assert_until(augment(f, &wide, 1, 60, "mine"), now_s(f) + 60);
    fake_server_set_peer(f->server, "10.0.0.7:99", 7, "");
    assert_until(augment(f, &narrow, 1, 10, "mine"), now_s(f) + 10);
    assert_in_force(f, -100, 100);
    assert_until(augment(f, &wide, 1, 10, ""), now_s(f) + 10); /* none */
    assert_in_force(f, -5000, 5000);
}

static void a_token_clears_its_bounds_and_an_unknown_one_nothing(void **state)
{
    struct fake_service *f = *state;
    const struct range wide = {-5000, 5000}, narrow = {-100, 100};
    const int active = ALPHA_METRIC(AC_POWER_ACTIVE);
    assert_until(augment(f, &wide, 1, 60, "mine"), now_s(f) + 60);
    assert_until(augment(f, &narrow, 1, 60, NO_TOKEN), now_s(f) + 60);
    fake_release(fake_reply(clear(f, 4, active, "other")));
    fake_release(fake_reply(clear(f, 4, active, "")));
    fake_release(fake_reply(clear(f, 4, ALPHA_METRIC(AC_POWER_REACTIVE), "mine")));
    assert_in_force(f, -5000, 5000);
    fake_release(fake_reply(clear(f, 4, active, "mine")));
    assert_in_force(f, -100, 100);
    assert_refused(clear(f, 4, 0, "mine"), UGRPC_INVALID_ARGUMENT, "target_metric is 0", NULL);
    assert_refused(clear(f, 99, active, "mine"), UGRPC_NOT_FOUND, NULL);
    assert_refused(clear(f, 2, active, "mine"), UGRPC_UNIMPLEMENTED, "meter (2)", NULL);
}

static void a_token_has_a_longest(void **state)
{
    struct fake_service *f = *state;
    const struct range range = {0, 1};
    char token[257];
    memset(token, 'x', sizeof(token));
    token[256] = '\0';
    assert_refused(
        augment(f, &range, 1, 5, token), UGRPC_INVALID_ARGUMENT, "bounds_token has 256 bytes", "255", NULL);
    token[255] = '\0';
    assert_until(augment(f, &range, 1, 5, token), now_s(f) + 5);
}

/* ---- telemetry -------------------------------------------------------------------------------------- */

static struct ugrpc_call *stream(struct fake_service *f, uint64_t id)
{
    microgrid_v1alpha18_receive_electrical_component_telemetry_stream_request request =
        MICROGRID_V1ALPHA18_RECEIVE_ELECTRICAL_COMPONENT_TELEMETRY_STREAM_REQUEST_INIT;
    request.electrical_component_id = id;
    return fake_ask(f, "ReceiveElectricalComponentTelemetryStream", &request);
}

/* What a stream of bat_inv's active power tells of its bounds, "-500 -300, 1000 2000". */
static void shown_bounds_of(struct fake_service *f, char *out, size_t cap)
{
    microgrid_v1alpha18_receive_electrical_component_telemetry_stream_response *message = fake_newest(
        stream(f, 4));
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < message->telemetry->n_metric_samples; i++) {
        const microgrid_common_v1alpha8_metrics_metric_sample *sample = message->telemetry->metric_samples[i];
        for (size_t j = 0; sample->metric == ALPHA_METRIC(AC_POWER_ACTIVE) && j < sample->n_bounds; j++) {
            len += (size_t)snprintf(out + len, cap - len, "%s%g %g", j ? ", " : "",
                (double)sample->bounds[j]->lower, (double)sample->bounds[j]->upper);
        }
    }
    fake_release(message);
}

static void the_two_ranges_nearest_to_zero_are_shown(void **state)
{
    static const struct {
        struct range ranges[5];
        size_t n;
        const char *shown;
    } cases[] = {
        {{{-9000, -8000}}, 1, "-9000 -8000"},
        {{{-9000, -8000}, {-500, -300}, {1000, 2000}, {5000, 6000}}, 4, "-500 -300, 1000 2000"},
        {{{1000, 2000}, {5000, 6000}, {8000, 9000}}, 3, "1000 2000, 5000 6000"},
        {{{-9000, -8000}, {-7000, -6000}, {-500, -300}}, 3, "-7000 -6000, -500 -300"},
        {{{-9000, -8000}, {-100, 100}, {300, 400}, {500, 600}}, 4, "-100 100, 300 400"},
        {{{-600, -500}, {-100, 100}, {700, 800}}, 3, "-600 -500, -100 100"},
    };
    struct fake_service *f = *state;
    fake_report_reading(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char shown[128];
        assert_until(augment(f, cases[i].ranges, cases[i].n, 60, "mine"), now_s(f) + 60);
        fake_report_reading(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, 0);
        shown_bounds_of(f, shown, sizeof(shown));
        assert_string_equal(shown, cases[i].shown);
    }
}

static void an_error_is_a_diagnostic_with_its_name(void **state)
{
    struct fake_service *f = *state;
    fake_report_error(f->fake->bat_inv, ERROR_OVERVOLTAGE, false);
    microgrid_v1alpha18_receive_electrical_component_telemetry_stream_response *message = fake_newest(
        stream(f, 4));
    assert_int_equal(message->telemetry->n_state_snapshots, 1);
    const alpha_state *shown = message->telemetry->state_snapshots[0];
    assert_int_equal(shown->n_states, 1);
    assert_int_equal(shown->states[0], ALPHA_STATE(ERROR));
    assert_int_equal(shown->n_errors, 1);
    assert_int_equal(shown->errors[0]->diagnostic_code, ALPHA_DIAGNOSTIC(OVERVOLTAGE));
    assert_string_equal(shown->errors[0]->message, "overvoltage");
    fake_release(message);
}

/* ---- versions and rights ---------------------------------------------------------------------------- */

static unsigned mode_of(struct fake_service *f, uint64_t id)
{
    microgrid_v1alpha18_list_electrical_components_request request =
        MICROGRID_V1ALPHA18_LIST_ELECTRICAL_COMPONENTS_REQUEST_INIT;
    request.n_electrical_component_ids = 1;
    request.electrical_component_ids = &id;
    microgrid_v1alpha18_list_electrical_components_response *reply = fake_reply(
        fake_ask(f, "ListElectricalComponents", &request));
    assert_int_equal(reply->n_electrical_components, 1);
    unsigned mode = reply->electrical_components[0]->operational_mode;
    fake_release(reply);
    return mode;
}

static void both_versions_are_one_service(void **state)
{
    struct fake_service *f = *state;
    const struct ugrpc_call *one = fake_ask_path(f, API "ListElectricalComponents");
    const struct ugrpc_call *other = fake_ask_path(
        f, "/frequenz.api.microgrid.v1alpha19.Microgrid/ListElectricalComponents");
    assert_true(other->finished && other->n_sent == 1);
    assert_ptr_equal(one->sent[0], other->sent[0]);
}

static void the_mode_says_what_can_be_controlled(void **state)
{
    struct fake_service *f = *state;
    assert_int_equal(mode_of(f, 2), ALPHA_MODE(TELEMETRY_ONLY));
    assert_int_equal(mode_of(f, 4), ALPHA_MODE(CONTROL_AND_TELEMETRY));
    assert_int_equal(mode_of(f, 5), ALPHA_MODE(CONTROL_AND_TELEMETRY));
}

static void a_read_only_gateway_refuses_every_command_of_both_before_looking_at_it(void **state)
{
    struct fake_service *f = *state;
    static const char *const commands[] = {"AugmentElectricalComponentBounds",
        "ClearElectricalComponentBounds", "SetElectricalComponentPower", "StartElectricalComponent",
        "PutElectricalComponentInStandby", "StopElectricalComponent", "AckElectricalComponentError"};
    static const char *const versions[] = {API, "/frequenz.api.microgrid.v1alpha19.Microgrid/"};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        f->api = versions[i];
        for (size_t j = 0; j < ARRAY_LEN(commands); j++) {
            assert_refused(fake_ask_bytes(f, commands[j], "\xff\xff", 2), UGRPC_PERMISSION_DENIED,
                commands[j], "--read-only", NULL);
        }
        assert_false(stream(f, 4)->finished);
    }
    assert_int_equal(mode_of(f, 4), ALPHA_MODE(TELEMETRY_ONLY));
}

/* ---- what it has no category for --------------------------------------------------------------------- */

static size_t count_connections(struct fake_service *f, uint64_t start, uint64_t end)
{
    microgrid_v1alpha18_list_electrical_component_connections_request request =
        MICROGRID_V1ALPHA18_LIST_ELECTRICAL_COMPONENT_CONNECTIONS_REQUEST_INIT;
    request.n_source_electrical_component_ids = start != ANY;
    request.source_electrical_component_ids = &start;
    request.n_destination_electrical_component_ids = end != ANY;
    request.destination_electrical_component_ids = &end;
    microgrid_v1alpha18_list_electrical_component_connections_response *reply = fake_reply(
        fake_ask(f, "ListElectricalComponentConnections", &request));
    size_t n = reply->n_electrical_component_connections;
    fake_release(reply);
    return n;
}

static void what_has_no_category_stands_apart_and_is_connected_past(void **state)
{
    struct fake_service *f = *state;
    assert_int_equal(mode_of(f, 22), ALPHA_MODE(TELEMETRY_ONLY)); /* it is listed all the same */
    assert_int_equal(count_connections(f, 22, ANY), 0);
    assert_int_equal(count_connections(f, ANY, 22), 0);
    assert_int_equal(count_connections(f, 2, 23), 1);
    assert_int_equal(count_connections(f, ANY, ANY), f->fake->site->n_connections - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(it_is_accepted_at_once_and_a_success_when_it_is_measured),
        TEST(the_other_axis_is_on_its_own),
        TEST(a_newer_one_overrides_it),
        TEST(a_device_that_refuses_it_fails_it),
        TEST(the_end_of_its_lifetime_fails_it),
        TEST(with_a_journal_it_is_accepted_when_that_has_it),
        TEST(commands_are_marked_while_the_journal_cannot_be_written),
        TEST(a_cancel_changes_nothing),
        TEST(a_refusal_is_a_status_and_nothing_is_told),
        TEST(bounds_last_for_seconds_and_for_five_by_default),
        TEST(a_metric_that_takes_no_bounds_is_unimplemented_also_one_that_the_model_lacks),
        TEST(a_tokens_next_use_replaces_its_bounds_whoever_calls),
        TEST(a_token_clears_its_bounds_and_an_unknown_one_nothing),
        TEST(a_token_has_a_longest),
        TEST(the_two_ranges_nearest_to_zero_are_shown),
        TEST(an_error_is_a_diagnostic_with_its_name),
        TEST(both_versions_are_one_service),
        TEST(the_mode_says_what_can_be_controlled),
        cmocka_unit_test_setup_teardown(
            a_read_only_gateway_refuses_every_command_of_both_before_looking_at_it, set_up_read_only,
            tear_down),
        cmocka_unit_test_setup_teardown(
            what_has_no_category_stands_apart_and_is_connected_past, set_up_with_a_fuse, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

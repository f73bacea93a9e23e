/* SPDX-License-Identifier: MIT */
/* The published API on a fake site, through the generated code, without sockets. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "fake_service.h"
#include "service/v1/microgrid_v1.h"
#include "service/v1/wire.h"

#define API "/frequenz.api.microgrid.v1.Microgrid/"

static int set_up(void **state)
{
    *state = fake_service_new(API, false, service_v1_add);
    return 0;
}

static int set_up_read_only(void **state)
{
    *state = fake_service_new(API, true, service_v1_add);
    return 0;
}

static int tear_down(void **state)
{
    fake_service_free(*state);
    return 0;
}

/* ---- lists ------------------------------------------------------------------------------------------ */

static void metadata_tells_what_the_site_is(void **state)
{
    struct fake_service *f = *state;
    const ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    microgrid_v1_get_microgrid_metadata_response *reply = fake_reply(
        fake_ask(f, "GetMicrogridMetadata", &nothing));
    assert_int_equal(reply->microgrid->id, f->fake->site->spec.id);
    assert_string_equal(reply->microgrid->name, f->fake->site->spec.name);
    assert_int_equal(reply->microgrid->status, V1_SITE_STATUS(ACTIVE));
    fake_release(reply);
}

static const v1_component *listed(const microgrid_v1_list_components_response *reply, uint64_t id)
{
    for (size_t i = 0; i < reply->n_components; i++) {
        if (reply->components[i]->id == id) {
            return reply->components[i];
        }
    }
    fail_msg("component %d is not listed", (int)id);
    return NULL;
}

static void the_list_has_every_component_with_its_category_and_rated_bounds(void **state)
{
    struct fake_service *f = *state;
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    microgrid_v1_list_components_response *reply = fake_reply(fake_ask(f, "ListComponents", &all));
    assert_int_equal(reply->n_components, f->fake->site->n_components);
    const v1_component *inverter = listed(reply, 4), *battery = listed(reply, 5);
    assert_string_equal(inverter->name, "bat_inv");
    assert_int_equal(inverter->category, V1_CATEGORY(INVERTER));
    assert_int_equal(inverter->category_type->inverter->type, V1_INVERTER(BATTERY));
    assert_int_equal(inverter->status, V1_STATUS(ACTIVE));
    assert_int_equal(inverter->metric_config_bounds[0]->metric, V1_METRIC(AC_ACTIVE_POWER));
    assert_true(inverter->metric_config_bounds[0]->config_bounds->lower == -10000.0f);
    assert_true(inverter->metric_config_bounds[0]->config_bounds->upper == 10000.0f);
    assert_int_equal(battery->category_type->battery->type, V1_BATTERY(LI_ION));
    assert_int_equal(listed(reply, 9)->category_type->inverter->type, V1_INVERTER(SOLAR));
    assert_int_equal(listed(reply, 1)->category_type->metadata_case, V1_METADATA(GRID));
    assert_null(listed(reply, 2)->category_type);
    fake_release(reply);
}

static void two_full_lists_are_one_message(void **state)
{
    struct fake_service *f = *state;
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    assert_ptr_equal(
        fake_ask(f, "ListComponents", &all)->sent[0], fake_ask(f, "ListComponents", &all)->sent[0]);
}

static void a_list_is_filtered_by_id_and_category(void **state)
{
    struct fake_service *f = *state;
    uint64_t ids[] = {9, 4, 5, 77};
    unsigned categories[] = {V1_CATEGORY(INVERTER), 12345};
    microgrid_v1_list_components_request request = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    request.n_component_ids = 4;
    request.component_ids = ids;
    request.n_categories = 2;
    request.categories = categories;
    microgrid_v1_list_components_response *reply = fake_reply(fake_ask(f, "ListComponents", &request));
    assert_int_equal(reply->n_components, 2);
    assert_int_equal(reply->components[0]->id, 4);
    assert_int_equal(reply->components[1]->id, 9);
    fake_release(reply);
}

static void sensors_are_listed_apart(void **state)
{
    struct fake_service *f = *state;
    microgrid_v1_list_sensor_request request = MICROGRID_V1_LIST_SENSOR_REQUEST_INIT;
    microgrid_v1_list_sensors_response *reply = fake_reply(fake_ask(f, "ListSensors", &request));
    assert_int_equal(reply->n_sensors, 1);
    assert_int_equal(reply->sensors[0]->category, V1_SENSOR_CATEGORY(THERMOMETER));
    assert_string_equal(reply->sensors[0]->model_name, "T1");
    assert_int_equal(reply->sensors[0]->operational_lifetime->start_timestamp->seconds, 1700000000);
    assert_null(reply->sensors[0]->operational_lifetime->end_timestamp);
    fake_release(reply);
}

static void connections_point_away_from_the_grid(void **state)
{
    struct fake_service *f = *state;
    uint64_t starts[] = {2, 4}, ends[] = {5, 9};
    microgrid_v1_list_connections_request request = MICROGRID_V1_LIST_CONNECTIONS_REQUEST_INIT;
    request.n_starts = request.n_ends = 2;
    request.starts = starts;
    request.ends = ends;
    microgrid_v1_list_connections_response *reply = fake_reply(fake_ask(f, "ListConnections", &request));
    assert_int_equal(reply->n_connections, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(reply->connections[i]->destination_component_id,
            reply->connections[i]->source_component_id == 2 ? 9 : 5);
    }
    fake_release(reply);
}

/* ---- streams ---------------------------------------------------------------------------------------- */

static struct ugrpc_call *stream(struct fake_service *f, uint64_t id, unsigned *metrics, size_t n)
{
    microgrid_v1_receive_component_data_stream_request_component_data_stream_filter filter;
    microgrid_v1_receive_component_data_stream_request_component_data_stream_filter_init(&filter);
    filter.metrics = metrics;
    filter.n_metrics = n;
    microgrid_v1_receive_component_data_stream_request request =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_INIT;
    request.component_id = id;
    request.filter = metrics ? &filter : NULL;
    return fake_ask(f, "ReceiveComponentDataStream", &request);
}

static struct ugrpc_call *sensor_stream(struct fake_service *f, uint64_t id, unsigned *metrics, size_t n)
{
    microgrid_v1_receive_sensor_data_stream_request_sensor_data_stream_filter filter;
    microgrid_v1_receive_sensor_data_stream_request_sensor_data_stream_filter_init(&filter);
    filter.metrics = metrics;
    filter.n_metrics = n;
    microgrid_v1_receive_sensor_data_stream_request request =
        MICROGRID_V1_RECEIVE_SENSOR_DATA_STREAM_REQUEST_INIT;
    request.sensor_id = id;
    request.filter = metrics ? &filter : NULL;
    return fake_ask(f, "ReceiveSensorDataStream", &request);
}

static void a_stream_begins_with_the_last_sample_and_its_own_time(void **state)
{
    struct fake_service *f = *state;
    struct component *inverter = f->fake->bat_inv;
    fake_report_reading(inverter, METRIC_AC_ACTIVE_POWER, 1234);
    int64_t sampled_utc_ns = inverter->telemetry.sampled_utc_ns;
    fake_clock_advance_ns(&f->fake->clock, 100 * NS_PER_MS);
    struct ugrpc_call *call = stream(f, 4, NULL, 0);
    microgrid_v1_receive_component_data_stream_response *message = fake_newest(call);
    const v1_component_data *data = message->data;
    assert_int_equal(data->component_id, 4);
    assert_int_equal(data->n_states, 1);
    assert_int_equal(data->states[0]->n_errors, 0);
    assert_int_equal(data->states[0]->sampled_at->seconds, sampled_utc_ns / NS_PER_S);
    assert_int_equal(data->states[0]->sampled_at->nanos, sampled_utc_ns % NS_PER_S);
    bool seen = false;
    for (size_t i = 0; i < data->n_metric_samples; i++) {
        const v1_metric_sample *sample = data->metric_samples[i];
        assert_int_equal(sample->sampled_at->nanos, data->states[0]->sampled_at->nanos);
        if (sample->metric == V1_METRIC(AC_ACTIVE_POWER)) {
            seen = true;
            assert_true(sample->value->simple_metric->value == 1234.0f);
            assert_int_equal(sample->n_bounds, 1);
            assert_true(sample->bounds[0]->lower == -10000.0f && sample->bounds[0]->upper == 10000.0f);
        }
    }
    assert_true(seen);
    fake_release(message);

    fake_report_reading(inverter, METRIC_AC_ACTIVE_POWER, 1300);
    assert_int_equal(call->n_sent, 2);
}

static void bounds_stand_on_what_can_be_commanded_and_nowhere_else(void **state)
{
    struct fake_service *f = *state;
    fake_report_reading(f->fake->meter, METRIC_AC_ACTIVE_POWER, 50);
    fake_report_reading(f->fake->battery, METRIC_BATTERY_SOC_PCT, 50);
    microgrid_v1_receive_component_data_stream_response *message = fake_newest(stream(f, 2, NULL, 0));
    for (size_t i = 0; i < message->data->n_metric_samples; i++) {
        assert_int_equal(message->data->metric_samples[i]->n_bounds, 0);
    }
    fake_release(message);
    unsigned soc = V1_METRIC(BATTERY_SOC_PCT);
    message = fake_newest(stream(f, 5, &soc, 1));
    assert_int_equal(message->data->n_metric_samples, 1);
    assert_int_equal(message->data->metric_samples[0]->n_bounds, 1);
    assert_true(message->data->metric_samples[0]->bounds[0]->lower == 10.0f);
    fake_release(message);
}

static void a_filter_takes_unknown_numbers_but_not_unspecified_or_none(void **state)
{
    struct fake_service *f = *state;
    unsigned unknown = 9999, unspecified[] = {V1_METRIC(AC_ACTIVE_POWER), 0};
    microgrid_v1_receive_component_data_stream_response *message = fake_newest(stream(f, 4, &unknown, 1));
    assert_int_equal(message->data->n_metric_samples, 0);
    assert_int_equal(message->data->n_states, 1);
    fake_release(message);
    assert_refused(stream(f, 4, unspecified, 2), UGRPC_INVALID_ARGUMENT, "filter.metrics[1]",
        "METRIC_UNSPECIFIED", NULL);
    assert_refused(stream(f, 4, unspecified, 0), UGRPC_INVALID_ARGUMENT, "filter.metrics is empty", NULL);
    assert_refused(stream(f, 99, unspecified, 0), UGRPC_INVALID_ARGUMENT, NULL); /* fields before the id */
}

static void a_refused_filter_names_what_was_to_be_streamed(void **state)
{
    struct fake_service *f = *state;
    unsigned none = 0;
    assert_refused(stream(f, 4, &none, 0), UGRPC_INVALID_ARGUMENT, "bat_inv (4): filter", NULL);
    assert_refused(stream(f, 4, &none, 1), UGRPC_INVALID_ARGUMENT, "bat_inv (4): filter", NULL);
    assert_refused(stream(f, 99, &none, 0), UGRPC_INVALID_ARGUMENT, "component 99: filter", NULL);
    assert_refused(
        sensor_stream(f, 101, &none, 0), UGRPC_INVALID_ARGUMENT, "thermometer (101): filter", NULL);
    assert_refused(
        sensor_stream(f, 101, &none, 1), UGRPC_INVALID_ARGUMENT, "thermometer (101): filter", NULL);
    assert_refused(sensor_stream(f, 4, &none, 0), UGRPC_INVALID_ARGUMENT, "sensor 4: filter", NULL);
}

static void a_component_that_the_site_lacks_is_not_found(void **state)
{
    struct fake_service *f = *state;
    assert_refused(stream(f, 99, NULL, 0), UGRPC_NOT_FOUND, "no component 99", "ids from 1 to 17", NULL);
    assert_refused(stream(f, 101, NULL, 0), UGRPC_NOT_FOUND, "101 is a sensor", NULL);
}

static void an_offline_component_streams_its_state_each_second(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *call = stream(f, 4, NULL, 0);
    fake_silence_ms(f->fake, 3000);
    size_t before = call->n_sent;
    fake_silence_ms(f->fake, 2000);
    assert_int_equal(call->n_sent, before + 2);
    microgrid_v1_receive_component_data_stream_response *message = fake_newest(call);
    const v1_component_state *shown = message->data->states[0];
    assert_int_equal(message->data->n_metric_samples, 0);
    assert_int_equal(shown->n_states, 2);
    assert_int_equal(shown->states[0], V1_STATE(UNAVAILABLE));
    assert_int_equal(shown->states[1], V1_STATE(ERROR));
    assert_int_equal(shown->n_errors, 1);
    assert_int_equal(shown->errors[0], V1_ERROR(HARDWARE_INACCESSIBLE));
    assert_int_equal(shown->sampled_at->seconds, f->fake->clock.utc_ns / NS_PER_S);
    fake_release(message);
    fake_report_reading(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, 1);
    message = fake_newest(call);
    assert_true(message->data->n_metric_samples > 0); /* it heals */
    fake_release(message);
}

static void a_sensor_streams_its_metrics_and_is_on_or_in_error(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *call = sensor_stream(f, 101, NULL, 0);
    microgrid_v1_receive_sensor_data_stream_response *message = fake_call_message(call, 0);
    assert_int_equal(message->data->n_metric_samples, 0);
    assert_int_equal(message->data->states[0]->states[0], V1_SENSOR_STATE(UNSPECIFIED));
    fake_release(message);

    const struct reading reading = {METRIC_SENSOR_TEMPERATURE, 21.5f};
    struct sample sample = {.time_utc_ns = f->fake->clock.utc_ns, .readings = &reading, .n_readings = 1};
    sensor_report(f->fake->site->sensors[0], &sample);
    message = fake_call_message(call, 1);
    assert_int_equal(message->data->sensor_id, 101);
    assert_int_equal(message->data->metric_samples[0]->metric, V1_METRIC(SENSOR_TEMPERATURE));
    assert_true(message->data->metric_samples[0]->value->simple_metric->value == 21.5f);
    assert_int_equal(message->data->states[0]->states[0], V1_SENSOR_STATE(ON));
    assert_int_equal(message->data->states[0]->n_errors, 0);
    fake_release(message);

    fake_silence_ms(f->fake, 10000);
    message = fake_call_message(call, call->n_sent - 1);
    assert_int_equal(message->data->states[0]->states[0], V1_SENSOR_STATE(ERROR));
    assert_int_equal(message->data->states[0]->errors[0], V1_SENSOR_ERROR(UNKNOWN));
    assert_int_equal(message->data->n_metric_samples, 0);
    fake_release(message);
}

/* ---- commands --------------------------------------------------------------------------------------- */

static struct ugrpc_call *set_active(struct fake_service *f, uint64_t id, float power, int64_t lifetime_s)
{
    microgrid_v1_set_component_power_active_request request =
        MICROGRID_V1_SET_COMPONENT_POWER_ACTIVE_REQUEST_INIT;
    request.component_id = id;
    request.power = power;
    if (lifetime_s >= 0) {
        microgrid_v1_set_component_power_active_request_set_request_lifetime(&request, (uint64_t)lifetime_s);
    }
    return fake_ask(f, "SetComponentPowerActive", &request);
}

static void power_is_answered_when_the_device_accepted_it(void **state)
{
    struct fake_service *f = *state;
    int64_t now_s = f->fake->clock.utc_ns / NS_PER_S;
    struct ugrpc_call *call = set_active(f, 4, 5000, -1);
    assert_false(call->finished);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 5000);
    fake_finish_all(f->fake);
    microgrid_v1_set_component_power_active_response *reply = fake_reply(call);
    assert_int_equal(reply->valid_until->seconds, now_s + LIFETIME_DEFAULT_S);
    fake_release(reply);
    assert_string_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].by, "127.0.0.1:4711");
}

static void a_device_that_refuses_fails_the_call(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *call = set_active(f, 4, 5000, 10);
    fake_finish(fake_last(f->fake, f->fake->bat_inv), UGRPC_INTERNAL);
    timers_run(&f->fake->timers);
    assert_refused(call, UGRPC_INTERNAL, NULL);
}

static void a_cancel_does_not_revoke_the_set_point(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *call = set_active(f, 4, 5000, 10);
    fake_call_cancel(call);
    fake_finish_all(f->fake);
    assert_true(call->finished);
    assert_true(f->fake->bat_inv->setpoints[AXIS_ACTIVE].requested == 5000);
}

static void bad_power_and_lifetimes_are_refused_by_field(void **state)
{
    struct fake_service *f = *state;
    assert_refused(
        set_active(f, 4, NAN, -1), UGRPC_INVALID_ARGUMENT, "bat_inv (4)", "power", "nan", "W", NULL);
    assert_refused(set_active(f, 4, INFINITY, -1), UGRPC_INVALID_ARGUMENT, "inf", NULL);
    assert_refused(
        set_active(f, 4, 1, 0), UGRPC_INVALID_ARGUMENT, "request_lifetime is 0 s", "10 ... 900", NULL);
    assert_refused(set_active(f, 4, 1, 9), UGRPC_INVALID_ARGUMENT, NULL);
    assert_refused(set_active(f, 4, 1, 901), UGRPC_INVALID_ARGUMENT, NULL);
    assert_refused(set_active(f, 99, 1, 901), UGRPC_INVALID_ARGUMENT, "component 99", NULL);
    assert_refused(set_active(f, 99, 1, -1), UGRPC_NOT_FOUND, NULL);
    assert_refused(set_active(f, 2, 1, -1), UGRPC_UNIMPLEMENTED, "meter (2)", NULL);
    assert_refused(set_active(f, 4, 10001, -1), UGRPC_OUT_OF_RANGE, "10001", "10000", NULL);
    assert_int_equal(fake_unanswered(f->fake), 0);
}

static void reactive_power_has_its_own_axis(void **state)
{
    struct fake_service *f = *state;
    microgrid_v1_set_component_power_reactive_request request =
        MICROGRID_V1_SET_COMPONENT_POWER_REACTIVE_REQUEST_INIT;
    request.component_id = 4;
    request.power = -500;
    struct ugrpc_call *call = fake_ask(f, "SetComponentPowerReactive", &request);
    assert_int_equal(fake_last(f->fake, f->fake->bat_inv)->axis, AXIS_REACTIVE);
    fake_finish_all(f->fake);
    microgrid_v1_set_component_power_reactive_response *reply = fake_reply(call);
    assert_non_null(reply->valid_until);
    fake_release(reply);
    request.power = NAN;
    assert_refused(fake_ask(f, "SetComponentPowerReactive", &request), UGRPC_INVALID_ARGUMENT, "VAr", NULL);
}

/* One range; `sides` "lu" says which sides are there. */
static struct ugrpc_call *add(struct fake_service *f, uint64_t id, int metric, float lower, float upper,
    const char *sides, int duration)
{
    v1_bounds bounds = MICROGRID_COMMON_V1_METRICS_BOUNDS_INIT, *pointers[] = {&bounds};
    if (strchr(sides, 'l')) {
        v1_bounds_set_lower(&bounds, lower);
    }
    if (strchr(sides, 'u')) {
        v1_bounds_set_upper(&bounds, upper);
    }
    microgrid_v1_add_component_bounds_request request = MICROGRID_V1_ADD_COMPONENT_BOUNDS_REQUEST_INIT;
    request.component_id = id;
    request.target_metric = (unsigned)metric;
    request.n_bounds = strcmp(sides, "none") != 0;
    request.bounds = pointers;
    request.validity_duration = (unsigned)duration;
    return fake_ask(f, "AddComponentBounds", &request);
}

static void bounds_are_added_until_the_time_returned(void **state)
{
    struct fake_service *f = *state;
    static const int durations_s[] = {5, 5, 60, 300, 900};
    int64_t now_s = f->fake->clock.utc_ns / NS_PER_S;
    for (int i = 0; i < 5; i++) {
        microgrid_v1_add_component_bounds_response *reply = fake_reply(
            add(f, 4, V1_METRIC(AC_ACTIVE_POWER), -1000.0f - (float)i, 2000, "lu", i));
        assert_int_equal(reply->ts->seconds, now_s + durations_s[i]);
        fake_release(reply);
    }
    const struct ranges *in_force = bounds_in_force(f->fake->bat_inv, BOUNDED_ACTIVE);
    assert_true(in_force->items[0].lower == -1004 && in_force->items[0].upper == 2000);
}

static void a_missing_side_is_unbounded(void **state)
{
    struct fake_service *f = *state;
    fake_release(fake_reply(add(f, 4, V1_METRIC(AC_ACTIVE_POWER), -1000, 0, "l", 0)));
    const struct ranges *in_force = bounds_in_force(f->fake->bat_inv, BOUNDED_ACTIVE);
    assert_true(in_force->items[0].lower == -1000 && in_force->items[0].upper == 10000);
}

static void bad_bounds_are_refused_by_field(void **state)
{
    struct fake_service *f = *state;
    const int active = V1_METRIC(AC_ACTIVE_POWER);
    assert_refused(add(f, 4, active, NAN, 1, "lu", 0), UGRPC_INVALID_ARGUMENT, "bat_inv (4)",
        "bounds[0].lower is nan", NULL);
    assert_refused(
        add(f, 4, active, 0, INFINITY, "lu", 0), UGRPC_INVALID_ARGUMENT, "bounds[0].upper is inf", NULL);
    assert_refused(add(f, 4, active, 2, 1, "lu", 0), UGRPC_INVALID_ARGUMENT, "lower 2 above upper 1", NULL);
    assert_refused(add(f, 4, active, 0, 0, "none", 0), UGRPC_INVALID_ARGUMENT, "bounds is empty", NULL);
    assert_refused(add(f, 4, 0, 0, 1, "lu", 0), UGRPC_INVALID_ARGUMENT, "target_metric is 0", NULL);
    assert_refused(add(f, 4, 68, 0, 1, "lu", 0), UGRPC_INVALID_ARGUMENT, "target_metric is 68", NULL);
    assert_refused(add(f, 4, active, 0, 1, "lu", 5), UGRPC_INVALID_ARGUMENT, "validity_duration is 5", NULL);
    assert_refused(add(f, 99, active, 0, 1, "lu", 5), UGRPC_INVALID_ARGUMENT, "component 99", NULL);
    assert_refused(add(f, 99, active, 0, 1, "lu", 4), UGRPC_NOT_FOUND, NULL);
    assert_refused(add(f, 4, V1_METRIC(AC_FREQUENCY), 0, 1, "lu", 4), UGRPC_UNIMPLEMENTED, NULL);
    assert_refused(add(f, 2, active, 0, 1, "lu", 4), UGRPC_UNIMPLEMENTED, "meter (2)", NULL);
}

static void bounds_of_a_key_are_its_own_on_every_connection(void **state)
{
    struct fake_service *f = *state;
    const int active = V1_METRIC(AC_ACTIVE_POWER);
    for (int i = 0; i < 4; i++) { /* two keys on four connections, the same range */
        fake_server_set_peer(f->server, "10.0.0.7:99", (uint64_t)i, i % 2 ? "key ems" : "key dashboard");
        fake_release(fake_reply(add(f, 4, active, -1, 1, "lu", 4)));
    }
    fake_server_set_peer(f->server, "10.0.0.7:99", 5, "");
    fake_release(fake_reply(add(f, 4, active, -1, 1, "lu", 4)));
    assert_int_equal(f->fake->events[EVENT_BOUNDS_ADDED], 5);
    assert_non_null(strstr(f->fake->event_text, "10.0.0.7:99"));
}

static void the_life_cycle_is_answered_when_its_sequence_ended(void **state)
{
    struct fake_service *f = *state;
    microgrid_v1_stop_component_request request = MICROGRID_V1_STOP_COMPONENT_REQUEST_INIT;
    request.component_id = 4;
    struct ugrpc_call *call = fake_ask(f, "StopComponent", &request);
    assert_false(call->finished);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_STOP), 1);
    fake_finish_all(f->fake);
    fake_release(fake_reply(call));
    request.component_id = 2;
    assert_refused(fake_ask(f, "StopComponent", &request), UGRPC_UNIMPLEMENTED, "meter (2)", NULL);
    request.component_id = 99;
    assert_refused(fake_ask(f, "StopComponent", &request), UGRPC_NOT_FOUND, NULL);
}

static void each_life_cycle_call_runs_its_own_action(void **state)
{
    struct fake_service *f = *state;
    microgrid_v1_put_component_in_standby_request standby =
        MICROGRID_V1_PUT_COMPONENT_IN_STANDBY_REQUEST_INIT;
    microgrid_v1_start_component_request start = MICROGRID_V1_START_COMPONENT_REQUEST_INIT;
    microgrid_v1_ack_component_error_request ack = MICROGRID_V1_ACK_COMPONENT_ERROR_REQUEST_INIT;
    standby.component_id = start.component_id = ack.component_id = 4;
    struct ugrpc_call *first = fake_ask(f, "PutComponentInStandby", &standby);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_STANDBY), 1);
    struct ugrpc_call *second = fake_ask(f, "StartComponent", &start);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_START), 1);
    fake_finish_all(f->fake);
    fake_pass_ms(f->fake, 1);
    assert_refused(first, UGRPC_ABORTED, NULL);
    fake_release(fake_reply(second));
    fake_report_error(f->fake->bat_inv, ERROR_OVERVOLTAGE, false);
    struct ugrpc_call *third = fake_ask(f, "AckComponentError", &ack);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_ACK), 1);
    fake_finish_all(f->fake);
    fake_pass_ms(f->fake, 1);
    fake_release(fake_reply(third));
}

static void a_read_only_gateway_refuses_every_command_before_looking_at_it(void **state)
{
    struct fake_service *f = *state;
    static const char *const commands[] = {"AddComponentBounds", "SetComponentPowerActive",
        "SetComponentPowerReactive", "StartComponent", "PutComponentInStandby", "StopComponent",
        "AckComponentError"};
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        assert_refused(fake_ask_bytes(f, commands[i], "\xff\xff", 2), UGRPC_PERMISSION_DENIED, commands[i],
            "--read-only", NULL);
    }
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    fake_release(fake_reply(fake_ask(f, "ListComponents", &all)));
    assert_false(stream(f, 4, NULL, 0)->finished);
}

/* ---- other versions --------------------------------------------------------------------------------- */

static void assert_about(const struct ugrpc_call *call, const char *name, uint64_t id)
{
    assert_string_equal(call->subject, name);
    assert_int_equal(call->subject_id, id);
}

static void each_call_about_a_component_says_so_whatever_becomes_of_it(void **state)
{
    struct fake_service *f = *state;
    assert_about(set_active(f, 4, 5000, -1), "bat_inv", 4);
    assert_about(set_active(f, 4, NAN, -1), "bat_inv", 4);
    assert_about(set_active(f, 2, 1, -1), "meter", 2);
    assert_about(set_active(f, 99, 1, -1), "", 0); /* the site has none of that id */
    assert_about(add(f, 5, 999, 1, 2, "lu", 0), "battery", 5);
    assert_about(stream(f, 9, NULL, 0), "pv_inv", 9);
    microgrid_v1_start_component_request start = MICROGRID_V1_START_COMPONENT_REQUEST_INIT;
    start.component_id = 16;
    assert_about(fake_ask(f, "StartComponent", &start), "relay_inv", 16);
    microgrid_v1_set_component_power_reactive_request reactive =
        MICROGRID_V1_SET_COMPONENT_POWER_REACTIVE_REQUEST_INIT;
    reactive.component_id = 4;
    assert_about(fake_ask(f, "SetComponentPowerReactive", &reactive), "bat_inv", 4);
    microgrid_v1_receive_sensor_data_stream_request sensor =
        MICROGRID_V1_RECEIVE_SENSOR_DATA_STREAM_REQUEST_INIT;
    sensor.sensor_id = f->fake->site->sensors[0]->spec.id;
    assert_about(fake_ask(f, "ReceiveSensorDataStream", &sensor), f->fake->site->sensors[0]->spec.name,
        sensor.sensor_id);
}

static void another_version_is_told_what_is_served_and_noted_once_a_machine(void **state)
{
    struct fake_service *f = *state;
    for (int i = 0; i < 3; i++) {
        fake_server_set_peer(f->server, i == 1 ? "127.0.0.1:2" : "127.0.0.1:1", (uint64_t)i, "");
        assert_refused(
            fake_ask_path(f, "/frequenz.api.microgrid.v1alpha18.Microgrid/ListElectricalComponents"),
            UGRPC_UNIMPLEMENTED, "frequenz.api.microgrid.v1alpha18 is not served here",
            "serves frequenz.api.microgrid.v1", NULL);
    }
    assert_int_equal(f->n_notes, 1);
    assert_string_equal(f->notes[0], "a client at 127.0.0.1 speaks frequenz.api.microgrid.v1alpha18; "
                                     "this gateway serves frequenz.api.microgrid.v1");
    fake_server_set_peer(f->server, "[::1]:1", 9, "");
    fake_ask_path(f, "/frequenz.api.microgrid.v1alpha18.Microgrid/ListElectricalComponents");
    fake_ask_path(f, "/frequenz.api.microgrid.v2.Microgrid/ListComponents");
    assert_int_equal(f->n_notes, 3);
    assert_refused(fake_ask_path(f, API "Nonsense"), UGRPC_UNIMPLEMENTED, "no method", NULL);
    assert_refused(
        fake_ask_path(f, "/other.Service/Call"), UGRPC_UNIMPLEMENTED, "no method /other.Service/Call", NULL);
    assert_int_equal(f->n_notes, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(metadata_tells_what_the_site_is),
        TEST(the_list_has_every_component_with_its_category_and_rated_bounds),
        TEST(two_full_lists_are_one_message),
        TEST(a_list_is_filtered_by_id_and_category),
        TEST(sensors_are_listed_apart),
        TEST(connections_point_away_from_the_grid),
        TEST(a_stream_begins_with_the_last_sample_and_its_own_time),
        TEST(bounds_stand_on_what_can_be_commanded_and_nowhere_else),
        TEST(a_filter_takes_unknown_numbers_but_not_unspecified_or_none),
        TEST(a_refused_filter_names_what_was_to_be_streamed),
        TEST(a_component_that_the_site_lacks_is_not_found),
        TEST(an_offline_component_streams_its_state_each_second),
        TEST(a_sensor_streams_its_metrics_and_is_on_or_in_error),
        TEST(power_is_answered_when_the_device_accepted_it),
        TEST(a_device_that_refuses_fails_the_call),
        TEST(a_cancel_does_not_revoke_the_set_point),
        TEST(bad_power_and_lifetimes_are_refused_by_field),
        TEST(reactive_power_has_its_own_axis),
        TEST(bounds_are_added_until_the_time_returned),
        TEST(a_missing_side_is_unbounded),
        TEST(bad_bounds_are_refused_by_field),
        TEST(bounds_of_a_key_are_its_own_on_every_connection),
        TEST(the_life_cycle_is_answered_when_its_sequence_ended),
        TEST(each_life_cycle_call_runs_its_own_action),
        cmocka_unit_test_setup_teardown(
            a_read_only_gateway_refuses_every_command_before_looking_at_it, set_up_read_only, tear_down),
        TEST(each_call_about_a_component_says_so_whatever_becomes_of_it),
        TEST(another_version_is_told_what_is_served_and_noted_once_a_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

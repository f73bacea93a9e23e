/* SPDX-License-Identifier: MIT */
/* What is written by hand is read by protobuf-c, in the messages of each version. */
#include "unit.h"

#include <stdlib.h>

#include "fake_site.h"
#include "model/metric.h"
#include "service/feed.h"
#include "service/readings.h"
#include "service/shown.h"
#include "service/v1/tables.h"
#include "service/v1/wire.h"
#include "service/v1alpha/tables.h"
#include "service/v1alpha/wire.h"

static const struct readings_style v1_style = {.number = v1_metric, .max_bounds = SIZE_MAX};
static const struct readings_style alpha_style = {.number = alpha_metric, .max_bounds = 2};

static void *encode(const struct component *component, const struct readings_style *style,
    const ProtobufCMessageDescriptor *as)
{
    static const ugrpc_protobuf_timestamp time = {.base.descriptor = &ugrpc__protobuf__timestamp__descriptor,
        .seconds = 1800000000,
        .nanos = 999999999};
    struct feed_sample sample = {0};
    readings_encode(&sample, &component->telemetry, component, &time, style);
    assert_int_equal(sample.n_pieces, component->telemetry.n_readings);
    assert_int_equal(sample.pieces[sample.n_pieces - 1].end, sample.bytes.len);
    void *message = protobuf_c_message_unpack(as, NULL, sample.bytes.len, sample.bytes.data);
    bytes_done(&sample.bytes);
    assert_non_null(message);
    return message;
}

static v1_component_data *encode_v1(const struct component *component)
{
    v1_component_data data;
    v1_component_data_init(&data);
    return encode(component, &v1_style, data.base.descriptor);
}

static alpha_telemetry *encode_alpha(const struct component *component)
{
    alpha_telemetry data;
    alpha_telemetry_init(&data);
    return encode(component, &alpha_style, data.base.descriptor);
}

#define SAME_SAMPLE(sample, time, style, reading)                                                            \
    ((sample)->time->seconds == 1800000000 && (sample)->time->nanos == 999999999 &&                          \
        (int)(sample)->metric == (style).number((reading)->metric) &&                                        \
        (sample)->value->simple_metric->value == (reading)->value && (sample)->base.n_unknown_fields == 0)

static void every_reading_has_its_number_time_and_value_in_each_version(void **state)
{
    struct fake_site *fake = *state;
    for (int metric = METRIC_NONE + 1; metric < METRIC_COUNT; metric++) {
        fake_report_reading(fake->meter, (enum metric)metric, metric % 7 ? 0.1 * metric - 3 : 0);
    }
    const struct telemetry *telemetry = &fake->meter->telemetry;
    v1_component_data *v1 = encode_v1(fake->meter);
    alpha_telemetry *alpha = encode_alpha(fake->meter);
    assert_int_equal(telemetry->n_readings, METRIC_COUNT - 1);
    assert_int_equal(v1->n_metric_samples, METRIC_COUNT - 1);
    assert_int_equal(alpha->n_metric_samples, METRIC_COUNT - 1);
    for (size_t i = 0; i < telemetry->n_readings; i++) {
        assert_true(SAME_SAMPLE(v1->metric_samples[i], sampled_at, v1_style, &telemetry->readings[i]));
        assert_true(SAME_SAMPLE(alpha->metric_samples[i], sample_time, alpha_style, &telemetry->readings[i]));
    }
    protobuf_c_message_free_unpacked(&v1->base, NULL);
    protobuf_c_message_free_unpacked(&alpha->base, NULL);
}

static void v1_shows_all_bounds_and_v1alpha_the_two_nearest_to_zero(void **state)
{
    static const struct range added[] = {{-9000, -8000}, {-7000, -6000}, {-100, 200}, {5000, 6000}};
    struct fake_site *fake = *state;
    struct component *inverter = fake->bat_inv;
    fake_report_reading(inverter, METRIC_AC_ACTIVE_POWER, 10);
    assert_int_equal(fake_add_bounds(inverter, METRIC_AC_ACTIVE_POWER, &fake_caller_a, NULL, added, 4, 60,
                         &(int64_t){0}, NULL),
        0);
    v1_component_data *v1 = encode_v1(inverter);
    alpha_telemetry *alpha = encode_alpha(inverter);
    size_t last = v1->n_metric_samples - 1;
    assert_int_equal(v1->metric_samples[last]->n_bounds, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(v1->metric_samples[last]->bounds[i]->lower == (float)added[i].lower);
        assert_true(v1->metric_samples[last]->bounds[i]->upper == (float)added[i].upper);
    }
    assert_int_equal(alpha->metric_samples[last]->n_bounds, 2);
    assert_true(alpha->metric_samples[last]->bounds[0]->lower == -100.0f);
    assert_true(alpha->metric_samples[last]->bounds[1]->upper == 6000.0f);
    protobuf_c_message_free_unpacked(&v1->base, NULL);
    protobuf_c_message_free_unpacked(&alpha->base, NULL);
}

static int set_up(void **state)
{
    *state = fake_site_new();
    return 0;
}

static int tear_down(void **state)
{
    fake_site_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_reading_has_its_number_time_and_value_in_each_version),
        TEST(v1_shows_all_bounds_and_v1alpha_the_two_nearest_to_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* watch: on a terminal a live table, or a moving chart; else a line for each sample. */
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "ctl/ctl.h"
#include "ctl/follow.h"
#include "ctl/format.h"
#include "ctl/held.h"
#include "ctl/json.h"
#include "ctl/plot.h"
#include "ctl/report.h"
#include "ctl/screen.h"
#include "ctl/table.h"

#define OTHER_LINES 5 /* heading, how many more, why there is nothing new, keys, and air */
#define DRAW_NS     (NS_PER_S / 4)
#define SPAN_NS     (120 * NS_PER_S)
#define ASK_NS      NS_PER_S
#define COLUMNS     (MAX_METRICS + 8)

struct watch {
    const struct ctl *ctl;
    const struct follow_plan *plan;
    ProtobufCMessage **latest; /* of each thing; NULL before its first */
    struct plot_series
        *series; /* the first few: of each thing the metrics that were asked for, or its chief one */
    size_t n_series, n_undrawn;
    struct {
        size_t thing;
        int metric; /* -1: the chief one */
        char name[160];
    } sources[PLOT_MAX_SERIES];
    holders_message *held; /* set-points, if the gateway tells; NULL: not, or not yet */
    bool asking, is_silent;
    int64_t asked_ns;
    struct screen screen;
    struct timer draw;
    uv_poll_t *keys;
    bool plot;
    char lost[300]; /* why there is nothing new; "" while there is */
};

static struct sample latest_of(const struct watch *watch, size_t index)
{
    if (watch->plan->things[index].component) {
        return (struct sample){.component = (const component_data *)watch->latest[index]};
    }
    return (struct sample){.sensor = (const sensor_data *)watch->latest[index]};
}

/* The metric that stands for a thing when none was asked for. */
static int chief_metric(const struct sample *sample)
{
    int metric = -1;
    double value;
    if (sample->sensor) {
        return sample_at(sample, 0, &metric, &value) ? metric : -1;
    }
    return sample_power_metric(sample);
}

static const char *cell_format(const struct sample *sample, int metric, char *out, size_t cap)
{
    double value;
    if (metric < 0 || !sample_value(sample, metric, &value)) {
        return "-";
    }
    return value_format(value, metric_unit(metric), out, cap);
}

/* ---- lines ---- */

static void print_json(const struct watch *watch, size_t index, const struct sample *sample)
{
    json_print_line(follow_to_json(&watch->plan->things[index], sample));
}

static void print_line(const struct watch *watch, size_t index, const struct sample *sample)
{
    char at[40], text[200];
    printf(
        "%s  %s", clock_format(sample_time(sample), at, sizeof(at)), named_name(&watch->plan->things[index]));
    for (size_t i = 0; i < watch->plan->n_metrics; i++) {
        char name[80];
        printf("  %s %s", word_of(metric_words, watch->plan->metrics[i], name, sizeof(name)),
            cell_format(sample, watch->plan->metrics[i], text, sizeof(text)));
    }
    if (watch->plan->n_metrics == 0) {
        printf("  %s", cell_format(sample, chief_metric(sample), text, sizeof(text)));
    }
    printf("  %s\n", sample_states(sample, text, sizeof(text)));
    fflush(stdout);
}

/* ---- the page ---- */

static void add_age(struct table *table, const struct sample *sample)
{
    const ugrpc_protobuf_timestamp *at = sample_time(sample);
    if (!at) {
        table_add(table, "-");
        return;
    }
    double sampled_s = (double)at->seconds + at->nanos / 1e9;
    double now_s = (double)clock_now_utc_ns(clock_real()) / (double)NS_PER_S;
    table_add(table, "%.1f s", fmax(0, now_s - sampled_s));
}

/* What is set, and for how long yet. */
static void add_setpoint(const struct watch *watch, struct table *table, size_t index, int metric)
{
    const struct named *thing = &watch->plan->things[index];
    const setpoint_message *held = thing->component ? held_setpoint(watch->held, named_id(thing), metric)
                                                    : NULL;
    char text[48], left[40];
    int64_t seconds = held && held->valid_until ? held->valid_until->seconds - time(NULL) : 0;
    table_add(
        table, "%s", held ? value_format(held->requested, metric_unit(metric), text, sizeof(text)) : "-");
    table_add(table, "%s", held ? duration_format(seconds > 0 ? seconds : 0, left, sizeof(left)) : "-");
}

static void add_row(const struct watch *watch, struct table *table, size_t index)
{
    struct sample sample = latest_of(watch, index);
    char text[300] = "-";
    table_add(table, "%s", named_name(&watch->plan->things[index]));
    for (size_t i = 0; i < watch->plan->n_metrics; i++) {
        table_add(table, "%s", cell_format(&sample, watch->plan->metrics[i], text, sizeof(text)));
    }
    if (watch->plan->n_metrics == 0) {
        size_t n;
        int metric = chief_metric(&sample);
        bounds_message *const *bounds = sample_bounds(&sample, metric, &n);
        table_add(table, "%s", cell_format(&sample, metric, text, sizeof(text)));
        if (watch->held) {
            add_setpoint(watch, table, index, metric);
        }
        table_add(table, "%s", n ? bounds_format(bounds, n, metric_unit(metric), text, sizeof(text)) : "-");
    }
    add_age(table, &sample);
    table_add(table, "%s", sample_states(&sample, text, sizeof(text)));
}

/* As many as there is room for. */
static void draw_table(const struct watch *watch, int height)
{
    size_t n_shown = watch->plan->n < (size_t)height ? watch->plan->n : (size_t)height;
    char now[40], names[MAX_METRICS][82];
    const char *headings[COLUMNS] = {
        clock_format(&(ugrpc_protobuf_timestamp){.seconds = time(NULL)}, now, sizeof(now))};
    size_t n = 1;
    for (size_t i = 0; i < watch->plan->n_metrics; i++) {
        names[i][0] = ' ';
        word_of(metric_words, watch->plan->metrics[i], names[i] + 1, sizeof(names[i]) - 1);
        headings[n++] = names[i];
    }
    if (watch->plan->n_metrics == 0) {
        headings[n++] = " POWER";
        if (watch->held) {
            headings[n++] = " SET";
            headings[n++] = " ENDS IN";
        }
        headings[n++] = "ALLOWED NOW";
    }
    headings[n++] = " AGE";
    headings[n++] = "STATE";
    struct table table;
    table_init(&table, headings);
    for (size_t i = 0; i < n_shown; i++) {
        add_row(watch, &table, i);
    }
    table_print(&table, stdout, "\033[K");
    table_done(&table);
    if (n_shown < watch->plan->n) {
        printf("%zu more: name those that matter, or make the window higher" SCREEN_EOL,
            watch->plan->n - n_shown);
    }
}

static void draw(struct watch *watch)
{
    int width, height;
    screen_size(&width, &height);
    screen_begin();
    if (watch->plot) {
        int others = watch->n_undrawn ? 3 : 2;
        plot_draw(watch->series, watch->n_series, clock_now_ns(clock_real()), SPAN_NS, width, height - others,
            true, SCREEN_EOL, stdout);
        if (watch->n_undrawn) {
            printf("%zu more are not drawn: name those that matter" SCREEN_EOL, watch->n_undrawn);
        }
    } else {
        draw_table(watch, height > OTHER_LINES ? height - OTHER_LINES : 1);
    }
    printf("%s" SCREEN_EOL "q quit, p %s", watch->lost, watch->plot ? "table" : "plot");
    screen_end();
}

static void forget_held(struct watch *watch)
{
    microgrid_admin_v1_list_holders_response_free(watch->held);
    watch->held = NULL;
}

static void on_held(const struct ugrpc_status *st, const holders_message *held, void *userdata)
{
    struct watch *watch = userdata;
    watch->asking = false;
    forget_held(watch);
    if (held) {
        watch->held = (holders_message *)message_copy(&held->base);
    }
    watch->is_silent = st->code == UGRPC_UNIMPLEMENTED || st->code == UGRPC_PERMISSION_DENIED;
}

/* What is set, once a second while the table shows it. */
static void ask_held(struct watch *watch)
{
    const struct ugrpc_call_options options = {.timeout_ms = ASK_NS / NS_PER_MS};
    ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    int64_t now_ns = clock_now_ns(clock_real());
    if (watch->asking || watch->is_silent || watch->plot || watch->plan->n_metrics ||
        !held_may_ask(watch->ctl) || (watch->asked_ns && now_ns - watch->asked_ns < ASK_NS)) {
        return;
    }
    watch->asking = true;
    watch->asked_ns = now_ns;
    microgrid_admin_v1_list_holders_async(watch->ctl->channel, &nothing, &options, on_held, watch);
}

static void on_draw(struct timer *timer, void *userdata)
{
    struct follow *follow = userdata;
    struct watch *watch = container_of(timer, struct watch, draw);
    draw(watch);
    ask_held(watch);
    timer_start_in(follow_timers(follow), timer, DRAW_NS);
}

static void on_key(uv_poll_t *handle, int status, int events)
{
    struct follow *follow = handle->data;
    char keys[32];
    ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));
    struct watch *watch = follow_userdata(follow);
    for (ssize_t i = 0; i < n; i++) {
        if (keys[i] == 'q') {
            follow_stop(follow, CTL_DONE);
        } else if (keys[i] == 'p') {
            watch->plot = !watch->plot;
            draw(watch);
        }
    }
    if (n <= 0) { /* nobody will type any more */
        uv_poll_stop(handle);
    }
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

/* ---- events ---- */

static void on_begin(struct follow *follow, void *userdata)
{
    struct watch *watch = userdata;
    if (watch->ctl->json || !isatty(STDOUT_FILENO)) {
        return;
    }
    screen_open(&watch->screen);
    timer_init(&watch->draw, on_draw, follow);
    timer_start_in(follow_timers(follow), &watch->draw, 0);
    if (watch->screen.keys) {
        watch->keys = must(calloc(1, sizeof(*watch->keys)));
        uv_poll_init(follow_uv(follow), watch->keys, STDIN_FILENO);
        watch->keys->data = follow;
        uv_poll_start(watch->keys, UV_READABLE, on_key);
    }
}

static void on_end(struct follow *follow, void *userdata)
{
    struct watch *watch = userdata;
    if (watch->keys) {
        uv_close((uv_handle_t *)watch->keys, on_closed);
        watch->keys = NULL;
    }
    screen_close(&watch->screen);
}

static void on_lost(struct follow *follow, const struct ugrpc_status *why, void *userdata)
{
    struct watch *watch = userdata;
    snprintf(watch->lost, sizeof(watch->lost), "%s%.200s", why ? "waiting for the gateway: " : "",
        why ? why->message : "");
    if (!watch->screen.open) {
        fprintf(stderr, "%s\n", why ? watch->lost : "the gateway is back");
    }
}

/* `metric` -1: the chief one. */
static void add_point(struct plot_series *series, const struct sample *sample, int metric)
{
    double value;
    metric = metric < 0 ? chief_metric(sample) : metric;
    series->unit = metric < 0 ? series->unit : metric_unit(metric);
    plot_add(series, clock_now_ns(clock_real()),
        metric >= 0 && sample_value(sample, metric, &value) ? value : NAN);
}

static void on_sample(struct follow *follow, size_t index, const struct sample *sample, void *userdata)
{
    struct watch *watch = userdata;
    if (watch->ctl->json) {
        print_json(watch, index, sample);
        return;
    }
    if (!watch->screen.open) {
        print_line(watch, index, sample);
        return;
    }
    protobuf_c_message_free_unpacked(watch->latest[index], NULL);
    watch->latest[index] = sample_copy(sample);
    for (size_t i = 0; i < watch->n_series; i++) {
        if (watch->sources[i].thing == index) {
            add_point(&watch->series[i], sample, watch->sources[i].metric);
        }
    }
}

static void choose_series(struct watch *watch)
{
    const struct follow_plan *plan = watch->plan;
    size_t each = plan->n_metrics ? plan->n_metrics : 1, all = plan->n * each;
    watch->n_series = all < PLOT_MAX_SERIES ? all : PLOT_MAX_SERIES;
    watch->n_undrawn = all - watch->n_series;
    watch->series = must(calloc(watch->n_series + 1, sizeof(*watch->series)));
    for (size_t i = 0; i < watch->n_series; i++) {
        const char *name = named_name(&plan->things[i / each]);
        char metric[80];
        watch->sources[i].thing = i / each;
        watch->sources[i].metric = plan->n_metrics ? plan->metrics[i % each] : -1;
        if (each > 1) {
            word_of(metric_words, plan->metrics[i % each], metric, sizeof(metric));
        }
        snprintf(watch->sources[i].name, sizeof(watch->sources[i].name), "%.70s%s%s", name,
            each > 1 ? " " : "", each > 1 ? metric : "");
        watch->series[i].name = watch->sources[i].name;
        watch->series[i].unit = "";
    }
}

static int run(struct ctl *ctl, const struct follow_plan *plan)
{
    static const struct follow_events events = {on_begin, on_sample, on_lost, on_end};
    struct watch watch = {.ctl = ctl, .plan = plan, .plot = arguments_has(&ctl->arguments, OPTION_PLOT)};
    watch.latest = must(calloc(plan->n + 1, sizeof(ProtobufCMessage *)));
    choose_series(&watch);
    int status = follow_run(ctl, plan, &events, &watch);
    for (size_t i = 0; i < plan->n; i++) {
        protobuf_c_message_free_unpacked(watch.latest[i], NULL);
    }
    forget_held(&watch);
    free(watch.latest);
    free(watch.series);
    return status;
}

int command_watch(struct ctl *ctl)
{
    struct follow_plan plan;
    int rc = follow_plan_init(ctl, &plan);
    rc = rc ? rc : run(ctl, &plan);
    follow_plan_done(&plan);
    return rc;
}

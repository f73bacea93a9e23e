/* SPDX-License-Identifier: MIT */
/* Life of the gateway: gateway_new (site, devices) → gateway_run: serve (service, server) → listeners bound
 * → ready → first signal → the server drains → devices at 0 → end. Everything is freed in the reverse order
 * of its making. */
#include "daemon/gateway.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ugrpc/loop.h>
#include <ugrpc/server.h>

#include "base/log.h"
#include "base/timer_loop.h"
#include "daemon/access.h"
#include "daemon/banner.h"
#include "daemon/call_log.h"
#include "daemon/endpoints.h"
#include "daemon/event_log.h"
#include "daemon/expiry.h"
#include "daemon/listeners.h"
#include "daemon/signals.h"
#include "daemon/site_build.h"
#include "driver/sim/sim.h"
#include "model/command.h"
#include "model/driver.h"
#include "service/admin/admin.h"
#include "service/fallback.h"
#include "service/service.h"
#include "service/v1/microgrid_v1.h"
#include "service/v1alpha/microgrid_v1alpha.h"
#include "store/store.h"

#define GRACE_MS       2000                 /* for running calls */
#define STOP_NS        (27 * NS_PER_S / 10) /* for everything, as it must have ended within 3 s */
#define MAX_FILES      65536

#define STORE_LEAST_MS 200

#define JOURNAL_HEALTH "journal" /* what grpc.health.v1 calls it */

/* Calls on one connection: a stream for each component of a large site. And today's Python client leaves the
 * answers to its commands unread: for gRPC's C core such a call goes on until its deadline, a minute, however
 * early it was answered, and beyond this number it would hold the next command back: 17 a second. nghttp2
 * remembers as many ended calls of each connection, at a third of a kilobyte each. */
#define MAX_STREAMS 1024

enum stage { STAGE_STARTING, STAGE_READY, STAGE_STOPPING };

struct gateway {
    const struct config *config;
    const struct arguments *arguments;
    int64_t started_ns;
    enum stage stage;
    int exit_status;

    struct ugrpc_loop *loop;
    struct timers timers;
    struct timer_loop *timer_loop;
    struct site *site;
    struct device *simulator;
    struct event_log *event_log;
    struct store *store; /* NULL: nothing outlives the gateway */
    struct access access;
    const char *certificates[2]; /* files that tell when they end */
    struct expiry *expiry;

    struct service *service;
    struct ugrpc_server *server;
    struct call_log *call_log;
    struct listeners *listeners;
    struct signals *signals;
    struct timer give_up;
    int64_t stop_by_ns; /* 0: it does not stop */
    bool endpoints_written;
};

/* --- building --------------------------------------------------------------------------------------------
 */

/* `folder`, which is missing, could be made in the one that it stands in. Only that is made by itself: a path
 * with more in it that is missing is likely to be a wrong one. */
static bool has_parent(const char *folder, struct problems *problems)
{
    struct stat info;
    char *copy = strdup(folder);
    if (!copy) {
        abort();
    }
    const char *parent = dirname(copy);
    bool missing = stat(parent, &info) < 0 && errno == ENOENT;
    if (missing) {
        problems_add(problems, 0, "--state", folder,
            "cannot be made: there is no folder \"%s\"; first: mkdir -p \"%s\"", parent, parent);
    }
    free(copy);
    return !missing;
}

/* --state DIR: made if it is missing, for its owner only, unless all this is only a check. A disk that cannot
 * be written now is no reason not to start. */
static void prepare_state(const struct arguments *arguments, struct problems *problems)
{
    const char *folder = arguments->state;
    struct stat info;
    if (!folder) {
        return;
    }
    bool missing = stat(folder, &info) < 0 && errno == ENOENT;
    if (missing && (!has_parent(folder, problems) || arguments->verb == VERB_CHECK)) {
        return;
    }
    if (missing && mkdir(folder, 0700) < 0) {
        problems_add(problems, 0, "--state", folder, "cannot be made: %s", strerror(errno));
    } else if (stat(folder, &info) < 0 || !S_ISDIR(info.st_mode)) {
        problems_add(problems, 0, "--state", folder, "is no folder");
    } else if (access(folder, W_OK | X_OK) < 0 && errno != EROFS) {
        problems_add(problems, 0, "--state", folder, "cannot be written: %s", strerror(errno));
    }
}

struct gateway *gateway_new(
    const struct config *config, const struct arguments *arguments, struct problems *problems)
{
    struct gateway *gateway = calloc(1, sizeof(*gateway));
    if (!gateway) {
        abort();
    }
    gateway->config = config;
    gateway->arguments = arguments;
    timers_init(&gateway->timers, clock_real());
    prepare_state(arguments, problems);
    access_init(&gateway->access, config, arguments, problems);
    gateway->site = site_build(config, &gateway->timers, problems);
    const char *data = arguments->data ? arguments->data : getenv("MICROGRIDD_DATA");
    gateway->simulator = site_build_simulator(gateway->site, config, data, problems);
    return gateway;
}

const struct site *gateway_site(const struct gateway *gateway)
{
    return gateway->site;
}

/* How long the journal may take to end: what is left of the stop, and a little. */
static int64_t store_time_ms(const struct gateway *gateway)
{
    int64_t left_ns = gateway->stop_by_ns - clock_now_ns(gateway->timers.clock);
    return gateway->stop_by_ns == 0 ? STORE_PATIENCE_MS
                                    : STORE_LEAST_MS + (left_ns > 0 ? left_ns / NS_PER_MS : 0);
}

void gateway_free(struct gateway *gateway)
{
    if (!gateway) {
        return;
    }
    bool stopped = gateway->stage == STAGE_STOPPING;
    signals_free(gateway->signals);
    listeners_free(gateway->listeners);
    store_close(gateway->store, store_time_ms(gateway)); /* first: nobody is told any more */
    expiry_free(gateway->expiry);
    ugrpc_server_free(gateway->server);
    call_log_free(gateway->call_log);
    service_free(gateway->service);
    if (gateway->simulator) {
        gateway->simulator->driver->destroy(gateway->simulator);
    }
    site_free(gateway->site);
    event_log_free(gateway->event_log);
    access_done(&gateway->access);
    timer_stop(&gateway->timers, &gateway->give_up);
    timer_loop_free(gateway->timer_loop);
    ugrpc_loop_free(gateway->loop);
    timers_done(&gateway->timers);
    free(gateway);
    if (stopped) {
        log_info("stopped");
    }
}

/* --- serving ---------------------------------------------------------------------------------------------
 */

static const char *why_read_only(const struct gateway *gateway)
{
    return gateway->arguments->read_only ? "--read-only"
           : gateway->config->control    ? NULL
                                         : "control: off in the site file";
}

static void on_server_log(enum ugrpc_log_level level, const char *text, void *userdata)
{
    static const enum log_level levels[] = {
        [UGRPC_LOG_ERROR] = LOG_LEVEL_ERROR,
        [UGRPC_LOG_WARNING] = LOG_LEVEL_WARNING,
        [UGRPC_LOG_INFO] = LOG_LEVEL_INFO,
        [UGRPC_LOG_DEBUG] = LOG_LEVEL_DEBUG,
    };
    log_write(levels[level], NULL, 0, "%s", text);
}

static void on_event_line(
    enum log_level level, const char *name, uint64_t id, const char *text, void *userdata)
{
    log_write(level, name, id, "%s", text);
}

static void on_store_note(enum log_level level, const char *text, void *userdata)
{
    log_write(level, NULL, 0, "%s", text);
}

/* A health of its own: commands are still carried out. */
static void on_store_health(bool degraded, void *userdata)
{
    struct gateway *gateway = userdata;
    ugrpc_server_set_serving(gateway->server, JOURNAL_HEALTH, !degraded);
}

static int open_store(struct gateway *gateway, struct ugrpc_status *st)
{
    if (!gateway->arguments->state) {
        return 0;
    }
    const struct store_options options = {
        .folder = gateway->arguments->state,
        .durability = gateway->config->journal_batch ? STORE_BATCH : STORE_FULL,
        .entries = gateway->config->journal_entries,
        .remember_ms = (int64_t)(gateway->config->save_every_s * 1000),
        .note = on_store_note,
        .health = on_store_health,
        .userdata = gateway,
    };
    gateway->store = store_open(&options, st);
    return gateway->store ? 0 : -(int)st->code;
}

/* Simulated devices go on from where they were, also where control is off: a real one would. */
static int start_devices(struct gateway *gateway, struct ugrpc_status *st)
{
    if (gateway->store) {
        store_recall(gateway->store, gateway->site);
    }
    return gateway->simulator->driver->start(gateway->simulator, st);
}

/* Nothing is written to a device where control is off, also no end of what was commanded before. */
static int restore(struct gateway *gateway, struct ugrpc_status *st)
{
    if (!gateway->store) {
        return 0;
    }
    if (why_read_only(gateway)) {
        log_warning("%s: set-points from before are not restored, nor brought to 0", why_read_only(gateway));
    }
    ugrpc_server_set_serving(gateway->server, JOURNAL_HEALTH, true);
    store_restore(gateway->store, gateway->site, why_read_only(gateway) != NULL);
    return store_start(gateway->store, ugrpc_loop_uv(gateway->loop), st);
}

static void on_service_note(const char *text, void *userdata)
{
    log_info("%s", text);
}

static void on_expiry(const char *text, void *userdata)
{
    log_warning("%s", text);
}

static void watch_certificates(struct gateway *gateway)
{
    const struct config_listen *listen = &gateway->config->listen;
    const char *files[] = {listen->certificate, listen->client_ca};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (files[i]) {
            gateway->certificates[n++] = files[i];
        }
    }
    gateway->expiry = expiry_new(&gateway->timers, gateway->certificates, n, on_expiry, NULL);
}

/* A thousand clients need more descriptors than the usual 1,024; the hard limit is the administrator's. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < MAX_FILES) {
        limit.rlim_cur = limit.rlim_max < MAX_FILES ? limit.rlim_max : MAX_FILES;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
            log_debug("the limit of open files stays: %s", strerror(errno));
        }
    }
}

static int make_server(struct gateway *gateway, struct ugrpc_status *st)
{
    struct service_options service_options = {
        .read_only = gateway->arguments->read_only,
        .control_off = !gateway->config->control,
        .note = on_service_note,
    };
    struct ugrpc_server_options options = {.max_streams = MAX_STREAMS, .log = on_server_log};
    gateway->service = service_new(gateway->site, &service_options, st);
    if (!gateway->service) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    gateway->server = ugrpc_server_new(gateway->loop, &options, st);
    if (!gateway->server) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    gateway->call_log = call_log_new(&gateway->timers, gateway->server);
    int rc = access_require(&gateway->access, gateway->timers.clock, gateway->server, st);
    rc = rc < 0 ? rc : service_v1_add(gateway->service, gateway->server, st);
    rc = rc < 0 ? rc : service_v1alpha_add(gateway->service, gateway->server, st);
    rc = rc < 0 ? rc
                : service_admin_add(gateway->service, gateway->server,
                      gateway->store ? store_reader(gateway->store) : NULL, st);
    rc = rc < 0 ? rc : ugrpc_server_add_health(gateway->server, st);
    rc = rc < 0 ? rc : ugrpc_server_add_reflection(gateway->server, st);
    rc = rc < 0 ? rc : service_add_fallback(gateway->service, gateway->server, st);
    return rc;
}

static void fail(struct gateway *gateway, const struct ugrpc_status *st)
{
    log_error("%s", st->message);
    gateway->exit_status = 1;
    ugrpc_loop_stop(gateway->loop);
}

static size_t bound_addresses(const struct gateway *gateway, const char **addresses, size_t cap)
{
    size_t n = 0;
    while (n < cap && (addresses[n] = ugrpc_server_address(gateway->server, n)) != NULL) {
        n++;
    }
    return n;
}

/* All listeners are bound. */
static void on_bound(const struct ugrpc_status *result, void *userdata)
{
    struct gateway *gateway = userdata;
    struct ugrpc_status st = *result;
    const char *addresses[64], *file = gateway->arguments->endpoints;
    if (st.code != UGRPC_OK || ugrpc_server_start(gateway->server, &st) < 0) {
        fail(gateway, &st);
        return;
    }
    size_t n = bound_addresses(gateway, addresses, ARRAY_LEN(addresses));
    if (file && endpoints_write(file, addresses, n, &st) < 0) {
        fail(gateway, &st);
        return;
    }
    gateway->endpoints_written = file != NULL;
    gateway->stage = STAGE_READY;
    char devices[160], versions[256];
    sim_describe(gateway->simulator, devices, sizeof(devices));
    const struct banner banner = {
        .site = gateway->site,
        .access = &gateway->access,
        .addresses = addresses,
        .n_addresses = n,
        .api = service_list_versions(gateway->server, versions, sizeof(versions)),
        .devices = devices,
        .keeps = gateway->store != NULL,
        .read_only = why_read_only(gateway),
    };
    banner_show(&banner, gateway->arguments->log_format == LOG_FORMAT_TEXT);
    log_info("ready in %lld ms",
        (long long)((clock_now_ns(gateway->timers.clock) - gateway->started_ns) / NS_PER_MS));
}

/* --- stopping --------------------------------------------------------------------------------------------
 */

static void on_zeroed(void *userdata)
{
    struct gateway *gateway = userdata;
    ugrpc_loop_stop(gateway->loop);
}

static void on_drained(void *userdata)
{
    struct gateway *gateway = userdata;
    command_zero_all(gateway->site, on_zeroed, gateway);
}

static void on_give_up(struct timer *timer, void *userdata)
{
    struct gateway *gateway = userdata;
    log_warning("a device or a client did not answer in time; ending without it");
    ugrpc_loop_stop(gateway->loop);
}

static void tell_zeroed(const struct gateway *gateway)
{
    size_t n = command_count_zeroed(gateway->site);
    if (n > 0) {
        log_info("%zu component%s brought to 0", n, n == 1 ? " was" : "s were");
    }
}

static void remove_endpoints(struct gateway *gateway)
{
    if (gateway->endpoints_written) {
        endpoints_remove(gateway->arguments->endpoints);
        gateway->endpoints_written = false;
    }
}

static void on_signal(int number, void *userdata)
{
    struct gateway *gateway = userdata;
    const char *name = number == SIGINT ? "SIGINT" : number == SIGHUP ? "SIGHUP" : "SIGTERM";
    if (gateway->stage == STAGE_STOPPING && number == SIGHUP) {
        return; /* a terminal that goes away may send several */
    }
    if (gateway->stage == STAGE_STOPPING) {
        log_info("second signal (%s): ending at once", name);
        remove_endpoints(gateway);
        _exit(1);
    }
    bool ready = gateway->stage == STAGE_READY;
    gateway->stage = STAGE_STOPPING;
    log_info("stopping (%s)", name);
    remove_endpoints(gateway);
    if (!ready) {
        ugrpc_loop_stop(gateway->loop);
        return;
    }
    call_log_quiet(gateway->call_log);
    timer_init(&gateway->give_up, on_give_up, gateway);
    gateway->stop_by_ns = clock_now_ns(gateway->timers.clock) + STOP_NS;
    timer_start_at(&gateway->timers, &gateway->give_up, gateway->stop_by_ns);
    ugrpc_server_shutdown(gateway->server, GRACE_MS, on_drained, gateway);
}

int gateway_run(struct gateway *gateway, int64_t started_ns)
{
    struct ugrpc_status st = {.code = UGRPC_OK};
    gateway->started_ns = started_ns;
    raise_file_limit();
    gateway->loop = ugrpc_loop_new();
    if (!gateway->loop) {
        log_error("no memory or descriptors for the event loop");
        return 1;
    }
    struct uv_loop_s *uv = ugrpc_loop_uv(gateway->loop);
    gateway->signals = signals_new(uv, on_signal, gateway);
    gateway->event_log = event_log_new(&gateway->timers, on_event_line, NULL);
    site_observe(gateway->site, event_log_observer(gateway->event_log));
    gateway->timer_loop = timer_loop_new(uv, &gateway->timers, &st);
    if (!gateway->timer_loop || open_store(gateway, &st) < 0 || make_server(gateway, &st) < 0 ||
        start_devices(gateway, &st) < 0 || restore(gateway, &st) < 0) {
        log_error("%s", st.message);
        return 1;
    }
    watch_certificates(gateway);
    struct listeners_options options = {
        .server = gateway->server,
        .tls = gateway->access.tls,
        .timers = &gateway->timers,
        .addresses = gateway->access.addresses,
        .n = gateway->access.n,
        .done = on_bound,
        .userdata = gateway,
    };
    gateway->listeners = listeners_new(&options);
    int rc = listeners_open(gateway->listeners, &st);
    if (rc < 0) {
        log_error("%s", st.message);
        return 1;
    }
    if (rc == 0) {
        on_bound(&(struct ugrpc_status){.code = UGRPC_OK}, gateway);
    }
    if (gateway->exit_status == 0) {
        ugrpc_loop_run(gateway->loop);
    }
    tell_zeroed(gateway);
    remove_endpoints(gateway);
    return gateway->exit_status;
}

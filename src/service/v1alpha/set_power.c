/* SPDX-License-Identifier: MIT */
#include "service/v1alpha/set_power.h"

#include <stdlib.h>

#include "model/command.h"
#include "model/journal.h"
#include "model/site.h"
#include "service/face.h"
#include "service/rpc.h"
#include "service/shown.h"

/* A call that waits for the end of its set-point. That may come before the journal has its beginning, which
 * is told first. */
struct waiting {
    struct ugrpc_call *call; /* NULL: its client has gone, only the journal has still to answer */
    struct component *component;
    enum axis axis;
    int64_t until_utc_ns;
    bool unkept, ended;
    enum command_end end;
    int64_t end_until_utc_ns;
};

static void on_cancel(struct ugrpc_call *call, void *userdata);

static const struct ugrpc_call_events events = {.on_cancel = on_cancel};

/* Two small messages are all that a call ever sends: there is room, unless its connection is stuck. */
static bool send(struct ugrpc_call *call, int status, int64_t until_utc_ns)
{
    alpha_timestamp until = shown_timestamp(until_utc_ns);
    alpha_power_response message;
    alpha_power_response_init(&message);
    message.status = (unsigned)status;
    message.valid_until_time = until_utc_ns ? &until : NULL;
    return microgrid_v1alpha18_set_electrical_component_power_send(call, &message) == UGRPC_SENT;
}

/* Nobody is told that all went well who was not told what. */
static void fail(struct ugrpc_call *call)
{
    ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED,
        "what became of the set-point has no room on this connection: its client reads too slowly");
}

static void finish(struct waiting *waiting)
{
    static const int statuses[] = {
        [COMMAND_REACHED] = ALPHA_POWER_STATUS(SUCCESS),
        [COMMAND_FAILED] = ALPHA_POWER_STATUS(FAILED),
        [COMMAND_OVERRIDDEN] = ALPHA_POWER_STATUS(OVERRIDDEN),
    };
    if (send(waiting->call, statuses[waiting->end], waiting->end_until_utc_ns)) {
        ugrpc_call_end(waiting->call);
    } else {
        fail(waiting->call);
    }
    free(waiting);
}

static void on_end(enum command_end end, void *userdata)
{
    struct waiting *waiting = userdata;
    const struct setpoint *setpoint = &waiting->component->setpoints[waiting->axis];
    waiting->ended = true;
    waiting->end = end;
    waiting->end_until_utc_ns = end == COMMAND_REACHED ? setpoint->until_utc_ns : 0;
    if (!waiting->unkept) {
        finish(waiting);
    }
}

static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    struct waiting *waiting = userdata;
    command_unwatch(waiting->component, waiting->axis, waiting);
    waiting->call = NULL;
    if (!waiting->unkept) {
        free(waiting);
    }
    ugrpc_call_end(call);
}

/* It is safe now: what was accepted may be said. */
static void on_kept(void *userdata)
{
    struct waiting *waiting = userdata;
    waiting->unkept = false;
    if (!waiting->call) {
        free(waiting);
    } else if (!send(waiting->call, ALPHA_POWER_STATUS(ACCEPTED), waiting->until_utc_ns)) {
        command_unwatch(waiting->component, waiting->axis, waiting);
        fail(waiting->call);
        free(waiting);
    } else if (waiting->ended) {
        finish(waiting);
    }
}

/* The device's answer shows in the end of the command. */
static void on_answered(const struct ugrpc_status *st, int64_t valid_until_utc_ns, void *userdata)
{
}

static int read_axis(int power_type, const char *label, enum axis *axis, struct ugrpc_status *st)
{
    switch (power_type) {
    case ALPHA_POWER_TYPE(ACTIVE):
        *axis = AXIS_ACTIVE;
        return 0;
    case ALPHA_POWER_TYPE(REACTIVE):
        *axis = AXIS_REACTIVE;
        return 0;
    default:
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: power_type is %d, must be POWER_TYPE_ACTIVE (%d) or POWER_TYPE_REACTIVE (%d)", label,
            power_type, ALPHA_POWER_TYPE(ACTIVE), ALPHA_POWER_TYPE(REACTIVE));
    }
}

static int begin(struct face *face, const struct ugrpc_call *call, const alpha_power_request *request,
    enum axis *axis, struct ugrpc_status *st)
{
    struct rpc_caller caller;
    char label[SERVICE_LABEL_BYTES];
    const struct service_lifetime lifetime = {
        .given = alpha_power_request_has_lifetime(request), .seconds = request->request_lifetime};
    service_label(face->service, request->electrical_component_id, label, sizeof(label));
    int rc = read_axis((int)request->power_type, label, axis, st);
    return rc ? rc
              : service_set_power(face->service, rpc_caller_init(&caller, call),
                    request->electrical_component_id, *axis, (double)request->power, lifetime, on_answered,
                    NULL, st);
}

void alpha_set_power(struct face *face, struct ugrpc_call *call, const alpha_power_request *request)
{
    struct ugrpc_status st;
    enum axis axis = AXIS_ACTIVE;
    if (!face_may_command(face, call, request->electrical_component_id)) {
        return;
    }
    struct waiting *waiting = calloc(1, sizeof(*waiting));
    if (!waiting) {
        ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "no memory for the call");
        return;
    }
    if (begin(face, call, request, &axis, &st)) {
        free(waiting);
        ugrpc_call_fail_status(call, &st);
        return;
    }
    struct component *component = site_component(
        service_site(face->service), request->electrical_component_id);
    *waiting = (struct waiting){
        .call = call,
        .component = component,
        .axis = axis,
        .until_utc_ns = component->setpoints[axis].until_utc_ns,
        .unkept = true,
    };
    command_watch(component, axis, on_end, waiting);
    ugrpc_call_watch(call, &events, waiting);
    if (!journal_sync(component->site, on_kept, waiting)) {
        on_kept(waiting);
    }
}

/* SPDX-License-Identifier: MIT */
/* start, standby, stop and ack: each answers when the gateway has brought its sequence to an end. */
#include <stdio.h>

#include "ctl/advice.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/report.h"

typedef int call_fn(struct ctl *ctl, uint64_t id, struct ugrpc_status *st);

/* The four calls differ in nothing but their names. */
#define CALL(function, rpc, RPC)                                                                             \
    static int function(struct ctl *ctl, uint64_t id, struct ugrpc_status *st)                               \
    {                                                                                                        \
        struct ugrpc_reply_metadata metadata = {.n_trailing = 0};                                            \
        struct ugrpc_call_options options = {                                                                \
            .timeout_ms = ctl_timeout_ms(ctl, true), .reply_metadata = &metadata};                           \
        microgrid_v1_##rpc##_request request = MICROGRID_V1_##RPC##_REQUEST_INIT;                            \
        ugrpc_protobuf_empty *reply;                                                                         \
        request.component_id = id;                                                                           \
        int rc = microgrid_v1_##rpc(ctl->channel, &request, &reply, &options, st);                           \
        ctl_note_reply(ctl, &metadata);                                                                      \
        if (rc == 0) {                                                                                       \
            ugrpc_protobuf_empty_free(reply);                                                                \
        }                                                                                                    \
        return rc;                                                                                           \
    }

CALL(call_start, start_component, START_COMPONENT)
CALL(call_standby, put_component_in_standby, PUT_COMPONENT_IN_STANDBY)
CALL(call_stop, stop_component, STOP_COMPONENT)
CALL(call_ack, ack_component_error, ACK_COMPONENT_ERROR)

static int command(struct ctl *ctl, call_fn *call, const char *done)
{
    struct directory directory = {.sensors = NULL};
    const component_message *component;
    struct ugrpc_status st;
    int rc = ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &directory, false);
    rc = rc ? rc : directory_component(&directory, ctl->arguments.operands[0], &component);
    if (rc == 0 && call(ctl, component->id, &st) < 0) {
        rc = advice_on_switching(ctl, &directory, component, &st);
    } else if (rc == 0 && ctl->json) {
        rc = json_print(
            json_pack("{s:I, s:s, s:s, s:b}", "id", (json_int_t)component->id, "name", component->name,
                "done", ctl->arguments.command->name, "journal_degraded", ctl->journal_degraded));
    } else if (rc == 0) {
        char label[160];
        printf("%s: %s\n", label_format(component->name, component->id, label, sizeof(label)), done);
    }
    directory_done(&directory);
    return rc;
}

int command_start(struct ctl *ctl)
{
    return command(ctl, call_start, "started");
}

int command_standby(struct ctl *ctl)
{
    return command(ctl, call_standby, "in standby");
}

int command_stop(struct ctl *ctl)
{
    return command(ctl, call_stop, "stopped");
}

int command_ack(struct ctl *ctl)
{
    return command(ctl, call_ack, "no error any more");
}

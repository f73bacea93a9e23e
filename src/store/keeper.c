/* SPDX-License-Identifier: MIT */
/* What the model has to say, as ops. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "store/store_internal.h"

static struct store *store_of(struct journal *journal)
{
    return (struct store *)journal;
}

static uint64_t write_command(struct journal *journal, const struct journal_command *command)
{
    struct store *store = store_of(journal);
    uint64_t id = store_make(store, op_new(&(struct op){
                                        .kind = OP_COMMAND,
                                        .component = command->component_id,
                                        .name = command->component,
                                        .verb = (int)command->verb,
                                        .value = command->value,
                                        .lifetime_ns = command->lifetime_ns,
                                        .detail = command->detail,
                                        .caller = command->caller->label,
                                    }));
    if (command->verb >= JOURNAL_START && command->verb <= JOURNAL_ACK) {
        store_remember_soon(store); /* relays move */
    }
    return id;
}

static void write_outcome(struct journal *journal, uint64_t entry, const struct ugrpc_status *st)
{
    struct store *store = store_of(journal);
    store_make(store, op_new(&(struct op){
                          .kind = OP_OUTCOME,
                          .about = entry,
                          .code = st->code,
                          .text = st->message,
                      }));
}

static void write_refusal(
    struct journal *journal, const struct journal_command *command, const struct ugrpc_status *st)
{
    struct store *store = store_of(journal);
    char text[sizeof(st->message) + 64];
    int64_t now_ns = clock_now_ns(store_clock(store));
    if (now_ns - store->refusals_since_ns >= STORE_WINDOW_MS * NS_PER_MS) {
        store->refusals_since_ns = now_ns;
        store->refusals = 0;
    }
    if (store->refusals++ >= STORE_REFUSALS) {
        store->refusals_left_out++;
        return;
    }
    int len = snprintf(text, sizeof(text), "%s", st->message);
    if (store->refusals_left_out > 0) {
        snprintf(text + len, sizeof(text) - (size_t)len, " (%" PRIu64 " refusals before it are left out)",
            store->refusals_left_out);
        store->refusals_left_out = 0;
    }
    store_make(store, op_new(&(struct op){
                          .kind = OP_REFUSAL,
                          .component = command->component_id,
                          .name = command->component,
                          .verb = (int)command->verb,
                          .value = command->value,
                          .lifetime_ns = command->lifetime_ns,
                          .detail = command->detail,
                          .caller = command->caller->label,
                          .code = st->code,
                          .text = text,
                      }));
}

static void write_end(
    struct journal *journal, const struct journal_setpoint *setpoint, enum journal_end end, const char *why)
{
    struct store *store = store_of(journal);
    store_make(store, op_new(&(struct op){
                          .kind = OP_END,
                          .about = setpoint->entry,
                          .component = setpoint->component_id,
                          .name = setpoint->component,
                          .verb = setpoint->axis == AXIS_ACTIVE ? JOURNAL_SET_ACTIVE : JOURNAL_SET_REACTIVE,
                          .value = setpoint->requested,
                          .caller = setpoint->by,
                          .end = (int)end,
                          .text = why,
                          .renewals = setpoint->renewals,
                          .until_utc_ns = setpoint->until_utc_ns,
                      }));
    store->urgent = true;
}

static void write_bounds_end(struct journal *journal, const struct journal_bounds_end *ended)
{
    struct store *store = store_of(journal);
    store_make(store, op_new(&(struct op){
                          .kind = OP_BOUNDS_END,
                          .component = ended->component_id,
                          .name = ended->component,
                          .place = (int)ended->bounded,
                          .verb = JOURNAL_ADD_BOUNDS,
                          .value = NAN,
                          .detail = ended->detail,
                          .caller = ended->by,
                          .end = (int)ended->end,
                          .text = ended->why,
                          .until_utc_ns = ended->until_utc_ns,
                          .now_ns = clock_now_ns(store_clock(store)),
                      }));
}

static void keep_setpoint(struct journal *journal, const struct journal_setpoint *setpoint)
{
    store_make(store_of(journal), op_new(&(struct op){
                                      .kind = OP_KEEP_SETPOINT,
                                      .name = component_type_name(setpoint->type),
                                      .component = setpoint->component_id,
                                      .place = (int)setpoint->axis,
                                      .mode = (int)setpoint->mode,
                                      .waiting = setpoint->waiting,
                                      .limiting = setpoint->limiting,
                                      .value = setpoint->requested,
                                      .until_ns = setpoint->until_ns,
                                      .until_utc_ns = setpoint->until_utc_ns,
                                      .caller = setpoint->by,
                                      .about = setpoint->entry,
                                      .renewals = setpoint->renewals,
                                  }));
}

static void keep_bounds(struct journal *journal, const struct journal_bounds *bounds)
{
    struct store *store = store_of(journal);
    for (size_t i = 0; i < bounds->n; i++) {
        store_make(store, op_new(&(struct op){
                              .kind = OP_KEEP_BOUND,
                              .name = component_type_name(bounds->type),
                              .component = bounds->component_id,
                              .place = (int)bounds->bounded,
                              .value = bounds->ranges[i].lower,
                              .upper = bounds->ranges[i].upper,
                              .until_ns = bounds->until_ns,
                              .until_utc_ns = bounds->until_utc_ns,
                              .now_ns = clock_now_ns(store_clock(store)),
                              .caller = bounds->owner,
                              .text = bounds->token,
                          }));
    }
}

static void drop_bounds(
    struct journal *journal, uint64_t component_id, enum bounded bounded, const char *token)
{
    store_make(store_of(journal), op_new(&(struct op){
                                      .kind = OP_DROP_BOUNDS,
                                      .component = component_id,
                                      .place = (int)bounded,
                                      .text = token,
                                  }));
}

static void forget(struct journal *journal)
{
    struct store *store = store_of(journal);
    store_make(store, op_new(&(struct op){.kind = OP_FORGET, .text = store->boot.id}));
    for (const struct op *op = store->absent; op; op = op->next) {
        store_make(store, op_new(op));
    }
}

static void ask_sync(struct journal *journal, journal_sync_fn *done, void *userdata)
{
    store_sync(store_of(journal), done, userdata);
}

static bool is_degraded(const struct journal *journal)
{
    return ((const struct store *)journal)->degraded;
}

const struct journal_keeper store_keeper = {
    .write_command = write_command,
    .write_outcome = write_outcome,
    .write_refusal = write_refusal,
    .write_end = write_end,
    .write_bounds_end = write_bounds_end,
    .keep_setpoint = keep_setpoint,
    .keep_bounds = keep_bounds,
    .drop_bounds = drop_bounds,
    .forget = forget,
    .sync = ask_sync,
    .is_degraded = is_degraded,
};

/* SPDX-License-Identifier: MIT */
#include "service/admin/admin.h"

#include <stdlib.h>

#include <ugrpc/server.h>

#include "base/base.h"
#include "base/clock.h"
#include "microgrid/admin/v1/admin.ugrpc.h"
#include "service/admin/holders.h"
#include "service/admin/journal_stream.h"
#include "service/rights.h"
#include "service/rpc.h"
#include "service/service.h"

#define SINCE_MAX_S INT64_C(9000000000) /* what nanoseconds hold, some 285 years on both sides of 1970 */

struct admin {
    struct service_part part; /* first: freed with the service */
    struct service *service;
    struct journal_streams streams;
};

/* Who commanded what is the business of who sees to the gateway. */
static bool admin_may_call(const struct ugrpc_call *call, struct ugrpc_status *st)
{
    return rights_check_role(ugrpc_call_identity_data(call), ROLE_ADMIN, rpc_method(call), st) == 0;
}

static int64_t since_of(const ugrpc_protobuf_timestamp *since)
{
    if (!since || since->seconds < -SINCE_MAX_S) {
        return INT64_MIN;
    }
    return since->seconds > SINCE_MAX_S ? INT64_MAX : since->seconds * NS_PER_S + since->nanos;
}

static void receive_journal(
    struct ugrpc_call *call, const microgrid_admin_v1_receive_journal_request *request, void *userdata)
{
    struct admin *admin = userdata;
    const struct journal_filter filter = {
        .after_id = request->after_id,
        .resumes = request->after_id > 0,
        .since_utc_ns = since_of(request->since),
        .component_ids = request->component_ids,
        .n_component_ids = request->n_component_ids,
    };
    struct ugrpc_status st;
    if (!admin_may_call(call, &st) ||
        journal_stream_open(&admin->streams, &filter, request->follow, call, &st) < 0) {
        ugrpc_call_fail_status(call, &st);
    }
}

static void list_holders(struct ugrpc_call *call, const ugrpc_protobuf_empty *request, void *userdata)
{
    const struct admin *admin = userdata;
    struct ugrpc_status st;
    if (admin_may_call(call, &st)) {
        holders_reply(service_site(admin->service), !service_takes_commands(admin->service), call);
    } else {
        ugrpc_call_fail_status(call, &st);
    }
}

static const struct microgrid_admin_v1_servicer servicer = {
    .receive_journal = receive_journal,
    .list_holders = list_holders,
};

static void admin_free(struct service_part *part)
{
    free(container_of(part, struct admin, part));
}

int service_admin_add(struct service *service, struct ugrpc_server *server, struct journal_reader *reader,
    struct ugrpc_status *st)
{
    struct admin *admin = calloc(1, sizeof(*admin));
    if (!admin) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for the API");
    }
    admin->part.free = admin_free;
    admin->service = service;
    journal_streams_init(&admin->streams, reader);
    service_adopt(service, &admin->part);
    int rc = microgrid_admin_v1_add_servicer_to_server(server, &servicer, admin);
    return rc ? status_set(st, (enum ugrpc_code) - rc, "microgrid.admin.v1 is served already") : 0;
}

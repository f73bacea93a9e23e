/* SPDX-License-Identifier: MIT */
/* Who is connected to whom; each connection points away from the grid. */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/directory.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/table.h"

typedef microgrid_common_v1_microgrid_components_component_connection connection_message;

static const char *name_of(const struct directory *directory, uint64_t id)
{
    const component_message *component = directory_by_id(directory, id);
    return component ? component->name : "?";
}

static int show_json(const struct directory *directory, const microgrid_v1_list_connections_response *reply)
{
    json_t *list = json_array();
    for (size_t i = 0; i < reply->n_connections; i++) {
        const connection_message *one = reply->connections[i];
        json_array_append_new(list,
            json_pack("{s:{s:I, s:s}, s:{s:I, s:s}}", "from", "id", (json_int_t)one->source_component_id,
                "name", name_of(directory, one->source_component_id), "to", "id",
                (json_int_t)one->destination_component_id, "name",
                name_of(directory, one->destination_component_id)));
    }
    return json_print(list);
}

static int show_table(const struct directory *directory, const microgrid_v1_list_connections_response *reply)
{
    static const char *const headings[] = {" FROM", "", " TO", "", NULL};
    struct table table;
    table_init(&table, headings);
    for (size_t i = 0; i < reply->n_connections; i++) {
        const connection_message *one = reply->connections[i];
        table_add(&table, "%" PRIu64, one->source_component_id);
        table_add(&table, "%s", name_of(directory, one->source_component_id));
        table_add(&table, "%" PRIu64, one->destination_component_id);
        table_add(&table, "%s", name_of(directory, one->destination_component_id));
    }
    table_print(&table, stdout, NULL);
    table_done(&table);
    return CTL_DONE;
}

int command_connections(struct ctl *ctl)
{
    struct directory directory = {.sensors = NULL};
    int rc = ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &directory, false);
    if (rc == 0) {
        struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
        struct ugrpc_status st;
        microgrid_v1_list_connections_request all = MICROGRID_V1_LIST_CONNECTIONS_REQUEST_INIT;
        microgrid_v1_list_connections_response *reply = NULL;
        if (microgrid_v1_list_connections(ctl->channel, &all, &reply, &options, &st) < 0) {
            rc = report_status(ctl, &st, NULL);
        } else {
            rc = ctl->json ? show_json(&directory, reply) : show_table(&directory, reply);
        }
        microgrid_v1_list_connections_response_free(reply);
    }
    directory_done(&directory);
    return rc;
}

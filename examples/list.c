/* SPDX-License-Identifier: MIT */
/* A blocking call: lists the components of a microgrid. usage: list [TARGET], by default 127.0.0.1:50051.
 * Built with
 *
 *     cc -o list list.c $(pkg-config --cflags --libs libmicrogrid) */
#include <inttypes.h>
#include <stdio.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

int main(int argc, char **argv)
{
    const struct ugrpc_channel_options options = {.insecure = true};
    const struct ugrpc_call_options call = {.timeout_ms = 5000};
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    microgrid_v1_list_components_response *reply = NULL;
    struct ugrpc_status st;
    struct ugrpc_channel *channel = ugrpc_channel_new(
        NULL, argc > 1 ? argv[1] : "127.0.0.1:50051", &options, &st);
    int rc = !channel || microgrid_v1_list_components(channel, &all, &reply, &call, &st) != 0;
    if (rc) {
        fprintf(stderr, "list: %s\n", st.message);
    }
    for (size_t i = 0; reply && i < reply->n_components; i++) {
        printf("%4" PRIu64 "  %s\n", reply->components[i]->id, reply->components[i]->name);
    }
    microgrid_v1_list_components_response_free(reply);
    ugrpc_channel_free(channel);
    return rc;
}

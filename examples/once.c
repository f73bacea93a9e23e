/* SPDX-License-Identifier: MIT */
/* A one-shot call over TLS, with an API key if there is one: connects, asks for the site's name, closes.
 * usage: once TARGET CA_FILE [KEY]. Built with
 *
 *     cc -o once once.c $(pkg-config --cflags --libs libmicrogrid) */
#include <stdio.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

static int ask(const char *target, const struct ugrpc_channel_options *channel, struct ugrpc_status *st)
{
    const struct ugrpc_call_options call = {.timeout_ms = 5000, .wait_for_ready = UGRPC_WAIT_NO};
    const ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    microgrid_v1_get_microgrid_metadata_response *reply;
    if (microgrid_v1_get_microgrid_metadata_once(target, &nothing, &reply, channel, &call, st) != 0) {
        return 1;
    }
    if (reply->microgrid) {
        printf("%s\n", reply->microgrid->name);
    }
    microgrid_v1_get_microgrid_metadata_response_free(reply);
    return 0;
}

int main(int argc, char **argv)
{
    struct ugrpc_status st = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: once TARGET CA_FILE [KEY]\n");
        return 2;
    }
    const struct ugrpc_tls_options believing = {.ca_file = argv[2]};
    struct ugrpc_tls_creds *tls = ugrpc_tls_creds_new(&believing, &st);
    struct ugrpc_call_creds *key = argc > 3 ? ugrpc_call_creds_key(argv[3]) : NULL;
    const struct ugrpc_channel_options options = {.tls = tls, .call_creds = key};
    int rc = tls ? ask(argv[1], &options, &st) : 1;
    if (rc) {
        fprintf(stderr, "once: %s\n", st.message);
    }
    ugrpc_call_creds_free(key);
    ugrpc_tls_creds_free(tls);
    return rc;
}

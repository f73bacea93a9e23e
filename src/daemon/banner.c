/* SPDX-License-Identifier: MIT */
/* People get a few lines to read and to copy from, machines a line of the log or two. */
#include "daemon/banner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ugrpc/server.h>

#include "base/base.h"
#include "base/log.h"
#include "daemon/access.h"
#include "model/site.h"

/* For whoever tries it in a checkout: a first call with a real client, which goes to this address unless it
 * is told another. */
#define FIRST_CALL    "examples/first_call.py"
#define USUAL_ADDRESS "127.0.0.1:50051"

static void join_addresses(const struct banner *banner, const char *glue, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < banner->n_addresses && len < cap; i++) {
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? glue : "", banner->addresses[i]);
    }
}

void banner_count(const struct site *site, char *out, size_t cap)
{
    snprintf(out, cap, "%zu component%s, %zu connection%s, %zu sensor%s", site->n_components,
        PLURAL(site->n_components), site->n_connections, PLURAL(site->n_connections), site->n_sensors,
        PLURAL(site->n_sensors));
}

static void show_try(const struct banner *banner)
{
    if (!isatty(STDERR_FILENO) || banner->access->tls || banner->access->keys) {
        return;
    }
    bool checkout = access(FIRST_CALL, R_OK) == 0;
    bool usual = strcmp(banner->addresses[0], USUAL_ADDRESS) == 0;
    if (checkout) {
        fprintf(stderr,
            "Try     python3 -m venv .venv && .venv/bin/pip install -q frequenz-api-microgrid==0.17.2 && "
            ".venv/bin/python " FIRST_CALL "%s%s\n",
            usual ? "" : " ", usual ? "" : banner->addresses[0]);
    }
    fprintf(stderr, "%s in your own program: grpc://%s        Ctrl-C stops\n",
        checkout ? "       " : "Try    ", banner->addresses[0]);
}

void banner_show(const struct banner *banner, bool for_people)
{
    const struct site_spec *spec = &banner->site->spec;
    char addresses[1024], guard[160], counts[120];
    join_addresses(banner, for_people ? "  " : ", ", addresses, sizeof(addresses));
    access_describe(banner->access, guard, sizeof(guard));
    banner_count(banner->site, counts, sizeof(counts));
    if (!for_people) {
        log_info("microgridd %s: %s (microgrid %llu), %s; gRPC on %s (%s); API %s; %s%s%s", ugrpc_version(),
            spec->name, (unsigned long long)spec->id, banner->devices, addresses, guard, banner->api, counts,
            banner->read_only ? "; no commands: " : "", banner->read_only ? banner->read_only : "");
        if (!banner->keeps) {
            log_info(
                "without --state nothing outlives this run: no set-point goes on or is brought to 0 after "
                "a crash, and there is no journal");
        }
        return;
    }
    fprintf(stderr, "microgridd %s   %s (microgrid %llu), %s\n", ugrpc_version(), spec->name,
        (unsigned long long)spec->id, banner->devices);
    fprintf(stderr, "  gRPC    %s    %s\n", addresses, guard);
    fprintf(stderr, "  API     %s\n", banner->api);
    fprintf(stderr, "  site    %s\n", counts);
    if (!banner->keeps) {
        fputs(
            "  state   none: nothing outlives this run, neither set-points nor a journal; --state DIR keeps it\n",
            stderr);
    }
    if (banner->read_only) {
        fprintf(stderr, "  control none: %s\n", banner->read_only);
    }
    show_try(banner);
    fputc('\n', stderr);
}

/* SPDX-License-Identifier: MIT */
/* Targets as users write them: what is taken has a port, an authority and a host or addresses, and its
 * authority is a target again, with the same host and port. */
#include <assert.h>
#include <stdio.h>

#include "fuzz.h"
#include "net/address.h"
#include "ugrpc/target.h"

static void check(const struct target *target)
{
    assert(target->authority[0]);
    for (size_t i = 0; i < target->n_addresses; i++) {
        char text[ADDRESS_TEXT_MAX];
        assert(target->addresses[i].len <= sizeof(target->addresses[i].sa));
        address_format(&target->addresses[i], text);
    }
    if (target_is_unix(target)) {
        assert(!target->host[0] && target->n_addresses == 1);
        return;
    }
    struct target again;
    int port = atoi(target->port);
    assert(target->host[0] && port > 0 && port < 65536);
    char text[sizeof(target->authority) + 4];
    snprintf(text, sizeof(text), "dns:%s", target->authority); /* there may be a host "unix" */
    int rc = target_parse(&again, text, "1", NULL);
    assert(rc == 0 && strcmp(again.host, target->host) == 0 && strcmp(again.port, target->port) == 0);
    target_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target target;
    struct ugrpc_status st = {0};
    char *text = calloc(1, size + 1);
    if (size) {
        memcpy(text, data, size);
    }
    if (target_parse(&target, text, "443", &st) == 0) {
        assert(strcmp(target.text, text) == 0);
        check(&target);
    } else {
        assert(st.code == UGRPC_INVALID_ARGUMENT && st.message[0]);
    }
    target_done(&target);
    free(text);
    return 0;
}

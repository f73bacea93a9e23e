/* SPDX-License-Identifier: MIT */
/* Files of keys: what is taken has somebody in it, what is not is told with its file. The input's first line
 * is a certificate's subject, which finds a line for certificates or none. */
#include <assert.h>

#include "daemon/config.h"
#include "daemon/keys.h"
#include "fuzz.h"

static struct config_component components[] = {
    {.spec = {.id = 4, .name = "bat_inv_1"}}, {.spec = {.id = 9, .name = "pv_inv"}}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct config config = {.components = components, .n_components = 2, .has_all = true};
    struct ugrpc_status st = {0};
    char *text = calloc(1, size + 1);
    if (size) {
        memcpy(text, data, size);
    }
    size_t first = strcspn(text, "\n");
    const char *rest = text + first + (text[first] == '\n');
    struct keys *keys = keys_parse(rest, size - (size_t)(rest - text), "keys", &config, &st);
    text[first] = '\0';
    if (keys) {
        size_t n = 0;
        for (enum role role = ROLE_VIEWER; role < ROLES; role++) {
            n += keys_count(keys, role);
        }
        assert(n > 0);
        const struct key *key = keys_find_certificate(keys, text);
        assert(!key || (keys_have_certificates(keys) && !key->signer));
        key = keys_find(keys, "secret");
        assert(!key || key->rights.n_components < size);
    } else {
        assert(st.code == UGRPC_INVALID_ARGUMENT && strncmp(st.message, "keys", 4) == 0);
    }
    keys_free(keys);
    free(text);
    return 0;
}

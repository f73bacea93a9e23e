/* SPDX-License-Identifier: MIT */
/* Text of a keys file, and a key that somebody shows: whatever they say, nobody is let in whose key does not
 * stand there. */
#include <string.h>

#include "daemon/config.h"
#include "daemon/keys.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char site[] =
        "version: 1\nsite: {id: 1, name: A}\ncomponents: {grid: {id: 1, type: grid}}\n";
    static struct config *config;
    struct problems problems = {0};
    struct ugrpc_status st = {0};
    if (!config) {
        config = config_parse(site, sizeof(site) - 1, "fuzz", &problems);
        problems_done(&problems);
    }
    struct keys *keys = keys_parse((const char *)data, size, "fuzz", config, &st);
    if (!keys) {
        if (st.code == UGRPC_OK || !*st.message) {
            abort();
        }
        return 0;
    }
    size_t n = 0;
    for (int role = 0; role < ROLES; role++) {
        n += keys_count(keys, (enum role)role);
    }
    const struct key *found = keys_find(keys, "a key of which no hash is known");
    const struct key *certificate = keys_find_certificate(keys, "CN=ems,O=Site");
    if ((n == 0 && !keys_have_certificates(keys)) || found ||
        (certificate && (!keys_have_certificates(keys) || (int)certificate->rights.role >= ROLES))) {
        abort();
    }
    keys_free(keys);
    return 0;
}

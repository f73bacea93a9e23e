/* SPDX-License-Identifier: MIT */
/* Signed calls, whose ts, nonce and sig are the input's lines: what is refused is told why, what is let in is
 * let in once. */
#include <assert.h>

#include "base/clock.h"
#include "daemon/signature.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake_clock fake;
    struct clock *clock = fake_clock_init(&fake);
    struct ugrpc_status st = {0};
    char *text = calloc(1, size + 1), *rest = text;
    if (size) {
        memcpy(text, data, size);
    }
    struct signature signature = {
        .key = "open sesame", .method = "/frequenz.api.microgrid.v1.Microgrid/ListComponents"};
    signature.ts = strsep(&rest, "\n");
    signature.nonce = strsep(&rest, "\n");
    signature.sig = strsep(&rest, "\n");
    struct signer *signer = signer_new("0123456789abcdef");
    if (signature_check(signer, &signature, "key ems", clock, 60, &st) == 0) {
        assert(signature_check(signer, &signature, "key ems", clock, 60, &st) == -UGRPC_UNAUTHENTICATED);
    }
    assert(st.code == UGRPC_UNAUTHENTICATED && strncmp(st.message, "key ems", 7) == 0);
    signer_free(signer);
    free(text);
    return 0;
}

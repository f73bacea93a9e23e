/* SPDX-License-Identifier: MIT */
/* Removed only if it is still ours: a gateway that took our place may have written its own meanwhile. */
#include "daemon/endpoints.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int endpoints_write(const char *file, const char *const *grpc, size_t n, struct ugrpc_status *st)
{
    struct stat there;
    if (stat(file, &there) == 0 && !S_ISREG(there.st_mode)) { /* rename() would put a file in its place */
        return status_set(st, UGRPC_FAILED_PRECONDITION, "--endpoints %s: is there, and no file", file);
    }
    json_t *addresses = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(addresses, json_string(grpc[i]));
    }
    json_t *root = json_pack("{s:o, s:i}", "grpc", addresses, "pid", (int)getpid());
    char *temporary;
    if (asprintf(&temporary, "%s.%d", file, (int)getpid()) < 0) {
        abort();
    }
    int rc = 0;
    if (json_dump_file(root, temporary, JSON_PRESERVE_ORDER) < 0 || rename(temporary, file) < 0) {
        rc = status_set(
            st, UGRPC_UNAVAILABLE, "--endpoints %s: cannot be written: %s", file, strerror(errno));
        unlink(temporary);
    }
    free(temporary);
    json_decref(root);
    return rc;
}

void endpoints_remove(const char *file)
{
    json_t *root = json_load_file(file, 0, NULL);
    if (json_integer_value(json_object_get(root, "pid")) == getpid()) {
        unlink(file);
    }
    json_decref(root);
}

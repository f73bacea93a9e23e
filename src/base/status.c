/* SPDX-License-Identifier: MIT */
/* Status codes and their names; the public part of base. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

static const char *const code_names[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

const char *ugrpc_code_name(int code)
{
    return code >= 0 && (size_t)code < ARRAY_LEN(code_names) ? code_names[code] : "UNKNOWN";
}

int ugrpc_status_vset(struct ugrpc_status *st, enum ugrpc_code code, const char *format, va_list args)
{
    if (st) {
        st->code = code;
        int len = vsnprintf(st->message, sizeof(st->message), format, args);
        if (len >= (int)sizeof(st->message)) {
            size_t cut = sizeof(st->message) - 4;
            while (cut > 0 && ((unsigned char)st->message[cut] & 0xc0) == 0x80) {
                cut--; /* never in the middle of a UTF-8 character */
            }
            memcpy(st->message + cut, "...", 4);
        }
    }
    return -(int)code;
}

int ugrpc_status_set(struct ugrpc_status *st, enum ugrpc_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = ugrpc_status_vset(st, code, format, args);
    va_end(args);
    return rc;
}

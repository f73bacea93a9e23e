/* SPDX-License-Identifier: MIT */
/* How a call ended: gRPC's status codes, the project's one error vocabulary from driver to wire. */
#ifndef UGRPC_STATUS_H
#define UGRPC_STATUS_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks a function that the shared library exports; all else is hidden. */
#define UGRPC_API __attribute__((visibility("default")))

/* The status codes of the gRPC protocol, with their numbers on the wire. */
enum ugrpc_code {
    UGRPC_OK = 0,
    UGRPC_CANCELLED = 1,
    UGRPC_UNKNOWN = 2,
    UGRPC_INVALID_ARGUMENT = 3,
    UGRPC_DEADLINE_EXCEEDED = 4,
    UGRPC_NOT_FOUND = 5,
    UGRPC_ALREADY_EXISTS = 6,
    UGRPC_PERMISSION_DENIED = 7,
    UGRPC_RESOURCE_EXHAUSTED = 8,
    UGRPC_FAILED_PRECONDITION = 9,
    UGRPC_ABORTED = 10,
    UGRPC_OUT_OF_RANGE = 11,
    UGRPC_UNIMPLEMENTED = 12,
    UGRPC_INTERNAL = 13,
    UGRPC_UNAVAILABLE = 14,
    UGRPC_DATA_LOSS = 15,
    UGRPC_UNAUTHENTICATED = 16,
};

/* A plain value: nothing to free, copied by assignment. The message has no trailing full stop and is empty
 * for OK. */
struct ugrpc_status {
    enum ugrpc_code code;
    char message[512];
};

/* The code's name as the gRPC documents spell it, e.g. "OUT_OF_RANGE"; "UNKNOWN" for numbers out of range. */
UGRPC_API const char *ugrpc_code_name(int code);

/* Fills `st` (which may be NULL) and returns the negative code, so that a function can `return
 * ugrpc_status_set(…)`. A message longer than the field is cut at a character's boundary and ends in "...".
 */
UGRPC_API int ugrpc_status_set(struct ugrpc_status *st, enum ugrpc_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
UGRPC_API int ugrpc_status_vset(struct ugrpc_status *st, enum ugrpc_code code, const char *format,
    va_list args) __attribute__((format(printf, 3, 0)));

#ifdef __cplusplus
}
#endif
#endif

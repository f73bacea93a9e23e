/* SPDX-License-Identifier: MIT */
/* What generated code and libugrpc tell each other: services, methods and their descriptors. All of these are
 * constant tables that protoc-gen-ugrpc writes; a service on raw bytes can be written by hand (request and
 * reply NULL). */
#ifndef UGRPC_SERVICE_H
#define UGRPC_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ProtobufCMessage;
struct ProtobufCMessageDescriptor;
struct ugrpc_call;

enum ugrpc_method_kind {
    UGRPC_UNARY,
    UGRPC_SERVER_STREAMING,
    UGRPC_CLIENT_STREAMING,
    UGRPC_BIDI_STREAMING,
};

struct ugrpc_method {
    const char *name; /* as in the .proto: "ListComponents" */
    enum ugrpc_method_kind kind;
    const struct ProtobufCMessageDescriptor *request; /* NULL: handlers get a struct ugrpc_bytes */
    const struct ProtobufCMessageDescriptor *reply;   /* NULL: any bytes may be sent */
};

/* One .proto file: its FileDescriptorProto, serialised as protoc gave it. Reflection serves these. */
struct ugrpc_file {
    const char *name; /* "frequenz/api/microgrid/v1/microgrid.proto" */
    const uint8_t *descriptor;
    size_t descriptor_len;
    const struct ugrpc_file *const *imports;
    size_t n_imports;
};

struct ugrpc_service {
    const char *name; /* with its package: "frequenz.api.microgrid.v1.Microgrid" */
    const struct ugrpc_method *methods;
    size_t n_methods;
    const struct ugrpc_file *file; /* NULL: not seen by reflection */
};

/* A message of a method without descriptor. Borrowed for the callback. */
struct ugrpc_bytes {
    const uint8_t *data;
    size_t len;
};

/* The server's side of one method, in the order of the service's methods. `request` is the decoded message
 * (or a struct ugrpc_bytes). All run on the loop. begin:   unary and server-streaming: the request is there;
 * it lives as long as the call. client- and bidi-streaming: the headers are there; `request` is NULL.
 * message: client- and bidi-streaming only: one more message, borrowed for the callback.
 * end:     client- and bidi-streaming only: the client has sent all. */
struct ugrpc_handler {
    void (*begin)(struct ugrpc_call *call, const void *request, const void *servicer, void *userdata);
    void (*message)(struct ugrpc_call *call, const void *message, const void *servicer, void *userdata);
    void (*end)(struct ugrpc_call *call, const void *servicer, void *userdata);
};

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* Looks things up in serialised FileDescriptorProtos, without unpacking them. */
#ifndef API_DESCRIPTOR_H
#define API_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

struct ugrpc_file;

/* True if the file itself (not its imports) declares `symbol`: a message, field, enum, value, service, method
 * or extension, with its package, as in "grpc.health.v1.Health.Check". */
bool descriptor_declares(const struct ugrpc_file *file, const char *symbol);

/* Calls fn for each extension that the file declares: the full name of the extended message and the field's
 * number. Stops, and returns true, when fn does. */
bool descriptor_extensions(const struct ugrpc_file *file,
    bool (*fn)(const char *extendee, uint32_t number, void *userdata), void *userdata);

#endif

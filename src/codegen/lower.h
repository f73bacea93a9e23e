/* SPDX-License-Identifier: MIT */
/* Makes a request fit for protobuf-c's generator, which knows neither proto3's `optional` nor our prefixes.
 */
#ifndef CODEGEN_LOWER_H
#define CODEGEN_LOWER_H

#include "codegen/schema.h"

/* Changes `request` in place; `schema` must come from another decoding of the same bytes. What it puts in
 * belongs to the schema's arena. 0, or a negative code when a message has two fields that C cannot tell
 * apart. */
MUST_CHECK int lower_request(plugin_request *request, const struct schema *schema, struct ugrpc_status *st);

#endif

/* SPDX-License-Identifier: MIT */
/* The Frequenz Microgrid API v1alpha18 for C: the generated messages, enums and service of
 * frequenz/api/microgrid/v1alpha18/microgrid.proto and of all that it imports. Names begin with
 * microgrid_v1alpha18_ (the API), microgrid_common_v1alpha8_ (what API versions share) and ugrpc_protobuf_
 * (timestamps and the like). */
#ifndef MICROGRID_V1ALPHA18_H
#define MICROGRID_V1ALPHA18_H

#include <frequenz/api/microgrid/v1alpha18/microgrid.ugrpc.h>

#endif

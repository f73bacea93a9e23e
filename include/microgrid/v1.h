/* SPDX-License-Identifier: MIT */
/* The Frequenz Microgrid API v1 for C: the generated messages, enums and service of
 * frequenz/api/microgrid/v1/microgrid.proto and of all that it imports. Names begin with microgrid_v1_ (the
 * API), microgrid_common_v1_ (what API versions share) and ugrpc_protobuf_ (timestamps and the like). */
#ifndef MICROGRID_V1_H
#define MICROGRID_V1_H

#include <frequenz/api/microgrid/v1/microgrid.ugrpc.h>

#endif

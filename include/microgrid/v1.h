/* SPDX-License-Identifier: MIT */
/* The Frequenz Microgrid API v1 for C: the generated messages, enums and service of
 * frequenz/api/microgrid/v1/microgrid.proto and of all that it imports.
 *
 * Names begin with microgrid_v1_ (the API), microgrid_common_v1_ (what API versions share) and
 * ugrpc_protobuf_ (timestamps and the like). The message ListComponentsRequest is a
 * microgrid_v1_list_components_request, which begins as MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT; one that
 * was received is freed with its …_free(). An optional field is set by a function of its message:
 * microgrid_v1_set_component_power_active_request_set_request_lifetime(&request, 20);
 * …_has_request_lifetime() says whether it is. METRIC_AC_ACTIVE_POWER of the enum Metric is
 * MICROGRID_COMMON_V1_METRICS_METRIC_AC_ACTIVE_POWER.
 *
 * A message's fields are plain members of its struct, with the names of the .proto file. They stand, with
 * their types and comments, in <frequenz/api/microgrid/v1/microgrid.pb-c.h> and, for what the API's parts
 * share, in <frequenz/api/common/v1/...pb-c.h>, which it includes.
 *
 * The method ListComponents is called by microgrid_v1_list_components(), which blocks, …_async(), with a
 * callback from the loop, or …_once(), without a channel; a method that streams by …_open() and …_next(), or
 * …_async(). Who serves fills a struct microgrid_v1_servicer. All of them stand, with comments, in
 * <frequenz/api/microgrid/v1/microgrid.ugrpc.h>.
 *
 * The previews are in <microgrid/v1alpha18.h> and <microgrid/v1alpha19.h>, for pkg-config
 * libmicrogrid-v1alpha18 and libmicrogrid-v1alpha19. */
#ifndef MICROGRID_V1_H
#define MICROGRID_V1_H

#include <frequenz/api/microgrid/v1/microgrid.ugrpc.h>

#endif

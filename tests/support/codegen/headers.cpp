/* SPDX-License-Identifier: MIT */
/* Every generated header compiles in C++, and its constants have their enum's type there. */
#include <microgrid/v1.h>
#include <microgrid/v1alpha18.h>
#include <microgrid/v1alpha19.h>

#include "bare.ugrpc.h"
#include "chat.ugrpc.h"
#include "greeter.ugrpc.h"
#include "job.ugrpc.h"
#include "legacy.ugrpc.h"
#include "presence.ugrpc.h"

#include "grpc/health/v1/health.ugrpc.h"
#include "grpc/reflection/v1/reflection.ugrpc.h"
#include "grpc/reflection/v1alpha/reflection.ugrpc.h"

int main()
{
    presence_v1_fields fields;
    presence_v1_fields_init(&fields);
    presence_v1_fields_set_colour(&fields, PRESENCE_V1_COLOUR_RED);
    presence_v1_fields_set_a_string(&fields, "from C++");
    bool there = presence_v1_fields_has_colour(&fields) && presence_v1_fields_has_a_string(&fields) &&
                 !presence_v1_fields_has_inner(&fields);
    return there ? 0 : 1;
}

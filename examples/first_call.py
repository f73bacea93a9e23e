# SPDX-License-Identifier: MIT
"""A first call with the published Python bindings: lists the site, charges a battery, watches the meter.

    python3 -m venv .venv
    .venv/bin/pip install -q frequenz-api-microgrid==0.17.2
    .venv/bin/python examples/first_call.py [HOST:PORT]
"""
import sys

import grpc
from frequenz.api.common.v1.metrics.metric_sample_pb2 import METRIC_AC_ACTIVE_POWER as POWER
from frequenz.api.common.v1.microgrid.components import components_pb2 as components
from frequenz.api.microgrid.v1 import microgrid_pb2 as api
from frequenz.api.microgrid.v1.microgrid_pb2_grpc import MicrogridStub
from google.protobuf.empty_pb2 import Empty

target = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
microgrid = MicrogridStub(grpc.insecure_channel(target))


def first(category):
    """The id of the first component of a category."""
    request = api.ListComponentsRequest(categories=[category])
    return microgrid.ListComponents(request).components[0].id


def watch(component, messages):
    """Prints the power of some messages of a component's stream, then ends the stream."""
    only = api.ReceiveComponentDataStreamRequest.ComponentDataStreamFilter(metrics=[POWER])
    stream = microgrid.ReceiveComponentDataStream(
        api.ReceiveComponentDataStreamRequest(component_id=component, filter=only)
    )
    for _, message in zip(range(messages), stream):
        for sample in message.data.metric_samples:
            when = sample.sampled_at.ToDatetime().strftime("%H:%M:%S")
            print(f"  {when}  {sample.value.simple_metric.value:10.1f} W")
    stream.cancel()


try:
    site = microgrid.GetMicrogridMetadata(Empty(), timeout=10).microgrid
except grpc.RpcError as error:
    sys.exit(f"no answer from {target}: {error.details()} ({error.code().name})\n"
             "Start a gateway with ./dev run; where it listens elsewhere, give its HOST:PORT.")
print(f"{site.name} (microgrid {site.id})")
for component in microgrid.ListComponents(api.ListComponentsRequest()).components:
    category = components.ComponentCategory.Name(component.category)
    print(f"  {component.id:3}  {component.name:12}  {category.removeprefix('COMPONENT_CATEGORY_').lower()}")

meter = first(components.COMPONENT_CATEGORY_METER)
inverter = first(components.COMPONENT_CATEGORY_INVERTER)
print(f"meter {meter}, + takes from the grid, - gives to it:")
watch(meter, 3)
charge = api.SetComponentPowerActiveRequest(component_id=inverter, power=5000, request_lifetime=10)
try:
    until = microgrid.SetComponentPowerActive(charge).valid_until
    print(f"inverter {inverter} charges with 5000 W until {until.ToDatetime():%H:%M:%S} UTC, then 0 W:")
except grpc.RpcError as error:
    sys.exit(f"refused: {error.details()} ({error.code().name})")
watch(meter, 14)

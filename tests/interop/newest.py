# SPDX-License-Identifier: MIT
"""Each v1 call once with whatever release of the bindings runs this: newest.py HOST:PORT."""
import json
import sys

import grpc
from frequenz.api.common.v1.metrics import bounds_pb2, metric_sample_pb2
from frequenz.api.microgrid.v1 import microgrid_pb2 as api
from frequenz.api.microgrid.v1.microgrid_pb2_grpc import MicrogridStub
from google.protobuf.empty_pb2 import Empty

stub = MicrogridStub(grpc.insecure_channel(sys.argv[1]))
bounds = [bounds_pb2.Bounds(lower=-10, upper=10)]
calls = [
    ("GetMicrogridMetadata", Empty()),
    ("ListComponents", api.ListComponentsRequest()),
    ("ListSensors", api.ListSensorRequest()),
    ("ListConnections", api.ListConnectionsRequest()),
    ("ReceiveComponentDataStream", api.ReceiveComponentDataStreamRequest(component_id=4)),
    ("ReceiveSensorDataStream", api.ReceiveSensorDataStreamRequest(sensor_id=101)),
    ("AddComponentBounds", api.AddComponentBoundsRequest(
        component_id=4, target_metric=metric_sample_pb2.METRIC_AC_ACTIVE_POWER, bounds=bounds)),
    ("SetComponentPowerActive", api.SetComponentPowerActiveRequest(component_id=4, power=5)),
    ("SetComponentPowerReactive", api.SetComponentPowerReactiveRequest(component_id=4, power=5)),
    ("PutComponentInStandby", api.PutComponentInStandbyRequest(component_id=4)),
    ("StartComponent", api.StartComponentRequest(component_id=4)),
    ("StopComponent", api.StopComponentRequest(component_id=4)),
    ("AckComponentError", api.AckComponentErrorRequest(component_id=4)),
]  # fmt: skip
for name, request in calls:
    code = "OK"
    try:
        reply = getattr(stub, name)(request, timeout=20)
        if name.startswith("Receive"):
            assert next(reply).data.states
            reply.cancel()
    except grpc.RpcError as failure:
        code = failure.code().name
    print(json.dumps({"call": name, "code": code}))

# SPDX-License-Identifier: MIT
"""An actor of the SDK steers the batteries so that the site takes nothing from the grid and gives nothing to it.

    python3 -m venv .venv
    .venv/bin/pip install -q frequenz-sdk==1.0.0rc2214
    .venv/bin/python examples/follow_actor.py [HOST:PORT]
"""
import asyncio
import sys
from datetime import timedelta

from frequenz.sdk import microgrid
from frequenz.sdk.actor import Actor, run
from frequenz.sdk.timeseries import ResamplerConfig2


class KeepGridAtZero(Actor):
    async def _run(self):
        batteries = microgrid.new_battery_pool(priority=1)
        await batteries.power_status.new_receiver().receive()  # what is proposed before it is up is ignored
        rest = (microgrid.grid().power - batteries.power).build("rest")  # of the site, without its batteries
        async for sample in rest.new_receiver():
            if sample.value is not None:
                await batteries.propose_power(-sample.value)


class Show(Actor):
    async def _run(self):
        async for sample in microgrid.grid().power.new_receiver():
            print(f"  {sample.timestamp:%H:%M:%S}  grid {sample.value}", flush=True)


async def main():
    target = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
    await microgrid.initialize(f"grpc://{target}", ResamplerConfig2(resampling_period=timedelta(seconds=1)))
    await run(KeepGridAtZero(), Show())


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass

# SPDX-License-Identifier: MIT
"""Two tests of an application that charges a battery, with the published client, frequenz-client-microgrid."""
import asyncio

import pytest
from frequenz.client.common.microgrid.components import ComponentId
from frequenz.client.microgrid import MicrogridApiClient, OperationOutOfRange
from frequenz.client.microgrid.metrics import Metric

METER, INVERTER = ComponentId(3), ComponentId(4)


async def charge(url, watts):
    """The application: charges, and returns when the meter shows it."""
    async with MicrogridApiClient(url) as client:
        await client.set_component_power_active(INVERTER, watts)
        async for samples in client.receive_component_data_samples_stream(METER, [Metric.AC_POWER_ACTIVE]):
            if any(abs(sample.value - watts) < 100 for sample in samples.metric_samples):
                return


def test_the_meter_follows(microgrid_site):
    asyncio.run(asyncio.wait_for(charge(microgrid_site.url, 5000), 20))


def test_too_much_is_refused(microgrid_site):
    with pytest.raises(OperationOutOfRange):
        asyncio.run(charge(microgrid_site.url, 50000))

# SPDX-License-Identifier: MIT
"""Words for tests that are coroutines, as the clients' receivers are."""
import asyncio
import logging
import math

from client import LIMIT_S
from frequenz.client.common.microgrid.components import ComponentId
from frequenz.client.microgrid.metrics import Metric


async def until(receiver, condition=lambda message: True, what="the awaited message", limit_s=LIMIT_S):
    """The first message that fulfils the condition, or an error with the last one."""
    message = None
    try:
        async with asyncio.timeout(limit_s):
            async for message in receiver:
                if condition(message):
                    return message
    except TimeoutError:
        pass
    raise AssertionError(f"{what} did not come; the last: {message}")


def value(samples, metric=Metric.AC_POWER_ACTIVE):
    """A metric's value in one message of the client's component stream; NaN if it is not in there."""
    return next((one.value for one in samples.metric_samples if one.metric is metric), math.nan)


async def power_of(client, component, power, tolerance=60, metric=Metric.AC_POWER_ACTIVE, limit_s=LIMIT_S):
    """Waits until a component's power is there."""
    receiver = client.receive_component_data_samples_stream(ComponentId(component), [metric])
    what = f"{power} within {tolerance} at component {component}"
    return await until(receiver, lambda samples: abs(value(samples, metric) - power) <= tolerance, what, limit_s)


def complaints(caplog):
    return [f"{one.name}: {one.getMessage()}" for one in caplog.records if one.levelno >= logging.WARNING]

# SPDX-License-Identifier: MIT
"""Fixtures for today's clients, beside those of the folder above. A test may be a coroutine, as these clients are."""
import asyncio
import inspect

import pytest

from alpha import VERSIONS, Alpha


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning")  # the clients use each other's past


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def speak():
    """Makes clients of a version, closed at the end of the test."""
    clients = []

    def to(target, version=VERSIONS[0], **options):
        clients.append(Alpha(getattr(target, "target", target), version, **options))
        return clients[-1]

    yield to
    for one in clients:
        one.close()


def _alpha_of(site):
    @pytest.fixture
    def fixture(gateway, speak, version):
        return speak(gateway(site), version)

    return fixture


all_alpha = _alpha_of("all")
faults_alpha = _alpha_of("faults")

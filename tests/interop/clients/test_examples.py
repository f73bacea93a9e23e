# SPDX-License-Identifier: MIT
"""What the examples for users of today's clients promise."""
import contextlib
import os
import subprocess
import sys

import pytest

from alpha import ACTIVE
from daemon import TOP, program

MAIN_METER, BAT_METER = 2, 3


@contextlib.contextmanager
def running(*command):
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.timeout(150)
def test_the_battery_follows_the_actor_and_falls_back_when_it_dies(gateway, speak):
    site = gateway("default")
    alpha = speak(site)
    taken = alpha.sample(MAIN_METER)[ACTIVE]
    assert taken > 10000
    with running(TOP / "examples" / "follow_actor.py", site.target) as example:
        alpha.wait_power(MAIN_METER, 0, tolerance=1500, limit_s=30)
        alpha.wait_power(BAT_METER, -taken, tolerance=2500)
        assert "grid" in example.stdout.readline()
    alpha.wait_power(BAT_METER, 0, limit_s=75)  # the last set-point's minute
    alpha.wait_power(MAIN_METER, taken, tolerance=3000)


def test_the_pytest_fixture_starts_a_site_for_each_test():
    environment = os.environ | {"MICROGRIDD": str(program("microgridd")), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", TOP / "examples" / "pytest"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50)
    assert ran.returncode == 0 and "2 passed" in ran.stdout, ran.stdout + ran.stderr

# SPDX-License-Identifier: MIT
"""For tests of your own application: the fixture `microgrid_site` is a simulated site, one for each test, on a free
port, ready within hundredths of a second. Copy this file beside your tests; test_my_app.py shows its use.

Another site than the demo site:  @pytest.mark.parametrize("microgrid_site", ["my-site.yaml"], indirect=True)

microgridd is $MICROGRIDD, or the one on the PATH, or the one built in the checkout that this file lies in.
"""
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import time

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(
    os.environ.get("MICROGRIDD") or shutil.which("microgridd") or CHECKOUT / "build" / "bin" / "microgridd"
)
INSTALLED_SITE = PROGRAM.parent.parent / "share" / "microgridd" / "site-default.yaml"
DEMO_SITE = INSTALLED_SITE if INSTALLED_SITE.exists() else CHECKOUT / "share" / "site-default.yaml"


@dataclasses.dataclass
class MicrogridSite:
    target: str  # "127.0.0.1:41234"
    process: subprocess.Popen  # to stop it, kill it or let it sleep while your application looks on

    @property
    def url(self):
        return f"grpc://{self.target}"


@pytest.fixture
def microgrid_site(request, tmp_path):
    site = getattr(request, "param", DEMO_SITE)
    endpoints = tmp_path / "endpoints.json"  # appears, whole, when the site can be called
    process = subprocess.Popen([PROGRAM, "--config", site, "--grpc", "127.0.0.1:0", "--endpoints", endpoints])
    try:
        while not endpoints.exists():
            assert process.poll() is None, f"microgridd ended with status {process.returncode}"
            time.sleep(0.005)
        yield MicrogridSite(json.loads(endpoints.read_text())["grpc"][0], process)
    finally:
        process.terminate()
        process.wait(5)

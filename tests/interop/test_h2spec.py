# SPDX-License-Identifier: MIT
"""h2spec, section by section. A case may fail only if h2spec_allowed.txt lists it with its reason."""
import subprocess
import xml.etree.ElementTree as ET

import pytest

from daemon import HERE, TOOLS

SECTIONS = """
generic/1 generic/2 generic/3.1 generic/3.2 generic/3.3 generic/3.4 generic/3.5 generic/3.7 generic/3.8 generic/3.9
generic/3.10 generic/4 generic/5
http2/3.5 http2/4.1 http2/4.2 http2/4.3 http2/5.1 http2/5.1.1 http2/5.1.2 http2/5.3.1 http2/5.4.1 http2/5.5 http2/6.1
http2/6.2 http2/6.3 http2/6.4 http2/6.5 http2/6.5.2 http2/6.5.3 http2/6.7 http2/6.8 http2/6.9 http2/6.9.1 http2/6.9.2
http2/6.10 http2/7 http2/8.1 http2/8.1.2 http2/8.1.2.1 http2/8.1.2.2 http2/8.1.2.3 http2/8.1.2.6 http2/8.2
hpack/2.3.3 hpack/4.2 hpack/5.2 hpack/6.1 hpack/6.3
""".split()
GROUPS = [SECTIONS[:13], *[[one] for one in SECTIONS[13:44]], SECTIONS[44:]]


def allowed():
    """{"http2/5.1.1 what the case says"} of the list; each of its lines has a reason after #."""
    lines = (HERE / "h2spec_allowed.txt").read_text().splitlines()
    cases = [line for line in lines if line and not line.startswith("#")]
    assert all(" # " in line for line in cases), "a case without a reason"
    return {line.split(" # ")[0].strip() for line in cases}


@pytest.mark.parametrize("sections", GROUPS, ids=lambda group: group[0] if len(group) == 1 else group[0].split("/")[0])
def test_section(gateway, tmp_path, sections):
    report = tmp_path / "report.xml"
    ran = subprocess.run(
        [TOOLS / "bin" / "h2spec", "-h", "127.0.0.1", "-p", str(gateway("all").port), "-o", "3", "-j", report, *sections],
        capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    cases = list(ET.parse(report).iter("testcase"))
    assert cases, ran.stdout
    failed = set()
    for case in cases:
        if any(child.tag in ("failure", "error") for child in case):
            failed.add(f"{case.get('package')} {case.get('classname')}")
    assert failed <= allowed(), ran.stdout

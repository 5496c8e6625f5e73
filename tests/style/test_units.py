"""The systemd units in docs/operate.md are ones that systemd takes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```ini\n# /etc/systemd/system/([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN = {"Unit", "Service", "Install"}


def units(text):
    return dict(BLOCK.findall(text))


def complaints(text):
    """What is wrong with a unit's form: unknown sections, lines that are no assignment."""
    found, section = [], ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            found += [line] if section not in KNOWN else []
        elif line and not (section and re.fullmatch(r"[A-Z][A-Za-z]+=\S.*", line)):
            found.append(line)
    return found


def test_the_units_are_well_formed(root):
    found = units((root / "docs" / "operate.md").read_text())

    assert set(found) == {"sampan-api.service", "sampan@.service"}
    assert [complaints(text) for text in found.values()] == [[], []]


def test_systemd_takes_them(root, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this machine")
    for name, text in units((root / "docs" / "operate.md").read_text()).items():
        (tmp_path / name).write_text(text.replace("/opt/sampan/bin", str(Path(sys.executable).parent)))

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    ours = [line for line in done.stderr.splitlines() if "sampan" in line]
    assert ours == []


def test_the_rule_catches_a_bad_unit():
    assert complaints("[Servise]\nExecStart=/x\n[Unit]\nAfter network\n") == ["[Servise]", "After network"]

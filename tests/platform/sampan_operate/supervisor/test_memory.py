"""Memory that was freed goes back to the system."""

from __future__ import annotations

import re
from pathlib import Path

from sampan_operate.supervisor import memory


def _resident() -> int:
    """KiB of anonymous memory."""
    found = re.search(r"^RssAnon:\s+(\d+)", Path("/proc/self/status").read_text(), re.M)
    assert found
    return int(found[1])


def test_what_was_freed_below_what_stays_is_given_back() -> None:
    blocks = [bytes([1]) * 60_000 for _ in range(500)]  # below the size that glibc maps by itself
    kept = blocks[-1]
    del blocks
    before = _resident()

    memory.trim()

    assert before - _resident() > 20_000
    assert len(kept) == 60_000

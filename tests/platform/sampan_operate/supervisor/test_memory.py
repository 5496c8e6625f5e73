"""Memory that was freed goes back to the system."""

from __future__ import annotations

import re
import subprocess
import sys
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


#: Prints how many KiB a fork writes to when it makes its first TLS context.
FORK = """
import os, re, ssl, sys
from sampan_operate.supervisor import memory

def private():
    with open("/proc/self/smaps_rollup") as file:
        return int(re.search(r"^Private_Dirty:\\s+(\\d+)", file.read(), re.M)[1])

if sys.argv[1] == "started":
    memory.start_openssl()
if os.fork() == 0:
    before = private()
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    print(private() - before, flush=True)
    os._exit(0)
os.wait()
"""


def test_forks_share_what_openssl_sets_up() -> None:
    written = [
        int(subprocess.run([sys.executable, "-c", FORK, how], capture_output=True, check=True).stdout)
        for how in ("started", "not")
    ]

    assert written[0] < written[1] * 0.8

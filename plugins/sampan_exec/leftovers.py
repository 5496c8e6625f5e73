"""Launchers of all clusters among this machine's processes. Only looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sampan.contracts.components import Leftover
from sampan_exec.processes import tree

LAUNCHER = b"/sampan_exec/launcher.py"


def leftovers(proc: Path = Path("/proc")) -> Iterator[Leftover]:
    """A launcher's arguments are: python, its flags, launcher.py, the container's folder, a descriptor."""
    for path in proc.glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue
        at = next((number for number, word in enumerate(words) if word.endswith(LAUNCHER)), -1)
        if at >= 0 and at + 1 < len(words):
            pid, folder = path.parent.name, words[at + 1].decode(errors="replace")
            whole = " ".join(map(str, tree(int(pid), proc) or [int(pid)]))  # what it launched would outlive it
            yield Leftover(what=f"process {pid}, the launcher of a container", remove=f"kill -9 {whole}", home=folder)

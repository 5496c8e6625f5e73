"""What the supervisor says about itself, for `sampan status` and `sampan down`: one JSON file and one lock."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass
class ProcessState:
    """One supervised process."""

    name: str
    pid: int = 0
    born: int = 0  # start time in clock ticks since boot: with the pid it names a process for ever
    started: float = 0.0  # seconds since the epoch
    restarts: int = 0
    status: str = "starting"  # starting, running, waiting (to be restarted), stopped
    exit: str = ""  # how it ended last
    components: list[str] = field(default_factory=list)


def run_directory(home: Path) -> Path:
    path = home / "run"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_state(home: Path, pid: int, processes: list[ProcessState], **facts: Any) -> None:
    """Replace the state file atomically."""
    path = run_directory(home) / "state.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"pid": pid, "born": born(pid), "processes": [asdict(p) for p in processes], **facts}))
    os.replace(fresh, path)


def read_state(home: Path) -> dict[str, Any]:
    """The state as last written, {} where there is none."""
    try:
        state: dict[str, Any] = json.loads((home / "run" / "state.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return state


def born(pid: int) -> int:
    """When the process started, in clock ticks since boot; 0 when there is none or it has ended. Source: proc(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])


def is_alive(process: Mapping[str, Any]) -> bool:
    """Whether the process that the state names (the supervisor, or one of its own) is still the same one and runs."""
    return bool(process.get("pid") and process.get("born") and born(process["pid"]) == process["born"])


def take_lock(home: Path) -> IO[str] | None:
    """Held while the returned file is open (in any process that inherited it); None if another cluster runs here."""
    file = open(run_directory(home) / "lock", "a+")  # noqa: SIM115 - it must stay open
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_running(home: Path) -> bool:
    """Whether a supervisor holds the lock."""
    lock = take_lock(home)
    if lock is None:
        return True
    lock.close()
    return False


def write_loaded(home: Path, found: Sequence[Any]) -> None:
    """Which plugins (``plugins.Found`` each) the cluster that is about to run has loaded."""
    (run_directory(home) / "loaded.json").write_text(json.dumps([asdict(each) for each in found]))


def read_loaded(home: Path) -> list[dict[str, Any]]:
    """What ``write_loaded`` wrote, [] where there is nothing."""
    try:
        found: list[dict[str, Any]] = json.loads((home / "run" / "loaded.json").read_text())
    except (OSError, json.JSONDecodeError):
        return []
    return found

"""The supervisor's state for `sampan status` and `sampan down`: one JSON file and one lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from sampan.errors import ConfigError
from sampan.files import write_whole


@dataclass
class ProcessState:
    """One supervised process."""

    name: str
    pid: int = 0
    born: int = 0  # start time in clock ticks since boot; identifies the process together with the pid
    started: float = 0.0  # seconds since the epoch
    restarts: int = 0
    #: starting, running, waiting (to be restarted), refused (it has logged why it does not start; retried), stopped
    status: str = "starting"
    exit: str = ""  # how it ended last
    components: list[str] = field(default_factory=list)


def run_directory(home: Path) -> Path:
    path = home / "run"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_state(home: Path, pid: int, processes: list[ProcessState], **facts: Any) -> None:
    """Replace the state file atomically."""
    state = {"pid": pid, "born": born(pid), "processes": [asdict(p) for p in processes], **facts}
    write_whole(run_directory(home) / "state.json", json.dumps(state), mode=0o600)  # settings may hold passwords


def read_state(home: Path) -> dict[str, Any]:
    """The state as last written; {} if there is none or it cannot be read (see ``require_readable``)."""
    try:
        state = json.loads((home / "run" / "state.json").read_bytes())
    except (OSError, ValueError):
        return {}
    sound = isinstance(state, dict) and isinstance(state.get("pid"), int) and isinstance(state.get("processes"), list)
    return state if sound and all(isinstance(each, dict) for each in state["processes"]) else {}


def make_home(home: Path) -> None:
    """Raises ConfigError where no folder can be there, OSError for lack of rights or room."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileNotFoundError, FileExistsError, NotADirectoryError) as error:
        why = (error.strerror or str(error)).lower()
        raise ConfigError(f"the home {home} cannot be made: {why}; name a folder with --home or SAMPAN_HOME") from error


def require_readable(home: Path) -> None:
    """Raises ConfigError if a cluster runs and its state file is damaged. If none runs, a start replaces the file."""
    path = home / "run" / "state.json"
    if path.exists() and not read_state(home) and is_running(home):
        raise ConfigError(
            f"{path} is damaged, though a cluster runs in {home}; `sampan down` ends it all the same, and `sampan up` "
            "writes the file again"
        )


def holders(home: Path) -> list[int]:
    """Processes that hold the home's lock and whose parent does not: the supervisor, or its orphans if it was
    killed."""
    try:
        wanted = os.stat(home / "run" / "lock")
    except OSError:
        return []
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError, IndexError, ValueError):
                if any(os.path.samestat(wanted, os.stat(fd)) for fd in _descriptors(entry)):
                    found[int(entry.name)] = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
    return sorted(pid for pid, parent in found.items() if parent not in found)


def _descriptors(process: Path) -> Iterator[str]:
    for fd in (process / "fd").iterdir():
        if fd.exists():
            yield str(fd)


def born(pid: int) -> int:
    """Start time of the process in clock ticks since boot; 0 if there is none or it has ended. Source: proc(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])


def is_alive(process: Mapping[str, Any]) -> bool:
    """Whether the process in the state (the supervisor or a child) still runs and is the same process."""
    return bool(process.get("pid") and process.get("born") and born(process["pid"]) == process["born"])


def live_state(home: Path) -> dict[str, Any]:
    """The state of the running supervisor; {} if none runs. The file of a copied home is that of another supervisor."""
    state = read_state(home)
    return state if is_alive(state) and is_running(home) else {}


def take_lock(home: Path) -> IO[str] | None:
    """Take the lock; it is held while the returned file is open in any process. None if another cluster runs here."""
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
    """Record the loaded plugins (each a ``plugins.Found``) of the cluster that is about to run."""
    (run_directory(home) / "loaded.json").write_text(json.dumps([asdict(each) for each in found]))


def read_loaded(home: Path) -> list[dict[str, Any]]:
    """What ``write_loaded`` wrote; [] if there is nothing."""
    try:
        found: list[dict[str, Any]] = json.loads((home / "run" / "loaded.json").read_text())
    except (OSError, json.JSONDecodeError):
        return []
    return found

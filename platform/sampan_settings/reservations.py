"""What clusters on one machine may not share: service addresses, node ports, loopback addresses of pods.

A running cluster holds a reservation: an abstract Unix socket whose name says what it uses. The kernel keeps such names
per network namespace, as it keeps packet rules and loopback addresses, shows them to every user in /proc/net/unix, and
removes them with the last process that holds them. A lock file would outlive a crash and be private to one user.

What stopped clusters of this user will use again is in a folder of the user (``registry``), one file a home.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from sampan.errors import ConfigError
from sampan.files import write_whole

log = logging.getLogger(__name__)

PREFIX = "sampan-cluster"
TURN = "\0sampan-reserving"  # held while a process looks and reserves
TURN_SECONDS = 60.0  # on a busy machine a turn lasts seconds; going on without it gave a range twice
SOCKETS = "/proc/net/unix"
SYSTEM_STATE = "/var/lib"  # where root keeps the registry; others keep it in $XDG_STATE_HOME
FORGOTTEN_AFTER = 7 * 86400.0  # seconds after which a home that does not exist any more is dropped from the registry


@dataclass(frozen=True)
class Reservation:
    """What one home uses. ``authority`` tells homes of one cluster from other clusters; "" where it is not known."""

    home_id: str
    authority: str
    service_cidr: str
    node_ports: str
    loopback_pods: str

    @property
    def name(self) -> str:
        words = (self.home_id, self.authority or "-", self.service_cidr, self.node_ports, self.loopback_pods)
        return " ".join((PREFIX, *words, str(os.getpid())))


def home_id(home: Path | str) -> str:
    """Short name of a home among all homes of this machine; the same for ever, and after the home was deleted."""
    return hashlib.sha256(str(home).encode()).hexdigest()[:12]


def authority_id(home: Path) -> str:
    """Short name of the certificate authority in the home, "" where there is none yet."""
    try:
        return hashlib.sha256((home / "pki" / "ca.crt").read_bytes()).hexdigest()[:8]
    except OSError:
        return ""


def held(path: str = SOCKETS) -> list[Reservation]:
    """Of all clusters that run in this network namespace, each once."""
    try:
        lines = Path(path).read_text(errors="replace").splitlines()
    except OSError:  # not Linux
        return []
    found = {_parsed(line.rpartition(f"@{PREFIX} ")[2]): None for line in lines if f"@{PREFIX} " in line}
    return [each for each in found if each is not None]


def _parsed(text: str) -> Reservation | None:
    """None for a name that is not one of ours: any program can make one."""
    words = text.split()
    if len(words) != 6:
        return None
    identity, authority, cidr, ports, pods, _ = words
    try:
        ipaddress.ip_network(cidr), ipaddress.ip_network(pods)
        ports_of(ports)
    except ValueError:
        return None
    return Reservation(identity, "" if authority == "-" else authority, cidr, ports, pods)


def ports_of(text: str) -> tuple[int, int]:
    """First and last of ``30000-32767``. Raises ValueError."""
    low, _, high = text.partition("-")
    return int(low), int(high)


def overlap(one: str, other: str) -> bool:
    """Whether two ranges have anything in common: networks, or ports."""
    if "/" in one:
        return ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))
    (low, high), (other_low, other_high) = ports_of(one), ports_of(other)
    return low <= other_high and other_low <= high


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Between looking for what is free and reserving it no other cluster of this machine does the same.

    The kernel ends it with its process. Raises ConfigError where one does not come to an end.
    """
    with socket.socket(socket.AF_UNIX) as lock:
        deadline = time.monotonic() + TURN_SECONDS
        while not _bound(lock, TURN):
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"another cluster of this machine has been choosing its addresses for {TURN_SECONDS:.0f} s "
                    f"(`grep {TURN[1:]} /proc/net/unix`); is its process stopped?"
                )
            time.sleep(0.01)
        yield


def _bound(end: socket.socket, name: str) -> bool:
    try:
        end.bind(name)
    except OSError as error:
        log.debug("%r cannot be bound: %s", name, error)
        return False
    return True


def hold(wanted: Reservation, home: Path) -> socket.socket:
    """Reserve; held while the socket is open in any process. Raises ConfigError as ``check`` does."""
    check(wanted)
    end = socket.socket(socket.AF_UNIX)
    if _bound(end, f"\0{wanted.name}"):
        end.listen(1)
    remember(wanted, home)
    return end


def check(wanted: Reservation) -> None:
    """Raises ConfigError for the first of the conflicts."""
    for conflict in conflicts(wanted):
        raise ConfigError(conflict)


def conflicts(wanted: Reservation) -> Iterator[str]:
    """A sentence for each range that is in use, and by whom; what is "" is not looked at."""
    for other in others(wanted):
        for key in ("service_cidr", "node_ports"):
            mine, theirs = getattr(wanted, key), getattr(other, key)
            if mine and overlap(mine, theirs):
                yield _in_use(key, mine, theirs, home_of(other.home_id))


def others(wanted: Reservation) -> list[Reservation]:
    """What other clusters hold: further homes of the same cluster (a second node here) may use the same."""
    return [
        each for each in held()
        if each.home_id != wanted.home_id and not (each.authority and each.authority == wanted.authority)
    ]  # fmt: skip


def _in_use(key: str, wanted: str, theirs: str, home: str) -> str:
    """The sentence for the user."""
    whose = f"the cluster in {home}" if home else "another user's cluster"
    what = f"network.{key} {wanted}" + ("" if wanted == theirs else f" overlaps {theirs}, which")
    way_out = "choose another range in a new home" if key == "service_cidr" else f"set network.{key} to another range"
    return f"{what} is in use by {whose} on this machine; stop that one, or {way_out} (a new home finds a free one)"


def registry(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder with a file for each home of this user."""
    if environ.get("XDG_STATE_HOME"):
        return Path(environ["XDG_STATE_HOME"]) / "sampan" / "homes"
    if os.geteuid() == 0:
        return Path(SYSTEM_STATE) / "sampan" / "homes"
    return Path("~/.local/state").expanduser() / "sampan" / "homes"


def remember(used: Reservation, home: Path, folder: Path | None = None) -> None:
    """For later homes; a folder that cannot be written costs that alone."""
    folder = folder or registry()
    path = folder / f"{used.home_id}.json"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, json.dumps({"home": str(home), **asdict(used)}))
        for each in folder.glob("*.json"):
            is_old = time.time() - each.stat().st_mtime > FORGOTTEN_AFTER
            if is_old and not Path(_entry(each).get("home", "/")).exists():
                each.unlink(missing_ok=True)
    except OSError as error:
        log.info("%s is not remembered for other clusters of this machine: %s", home, error)


def known(folder: Path | None = None) -> list[dict[str, str]]:
    """The registry's entries, those used last at the end."""
    try:
        paths = sorted((folder or registry()).glob("*.json"), key=lambda path: path.stat().st_mtime)
    except OSError:
        return []
    return [entry for path in paths if (entry := _entry(path))]


def _entry(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def home_of(identity: str) -> str:
    """The folder of a home, "" for one that this user does not know."""
    return next((entry.get("home", "") for entry in known() if entry.get("home_id") == identity), "")


def free(key: str, candidates: Iterable[str], own: Reservation, also: Callable[[str], bool] = lambda _: False) -> str:
    """The first candidate that no other home uses or has used; where all have been used, the one unused for longest.

    ``also(candidate)``: whether something else than a cluster uses it. "" where all are in use.
    """
    running = [getattr(each, key) for each in others(own)]
    idle = [
        entry[key] for entry in known()
        if entry.get(key) and entry.get("home_id") != own.home_id and Path(entry.get("home", "")).exists()
    ]  # fmt: skip
    best, unused_for = "", len(idle) + 1
    for each in candidates:
        if also(each) or any(overlap(each, used) for used in running):
            continue
        rank = max((n for n, used in enumerate(idle, start=1) if _overlap(each, used)), default=0)
        if rank == 0:
            return each  # without a look at the others: there may be tens of thousands
        if rank < unused_for:
            best, unused_for = each, rank
    return best


def _overlap(one: str, other: str) -> bool:
    try:
        return overlap(one, other)
    except (ValueError, TypeError):  # a damaged entry
        return False

"""Where nginx runs and listens on this machine: ports, addresses, folders, the user of its workers."""

from __future__ import annotations

import contextlib
import os
import pwd
import resource
import shutil
import socket
import tempfile
from pathlib import Path

from sampan_ingress.rendering import NginxPlace
from sampan_ingress.settings import Settings

MOST_FILES = 65536
_WORKER_USERS = ("www-data", "nginx", "nobody")
LASTING = "/var/lib"
_SCRATCH = "sampan-ingress-"


class PlaceTaken(Exception):
    """A port that cannot be listened on; says which and the way out."""


def place_for(settings: Settings, folder: Path) -> NginxPlace:
    """As the settings and the machine have it; folders are made."""
    (folder / "certificates").mkdir(mode=0o700, parents=True, exist_ok=True)
    https = settings.https_port or _usual(443, 8443)
    return NginxPlace(
        folder=str(folder),
        scratch=str(scratch(folder)),
        listen=_listen(settings.address),
        http_port=settings.http_port or _usual(80, 8080),
        https_port=https,
        public_https_port=settings.public_https_port or https,
        user=_worker_user() if os.geteuid() == 0 else "",
        workers=str(settings.workers or "auto"),
        files=_files(),
        shutdown_seconds=settings.shutdown_seconds,
        trusted=settings.trusted_proxies,
        access_log=settings.access_log,
    )


def check_free(place: NginxPlace) -> None:
    """Raises PlaceTaken."""
    for setting, port in (("http_port", place.http_port), ("https_port", place.https_port)):
        for address in place.listen:
            host = address.strip("[]")
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if ":" in host:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                try:
                    probe.bind((host, port))
                    probe.listen(1)
                except OSError as error:
                    raise PlaceTaken(
                        f"port {port} of {address} cannot be listened on ({error.strerror}); "
                        f"free it or set plugins.ingress.{setting} to another"
                    ) from error


def scratch(folder: Path) -> Path:
    """For temporary files and a socket: with a short path, where workers of another user get in. Kept until removed."""
    note = folder / "scratch"
    known = Path(note.read_text()) if note.exists() else None
    if known is not None and known.name.startswith(_SCRATCH):
        with contextlib.suppress(FileExistsError):
            known.mkdir(mode=0o711)
        if known.is_dir() and not known.is_symlink() and known.stat().st_uid == os.geteuid():
            return known
    root = os.geteuid() == 0
    where = LASTING if root and os.access(LASTING, os.W_OK) else None  # a disk: uploads must not fill the memory
    made = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=where))
    made.chmod(0o711 if root else 0o700)
    note.write_text(str(made))
    return made


def remove_scratch(folder: Path, *, forget: bool = True) -> None:
    """What ``scratch`` made, if anything. Not forgotten, it is made in the same place again."""
    note = folder / "scratch"
    if note.exists():
        known = Path(note.read_text())
        if known.name.startswith(_SCRATCH) and not known.is_symlink():
            shutil.rmtree(known, ignore_errors=True)
        if forget:
            note.unlink()


def _usual(port: int, otherwise: int) -> int:
    """The usual port where this process may listen there."""
    if os.geteuid() == 0:
        return port
    try:
        free_from = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        free_from = 1024
    return port if port >= free_from else otherwise


def _listen(address: str) -> tuple[str, ...]:
    if address:
        return (f"[{address}]" if ":" in address else address,)
    return ("0.0.0.0", "[::]") if _has_ipv6() else ("0.0.0.0",)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def _worker_user() -> str:
    for name in _WORKER_USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return "root"


def _files() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)

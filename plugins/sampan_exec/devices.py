"""A container's /dev: what a container of Docker finds there, and for a privileged one the host's devices too.

A terminal needs a devpts of the container's own: a /dev/ptmx shown by a bind mount finds no terminals beside it. Runs
in the launcher, inside its own mount namespace; standard library only. Source: OCI runtime specification, devices.
"""

from __future__ import annotations

import contextlib
import os

from rights import MS_NODEV, MS_NOEXEC, MS_NOSUID, bind, mount  # type: ignore[import-not-found] # run by path

NODES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "core": "/proc/kcore",
}
TERMINAL_GROUP = 5  # tty, as everywhere


def mount_devices(place: str, *, privileged: bool) -> None:
    """Mount a /dev at the empty directory ``place``."""
    mount("tmpfs", place, kind="tmpfs", flags=MS_NOSUID, data="mode=755")
    for name in NODES:
        show(f"/dev/{name}", f"{place}/{name}")
    for name, target in LINKS.items():
        if name != "core" or os.path.exists(target):
            os.symlink(target, f"{place}/{name}")
    for name in ("pts", "mqueue", "shm"):
        os.mkdir(f"{place}/{name}")
    os.chmod(f"{place}/shm", 0o1777)  # the sandbox's own is mounted here
    _terminals(f"{place}/pts")
    with contextlib.suppress(OSError):  # a user namespace has no say over the host's queues: an empty directory
        mount("mqueue", f"{place}/mqueue", kind="mqueue", flags=MS_NOSUID | MS_NODEV | MS_NOEXEC)
    if privileged:
        _host_devices(place)


def _terminals(place: str) -> None:
    group = f",gid={TERMINAL_GROUP}" if os.geteuid() == 0 else ""  # a user namespace does not know the group
    options = f"newinstance,ptmxmode=0666,mode=0620{group}"
    mount("devpts", place, kind="devpts", flags=MS_NOSUID | MS_NOEXEC, data=options)


def _host_devices(place: str) -> None:
    for entry in os.scandir("/dev"):
        target = f"{place}/{entry.name}"
        if os.path.lexists(target) or entry.name == "console":
            continue
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), target)
        elif entry.is_dir():
            os.mkdir(target)
            bind(entry.path, target)
        else:
            show(entry.path, target)


def show(source: str, target: str) -> None:
    """A file of the host at ``target``, which stays an empty file where it may not be shown."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    with contextlib.suppress(OSError):  # it just went away, or this machine has none
        bind(source, target)


def make_console(terminal: int) -> None:
    """Show the program's terminal as /dev/console, once this process is in the container's root."""
    if not os.path.lexists("/dev/console"):
        show(os.ttyname(terminal), "/dev/console")

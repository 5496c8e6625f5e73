"""What this node mounts for pods: memory volumes, and bind mounts of descriptors that were checked.

Everything mounted below a directory is found in the kernel's own table, so that nothing is deleted through a mount.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
from pathlib import Path

log = logging.getLogger(__name__)

_libc = ctypes.CDLL(None, use_errno=True)
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MNT_DETACH, _UMOUNT_NOFOLLOW = 2, 8
TABLE = Path("/proc/self/mountinfo")


def _mount(source: str, target: Path, kind: str, flags: int, options: str, what: str) -> None:
    arguments = (source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode() or None)
    if _libc.mount(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount_memory(place: Path, options: str) -> None:
    _mount("tmpfs", place, "tmpfs", 0, options, "mounting tmpfs")


def bind(descriptor: int, target: Path, *, private: bool) -> None:
    """Bind-mount what the descriptor is open on at ``target``; renaming the source later has no effect.

    Only the one mount, as kubelet does it: showing what is mounted further down too would double with each pod that
    shows the directory in which these mounts are. ``private``: mounts made there later are not passed on.
    """
    _mount(f"/proc/self/fd/{descriptor}", target, "none", _MS_BIND, "", f"bind mount on {target}")
    if private:
        _mount("none", target, "none", _MS_PRIVATE, "", f"making {target} private")


def below(folder: Path) -> list[Path]:
    """Mount points at or below the folder, the deepest first."""
    top = os.path.realpath(folder)
    found = []
    for line in TABLE.read_text(errors="surrogateescape").splitlines():
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split(" ")[4])
        if point == top or point.startswith(f"{top}/"):
            found.append(Path(point))
    return sorted(found, key=lambda point: len(point.parts), reverse=True)


def unmount_below(folder: Path) -> bool:
    """Unmount all below the folder; returns whether nothing is mounted there any more, which must hold before files are
    deleted."""
    mounted = below(folder)
    for point in mounted:
        # Private first: else taking it away takes away what is mounted below its source, too.
        _libc.mount(b"none", os.fsencode(point), b"none", ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None)
        _libc.umount2(os.fsencode(point), _MNT_DETACH | _UMOUNT_NOFOLLOW)
    left = below(folder) if mounted else []
    if left:
        log.warning("node: %s stays: %s cannot be unmounted", folder, left[0])
    return not left

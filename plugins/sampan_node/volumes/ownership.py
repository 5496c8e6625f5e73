"""The group of a volume's files as a pod's ``fsGroup`` wants it. Needs root; without it nothing is changed.

Goes from directory to directory by descriptors and follows no link: what is in a volume is its users' to change
meanwhile. Source: core/v1 PodSecurityContext, KEP-695 (fsGroupChangePolicy).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sampan.contracts.kinds import Object

_READ, _WRITE, _ENTER = 0o440, 0o660, 0o110


def apply(folder: Path, security: Object, *, read_only: bool = False) -> None:
    """Give all files to ``security.fsGroup``, with the bits that the group needs; ``security`` is the pod's
    securityContext. With OnRootMismatch only where the folder itself is not so already. Raises OSError."""
    group = security.get("fsGroup")
    if group is None or os.geteuid() != 0:
        return
    bits = _READ if read_only else _WRITE
    if security.get("fsGroupChangePolicy") == "OnRootMismatch" and _is_so(folder, group, bits):
        return
    for _, directories, files, here in os.fwalk(folder, topdown=False, follow_symlinks=False):
        for name in (*directories, *files):
            found = os.lstat(name, dir_fd=here)
            if not stat.S_ISDIR(found.st_mode):  # a directory had its turn when it was walked
                _entry(here, name, found, group, bits)
        _directory(here, group, bits)


def _is_so(folder: Path, group: int, bits: int) -> bool:
    found = os.stat(folder)
    wanted = bits | _ENTER | stat.S_ISGID
    return found.st_gid == group and found.st_mode & wanted == wanted


def _entry(parent: int, name: str, found: os.stat_result, group: int, bits: int) -> None:
    os.chown(name, -1, group, dir_fd=parent, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        return
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    try:
        if stat.S_ISREG(os.fstat(opened).st_mode):
            os.fchmod(opened, stat.S_IMODE(found.st_mode) | bits)
    finally:
        os.close(opened)


def _directory(here: int, group: int, bits: int) -> None:
    os.fchown(here, -1, group)
    os.fchmod(here, stat.S_IMODE(os.fstat(here).st_mode) | bits | _ENTER | stat.S_ISGID)

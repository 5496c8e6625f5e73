"""The part of a volume that a container's ``subPath`` names, pinned so that swapping names cannot lead to another
place.

As root the checked descriptor is bind-mounted on a place of the node's own, and the runtime gets that place: what the
volume's users do to its names meanwhile changes nothing. Without root nothing can be mounted, and the runtime gets the
checked path. Source: kubelet's volume-subpaths (meaning).
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path

from sampan_node.volumes import beneath, mounting

FOLDER = "volume-subpaths"


class SubPaths:
    """Of one container; ``pod`` is the pod's folder here, ``seen`` whether the runtime finds what is mounted."""

    def __init__(self, pod: Path, container: str, *, seen: bool = True) -> None:
        self._folder, self._seen = pod / FOLDER / container, seen
        self._index = 0

    def clear(self) -> None:
        """Unmount what an earlier run of the container had; its other mounts stay."""
        if self._folder.is_dir() and mounting.unmount_below(self._folder):
            shutil.rmtree(self._folder, ignore_errors=True)

    def pin(self, volume: Path, path: str, *, shared: bool, make: bool = True) -> Path:
        """Where the runtime finds ``volume``/``path``, made as a directory if missing, or not. Raises OSError."""
        with beneath.opened(volume) as top:
            mode = stat.S_IMODE(os.fstat(top).st_mode)
            found = beneath.make(top, path, mode) if make else beneath.find(top, path)
        try:
            return self._pinned(found, shared)
        finally:
            os.close(found)

    def _pinned(self, found: int, shared: bool) -> Path:
        here = Path(os.readlink(f"/proc/self/fd/{found}"))
        kind = os.fstat(found).st_mode
        if stat.S_ISLNK(kind):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if os.geteuid() != 0 or not self._seen:
            return here
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        place = self._folder / str(self._index)
        self._index += 1
        place.mkdir() if stat.S_ISDIR(kind) else place.touch()
        try:
            mounting.bind(found, place, private=not shared)
        except PermissionError:  # root of a namespace that may not mount
            with contextlib.suppress(OSError):
                place.rmdir() if place.is_dir() else place.unlink()
            return here
        return place

"""Directories below one root: made, and removed with all that is in them. No link is followed, and nothing is ever
removed but a directory with the name of its volume, whatever a PersistentVolume says its path is."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = 0o777  # any user of any container writes to it; other users of the machine do not get through the root


def make(root: Path, name: str) -> Path:
    """A directory that every user may write to. Raises OSError."""
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    with _opened(root) as top:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=top)
        made = os.open(name, _FOLDER, dir_fd=top)
        try:
            if not os.listdir(made):
                os.fchmod(made, _OPEN)
        finally:
            os.close(made)
    return root / name


def remove(path: Path, volume: str) -> None:
    """The volume's directory and all that is in it; nothing where there is none. Raises OSError."""
    if not volume.startswith("pvc-") or not path.name.startswith(f"{volume}_"):
        raise OSError(f"{path} is no directory that was made for volume {volume}")
    try:
        with _opened(path.parent) as top:
            shutil.rmtree(path.name, dir_fd=top)
    except FileNotFoundError:
        return


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)

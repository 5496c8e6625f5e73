"""Files that change all at once: a directory whose entries are links through ``..data``, swapped by one rename.

The layout is what applications watch for. Source: kubelet's AtomicWriter.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class File(NamedTuple):
    data: bytes
    mode: int = 0o644


def write(folder: Path, files: Mapping[str, File], *, group: int | None = None) -> bool:
    """Make ``folder`` show exactly these files (relative path -> File); False where it already did."""
    folder.mkdir(parents=True, exist_ok=True)
    current = folder / "..data"
    if current.is_symlink() and _same(current, files):
        return False
    stamp = time.strftime("..%Y_%m_%d_%H_%M_%S.", time.gmtime())
    fresh = Path(tempfile.mkdtemp(prefix=stamp, dir=folder))
    fresh.chmod(0o755)
    for name, file in files.items():
        _put(fresh / name, file, group)
    old = os.readlink(current) if current.is_symlink() else ""
    link = folder / "..data_tmp"
    link.unlink(missing_ok=True)
    link.symlink_to(fresh.name)
    os.replace(link, current)
    _show(folder, {name.split("/")[0] for name in files})
    if old:
        shutil.rmtree(folder / old, ignore_errors=True)
    return True


def _put(path: Path, file: File, group: int | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.data)
    path.chmod(file.mode if group is None else file.mode | 0o440)
    if group is not None:
        os.chown(path, -1, group)


def _show(folder: Path, names: set[str]) -> None:
    for name in names:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    for entry in folder.iterdir():
        if entry.is_symlink() and not entry.name.startswith("..") and entry.name not in names:
            entry.unlink()


def _same(current: Path, files: Mapping[str, File]) -> bool:
    found = {str(path.relative_to(current)): path.read_bytes() for path in current.rglob("*") if path.is_file()}
    return found == {name: file.data for name, file in files.items()}

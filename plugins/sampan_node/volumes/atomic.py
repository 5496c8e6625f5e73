"""Files that are replaced atomically: a directory whose entries are links through ``..data``, swapped by one rename.

The layout is what applications watch for. Nothing here follows a link that is found in the directory: a container that
could once write there cannot choose what is written, read or removed as root. Source: kubelet's AtomicWriter."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from sampan_node.volumes import beneath

DATA, FRESH = "..data", "..data_tmp"


class File(NamedTuple):
    data: bytes
    mode: int = 0o644
    user: int = -1  # its owner; -1 is the agent


def write(folder: Path, files: Mapping[str, File], *, group: int | None = None) -> bool:
    """Make ``folder`` show exactly these files (relative path -> File); False where it already did.

    Raises OSError, of an item whose path leads anywhere else too.
    """
    wanted = {"/".join(beneath.names_of(name)): file for name, file in files.items()}
    folder.mkdir(parents=True, exist_ok=True)
    with beneath.opened(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW) as top:
        old = _current(top)
        if old and _same(top, old, wanted):
            return False
        fresh = time.strftime("..%Y_%m_%d_%H_%M_%S.", time.gmtime()) + secrets.token_hex(4)
        os.close(beneath.make_directory(top, fresh, 0o755))
        with _child(top, fresh) as place:
            for name, file in wanted.items():
                _put(place, name, file, group)
        beneath.remove(top, FRESH)
        os.symlink(fresh, FRESH, dir_fd=top)
        os.replace(FRESH, DATA, src_dir_fd=top, dst_dir_fd=top)
        _show(top, {name.split("/")[0] for name in wanted})
        if old:
            shutil.rmtree(old, ignore_errors=True, dir_fd=top)
    return True


def _current(top: int) -> str:
    """The directory that is shown now; "" for none, and for a link that we did not make."""
    try:
        name = os.readlink(DATA, dir_fd=top)
    except OSError:
        return ""
    return name if name.startswith("..2") and "/" not in name else ""


def _child(parent: int, name: str) -> AbstractContextManager[int]:
    return beneath.opened(name, beneath.DIRECTORY, dir_fd=parent)


def _put(top: int, name: str, file: File, group: int | None) -> None:
    *folders, last = name.split("/")
    mode = file.mode if group is None else file.mode | 0o440
    with beneath.made(top, folders, 0o755) as here:
        beneath.make_file(here, last, mode, file.data, user=file.user, group=-1 if group is None else group)


def _show(top: int, names: set[str]) -> None:
    for name in names:
        if not _is_link(top, name):
            beneath.remove(top, name)
            os.symlink(f"{DATA}/{name}", name, dir_fd=top)
    for name in os.listdir(top):
        if not name.startswith("..") and name not in names and _is_link(top, name):
            os.unlink(name, dir_fd=top)


def _is_link(top: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(name, dir_fd=top).st_mode)
    except FileNotFoundError:
        return False


def _same(top: int, current: str, files: Mapping[str, File]) -> bool:
    try:
        with _child(top, current) as here:
            if sorted(_listed(here)) != sorted(files):
                return False
            return all(_holds(here, name, file.data) for name, file in files.items())
    except OSError:
        return False


def _listed(here: int, before: str = "") -> Iterator[str]:
    """Paths of all that is no directory."""
    for name in os.listdir(here):
        if stat.S_ISDIR(os.lstat(name, dir_fd=here).st_mode):
            with _child(here, name) as below:
                yield from _listed(below, f"{before}{name}/")
        else:
            yield before + name


def _holds(here: int, name: str, data: bytes) -> bool:
    folder, _, last = name.rpartition("/")
    parent = beneath.find(here, folder)
    try:
        return beneath.read_file(parent, last, len(data) + 1) == data
    finally:
        os.close(parent)

"""Unpacks an image into a directory of this node, for a volume: its layers are applied one after the other.

The layers are untrusted: each path is opened below the directory (``beneath``), so that none leads out. Devices and
pipes are left out. Source: OCI image specification, layer filesystem changeset."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

from sampan_node.volumes import beneath

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"


class NotAnImage(OSError):
    """The archive is not an image as ``docker save`` writes it."""


def unpack(saved: Iterable[bytes], place: Path) -> None:
    """Make ``place`` show the files of a saved image, all or nothing. Raises OSError."""
    half = place.with_name(f"{place.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    archive = place.with_name(f"{place.name}.tar")
    try:
        with archive.open("wb") as file:
            file.writelines(saved)
        with beneath.opened(half, os.O_RDONLY | os.O_DIRECTORY) as top:
            _unpack(archive, top)
        half.rename(place)
    except (tarfile.TarError, ValueError, KeyError, IndexError, TypeError) as error:
        raise NotAnImage(f"the image cannot be read: {error}") from error
    finally:
        archive.unlink(missing_ok=True)
        shutil.rmtree(half, ignore_errors=True)


def _unpack(archive: Path, top: int) -> None:
    with tarfile.open(archive) as outer:
        manifest = json.load(_content(outer, outer.getmember("manifest.json")))
        folders: dict[str, tarfile.TarInfo] = {}
        for name in manifest[0]["Layers"]:
            with tarfile.open(fileobj=_content(outer, outer.getmember(name)), mode="r:*") as layer:
                _Layer(layer, top, folders).apply()
    for path, member in sorted(folders.items(), reverse=True):  # the deepest first: a mode may forbid more
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), _directory(top, path.split("/")) as folder:
            _finish(folder, member)  # unless a later layer took it away


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = archive.extractfile(member)
    if found is None:
        raise ValueError(f"{member.name} is no file")
    return found


class _Layer:
    """One layer, applied to what is at ``top``; ``folders`` collects directories for their modes in the end."""

    def __init__(self, archive: tarfile.TarFile, top: int, folders: dict[str, tarfile.TarInfo]) -> None:
        self._archive, self._top, self._folders = archive, top, folders
        self._made: set[str] = set()  # paths of this layer, which its own opaque directories do not hide

    def apply(self) -> None:
        for member in self._archive:
            names = beneath.names_of(member.name.lstrip("/"))
            if not names:
                self._folders["."] = member
                continue
            with self._parent(names[:-1]) as parent:
                self._one(member, names, parent)

    def _one(self, member: tarfile.TarInfo, names: list[str], parent: int) -> None:
        name, path = names[-1], "/".join(names)
        if name == OPAQUE:
            for older in os.listdir(parent):
                if "/".join([*names[:-1], older]) not in self._made:
                    _remove(parent, older)
            return
        if name.startswith(WHITEOUT):
            _remove(parent, name.removeprefix(WHITEOUT))
            return
        self._made.add(path)
        if member.isdir():
            if not _is_directory(parent, name):
                _remove(parent, name)
            os.close(beneath.make_directory(parent, name, 0o700))
            self._folders[path] = member
            return
        _remove(parent, name)
        if member.issym():
            os.symlink(member.linkname, name, dir_fd=parent)
            if os.geteuid() == 0:
                os.chown(name, member.uid, member.gid, dir_fd=parent, follow_symlinks=False)
        elif member.islnk():
            *folders, last = beneath.names_of(member.linkname.lstrip("/"))
            with self._parent(folders) as source:
                os.link(last, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        elif member.isreg():
            self._write(member, name, parent)

    def _write(self, member: tarfile.TarInfo, name: str, parent: int) -> None:
        made = beneath.new_file(parent, name)
        with open(made, "wb") as file:
            shutil.copyfileobj(_content(self._archive, member), file, 1 << 20)
            file.flush()
            _finish(made, member)

    def _parent(self, names: list[str]) -> AbstractContextManager[int]:
        """The directory, made where the layer does not name it."""
        return beneath.made(self._top, names, 0o755)


@contextlib.contextmanager
def _directory(top: int, names: list[str]) -> Iterator[int]:
    here = os.dup(top)
    try:
        for name in names:
            below = os.open(name, beneath.DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def _is_directory(parent: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)
    except FileNotFoundError:
        return False


def _remove(parent: int, name: str) -> None:
    if name in ("", ".", "..") or "/" in name:
        raise ValueError(f"{name!r} names nothing to remove")
    beneath.remove(parent, name)


def _finish(made: int, member: tarfile.TarInfo) -> None:
    """Owner first: changing it takes the set-user-ID bit away."""
    if os.geteuid() == 0:
        os.fchown(made, member.uid, member.gid)
    os.fchmod(made, member.mode & 0o7777)
    os.utime(made, (member.mtime, member.mtime))

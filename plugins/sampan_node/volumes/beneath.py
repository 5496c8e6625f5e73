"""Paths that a pod names, opened below a directory of this node, so that no link can lead out of it.

A descriptor is passed on, never a path that was checked before: swapping names meanwhile has no effect. Links
inside the directory are followed, as kubelet does; absolute ones and those that climb above it are refused. openat2(2)
does it where the kernel has it (Linux 5.6); elsewhere the path is walked one name at a time with openat(2) and
O_NOFOLLOW. What is missing is never made through a link.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator

LINKS = 40  # symbolic links followed before giving up, as the kernel does
TRIES = 32  # of openat2 while names are being changed; the portable walk needs no second try

_SYS_OPENAT2 = 437  # the same number on every machine. Source: openat2(2)
_RESOLVE_NO_MAGICLINKS, _RESOLVE_BENEATH = 0x02, 0x08
_HANDLE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_libc = ctypes.CDLL(None, use_errno=True)


class PathEscape(OSError):
    """The path leads out of the directory that it has to stay in."""


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def names_of(path: str) -> list[str]:
    """The names in a relative path; raises PathEscape for an absolute one and for one that says ``..``."""
    names = _split(path)
    if path.startswith("/") or ".." in names:
        raise PathEscape(errno.EXDEV, "must be a relative path without '..'", path)
    return names


def _split(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


@contextlib.contextmanager
def opened(
    path: str | os.PathLike[str], flags: int = os.O_PATH | os.O_DIRECTORY, *, dir_fd: int | None = None
) -> Iterator[int]:
    """A directory that this node trusts the path of, or one just below the directory ``dir_fd``."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, dir_fd=dir_fd)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def find(top: int, path: str) -> int:
    """An O_PATH descriptor of what ``path`` names below directory ``top``. Raises OSError, PathEscape among them."""
    names = names_of(path)
    with contextlib.suppress(NotImplementedError):
        return find_by_openat2(top, names)
    return find_by_walking(top, names)


def find_by_openat2(top: int, names: list[str]) -> int:
    """Raises NotImplementedError where the kernel does not have it, or never answers for all the changes below."""
    how = _How(os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    path = "/".join(names) or "."
    for _ in range(TRIES):
        found = _libc.syscall(_SYS_OPENAT2, top, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        if found >= 0:
            return int(found)
        number = ctypes.get_errno()
        if number in (errno.ENOSYS, errno.EPERM):  # EPERM: a seccomp filter that does not know the call
            break
        if number == errno.EXDEV:
            raise PathEscape(number, "leads out of its volume", path)
        if number != errno.EAGAIN:
            raise OSError(number, os.strerror(number), path)
    raise NotImplementedError("openat2")


def find_by_walking(top: int, names: list[str]) -> int:
    """The same with openat(2) alone: one descriptor at a time, each opened as a child of the one before."""
    done: list[str] = []
    left, links = list(names), 0
    here = os.dup(top)
    try:
        while left:
            name = left.pop(0)
            if name == "..":
                if not done:
                    raise PathEscape(errno.EXDEV, "leads out of its volume", "/".join(names))
                _check_directory(here, name)
                done.pop()
                here = _replaced(here, _descend(top, done))
                continue
            child = os.open(name, _HANDLE, dir_fd=here)
            if not stat.S_ISLNK(os.fstat(child).st_mode):
                here = _replaced(here, child)
                done.append(name)
                continue
            try:
                target = os.readlink("", dir_fd=child)
            finally:
                os.close(child)
            links += 1
            if links > LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), "/".join(names))
            if target.startswith("/"):
                raise PathEscape(errno.EXDEV, "leads out of its volume", "/".join(names))
            left = _split(target) + left
    except BaseException:
        os.close(here)
        raise
    return here


def _check_directory(here: int, name: str) -> None:
    if not stat.S_ISDIR(os.fstat(here).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)


def _descend(top: int, names: list[str]) -> int:
    """Down through names that were no links when they were seen; an error where one is by now."""
    here = os.dup(top)
    try:
        for name in names:
            here = _replaced(here, os.open(name, _HANDLE | os.O_DIRECTORY, dir_fd=here))
    except BaseException:
        os.close(here)
        raise
    return here


def _replaced(old: int, new: int) -> int:
    os.close(old)
    return new


def make(top: int, path: str, mode: int) -> int:
    """As ``find``, with the directories made that are missing, each with exactly this mode."""
    names = names_of(path)
    here, known = _deepest(top, names)
    try:
        for name in names[known:]:
            here = _replaced(here, make_directory(here, name, mode))
    except BaseException:
        os.close(here)
        raise
    return here


def _deepest(top: int, names: list[str]) -> tuple[int, int]:
    """What is there of the path: a descriptor, and how many of the names lead to it."""
    for known in range(len(names), 0, -1):
        with contextlib.suppress(FileNotFoundError):
            return find(top, "/".join(names[:known])), known
    return os.dup(top), 0


@contextlib.contextmanager
def made(top: int, names: Iterable[str], mode: int) -> Iterator[int]:
    """The directory at the end of the names, each made where it is missing; a link on the way is an error."""
    here = os.dup(top)
    try:
        for name in names:
            here = _replaced(here, make_directory(here, name, mode))
        yield here
    finally:
        os.close(here)


def make_directory(parent: int, name: str, mode: int) -> int:
    """A directory just below ``parent``, made where it is missing; raises OSError where the name is a link."""
    with contextlib.suppress(FileExistsError):  # another thread made it, or it is a link to nothing
        os.mkdir(name, mode, dir_fd=parent)
    created = os.open(name, DIRECTORY, dir_fd=parent)
    try:
        # The mask took bits away. Only for an empty directory of our own: a container may have put another one there.
        found = os.fstat(created)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != mode and not os.listdir(created):
            os.fchmod(created, mode)
    except BaseException:
        os.close(created)
        raise
    return created


def make_file(parent: int, name: str, mode: int, data: bytes = b"", *, user: int = -1, group: int = -1) -> None:
    """A new file just below ``parent``; raises FileExistsError where the name is taken, by a link too."""
    created = new_file(parent, name)
    with open(created, "wb") as file:
        file.write(data)
        if (user, group) != (-1, -1):
            os.fchown(created, user, group)
        os.fchmod(created, mode)


def new_file(parent: int, name: str) -> int:
    """The same, empty and open for writing, for its owner alone."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, 0o600, dir_fd=parent)


def remove(parent: int, name: str) -> None:
    """What is just below ``parent`` by that name, with all that is in it; a link itself."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
    except IsADirectoryError:
        shutil.rmtree(name, dir_fd=parent)


def read_file(parent: int, name: str, limit: int) -> bytes | None:
    """What a regular file just below ``parent`` holds, at most so much; None for anything else, a link too."""
    try:
        found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except OSError:
        return None
    with open(found, "rb") as file:
        return file.read(limit) if stat.S_ISREG(os.fstat(found).st_mode) else None

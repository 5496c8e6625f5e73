"""A container's view of the host's files: the host's root with the container's mounts at their paths.

The new root is a tmpfs that shows every entry of the host's root. Where a mount point does not exist on the host, the
nearest directory that does is shown through a tmpfs of its own in which the rest of the path can be made: nothing is
ever created on the host. Runs in the launcher, inside its own mount namespace; standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat

import devices  # type: ignore[import-not-found] # run by path, beside this file
from rights import MS_NOSUID, MS_UNBINDABLE, bind, make_read_only, mount  # type: ignore[import-not-found] # run by path, beside rights.py

TYPE_CHECKING = False  # importing typing costs more than all the rest
if TYPE_CHECKING:
    from collections.abc import Iterator

LINKS = 40  # symbolic links followed before giving up, as the kernel does


class ContainerRoot:
    """The tree being put together below ``top``. All is the host's but /dev, which has what containers have."""

    def __init__(self, top: str, *, privileged: bool) -> None:
        self._top = top
        self._shown: set[str] = set()  # container paths of directories that are a tmpfs of ours
        self._placed: list[str] = []
        mount("tmpfs", top, kind="tmpfs", flags=MS_NOSUID, data="mode=755")
        mount("none", top, flags=MS_UNBINDABLE)  # else the directory that holds ``top`` would contain itself
        self._shown.add("/")
        self._show("/", sources="/")
        os.makedirs(f"{top}/dev", exist_ok=True)
        devices.mount_devices(f"{top}/dev", privileged=privileged)
        self._shown.add("/dev")

    def place(self, source: str, path: str, *, read_only: bool) -> None:
        """Show host path ``source`` at container path ``path``."""
        target = self._point(path, directory=os.path.isdir(source))
        with self._opened(target) as point:
            bind(source, point)
        if read_only:
            with self._opened(target) as point:  # once more: now it is the mount
                make_read_only(point)
        self._placed.append(target)

    def directory(self, path: str) -> None:
        """Make sure that ``path`` is a directory."""
        self._point(path, directory=True)

    def enter(self) -> None:
        os.chroot(self._top)
        os.chdir("/")

    @contextlib.contextmanager
    def _opened(self, path: str) -> Iterator[str]:
        """A name for what is at ``path``, which holds no links; raises OSError where another container of a shared
        volume has put one there since it was looked at."""
        here = os.open(self._top, os.O_PATH | os.O_DIRECTORY)
        try:
            for name in filter(None, path.split("/")):
                below = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=here)
                os.close(here)
                here = below
            if stat.S_ISLNK(os.fstat(here).st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            yield f"/proc/self/fd/{here}"
        finally:
            os.close(here)

    def _host(self, path: str) -> str:
        return self._top + path if path != "/" else self._top

    def _show(self, path: str, *, sources: str) -> None:
        """Show every entry of host directory ``sources`` in the tmpfs at ``path``."""
        for entry in os.scandir(sources):
            target = os.path.join(self._host(path), entry.name)
            if entry.path in (self._top, "/dev"):
                continue
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), target)
                continue
            if entry.is_dir():
                os.mkdir(target)
            else:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
            try:
                bind(entry.path, target)
            except OSError:
                continue  # what may not be shown (a socket that just went away) stays an empty entry

    def _cover(self, path: str) -> None:
        """Put a tmpfs over the existing directory ``path`` that shows what was there."""
        here = self._host(path)
        mode = stat.S_IMODE(os.stat(here).st_mode)
        kept = os.open(here, os.O_RDONLY | os.O_DIRECTORY)
        try:
            mount("tmpfs", here, kind="tmpfs", flags=MS_NOSUID, data=f"mode={mode:o}")
            self._show(path, sources=f"/proc/self/fd/{kept}")
        finally:
            os.close(kept)
        self._shown.add(path)

    def _point(self, path: str, *, directory: bool) -> str:
        """A mount point at ``path``, links followed inside the new root; returns its real container path."""
        done, left, links = "/", [part for part in path.split("/") if part not in ("", ".")], 0
        while left:
            name = left.pop(0)
            if name == "..":
                done = os.path.dirname(done)
                continue
            here = os.path.join(done, name)
            try:
                found = os.lstat(self._host(here))
            except FileNotFoundError:
                return self._make(done, [name, *left], directory=directory)
            if stat.S_ISLNK(found.st_mode):
                links += 1
                if links > LINKS:
                    raise OSError(f"{path}: too many symbolic links")
                target = os.readlink(self._host(here))
                left = [part for part in target.split("/") if part not in ("", ".")] + left
                done = "/" if target.startswith("/") else done
                continue
            done = here
        return done

    def _make(self, parent: str, names: list[str], *, directory: bool) -> str:
        if parent not in self._shown and not self._in_volume(parent):
            self._cover(parent)
        *between, last = names
        for name in between:
            parent = self._make_one(parent, name, directory=True)
        return self._make_one(parent, last, directory=directory)

    def _make_one(self, parent: str, name: str, *, directory: bool) -> str:
        path = os.path.join(parent, name)
        with self._opened(parent) as point:
            if directory:
                os.mkdir(f"{point}/{name}", 0o755)
                self._shown.add(path)
            else:
                os.close(os.open(f"{point}/{name}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        return path

    def _in_volume(self, path: str) -> bool:
        """Below a mount of the pod's own: there a mount point is made in the volume, as every runtime does."""
        return any(path == volume or path.startswith(f"{volume}/") for volume in self._placed)

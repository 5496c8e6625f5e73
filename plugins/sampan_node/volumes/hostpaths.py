"""hostPath volumes: a path of this machine, made or checked as its ``type`` says.

Links of the machine itself are followed (/var/run is one), but nothing is ever made through one that leads nowhere, and
what is checked is what was opened.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan_node.pod.environment import ConfigProblem
from sampan_node.volumes import beneath

#: type -> (test of the mode, word)
CHECKS: Mapping[str, tuple[Callable[[int], bool], str]] = {
    "Directory": (stat.S_ISDIR, "directory"),
    "DirectoryOrCreate": (stat.S_ISDIR, "directory"),
    "File": (stat.S_ISREG, "file"),
    "FileOrCreate": (stat.S_ISREG, "file"),
    "Socket": (stat.S_ISSOCK, "socket"),
    "CharDevice": (stat.S_ISCHR, "character device"),
    "BlockDevice": (stat.S_ISBLK, "block device"),
}


def host_path(source: Object) -> Path:
    """The path. Raises ConfigProblem, OSError."""
    path, kind = Path(source["path"]), source.get("type") or ""
    if ".." in path.parts or not path.is_absolute():
        raise ConfigProblem(f"hostPath must be an absolute path without '..': {path}")
    if kind == "DirectoryOrCreate":
        _make_directories(path)
    elif kind == "FileOrCreate":
        _make_file(path)
    if kind in CHECKS and not _is(path, CHECKS[kind][0]):
        raise ConfigProblem(f"hostPath type check failed: {path} is not a {CHECKS[kind][1]}")
    return path


def _is(path: Path, test: Callable[[int], bool]) -> bool:
    try:
        found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return test(os.fstat(found).st_mode)
    finally:
        os.close(found)


def _make_directories(path: Path) -> None:
    missing: list[str] = []
    while path != path.parent and not os.path.lexists(path):
        missing.insert(0, path.name)
        path = path.parent
    if not missing:
        return
    with beneath.opened(path) as top, beneath.made(top, missing, 0o755):
        pass


def _make_file(path: Path) -> None:
    with beneath.opened(path.parent) as parent, contextlib.suppress(FileExistsError):
        beneath.make_file(parent, path.name, 0o644)

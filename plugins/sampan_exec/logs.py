"""Reading the logs that the launcher writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sampan_runtime import log_files
from sampan_runtime.log_files import SIGN_OF_LIFE, DirectoryWatch, Line, Tail, parse

__all__ = ["SIGN_OF_LIFE", "DirectoryWatch", "Line", "Tail", "parse", "read"]


def read(folder: Path, *, follow: bool, since: int, tail: int) -> Iterator[Line]:
    """The container's lines, oldest first. Following ends when the container has ended and all is read."""
    ended = lambda: (folder / "exit.json").exists() or not folder.exists()  # noqa: E731  # one question
    return log_files.read(folder / "log", follow=follow, since=since, tail=tail, ended=ended)

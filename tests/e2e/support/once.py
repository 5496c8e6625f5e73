"""What all tests of a user share is made once, by the first that needs it: one lock a thing, and it appears whole.

Several pytest processes, and several sessions, meet in one cache folder. Must not know what is made.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache() -> Path:
    """The folder that tests keep things in from one run to the next."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sampan-tests"


@contextmanager
def alone(name: str) -> Iterator[Path]:
    """The cache folder, while no other process has the same name locked. The kernel frees it when we end."""
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def once(names: tuple[str, ...], make: Callable[[Path], None]) -> list[Path]:
    """The files of these names in the cache folder. Where one is missing, ``make`` puts all of them into a folder that
    it is given, and then they appear."""
    found = [cache() / name for name in names]
    if all(path.exists() for path in found):
        return found
    with alone(names[0]) as folder:
        if not all(path.exists() for path in found):
            begun = f".making-{names[0]}-"
            for left in folder.glob(f"{begun}*"):  # by a maker that was killed
                shutil.rmtree(left)
            with tempfile.TemporaryDirectory(prefix=begun, dir=folder) as place:
                make(Path(place))
                for path in found:
                    os.replace(Path(place) / path.name, path)
    return found

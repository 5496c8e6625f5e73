"""Files that others read while they are written."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Readers find the old file or the new one, never half of it. ``mode`` is that of a new file, less the umask.

    Not for what must outlive a loss of power: nothing waits for the disk. Raises OSError.
    """
    fresh = path.with_suffix(f".{os.getpid()}")
    data = content.encode() if isinstance(content, str) else content
    try:
        with open(fresh, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise

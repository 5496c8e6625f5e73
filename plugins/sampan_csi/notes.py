"""What is noted beside each mount, so that it can be taken back after a restart and when the pod is known no more."""

from __future__ import annotations

import json
import os
from pathlib import Path

DATA = "vol_data.json"


def write(folder: Path, **facts: str) -> None:
    """Whole or not at all, also where the machine stops meanwhile."""
    fresh = folder / f"{DATA}.tmp"
    with fresh.open("w") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / DATA)


def read(folder: Path) -> dict[str, str] | None:
    """None where nothing was mounted."""
    try:
        found: dict[str, str] = json.loads((folder / DATA).read_bytes())
    except FileNotFoundError:
        return None
    return found


def remove_empty(place: Path) -> None:
    """What the driver may have left of a mount point, a directory or a file; never what is in it."""
    try:
        place.rmdir()
    except FileNotFoundError:
        return
    except NotADirectoryError:
        place.unlink()

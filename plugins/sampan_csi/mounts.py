"""Whether something is mounted at a path. By the kernel's table: comparing devices does not see a bind mount."""

from __future__ import annotations

import os
import re
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")


def is_mounted(path: Path) -> bool:
    wanted = os.path.join(os.path.realpath(path.parent), path.name)
    lines = TABLE.read_text(errors="surrogateescape").splitlines()
    return any(_unescaped(line.split(" ")[4]) == wanted for line in lines)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)

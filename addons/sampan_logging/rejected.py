"""Documents that Elasticsearch refused for good, with the reason, a JSON object a line: ``rejected.jsonl``.

Bounded: a full file becomes ``rejected.jsonl.1``, in place of the one before. Must not know why they were refused.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec


class Rejected:
    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._path = path
        self._most_bytes = most_bytes

    def keep(self, found: Sequence[tuple[dict[str, Any], str]]) -> None:
        """(action, reason) each; durable when this returns."""
        if not found:
            return
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        data = b"".join(
            msgspec.json.encode(
                {"rejected": when, "why": why, "index": one["_index"], "id": one["_id"], "document": one["_source"]}
            )
            + b"\n"
            for one, why in found
        )
        if self._path.exists() and self._path.stat().st_size + len(data) > self._most_bytes // 2:
            os.replace(self._path, self._path.with_name(self._path.name + ".1"))
        with open(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

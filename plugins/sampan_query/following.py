"""`sampan query --watch`: the answer again whenever objects of its tables change."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from sampan.contracts.resources import Resource
from sampan.errors import Expired, SampanError
from sampan_client import Client
from sampan_query.database import Database

PAUSE = 1.0  # seconds at least between two readings: a table is read whole
TIMEOUT = 300  # seconds that a watch lasts
Answer = tuple[list[str], list[tuple[Any, ...]]]


def follow(
    client: Client, database: Database, statement: str, tell: Callable[[Answer], None], stop: threading.Event,
    namespace: str = "", pause: float = PAUSE,
) -> None:  # fmt: skip
    """Tell the answer, and again each time it has changed, until stopped. Raises what the first answer raises."""
    changed: queue.SimpleQueue[str] = queue.SimpleQueue()
    last = database.ask(statement)
    tell(last)
    for table, (resource, revision) in database.filled.items():
        threading.Thread(
            target=_watch, args=(client, resource, revision, namespace, table, changed, stop), daemon=True,
            name=f"query-watch {table}",
        ).start()  # fmt: skip
    while not stop.is_set():
        try:
            tables = {changed.get(timeout=0.2)}
        except queue.Empty:
            continue
        if stop.wait(pause):
            return
        while not changed.empty():
            tables.add(changed.get())
        database.refill(tables)
        answer = database.ask(statement)
        if answer != last:
            last = answer
            tell(answer)


def _watch(
    client: Client, resource: Resource, revision: str, namespace: str, table: str, changed: queue.SimpleQueue[str],
    stop: threading.Event,
) -> None:  # fmt: skip
    """Say that the table has changed, whatever the change is. After a lost connection it has changed, too."""
    where = namespace if resource.namespaced else ""
    while not stop.is_set():
        try:
            for kind, obj in client.watch(resource, where, since=revision, timeout=TIMEOUT, stop=stop):
                revision = (obj.get("metadata") or {}).get("resourceVersion") or revision
                if kind != "BOOKMARK":
                    changed.put(table)
        except Expired:
            revision = ""
            changed.put(table)
        except (SampanError, OSError):
            if stop.wait(1.0):
                return
            changed.put(table)

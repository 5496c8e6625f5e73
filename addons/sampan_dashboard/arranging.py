"""Long lists, filtered or ordered: read page by page, of which only the rows that can be shown are kept.

So 50,000 pods cost the memory of a few thousand rows. What was arranged is kept for some seconds, so that the next page
of the same list is not all of it again.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple

from sampan_dashboard import tables

KEPT = 2000  # rows, so that the next pages need no reading
DEEPEST = 5000  # rows of a list that is ordered or filtered; the others are found by other words, or another order
KNOWN_FOR = 60.0  # seconds
REMEMBERED = 3  # lists


class Arranged(NamedTuple):
    """The first rows in order."""

    columns: list[tables.Column]
    rows: list[tables.Row]
    revision: str
    total: int  # rows that match, kept or not
    cut: bool  # there were more rows than are looked at


def arrange(pages: Iterable[Mapping[str, Any]], words: str, sort: str, *, wide: bool, keep: int, most: int) -> Arranged:
    """``pages``: Tables, one after the other. ``sort``: the name of a column, "-" before it for descending."""
    columns: list[tables.Column] | None = None
    found: list[tuple[Any, tables.Row]] = []
    revision, total, seen, cut = "", 0, 0, False
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    for page in pages:
        if columns is None:
            columns = tables.columns(page, wide=wide)
            revision = str((page.get("metadata") or {}).get("resourceVersion") or "")
            at = position(columns, name)
        for each in page.get("rows") or ():
            row = tables.row(each, columns)
            seen += 1
            if words and not tables.matches(row, words):
                continue
            total += 1
            if name or len(found) < keep:
                found.append((tables.weight(tables.text_at(row, at)) if name else None, row))
        if name and len(found) > 2 * keep:
            found = first(found, keep, descending=descending)
        if seen >= most:
            cut = True
            break
    rows = [row for _, row in (first(found, keep, descending=descending) if name else found)]
    return Arranged(columns or [], rows, revision, total, cut)


def first(found: list[tuple[Any, tables.Row]], keep: int, *, descending: bool) -> list[tuple[Any, tables.Row]]:
    """Equal ones by namespace and name, whichever way the column goes."""
    found.sort(key=lambda pair: (pair[1].namespace, pair[1].name))
    found.sort(key=lambda pair: pair[0], reverse=descending)
    return found[:keep]


def position(shown: list[tables.Column], name: str) -> int:
    """Of a column among the cells of a row; the name's where there is no such column."""
    if name == "Namespace":
        return -2
    return next((at for at, column in enumerate(shown) if column.name == name), -1)


class Memory:
    """What was arranged last, by who asked for what; a few lists of all users together. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[Hashable, tuple[float, Arranged]] = {}

    def get(self, key: Hashable, now: float, rows: int) -> Arranged | None:
        """One that has so many rows, or all."""
        with self._lock:
            at, found = self._found.get(key, (0.0, None))
            if found is None or now - at > KNOWN_FOR:
                self._found.pop(key, None)
                return None
        return found if len(found.rows) >= min(rows, found.total) else None

    def put(self, key: Hashable, now: float, found: Arranged) -> None:
        with self._lock:
            self._found = {
                other: entry for other, entry in self._found.items() if now - entry[0] <= KNOWN_FOR and other != key
            }
            while len(self._found) >= REMEMBERED:
                del self._found[next(iter(self._found))]
            if len(found.rows) <= KEPT:
                self._found[key] = now, found

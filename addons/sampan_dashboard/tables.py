"""The server's Table as rows of a page: columns, cells in colour, filter, order. Pure.

Source: Kubernetes API concepts, "Receiving resources as Tables".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sampan_machinery.quantities import is_quantity, nanos

GOOD, WARN, BAD, NONE = "good", "warn", "bad", ""
GOOD_WORDS = frozenset(
    {"Running", "Ready", "Active", "Bound", "Complete", "Completed", "Succeeded", "Available", "True", "Established"}
)
WARN_WORDS = frozenset(
    {"Pending", "ContainerCreating", "PodInitializing", "Terminating", "Unknown", "Released", "Suspended", "Warning"}
)
BAD_WORD = re.compile(r"(Err|Error|BackOff|Failed|Evicted|OOMKilled|NotReady|Lost|Invalid|Unavailable)")
JUDGED = frozenset({"status", "state", "phase", "ready", "type", "available"})
PAIR = re.compile(r"(\d+)/(\d+)$")
AGE = re.compile(r"(?:(\d+)y)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")
UNITS = (31_536_000, 86_400, 3_600, 60, 1)
PIECES = re.compile(r"(\d+)")


class Column(NamedTuple):
    name: str
    at: int  # of the cell in a row of the server's
    about: str


class Cell(NamedTuple):
    text: str
    tone: str
    since: str  # RFC 3339, where the cell is an age that goes on


class Row(NamedTuple):
    uid: str
    name: str
    namespace: str
    cells: tuple[Cell, ...]


def columns(table: Mapping[str, Any], *, wide: bool = False) -> list[Column]:
    """Those to be shown; the name's is left out, for it is always there."""
    return [
        Column(str(found.get("name") or ""), index, str(found.get("description") or ""))
        for index, found in enumerate(table.get("columnDefinitions") or ())
        if (wide or not found.get("priority")) and found.get("format") != "name"
    ]


def rows(table: Mapping[str, Any], shown: Sequence[Column]) -> list[Row]:
    return [row(found, shown) for found in table.get("rows") or ()]


def row(found: Mapping[str, Any], shown: Sequence[Column]) -> Row:
    metadata = (found.get("object") or {}).get("metadata") or {}
    cells = found.get("cells") or ()
    created = str(metadata.get("creationTimestamp") or "")
    return Row(
        str(metadata.get("uid") or ""), str(metadata.get("name") or ""), str(metadata.get("namespace") or ""),
        tuple(cell(column, cells, created) for column in shown),
    )  # fmt: skip


def cell(column: Column, cells: Sequence[Any], created: str) -> Cell:
    value = cells[column.at] if column.at < len(cells) else None
    text = "" if value is None else str(value)
    return Cell(text, tone(column.name, text), created if column.name == "Age" else "")


def tone(column: str, text: str) -> str:
    """What colour a cell has; colour is never the only sign, for the word stands there."""
    if column.lower() not in JUDGED:
        return NONE
    if found := PAIR.match(text):
        have, wanted = int(found[1]), int(found[2])
        return GOOD if have >= wanted else WARN
    if BAD_WORD.search(text):
        return BAD
    first = text.partition(",")[0].partition(" ")[0]
    return GOOD if first in GOOD_WORDS else WARN if first in WARN_WORDS or first.startswith("Init:") else NONE


def matches(row: Row, text: str) -> bool:
    """Whether every word of the filter is in the row."""
    whole = " ".join((row.namespace, row.name, *(cell.text for cell in row.cells))).lower()
    return all(word in whole for word in text.lower().split())


def text_at(row: Row, column: int) -> str:
    """Of a column; -1 is the name, -2 the namespace."""
    if column < 0:
        return row.name if column == -1 else row.namespace
    return row.cells[column].text if column < len(row.cells) else ""


def weight(text: str) -> tuple[int, float, tuple[tuple[int, int, str], ...]]:
    """Numbers, amounts and ages by size, before words; words with their numbers by size (pod-2 before pod-10)."""
    if found := PAIR.match(text):
        return 0, int(found[1]) / max(1, int(found[2])), ()
    if text and (found := AGE.match(text)):
        parts = (int(part or 0) * unit for part, unit in zip(found.groups(), UNITS, strict=True))
        return 0, float(sum(parts)), ()
    if is_quantity(text):
        return 0, nanos(text) / 1e9, ()
    pieces = tuple(
        (1, int(piece), "") if piece.isdecimal() else (0, 0, piece.lower()) for piece in PIECES.split(text) if piece
    )
    return 1 if text else 2, 0.0, pieces

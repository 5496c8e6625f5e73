"""Rows as a table for a terminal, as CSV, as JSON. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

_WIDEST = 80  # characters of a cell in a table


def shown(names: Sequence[str], rows: Sequence[Sequence[Any]], output: str) -> Iterator[str]:
    """Lines; ``output``: table, csv or json."""
    if output == "json":
        found = [{name: _decoded(value) for name, value in zip(names, row, strict=True)} for row in rows]
        yield msgspec.json.encode(found).decode()
    elif output == "csv":
        yield from _csv(names, rows)
    else:
        yield from _table(names, rows)


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    yield text.getvalue().rstrip("\n")


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    cells = [[_cell(value) for value in row] for row in rows]
    head = [name.upper() for name in names]
    widths = [max(len(row[place]) for row in (head, *cells)) for place in range(len(head))]
    for row in (head, *cells):
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    text = "".join(each if each.isprintable() else " " for each in text)  # no escape sequences for the terminal
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _decoded(value: Any) -> Any:
    """A column that holds JSON as what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value

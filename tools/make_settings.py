"""Writes the tables of docs/settings.md from the settings' records: names, types, defaults and sentences.

Run it (`make docs`) after a setting, a plugin or an add-on has come or gone; a style test compares.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sampan_operate.cli.addons.configuring import sentences
from sampan_settings.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "settings.md"
TABLE = re.compile(r"^\| setting \| type \| default \| \|\n\|---\|---\|---\|---\|\n(?:\|.*\n)*", re.MULTILINE)
HEAD = "| setting | type | default | |\n|---|---|---|---|\n"
TYPES = {str: "text", Path: "text", int: "number", float: "number", bool: "yes or no"}


def rows(record: type, prefix: str = "") -> Iterator[str]:
    """A row for each setting, those of sections within it too."""
    words, hints = sentences(record), typing.get_type_hints(record)
    for field in dataclasses.fields(record):
        default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
        if dataclasses.is_dataclass(default):
            yield from rows(type(default), f"{prefix}{field.name}.")
        else:
            cells = (f"`{prefix}{field.name}`", type_in_words(hints[field.name]), shown(default), words[field.name])
            yield f"| {' | '.join(cells)} |\n"


def type_in_words(hint: Any) -> str:
    if hint in TYPES:
        return TYPES[hint]
    if hint == tuple[str, ...]:
        return "list of text"
    if typing.get_origin(hint) is tuple:
        return "list of records"
    if typing.get_origin(hint) in (dict, Mapping):
        return "mapping"
    return str(hint)


def shown(default: Any) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default in ("", (), {}, None):
        return "empty"
    return f"`{', '.join(default)}`" if isinstance(default, tuple) else f"`{default}`"


def of_plugins() -> Iterator[str]:
    """Those of every plugin and add-on in the tree, by name."""
    for path in sorted(
        (*ROOT.glob("plugins/*/plugin.py"), *ROOT.glob("addons/*/plugin.py")), key=lambda p: p.parent.name
    ):
        package = path.parent.name
        record = getattr(importlib.import_module(f"{package}.plugin"), "Settings", None)
        if record is not None:
            yield from rows(record, f"plugins.{package.removeprefix('sampan_')}.")


def written(text: str) -> str:
    """The page with its two tables as they should be."""
    tables = iter([HEAD + "".join(rows(Settings)), HEAD + "".join(of_plugins())])
    found, count = TABLE.subn(lambda _: next(tables), text)
    assert count == 2, f"{PAGE} has {count} tables of settings, not that of the cluster and that of the plugins"
    return found


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))

"""What is different between two revisions of an object, field by field. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, NamedTuple

from sampan.contracts.resources import Object
from sampan_machinery import yamlout

#: What every write changes; nothing of it is news.
_ALWAYS = ("resourceVersion", "managedFields", "generation")
_NAMES = (
    "name",
    "type",
    "containerPort",
    "port",
    "ip",
    "key",
    "uid",
    "mountPath",
)  # by which items of lists are told apart


class FieldChange(NamedTuple):
    """A field as people write it (``spec.containers[app].image``), before and after; None: it was not there."""

    path: str
    before: Any
    after: Any

    def text(self) -> str:
        if self.before is None:
            return f"{self.path} = {_short(self.after)}"
        if self.after is None:
            return f"{self.path} removed (was {_short(self.before)})"
        return f"{self.path}: {_short(self.before)} → {_short(self.after)}"


def changes(before: Object | None, after: Object | None) -> list[FieldChange]:
    """In the order of fields. Whole objects that come or go are no changes of fields."""
    if before is None or after is None:
        return []
    return list(_compare("", plain(before), plain(after)))


def plain(obj: Object) -> Object:
    """Without what every write changes."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _ALWAYS}
    return {**obj, "metadata": metadata}


def unified(before: Object | None, after: Object | None, old: str, new: str) -> Iterator[str]:
    """Lines of a diff of YAML documents."""
    left, right = (yamlout.encode(plain(each)).decode().splitlines() if each else [] for each in (before, after))
    yield from difflib.unified_diff(left, right, fromfile=old, tofile=new, lineterm="")


def _compare(path: str, before: Any, after: Any) -> Iterator[FieldChange]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _compare(_joined(path, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and (name := _named_by(before, after)):
        old, new = ({item[name]: item for item in items} for items in (before, after))
        for key in dict.fromkeys([*old, *new]):
            yield from _compare(f"{path}[{key}]", old.get(key), new.get(key))
    else:
        yield FieldChange(path, before, after)


def _joined(path: str, key: str) -> str:
    part = f"[{key}]" if "." in key or "/" in key else key
    return f"{path}.{part}" if path and not part.startswith("[") else f"{path}{part}"


def _named_by(before: list[Any], after: list[Any]) -> str:
    """The field that tells the items of both lists apart, "" if none does."""
    items = [*before, *after]
    if not items or not all(isinstance(item, dict) for item in items):
        return ""
    for name in _NAMES:
        if all(isinstance(item.get(name), str | int) for item in items) and all(
            len({item[name] for item in part}) == len(part) for part in (before, after)
        ):
            return name
    return ""


def _short(value: Any, most: int = 60) -> str:
    import msgspec

    text = value if isinstance(value, str) and value else msgspec.json.encode(value).decode()
    return text if len(text) <= most else f"{text[: most - 1]}…"

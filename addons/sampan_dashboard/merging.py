"""Three-way merge of an edit: the fields that the user changed are put into the object as it is now. Pure.

The alternative, a PUT with the resourceVersion that was read, conflicts with each write of the status, which pods and
workloads get every few seconds; server-side apply takes fields from other managers, or refuses to.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, Conflict

LARGEST = 8 << 20  # bytes of an object, unpacked; more than any server stores
NAMED = 5  # fields that a conflict names


class Absent:
    """In place of a value that is not there, which null is not."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()
Path = tuple[str, ...]


class Change(NamedTuple):
    """One field; lists are one field as a whole."""

    path: Path
    before: Any
    after: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any], path: Path = ()) -> Iterator[Change]:
    for key in dict.fromkeys([*before, *after]):
        was, now = before.get(key, ABSENT), after.get(key, ABSENT)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from changes(was, now, (*path, key))
        elif was != now:
            yield Change((*path, key), was, now)


def merged(now: Object, before: Mapping[str, Any], after: Mapping[str, Any]) -> Object:
    """``now`` with what differs between ``before`` and ``after``. Raises Conflict if one of those fields has another
    value by now, which the user has not seen."""
    found = msgspec.json.decode(msgspec.json.encode(now))
    clashes = []
    for change in changes(before, after):
        present = _at(found, change.path)
        if present == change.after:
            continue
        if present != change.before:
            clashes.append(f"{'.'.join(change.path)} was {_short(change.before)} and is {_short(present)} now")
        _put(found, change.path, change.after)
    if clashes:
        more = f", and {len(clashes) - NAMED} more" if len(clashes) > NAMED else ""
        raise Conflict(
            f"another change came first: {'; '.join(clashes[:NAMED])}{more}. Open the editor again to see it"
        )
    return dict(found)


def _at(obj: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(obj, dict) or key not in obj:
            return ABSENT
        obj = obj[key]
    return obj


def _put(obj: Any, path: Path, value: Any) -> None:
    for key in path[:-1]:
        if not isinstance(obj.get(key), dict):
            if value is ABSENT:
                return
            obj[key] = {}
        obj = obj[key]
    if value is ABSENT:
        obj.pop(path[-1], None)
    else:
        obj[path[-1]] = value


def _short(value: Any, most: int = 60) -> str:
    text = repr(value) if value is ABSENT else msgspec.json.encode(value).decode()
    return text if len(text) <= most else f"{text[: most - 1]}…"


def pack(obj: Mapping[str, Any]) -> str:
    """For a hidden field of a form: an object takes about a tenth of its text."""
    return base64.b64encode(zlib.compress(msgspec.json.encode(obj))).decode()


def unpack(text: str) -> Object:
    """Raises BadRequest for what ``pack`` has not made, and for what grows beyond all objects."""
    unpacking = zlib.decompressobj()
    try:
        found = msgspec.json.decode(unpacking.decompress(base64.b64decode(text, validate=True), LARGEST))
    except (binascii.Error, zlib.error, msgspec.DecodeError, ValueError) as error:
        raise BadRequest("the form does not hold the object that was opened: open the editor again") from error
    if not isinstance(found, dict):
        raise BadRequest("the form does not hold the object that was opened: open the editor again")
    return found

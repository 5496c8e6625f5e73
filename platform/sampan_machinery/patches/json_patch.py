"""JSON patch (RFC 6902) with limits. Knows only JSON.

A malformed patch raises BadRequest (400); one that does not apply to the document raises Invalid (422), with upstream's
messages.
"""

from __future__ import annotations

import json
from typing import Any

from sampan.errors import BadRequest, Invalid, TooLarge
from sampan_machinery.metadata import copy

MAX_OPERATIONS = 10_000
#: Values that copy and add may insert in total, containers and leaves: prevents exponential growth by copy.
MAX_GROWTH = 200_000
MAX_DEPTH = 100
#: Digits up to which a list index is parsed.
_INDEX_DIGITS = 9

_NEEDS_VALUE = frozenset({"add", "replace", "test"})
_NEEDS_FROM = frozenset({"move", "copy"})
_KNOWN = _NEEDS_VALUE | _NEEDS_FROM | {"remove"}


class TestFailed(Invalid):
    """A test operation does not hold."""

    __test__ = False  # not pytest's


def apply(document: Any, patch: Any) -> Any:
    """The patched document; the input is not changed. Raises BadRequest, TooLarge, Invalid."""
    operations = _checked(patch)
    if not operations:
        return copy(document)
    run = _Run(copy(document))
    try:
        for operation in operations:
            run.do(operation)
    except RecursionError:
        raise TooLarge("the JSON patch nests too deep") from None
    _check_depth(run.document, MAX_DEPTH)
    return run.document


def _check_depth(value: Any, left: int) -> None:
    """Moves can create deep nesting; refuse it before any code recurses into it."""
    if left == 0:
        raise TooLarge("the JSON patch nests too deep")
    if isinstance(value, dict):
        for each in value.values():
            if isinstance(each, dict | list):
                _check_depth(each, left - 1)
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, dict | list):
                _check_depth(each, left - 1)


def _checked(patch: Any) -> list[dict[str, Any]]:
    if not isinstance(patch, list):
        raise BadRequest("error decoding patch: a JSON patch is a list of operations")
    if len(patch) > MAX_OPERATIONS:
        raise TooLarge(f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(patch)}")
    for operation in patch:
        if not isinstance(operation, dict):
            raise BadRequest("error decoding patch: an operation of a JSON patch is an object")
        for name in ("op", "path", "from"):
            if not isinstance(operation.get(name, ""), str):
                raise BadRequest(f"error decoding patch: {name} must be a string")
    return patch


def _refuse(message: str) -> Invalid:
    return Invalid(message)


def _astray(pointer: str, name: str, why: str) -> Invalid:
    return _refuse(f"{name} operation does not apply: doc is missing path: {json.dumps(pointer)}: {why}")


def _steps(pointer: str) -> list[str]:
    """The parts of a JSON pointer (RFC 6901)."""
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise _refuse(f"jsonpatch pointer must start with /: {json.dumps(pointer)}")
    parts = pointer[1:].split("/")
    if len(parts) > MAX_DEPTH:
        raise _refuse(f"jsonpatch pointer has more than {MAX_DEPTH} parts")
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_count, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(_count, value))
    return 1


def same(left: Any, right: Any) -> bool:
    """Equality of JSON: true is not 1, 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


class _Run:
    """One document being changed in place."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self._grown = 0

    def do(self, operation: dict[str, Any]) -> None:
        name, path = operation.get("op", ""), operation.get("path")
        if name not in _KNOWN:
            raise _refuse(f"Unexpected kind: {name}")
        if path is None:
            raise _refuse(f"{name} operation is missing its path: missing value")
        if name in _NEEDS_FROM and "from" not in operation:
            raise _refuse(f"{name} operation is missing its from: missing value")
        if name in _NEEDS_VALUE and "value" not in operation and name != "test":
            raise _refuse(f"{name} operation is missing its value: missing value")
        value = operation.get("value")
        if name == "add":
            self._add(path, self._budgeted(value), name)
        elif name == "remove":
            self._remove(path, name)
        elif name == "replace":
            self._replace(path, self._budgeted(value))
        elif name == "test":
            self._test(path, value)
        elif name == "copy":
            self._add(path, self._budgeted(self._get(operation["from"], name)), name)
        else:
            self._move(operation["from"], path)

    def _budgeted(self, value: Any) -> Any:
        """A copy of ``value``; raises TooLarge if the patch inserts too many values."""
        self._grown += _count(value)
        if self._grown > MAX_GROWTH:
            raise TooLarge("the JSON patch makes the document too large")
        return copy(value)

    def _parent(self, pointer: str, name: str) -> tuple[Any, str]:
        steps = _steps(pointer)
        holder = self.document
        for step in steps[:-1]:
            holder = _child(holder, step, pointer, name)
        if not isinstance(holder, dict | list):
            raise _missing(pointer, name)
        return holder, steps[-1]

    def _get(self, pointer: str, name: str) -> Any:
        value = self.document
        for step in _steps(pointer):
            value = _child(value, step, pointer, name)
        return value

    def _add(self, pointer: str, value: Any, name: str) -> None:
        if not pointer:
            self.document = value
            return
        holder, last = self._parent(pointer, name)
        if isinstance(holder, dict):
            holder[last] = value
        elif last == "-":
            holder.append(value)
        else:
            holder.insert(_index(last, len(holder) + 1, pointer, name), value)

    def _remove(self, pointer: str, name: str) -> Any:
        if not pointer:
            raise _refuse(f"{name} operation does not apply to the whole document: missing value")
        holder, last = self._parent(pointer, name)
        if isinstance(holder, list):
            return holder.pop(_index(last, len(holder), pointer, name))
        if last not in holder:
            raise _missing(pointer, name, "Unable to remove nonexistent key")
        return holder.pop(last)

    def _replace(self, pointer: str, value: Any) -> None:
        if not pointer:
            self.document = value
            return
        holder, last = self._parent(pointer, "replace")
        if isinstance(holder, list):
            holder[_index(last, len(holder), pointer, "replace")] = value
        else:  # also if it is absent: the API server's library does not check
            holder[last] = value

    def _test(self, pointer: str, value: Any) -> None:
        """An absent field equals null, as in the API server's library."""
        steps = _steps(pointer)
        found = self.document
        for number, step in enumerate(steps):
            if isinstance(found, dict) and step not in found and number == len(steps) - 1:
                found = None
                break
            found = _child(found, step, pointer, "test")
        if not same(found, value):
            raise TestFailed(f"testing value {pointer} failed: test failed")

    def _move(self, source: str, target: str) -> None:
        if target.startswith(f"{source}/"):
            raise _refuse(f"move operation cannot move {json.dumps(source)} into itself")
        self._add(target, self._remove(source, "move"), "move")


def _child(holder: Any, step: str, pointer: str, name: str) -> Any:
    if isinstance(holder, dict):
        if step not in holder:
            raise _missing(pointer, name)
        return holder[step]
    if isinstance(holder, list):
        return holder[_index(step, len(holder), pointer, name)]
    raise _missing(pointer, name)


def _index(step: str, length: int, pointer: str, name: str) -> int:
    digits = step[1:] if step[:1] == "-" else step
    if not digits.isascii() or not digits.isdigit() or len(digits) > _INDEX_DIGITS:
        raise _astray(pointer, name, "value was not an array index")
    if step[0] == "-" or int(step) >= length or (step[0] == "0" and len(step) > 1):
        raise _astray(pointer, name, "invalid index referenced")
    return int(step)


def _missing(pointer: str, name: str, why: str = "doc is missing path") -> Invalid:
    return _refuse(f"{name} operation does not apply: {why}: {json.dumps(pointer)}: missing value")

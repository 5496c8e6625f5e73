"""Fields that Kubernetes answers with although nothing set them: ``resources: {}``, ``rules: null``, ``replicas: 0``.

A Go struct is written with all fields that are neither pointers nor marked as omitted when empty. The types are
compiled once, to what can be missing and where to look for more. Knows the table and dicts; decodes nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from sampan_machinery.schema.table import ALWAYS, NULL, Table

_NOTHING: Mapping[str, Any] = {}
_SCALARS: dict[str, Any] = {
    "string": "", "boolean": False, "integer": 0, "int32": 0, "number": 0, "bytes": "", "quantity": "0",
    "int-or-string": 0,
}  # fmt: skip


class Filler:
    """One type: the fields that are always there, and the fields below which more of them can be."""

    __slots__ = ("always", "below", "emptied", "zero")

    def __init__(self) -> None:
        self.always: list[str] = []
        #: Lists and maps that are null when they hold nothing.
        self.emptied: list[str] = []
        #: The type's zero value: what ``fill`` makes of an empty object.
        self.zero: dict[str, Any] = {}
        #: By field. An object has few of the fields that its type has, so its own are walked and looked up here.
        self.below: dict[str, tuple[Literal["struct", "list", "map"], Filler]] = {}

    def fill(self, obj: dict[str, Any], old: Mapping[str, Any] = _NOTHING) -> None:
        """Put in what is missing. Values of another shape than the type's are left to validation; a value that is the
        very same in ``old`` lacks nothing."""
        if not self.zero.keys() <= obj.keys():
            for name in self.always:
                if name not in obj:
                    zero = self.zero[name]
                    obj[name] = copy.deepcopy(zero) if type(zero) is dict else zero
        for name in self.emptied:
            if not obj[name]:
                obj[name] = None
        below = self.below
        if not below:
            return
        for name, value in obj.items():
            if name not in below:
                continue
            shape, filler = below[name]
            if type(value) is dict:
                if shape == "struct":
                    if value is not old.get(name):
                        filler.fill(value)
                elif shape == "map":
                    filler.fill_all(value.values())
            elif type(value) is list and shape == "list":
                filler.fill_all(value)

    def fill_all(self, values: Iterable[Any]) -> None:
        for each in values:
            if type(each) is dict:
                self.fill(each)


class Fillers:
    """The fillers of one table, built on first use. A race at worst builds an equal one twice."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._made: dict[str, Filler] = {}
        self._needed: dict[str, bool] = {}

    def of_type(self, name: str) -> Filler:
        found = self._made.get(name)
        return found if found is not None else self._make(name)

    def _make(self, name: str) -> Filler:
        filler = Filler()
        self._made[name] = filler  # before what it holds: a type may contain itself
        facts = self._table.struct(name) or {"fields": {}}
        letters = facts.get("zeros") or "." * len(facts["fields"])
        for (field, shape), letter in zip(facts["fields"].items(), letters, strict=True):
            below = self._named(shape)
            if letter == NULL:
                filler.always.append(field)
                filler.zero[field] = None
                if isinstance(shape, dict) and shape["type"] in {"list", "map"}:
                    filler.emptied.append(field)
            elif letter == ALWAYS:
                filler.always.append(field)
                filler.zero[field] = self.of_type(below).zero if below else self._scalar(shape)
            self._descend(filler, field, shape, below)
        return filler

    def _descend(self, filler: Filler, field: str, shape: Any, below: str) -> None:
        if below and self._needs(below):
            filler.below[field] = "struct", self.of_type(below)
        elif isinstance(shape, dict) and shape["type"] in {"list", "map"}:
            item = self._named(shape["of"])
            if item and self._needs(item):
                filler.below[field] = shape["type"], self.of_type(item)

    def _needs(self, name: str) -> bool:
        """Whether anything in a type or below it can be missing. True for a type that contains itself."""
        known = self._needed.get(name)
        if known is not None:
            return known
        self._needed[name] = True
        facts = self._table.struct(name) or {"fields": {}}
        letters = facts.get("zeros", "")
        needs = (
            ALWAYS in letters
            or NULL in letters
            or any(self._needs(child) for child in map(self._deepest, facts["fields"].values()) if child)
        )
        self._needed[name] = needs
        return needs

    def _deepest(self, shape: Any) -> str:
        if isinstance(shape, dict) and shape["type"] in {"list", "map"}:
            return self._deepest(shape["of"])
        return self._named(shape)

    def _named(self, shape: Any) -> str:
        """The name of the struct type that a FIELD is of, "" where it is of none."""
        word: str = shape if isinstance(shape, str) else shape["type"]
        return word[1:] if word.startswith("#") and self._table.struct(word[1:]) is not None else ""

    def _scalar(self, shape: Any) -> Any:
        word: str = shape if isinstance(shape, str) else shape["type"]
        found = self._table.types[word[1:]] if word.startswith("#") else word
        return _SCALARS.get(found) if isinstance(found, str) else None

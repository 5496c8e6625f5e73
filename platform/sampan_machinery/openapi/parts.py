"""Takes what concerns one group version out of another server's OpenAPI v2 document, to be joined to ours.

Definitions of the API machinery (ObjectMeta, Status …) are ours where we have them; any other name that is taken by
another definition gets a suffix. Parameters by reference are written out: our document has none of its own.
Source: kube-aggregator, pkg/controllers/openapi/aggregator (meaning only).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from sampan_machinery.openapi import gnostic

Schema = dict[str, Any]
MACHINERY = "io.k8s.apimachinery."
_REF, _DEFINITIONS, _PARAMETERS = "$ref", "#/definitions/", "#/parameters/"
_MARKS = "x-kubernetes-group-version-kind"


class Part(NamedTuple):
    """``ours``: names of our own definitions that it refers to."""

    paths: Mapping[str, Any]
    definitions: Mapping[str, Any]
    ours: frozenset[str]


def part_of(
    document: bytes, group: str, version: str, known: Container[str], earlier: Mapping[str, Any] | None = None
) -> Part:
    """``known``: the names of our definitions; ``earlier``: definitions that other parts have brought. Raises
    ValueError for what is no such document."""
    try:
        return _Reader(msgspec.json.decode(document), known, earlier or {}).part(group, version)
    except (msgspec.DecodeError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"no OpenAPI v2 document: {error!r}") from error


def extract(document: bytes, group: str, version: str) -> bytes:
    """What concerns the group version, as a document of its own, from which ``part_of`` makes a part. Raises ValueError
    for what is no such document."""
    part = part_of(document, group, version, ())
    return msgspec.json.encode({"paths": part.paths, "definitions": part.definitions})


class _Reader:
    def __init__(self, document: Mapping[str, Any], known: Container[str], earlier: Mapping[str, Any]) -> None:
        self._definitions: Mapping[str, Any] = document.get("definitions") or {}
        self._parameters: Mapping[str, Any] = document.get("parameters") or {}
        self._paths: Mapping[str, Any] = document.get("paths") or {}
        self._known, self._earlier = known, earlier
        self._names: dict[str, str] = {}  # here → in the joined document

    def part(self, group: str, version: str) -> Part:
        start = f"/apis/{group}/{version}"
        paths = {path: item for path, item in self._paths.items() if f"{path}/".startswith(f"{start}/")}
        marked = [name for name, schema in self._definitions.items() if _is_of(schema, group, version)]
        found = self._closure([*_refs(paths, self._parameters), *marked])
        ours = {name for name in found if name.startswith(MACHINERY) and name in self._known}
        self._names = {name: name if name in ours else self._free(name) for name in found}
        definitions = {self._names[name]: self._written(self._definitions[name]) for name in found - ours}
        part = Part({path: self._written(item) for path, item in paths.items()}, definitions, frozenset(ours))
        gnostic.encode({"paths": part.paths, "definitions": part.definitions})  # fails here rather than with ours
        return part

    def _closure(self, waiting: list[str]) -> set[str]:
        names: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in names:
                names.add(name)
                if not (name.startswith(MACHINERY) and name in self._known):
                    waiting += _refs(self._definitions[name], self._parameters)
        return names

    def _free(self, name: str) -> str:
        number, wanted = 1, name
        while wanted in self._known or self._earlier.get(wanted, self._definitions[name]) != self._definitions[name]:
            number += 1
            wanted = f"{name}_v{number}"
        return wanted

    def _written(self, value: Any) -> Any:
        """With references that hold in the joined document."""
        if isinstance(value, list):
            return [self._written(each) for each in value]
        if not isinstance(value, dict):
            return value
        target = value.get(_REF)
        if isinstance(target, str) and target.startswith(_PARAMETERS):
            return self._written(self._parameters[target.removeprefix(_PARAMETERS)])
        made = {key: self._written(each) for key, each in value.items()}
        if isinstance(target, str) and target.startswith(_DEFINITIONS):
            made[_REF] = _DEFINITIONS + self._names[target.removeprefix(_DEFINITIONS)]
        return made


def _refs(value: Any, parameters: Mapping[str, Any]) -> Iterator[str]:
    """The definitions that a value refers to, also by a parameter."""
    if isinstance(value, list):
        for each in value:
            yield from _refs(each, parameters)
    elif isinstance(value, dict):
        target = value.get(_REF)
        if isinstance(target, str) and target.startswith(_DEFINITIONS):
            yield target.removeprefix(_DEFINITIONS)
        elif isinstance(target, str) and target.startswith(_PARAMETERS):
            yield from _refs(parameters[target.removeprefix(_PARAMETERS)], {})
        for each in value.values():
            yield from _refs(each, parameters)


def _is_of(schema: Mapping[str, Any], group: str, version: str) -> bool:
    return any((mark.get("group"), mark.get("version")) == (group, version) for mark in schema.get(_MARKS) or ())

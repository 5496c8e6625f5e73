"""An object of each kind in which every field of the table is filled, the same each time. For tests of encodings.

protobuf_answers.json has what upstream's Go types (k8s.io/api v0.36.2) make of these objects: by kind the start of the
SHA-256 of the bytes, of the filled object and of one without any field. ``newer`` are fields of the table that those
types lack.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sampan_machinery.protobuf import table
from sampan_machinery.schema import load

ANSWERS = json.loads((Path(__file__).parent / "protobuf_answers.json").read_text())
NEWER = {tuple(each) for each in ANSWERS["newer"]}
SCALARS: dict[str, Any] = {"b": True, "i": 7, "u": 8, "d": 1.5, "B": "AP8="}
SPECIAL: dict[str, Any] = {
    "Time": "2026-11-30T01:02:03Z",
    "MicroTime": "2026-11-30T01:02:03.000456Z",
    "FieldsV1": {"f:x": {}},
    "RawExtension": {"b": [1, 2.5, None], "a": "ü"},
    "JSON": {"y": 1},
    "Quantity": "100m",
    "IntOrString": "50%",
    "JSONSchemaPropsOrBool": False,
    "JSONSchemaPropsOrStringArray": ["s"],
}


def kinds() -> list[tuple[str, str, str]]:
    """Group, version and kind of all that have both a schema and a message."""
    return sorted(
        (group, version, kind)
        for group, version, kind in (address.rsplit("/", 2) for address in load().table.kinds)
        if f"{group}/{version}/{kind}" in ANSWERS["kinds"]
    )


def filled(group: str, version: str, kind: str) -> dict[str, Any]:
    api_version = f"{group}/{version}" if group else version
    obj = {"apiVersion": api_version, "kind": kind, **message(table.message_of(api_version, kind), ())}
    return load().prune(group, version, kind, obj)


def message(name: str, within: tuple[str, ...]) -> Any:
    """``within``: the messages that this one is in. One in itself stays empty: schemas have no end."""
    short = name.rpartition(".")[2]
    if short in SPECIAL:
        return SPECIAL[short]
    if short == "JSONSchemaPropsOrArray":
        return {"type": "string"}
    found: dict[str, Any] = {}
    if name in within:
        return found
    for number, field in table.fields(name).items():
        if (name, field.json) in NEWER:
            continue
        if not field.json:
            found.update(message(field.type, (*within, name)))
        else:
            found[field.json] = value(field.json, field.type, number, (*within, name))
    return found


def value(json_name: str, type_: Any, number: int, within: tuple[str, ...]) -> Any:
    if isinstance(type_, list):
        inner = value(json_name, type_[-1], number, within)
        return {"k" * number: inner, "a": inner} if type_[0] == "{}" else [inner, inner]
    if type_ == "s":
        return json_name * number
    return SCALARS[type_] if len(type_) == 1 else message(type_, within)

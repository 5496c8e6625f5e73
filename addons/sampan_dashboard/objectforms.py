"""An object as a form, by its OpenAPI schema: a tree of fields, and the object again from what was filled in. Pure.

A form shows the fields that the object has; any other field of the schema is added by its name. Where there is no
schema, fields are as their values are. Pointers are those of RFC 6901.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from sampan.errors import BadRequest
from sampan_dashboard.forms import CHOICE, JSON, NUMBER, TEXT
from sampan_dashboard.schemas import Definitions, Schema

GROUP, LIST, MAP = "group", "list", "map"  # these have children
FLAG, EITHER = "flag", "either"  # true or false; a number or a text
MOST = 3000  # fields of one form
BLANK_DEPTH = 4  # required fields of required fields that a new entry begins with
LONGEST_HELP = 240  # characters
END = re.compile(r"\.\s+(?=[A-Z])|\n")
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
#: Fixed for the life of an object, or written by the server.
FIXED = frozenset(
    {"/apiVersion", "/kind", "/status", *(f"/metadata/{name}" for name in (
        "name", "namespace", "generateName", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink",
        "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds",
    ))}
)  # fmt: skip


class Node(NamedTuple):
    """One field with its value; a group, list or map with those in it."""

    pointer: str
    name: str
    sort: str
    text: str = ""  # as an input holds it
    help: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    children: tuple[Node, ...] = ()
    absent: tuple[str, ...] = ()  # fields of a group that can be added


class Form:
    """The form of one kind. Methods return new objects and change none."""

    def __init__(self, definitions: Definitions, schema: Schema) -> None:
        self._definitions, self._schema = definitions, schema

    def tree(self, obj: Mapping[str, Any]) -> Node:
        """Raises BadRequest for an object with too many fields."""
        left = [MOST]
        return self._node("", "", self._schema, obj, False, left)

    def filled(
        self, obj: Mapping[str, Any], form: Mapping[str, str], *, strict: bool = True
    ) -> dict[str, Any]:  # fmt: skip
        """With what the inputs ``f:POINTER`` hold, and the keys that ``k:POINTER`` and ``v:POINTER`` give to maps. A
        number that was emptied is removed. Raises BadRequest; not ``strict``: what cannot be read stays as it was."""
        found: dict[str, Any] = copied(obj)
        removed, tree = [], self.tree(obj)
        for node in leaves(tree):
            text = form.get(f"f:{node.pointer}", node.text).replace("\r\n", "\n")
            if text == node.text:
                continue
            if node.sort == NUMBER and not text.strip():
                removed.append(node.pointer)
            elif strict or is_readable(node, text):
                put(found, node.pointer, parsed(node, text))
        for pointer in reversed(removed):  # the last entries of a list first
            remove(found, pointer)
        for node in branches(tree) if strict else ():
            if node.sort == MAP and (key := form.get(f"k:{node.pointer}", "").strip()):
                found, _ = self.added(found, node.pointer, key, form.get(f"v:{node.pointer}", ""))
        return found

    def added(self, obj: Mapping[str, Any], pointer: str, name: str, text: str = "") -> tuple[dict[str, Any], str]:
        """With a new field of a group, a new key of a map, or a new entry of a list (``name`` ""), and its pointer.
        Raises BadRequest for one that cannot be added."""
        found = copied(obj)
        schema, value = self._at(found, pointer)
        if isinstance(value, list):
            value.append(self._blank(self._entry(schema)))
            return found, f"{pointer}/{len(value) - 1}"
        if not isinstance(value, dict) or not name or name in value:
            raise BadRequest(f"{dotted(pointer)} takes no new field {name!r}")
        part = self._part(schema, name)
        value[name] = text if self._sort(part, text) in (TEXT, EITHER) and text else self._blank(part)
        return found, f"{pointer}/{escaped(name)}"

    def _at(self, obj: Any, pointer: str) -> tuple[Schema, Any]:
        schema, value = self._definitions.of(self._schema), obj
        for name in names(pointer):
            if isinstance(value, list) and name.isdecimal() and int(name[:9]) < len(value):
                schema, value = self._entry(schema), value[int(name)]
            elif isinstance(value, dict) and name in value:
                schema, value = self._part(schema, name), value[name]
            else:
                raise BadRequest(f"there is no field {dotted(pointer)}")
        return schema, value

    def _part(self, schema: Schema, name: str) -> Schema:
        more = schema.get("additionalProperties")
        found = (schema.get("properties") or {}).get(name)
        return self._definitions.of(found if isinstance(found, dict) else more if isinstance(more, dict) else {})

    def _entry(self, schema: Schema) -> Schema:
        items = schema.get("items")
        return self._definitions.of(items if isinstance(items, dict) else {})

    def _node(self, pointer: str, name: str, schema: Schema, value: Any, required: bool, left: list[int]) -> Node:
        left[0] -= 1
        if left[0] < 0:
            raise BadRequest(f"the object has more than {MOST} fields: edit it as YAML")
        schema = self._definitions.of(schema)
        sort = self._sort(schema, value)
        node = Node(pointer, name, sort, help=first_sentence(schema.get("description")), required=required)
        if sort == LIST:
            entry = self._entry(schema)
            return node._replace(children=tuple(
                self._node(f"{pointer}/{at}", entry_name(at, each), entry, each, False, left)
                for at, each in enumerate(value)
            ))  # fmt: skip
        if sort in (GROUP, MAP):
            return node._replace(
                children=self._children(pointer, schema, value, left), absent=absent(pointer, schema, value)
            )
        choices = ("true", "false") if sort == FLAG else tuple(map(str, schema.get("enum") or ()))
        return node._replace(text=as_text(sort, value), choices=choices)

    def _children(self, pointer: str, schema: Schema, value: Mapping[str, Any], left: list[int]) -> tuple[Node, ...]:
        required = schema.get("required") or ()
        pairs = [(f"{pointer}/{escaped(key)}", key) for key in value]
        return tuple(
            self._node(where, key, self._part(schema, key), value[key], key in required, left)
            for where, key in pairs
            if where not in FIXED
        )

    def _sort(self, schema: Schema, value: Any) -> str:
        """By the schema, where the value is of its type; else by the value."""
        kind = schema.get("type")
        if isinstance(value, dict):
            if schema.get("properties") or not schema:
                return GROUP
            return MAP if isinstance(schema.get("additionalProperties"), dict) else JSON
        if isinstance(value, list):
            return LIST if schema.get("items") or not schema else JSON
        if kind == "boolean" or (not kind and isinstance(value, bool)):
            return FLAG if value in (True, False) else JSON
        if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
            return EITHER
        if kind in ("integer", "number") or (not schema and isinstance(value, int | float)):
            return NUMBER if value is None or isinstance(value, int | float) else JSON
        if schema.get("enum") and value in schema["enum"]:
            return CHOICE
        return TEXT if isinstance(value, str) else JSON

    def _blank(self, schema: Schema, depth: int = 0) -> Any:
        """What a new field begins with: its default, or nothing but what is required in it."""
        schema = self._definitions.of(schema)
        if "default" in schema:
            return copied(schema["default"])
        kind = schema.get("type")
        if kind == "object" or schema.get("properties"):
            parts = schema.get("required") or () if depth < BLANK_DEPTH else ()
            return {name: self._blank(self._part(schema, name), depth + 1) for name in parts}
        if kind in ("integer", "number"):
            return None  # an empty input, which is removed unless it is filled
        blanks: Mapping[Any, Any] = {"array": [], "boolean": False}
        return blanks.get(kind, str((schema.get("enum") or [""])[0]))


def first_sentence(text: Any) -> str:
    """Of a description, which may have a page of them."""
    found = END.split(str(text or "").strip(), maxsplit=1)[0]
    return found if len(found) <= LONGEST_HELP else f"{found[: LONGEST_HELP - 1]}…"


def absent(pointer: str, schema: Schema, value: Mapping[str, Any]) -> tuple[str, ...]:
    known = schema.get("properties") or {}
    return tuple(sorted(key for key in known if key not in value and f"{pointer}/{escaped(key)}" not in FIXED))


def leaves(node: Node) -> Iterator[Node]:
    if node.sort not in (GROUP, LIST, MAP):
        yield node
    for each in node.children:
        yield from leaves(each)


def branches(node: Node) -> Iterator[Node]:
    if node.sort in (GROUP, LIST, MAP):
        yield node
        for each in node.children:
            yield from branches(each)


def entry_name(at: int, value: Any) -> str:
    """Entries of a list by their name, where they have one."""
    name = value.get("name") if isinstance(value, dict) else None
    return f"{at + 1}: {name}" if isinstance(name, str) and name else str(at + 1)


def as_text(sort: str, value: Any) -> str:
    if sort == JSON:
        return json.dumps(value, ensure_ascii=False)
    if sort == FLAG:
        return "true" if value else "false"
    return "" if value is None else str(value)


def parsed(node: Node, text: str) -> Any:
    """A number that is none stays a text, so that the server's own message names the field. Raises BadRequest."""
    if node.sort == FLAG:
        return text == "true"
    if node.sort == EITHER:
        return int(text) if INTEGER.fullmatch(text) else text
    if node.sort not in (JSON, NUMBER):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        if node.sort == NUMBER:
            return text
        raise BadRequest(f"{dotted(node.pointer)} is not JSON: {error}") from error


def is_readable(node: Node, text: str) -> bool:
    try:
        parsed(node, text)
    except BadRequest:
        return False
    return True


def without_blanks(value: Any) -> Any:
    """Without fields that were added and not filled."""
    if isinstance(value, dict):
        return {key: without_blanks(each) for key, each in value.items() if each is not None}
    return [without_blanks(each) for each in value if each is not None] if isinstance(value, list) else value


def put(obj: Any, pointer: str, value: Any) -> None:
    """At a place that is there."""
    *path, last = names(pointer)
    for name in path:
        obj = obj[int(name)] if isinstance(obj, list) else obj[name]
    obj[int(last) if isinstance(obj, list) else last] = value


def remove(obj: dict[str, Any], pointer: str) -> None:
    """Changes ``obj``. Raises BadRequest for what is not there, and for what must stay."""
    found: Any = obj
    try:
        *path, last = names(pointer)
        for name in path:
            found = found[int(name)] if isinstance(found, list) else found[name]
        if pointer in FIXED:
            raise KeyError(last)
        del found[int(last) if isinstance(found, list) else last]
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise BadRequest(f"there is no field {dotted(pointer)} that can be removed") from error


def copied(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def names(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def dotted(pointer: str) -> str:
    """As messages of the API name a field."""
    return ".".join(names(pointer)) or "the object"

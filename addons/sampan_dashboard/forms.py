"""Settings as a form: from a JSON schema to fields, and from what was filled in to words of `sampan addons configure`.
Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

CHECK, NUMBER, TEXT, LINES, CHOICE, JSON = "check", "number", "text", "lines", "choice", "json"
MESSAGE = re.compile(r"plugins\.(?P<name>[\w-]+)\.(?P<key>\w+)(?P<rest>[^\w].*)", re.DOTALL)


class Field(NamedTuple):
    """One setting; ``text`` as a form holds it."""

    key: str
    sort: str
    text: str
    default: str
    help: str
    is_set: bool  # sampan.yaml has it
    choices: tuple[str, ...] = ()
    step: str = ""  # of a number


def fields(described: Mapping[str, Any]) -> list[Field]:
    """In the order of the schema."""
    values, given = described["values"], set(described["set"])
    return [
        _field(key, schema, values.get(key), key in given) for key, schema in described["schema"]["properties"].items()
    ]


def _field(key: str, schema: Mapping[str, Any], value: Any, is_set: bool) -> Field:
    sort = sort_of(schema)
    choices = tuple(map(str, schema.get("enum") or ())) if sort == CHOICE else ()
    step = {"integer": "1", "number": "any"}.get(str(schema.get("type")), "")
    default = schema.get("default")
    return Field(
        key, sort, as_text(sort, value), as_text(sort, default) if default not in (None, "") else "",
        str(schema.get("description") or "").replace("``", ""), is_set, choices, step,
    )  # fmt: skip


def sort_of(schema: Mapping[str, Any]) -> str:
    if schema.get("enum"):
        return CHOICE
    kind = schema.get("type")
    if kind == "array" and (schema.get("items") or {}).get("type") == "string":
        return LINES
    return {"boolean": CHECK, "integer": NUMBER, "number": NUMBER, "string": TEXT}.get(str(kind), JSON)


def as_text(sort: str, value: Any) -> str:
    if sort == CHECK:
        return "yes" if value else ""
    if sort == LINES:
        return "\n".join(map(str, value or ()))
    if sort == JSON:
        return json.dumps(value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def words(found: Sequence[Field], form: Mapping[str, str]) -> list[str]:
    """KEY=VALUE for each field that was changed, KEY- for each that shall be the default again. Values are JSON, which
    YAML reads the same; what is not valid is passed on as text, so that the command's own message says so."""
    changed = []
    for field in found:
        if form.get(f"reset.{field.key}"):
            if field.is_set:
                changed.append(f"{field.key}-")
            continue
        text = form.get(f"set.{field.key}", "").replace("\r\n", "\n")
        if text.strip() != field.text.strip():
            changed.append(f"{field.key}={json.dumps(value(field.sort, text), ensure_ascii=False)}")
    return changed


def value(sort: str, text: str) -> Any:
    if sort == CHECK:
        return bool(text)
    if sort == LINES:
        return [line.strip() for line in text.split("\n") if line.strip()]
    if sort in (NUMBER, JSON):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def filled(found: Sequence[Field], form: Mapping[str, str]) -> list[Field]:
    """The fields as they were filled in, to be corrected."""
    return [field._replace(text=form.get(f"set.{field.key}", "")) for field in found]


def problem(words: str) -> tuple[str, str]:
    """(key, message) of what the command says is wrong; "" for a message that is about no setting."""
    match = MESSAGE.search(words)
    return (match["key"], match["rest"].strip(" :")) if match else ("", words)

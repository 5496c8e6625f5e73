"""The functions of templates: Go's own, and those of KWOK and sprig that published stages use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


class TemplateError(ValueError):
    """A template outside the subset, or one that fails on an object."""


def truth(value: Any) -> bool:
    """Go's: empty text, lists and mappings, 0, false and nil are false."""
    return bool(value)


def printed(value: Any) -> str:
    """As Go's %v prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    if isinstance(value, list):
        return "[" + " ".join(map(printed, value)) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{printed(item)}" for key, item in sorted(value.items())) + "]"
    return str(value)


def quote(value: Any) -> str:
    """KWOK's Quote: text as JSON; anything else as the text of its JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text[0] == '"' else json.dumps(text, ensure_ascii=False)


def as_yaml(value: Any, indent: int = 0) -> str:
    """KWOK's YAML; with an indent of n it begins with a line break and has 2n spaces before each line."""
    import yaml

    text = yaml.safe_dump(value, default_flow_style=False, allow_unicode=True)
    return f"\n{text}".replace("\n", "\n" + "  " * indent) if indent > 0 else text


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int):
            if not 0 <= key < len(value):
                raise TemplateError(f"index {key} is out of range")
            value = value[key]
        else:
            raise TemplateError(f"index of {'nil' if value is None else type(value).__name__}")
    return value


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise TemplateError("eq needs two values")
    return any(first == other and isinstance(first, bool) == isinstance(other, bool) for other in others)


def _dict(*pairs: Any) -> dict[str, Any]:
    return {printed(key): value for key, value in zip(pairs[::2], (*pairs[1::2], ""), strict=False)}


def _formatted(form: str, *args: Any) -> str:
    """printf with %s, %v, %d, %q and %%."""
    out, left = [], list(args)
    parts = form.split("%")
    out.append(parts.pop(0))
    while parts:
        part = parts.pop(0)
        if not part:  # %%
            out.append("%" + (parts.pop(0) if parts else ""))
            continue
        if part[0] not in "svdq":
            raise TemplateError(f"printf: %{part[0]} is not supported")
        if not left:
            raise TemplateError("printf: a value is missing")
        value = left.pop(0)
        out.append((json.dumps(value) if part[0] == "q" else printed(value)) + part[1:])
    if left:
        raise TemplateError("printf: too many values")
    return "".join(out)


def _default(fallback: Any, value: Any = None) -> Any:
    return value if truth(value) else fallback


GENERIC: Mapping[str, Callable[..., Any]] = {
    "and": lambda *args: args[-1], "or": lambda *args: args[-1],  # the compiler knows them
    "not": lambda value: not truth(value),
    "eq": _equal, "ne": lambda a, b: not _equal(a, b), "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "index": _index, "len": len, "print": lambda *args: "".join(map(printed, args)), "printf": _formatted,
    "Quote": quote, "YAML": as_yaml,
    "dict": _dict, "list": lambda *args: list(args), "default": _default, "quote": quote,
    "hasKey": lambda mapping, key: key in mapping, "get": lambda mapping, key: mapping.get(key, ""),
    "toJson": lambda value: json.dumps(value, separators=(",", ":")),
    "lower": lambda text: text.lower(), "upper": lambda text: text.upper(), "trim": lambda text: text.strip(),
    "contains": lambda part, text: part in text, "replace": lambda old, new, text: text.replace(old, new),
    "add": lambda *args: sum(args), "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
}  # fmt: skip
#: Those that the caller of a template gives.
GIVEN = (
    "Now", "StartTime", "Version", "NodeConditions", "NodeIP", "NodeName", "NodePort", "NodeIPWith", "NodeIPsWith",
    "PodIP", "PodIPWith", "PodIPsWith",
)  # fmt: skip
NAMES = (*GENERIC, *GIVEN)

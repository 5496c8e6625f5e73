"""Changing one entry of a YAML file and leaving the rest, comments included, as its owner wrote it.

Pure: text in, text out. Block style is changed line by line; an entry in flow style ({a: 1}) is rewritten as a
whole. Whatever the way, the result is checked to say what was meant; where it does not, all of it is rewritten, and
comments are lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

REMOVED: Any = type("Removed", (), {"__repr__": lambda self: "REMOVED"})()


def edited(text: str, path: Sequence[str], value: Any) -> str:
    """The text with the entry at ``path`` set to ``value``, or taken out (REMOVED). ``text`` is a mapping or empty."""
    import yaml

    data = yaml.safe_load(text) or {}
    wanted = changed(data, path, value)
    if wanted == data:
        return text
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        found = text + ("" if not text or text.endswith("\n") else "\n") + _dump(wanted)
    elif root.flow_style or not root.value:
        return _dump(wanted)
    else:
        found = _in_lines(text, root, list(path), value, data)
    try:
        right = (yaml.safe_load(found) or {}) == wanted
    except yaml.YAMLError:
        right = False
    return found if right else _dump(wanted)


def changed(data: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """The same for a mapping; one that has become empty goes with its last entry."""
    found = dict(data)
    key, rest = path[0], path[1:]
    if rest:
        below = found.get(key)
        inner = changed(below if isinstance(below, Mapping) else {}, rest, value)
        value = inner if inner or not (below or value is REMOVED) else REMOVED
    if value is REMOVED:
        found.pop(key, None)
    else:
        found[key] = value
    return found


def _in_lines(text: str, node: Any, path: list[str], value: Any, data: Mapping[str, Any]) -> str:
    """``node``: a block mapping, which ``data`` is the value of."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    key, rest = path[0], path[1:]
    indent = node.value[0][0].start_mark.column
    wanted = changed(data, path, value)
    entry = next(((k, v) for k, v in node.value if k.value == key), None)
    if entry is None:
        at = _last_line(node) + 1
        return "".join([*lines[:at], _dump({key: wanted[key]}, indent), *lines[at:]])
    name, below = entry
    if rest and key in wanted and _is_block(below):
        return _in_lines("".join(lines), below, rest, value, data[key])
    fresh = _dump({key: wanted[key]}, indent) if key in wanted else ""
    return "".join([*lines[: name.start_mark.line], fresh, *lines[_last_line(below) + 1 :]])


def _is_block(node: Any) -> bool:
    return node.id == "mapping" and not node.flow_style and bool(node.value)


def _last_line(node: Any) -> int:
    """The last line with anything of the node on it; what yaml calls its end lies behind the comments that follow."""
    if node.id == "mapping" and not node.flow_style and node.value:
        return _last_line(node.value[-1][1])
    if node.id == "sequence" and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    line: int = node.end_mark.line
    return line - 1 if node.end_mark.column == 0 and line > node.start_mark.line else line


def _dump(data: Mapping[str, Any], indent: int = 0) -> str:
    import yaml

    text = ""
    for key, value in data.items():  # short lists and mappings in one line, but not the entry itself
        style = None if isinstance(value, Mapping | list) else False
        text += yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, default_flow_style=style, width=110)
    return "".join(" " * indent + line for line in text.splitlines(keepends=True))

"""A template of YAML and what it yields as data.

Parsing YAML costs ten times what rendering does, and thousands of pods differ in names and times alone. So text that
``Quote`` writes is replaced by a mark, the parsed data is kept for each shape, and the marks are filled in afterwards.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from sampan_hollow.template_functions import GENERIC, NAMES, TemplateError, quote
from sampan_hollow.templates import Template

__all__ = ["Rendered", "TemplateError"]

_KEPT = 256  # shapes of one template
_MARK = "\u2060"  # a word joiner: YAML takes it as any letter


class Rendered:
    """A compiled template whose text is YAML."""

    def __init__(self, text: str) -> None:
        """Raises TemplateError."""
        self._template = Template(text, NAMES)
        self._shapes: OrderedDict[str, Any] = OrderedDict()

    def data(self, obj: Any, given: Mapping[str, Callable[..., Any]]) -> Any:
        """What the template yields for the object. Raises TemplateError."""
        values: list[str] = []

        def marked(value: Any) -> str:
            text = quote(value)
            if not isinstance(value, str) or (text != f'"{value}"' and _MARK not in value):
                return text  # with escapes: as it is
            values.append(value)
            return f'"{_MARK}{len(values) - 1}{_MARK}"'

        text = self._template.render(obj, {**GENERIC, **given, "Quote": marked})
        if text not in self._shapes:
            self._shapes[text] = _parsed(text)
            if len(self._shapes) > _KEPT:
                self._shapes.popitem(last=False)
        return _filled(self._shapes[text], values)


def _parsed(text: str) -> Any:
    import yaml

    try:
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return json.loads(json.dumps(data))  # a copy without aliases; times and the like are refused
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"the template does not yield YAML: {error}") from error


def _filled(data: Any, values: list[str]) -> Any:
    if isinstance(data, str):
        return _text(data, values) if _MARK in data else data
    if isinstance(data, list):
        return [_filled(each, values) for each in data]
    if isinstance(data, dict):
        return {(_text(key, values) if _MARK in key else key): _filled(each, values) for key, each in data.items()}
    return data


def _text(text: str, values: list[str]) -> str:
    parts = text.split(_MARK)
    return "".join(values[int(part)] if number % 2 else part for number, part in enumerate(parts))

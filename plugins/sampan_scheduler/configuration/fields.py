"""Reading a document strictly: each problem names the path of its field. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from sampan.errors import ConfigError


class Fields:
    """One mapping of a document. ``only`` has to be called with all names there may be."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise ConfigError(f"{path} must be a mapping, not {value!r:.60}")
        self._value, self.path = value, path

    def only(self, *names: str) -> Fields:
        for name in self._value:
            if name not in names:
                close = get_close_matches(str(name), names, 1)
                hint = f"; did you mean {close[0]}?" if close else ""
                raise ConfigError(f"{self.path}.{name} is unknown{hint}")
        return self

    def at(self, name: str) -> str:
        return f"{self.path}.{name}"

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def raw(self, name: str) -> Any:
        return self._value.get(name)

    def text(self, name: str, default: str = "") -> str:
        value = self._value.get(name)
        if value is None:
            value = default
        if not isinstance(value, str):
            raise ConfigError(f"{self.at(name)} must be a text, not {value!r:.60}")
        return value

    def one_of(self, name: str, default: str, *words: str) -> str:
        value = self.text(name, default)
        if value not in words:
            raise ConfigError(f"{self.at(name)} must be one of {', '.join(words)}, not {value!r}")
        return value

    def integer(self, name: str, default: int, low: int, high: int | None = None) -> int:
        value = self._value.get(name)
        if value is None:
            value = default
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError(f"{self.at(name)} must be a whole number, not {value!r:.60}")
        if value < low or (high is not None and value > high):
            limits = f"at least {low}" if high is None else f"{low} to {high}"
            raise ConfigError(f"{self.at(name)} must be {limits}, not {value}")
        return value

    def truth(self, name: str, *, default: bool = False) -> bool:
        value = self._value.get(name)
        if value is None:
            value = default
        if not isinstance(value, bool):
            raise ConfigError(f"{self.at(name)} must be true or false, not {value!r:.60}")
        return value

    def mapping(self, name: str) -> Fields:
        """An empty one where there is none."""
        return Fields(self._value.get(name) or {}, self.at(name))

    def list(self, name: str) -> list[Any]:
        value = self._value.get(name) or []
        if not isinstance(value, list):
            raise ConfigError(f"{self.at(name)} must be a list, not {value!r:.60}")
        return value

    def mappings(self, name: str) -> Iterator[Fields]:
        for place, each in enumerate(self.list(name)):
            yield Fields(each, f"{self.at(name)}[{place}]")

    def texts(self, name: str) -> tuple[str, ...]:
        for place, each in enumerate(self.list(name)):
            if not isinstance(each, str):
                raise ConfigError(f"{self.at(name)}[{place}] must be a text, not {each!r:.60}")
        return tuple(self.list(name))

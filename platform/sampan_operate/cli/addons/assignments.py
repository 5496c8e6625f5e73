"""Settings from the command line: ``key=value`` with the value in YAML, ``key-`` to unset a setting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sampan.errors import ConfigError


def parse(words: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """(what to set, what to unset). Raises ConfigError."""
    import yaml

    wanted: dict[str, Any] = {}
    unwanted: list[str] = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals and word.endswith("-") and len(word) > 1:
            unwanted.append(word[:-1])
            continue
        if not equals or not key:
            raise ConfigError(f"{word!r} is not key=value (or key- to unset it)")
        try:
            wanted[key] = yaml.safe_load(text) if text else ""
        except yaml.YAMLError as error:
            raise ConfigError(f"{key}: {text!r} is not YAML: {error}") from error
    return wanted, unwanted

"""Changing sampan.yaml from a command, keeping what the user wrote there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sampan.settings import Settings, load, parse, read_yaml


def path_of(settings: Settings) -> Path:
    """The file that commands write to."""
    return settings.home / "sampan.yaml"


def change(settings: Settings, wanted: Mapping[str, Any]) -> Settings:
    """Merge into the file, check the whole, write it atomically, and return the settings that now hold."""
    import yaml

    path = path_of(settings)
    data = _merge(read_yaml(path) if path.exists() else {}, wanted)
    parse(data, where=str(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(yaml.safe_dump(data, sort_keys=False))
    fresh.replace(path)
    return load(home=str(settings.home), environ={})


def _merge(data: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(data)
    for key, value in wanted.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged

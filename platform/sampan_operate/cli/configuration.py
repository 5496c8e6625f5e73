"""Changes sampan.yaml for commands; keeps the user's comments and layout."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError
from sampan.files import write_whole
from sampan_operate.cli.yamlfile import REMOVED, edited
from sampan_settings.settings import Settings, load, parse, read_yaml


def path_of(settings: Settings, config: str = "", environ: Mapping[str, str] = os.environ) -> Path:
    """The file that the settings come from, and that commands write to."""
    named = config or environ.get("SAMPAN_CONFIG", "")
    return Path(named).expanduser() if named else settings.home / "sampan.yaml"


def change(
    settings: Settings, wanted: Mapping[str, Any], *, unset: Iterable[Sequence[str]] = (), config: str = ""
) -> Settings:
    """Merge into the file, check the result, write it atomically, and return the new settings.

    Other entries keep their text and comments. Raises ConfigError, and then changes nothing.
    """
    import yaml

    path = path_of(settings, config)
    text = path.read_text() if path.exists() else ""
    if path.exists():
        read_yaml(path)  # raises ConfigError with the reason
    changes = [*_leaves(wanted), *((list(each), REMOVED) for each in unset)]
    fresh_text = text
    for place, value in changes:
        fresh_text = edited(fresh_text, place, value)
    parse(yaml.safe_load(fresh_text) or {}, where=str(path))
    if fresh_text != text:
        _write(path, fresh_text)
    return load(config=config, home=str(settings.home))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _leaves(wanted: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[list[str], Any]]:
    for key, value in wanted.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield [*path, key], value

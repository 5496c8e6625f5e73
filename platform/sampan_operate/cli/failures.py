"""Plugins that failed, in words: as the running processes recorded it, or as a process would find them now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sampan.hookspecs import access, api, lifecycle, reconciling, running, storage
from sampan_isolation import failure_log
from sampan_server.plugins.plugins import Found

_AT_BOOT = frozenset(
    {"import", "load"}
    | {name for spec in (access, api, lifecycle, reconciling, running, storage) for name in vars(spec)}
)


def recorded(home: Path) -> list[str]:
    """A sentence for each plugin that running processes left out, wholly or in part, when they started."""
    found = failure_log.read(home / "run" / "plugins")
    failed = sorted((each.plugin, each.hook, each.last) for each in found if each.hook in _AT_BOOT)
    return [f"{plugin} failed in {hook} and is left out: {last}" for plugin, hook, last in failed]


def found_now(found: Iterable[Found]) -> list[tuple[str, str]]:
    """(bad | note, sentence) for each that does not load; without a plugin no API server starts, see
    ``Plugins.require``."""
    return [
        ("note", f"add-on {each.name} does not load and is left out: {each.error}")
        if each.addon
        else (
            "bad",
            f"plugin {each.name} does not load: {each.error}; repair it, uninstall it or list it under `disable`",
        )
        for each in found
    ]


def left_out(found: Iterable[Found]) -> list[str]:
    """A sentence for each whose libraries are not installed."""
    return [f"{'add-on' if each.addon else 'plugin'} {each.name} is left out: it {each.lacks}" for each in found]

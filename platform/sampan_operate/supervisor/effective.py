"""The effective settings of a running cluster: recorded in its state file, and compared with the requested ones.

The configuration file may have changed since the start; commands that show or stop the cluster use this record.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError
from sampan_server.plugins.plugins import ADDON_GROUP
from sampan_settings.settings import Settings, Where, load, parse

#: Hooks that only the API server calls, which is not restarted when the configuration is reloaded.
API_HOOKS = frozenset({
    "contribute_authenticators", "contribute_authorizers", "contribute_admitters", "contribute_kinds",
    "contribute_kind_sources", "contribute_subresources",
    "contribute_bootstrap_objects", "contribute_routes", "contribute_delegations", "contribute_duties", "provide_store",
    "provide_value_transformer", "contribute_key_providers", "contribute_key_provider_sources",
    "contribute_commands", "on_ready", "on_stop",
})  # fmt: skip
MISSING = object()


def record(settings: Settings) -> dict[str, Any]:
    """As plain data, which ``recorded`` reads."""
    return {key: _plain(value) for key, value in dataclasses.asdict(settings).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def recorded(state: Mapping[str, Any]) -> Settings | None:
    """The effective settings of the cluster with that state, or of its last run; None if they are not recorded."""
    found = state.get("settings")
    try:
        return parse(found, where="state.json") if isinstance(found, Mapping) else None
    except ConfigError:  # written by another version
        return None


def differences(running: Settings, wanted: Settings) -> list[str]:
    """A line for each setting that differs; values that may be secret are not shown.

    Settings of add-ons that are neither running nor enabled are ignored.
    """
    here, there = dict(_flat(record(running))), dict(_flat(record(wanted)))
    off = {point.name for point in entry_points(group=ADDON_GROUP)} - {*running.addons, *wanted.addons}
    found = []
    for key in sorted(here.keys() | there.keys()):
        before, after = here.get(key, MISSING), there.get(key, MISSING)
        if before == after or key == "home" or (key.startswith("plugins.") and key.split(".")[1] in off):
            continue
        if key.startswith("plugins."):
            found.append(f"{key} is another than is set")
        else:
            found.append(f"{key} is {_shown(before)}, not {_shown(after)}")
    return found


def refuse_others(state: Mapping[str, Any], wanted: Settings) -> Settings:
    """The effective settings of the cluster with that state; ``wanted`` if they are not recorded.

    Raises ConfigError if ``wanted`` differs: kubeconfigs and other files made from it would be wrong.
    """
    running = recorded(state)
    if running is None:
        return wanted
    if different := differences(running, wanted):
        lines = "".join(f"\n  {line}" for line in different)
        raise ConfigError(
            f"a cluster runs in {wanted.home} by other settings (it answers at {running.server_url}):{lines}\n"
            f"nothing was changed; `sampan down` and the same command again take them up"
        )
    return running


def _flat(data: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    return without_password(str(value)) or "empty"


def without_password(url: str) -> str:
    """The URL for messages and logs."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:…@", url)


def after_reload(running: Settings, fresh: Settings, api_only: Mapping[str, bool]) -> Settings:
    """The effective settings after SIGHUP: add-ons, and settings of processes that are restarted, come from ``fresh``.

    All other settings stay until the next start: the API server keeps its port and the settings that only it uses
    (``api_only``, by plugin).
    """
    names = running.plugins.keys() | fresh.plugins.keys()
    chosen = {name: (running if api_only.get(name) else fresh).plugins.get(name) for name in names}
    plugins = {name: section for name, section in chosen.items() if section is not None}
    return dataclasses.replace(running, addons=fresh.addons, plugins=plugins)


def to_clean_up(home: Path, state: Mapping[str, Any], where: Where) -> Iterator[Settings]:
    """Settings to clean up with, best first: recorded, configured, defaults."""
    if (found := recorded(state)) is not None:
        yield dataclasses.replace(found, home=home)
    with contextlib.suppress(ConfigError):
        yield dataclasses.replace(load(**where), home=home)
    yield Settings(home=home)


def pending(running: Settings, where: Where) -> list[str]:
    """A line for each setting in the configuration file that is not effective yet; one line if it cannot be read."""
    try:
        return differences(running, load(**where))
    except ConfigError as error:
        return [str(error)]

"""The settings that a cluster runs by: recorded in its state file, and compared with those that are asked for now.

The configuration file may say anything by now; commands that tell or stop what runs go by this record.
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

#: Hooks that are asked by the API server alone, which keeps running when the configuration is read again.
API_HOOKS = frozenset({
    "contribute_authenticators", "contribute_authorizers", "contribute_admitters", "contribute_kinds",
    "contribute_bootstrap_objects", "contribute_routes", "contribute_delegations", "contribute_duties", "provide_store",
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
    """The settings that the cluster of that state runs by, or ran by last; None where it does not say."""
    found = state.get("settings")
    try:
        return parse(found, where="state.json") if isinstance(found, Mapping) else None
    except ConfigError:  # written by another version
        return None


def differences(running: Settings, wanted: Settings) -> list[str]:
    """A line for each setting that is not as it is wanted; what may be secret is not shown.

    Those of add-ons that are neither running nor wanted make no difference.
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
    """The settings of the cluster that runs by that state, ``wanted`` where it does not say.

    Raises ConfigError, in words, where others are wanted: kubeconfigs and whatever else is made by them would lie.
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
    """For people's eyes and logs."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:…@", url)


def after_reload(running: Settings, fresh: Settings, api_only: Mapping[str, bool]) -> Settings:
    """What SIGHUP makes of the running settings: add-ons, and settings of what is started again.

    All else stays until the next start, whatever the file says: the API server keeps its port, and what only it is told
    (``api_only``, by plugin) it keeps too.
    """
    names = running.plugins.keys() | fresh.plugins.keys()
    chosen = {name: (running if api_only.get(name) else fresh).plugins.get(name) for name in names}
    plugins = {name: section for name, section in chosen.items() if section is not None}
    return dataclasses.replace(running, addons=fresh.addons, plugins=plugins)


def to_clean_up(home: Path, state: Mapping[str, Any], where: Where) -> Iterator[Settings]:
    """By which to clean up after what ran, the best first: as recorded, as configured, the defaults."""
    if (found := recorded(state)) is not None:
        yield dataclasses.replace(found, home=home)
    with contextlib.suppress(ConfigError):
        yield dataclasses.replace(load(**where), home=home)
    yield Settings(home=home)


def pending(running: Settings, where: Where) -> list[str]:
    """What the configuration file says and is not in force, a line each; one line where it cannot be read."""
    try:
        return differences(running, load(**where))
    except ConfigError as error:
        return [str(error)]

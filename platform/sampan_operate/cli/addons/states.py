"""The state of each add-on, from the settings, the supervisor's state and its components' reports. Reads only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from sampan.errors import ConfigError
from sampan_operate.supervisor import effective, inquiry
from sampan_operate.supervisor.members import members_of
from sampan_operate.supervisor.state import is_running, read_state
from sampan_server.plugins.plugins import ADDON_GROUP, Found, Plugins, suggest
from sampan_settings.settings import Settings

RUNS, FAILING, STARTING, OFF, NOT_LOADED = "runs", "failing", "starting", "off", "failed to load"
UNAVAILABLE = "unavailable"  # its libraries are not installed
STOPPING, STOPPED = "stopping", "stopped"  # still running although disabled; enabled, but no cluster runs
_WORDS = {"ready": RUNS, "standby": RUNS, "failing": FAILING, "starting": STARTING}
_WORST = (FAILING, STARTING, STOPPING, RUNS)
STEP = 0.05  # seconds between two checks while waiting
FIRM = 2.0  # seconds of failing after which an add-on is said to fail; its first restarts come within one


@dataclass(frozen=True)
class AddonState:
    """One row of `sampan addons list`."""

    name: str
    enabled: bool
    state: str
    version: str
    words: str = ""  # its last message, or why it cannot be loaded

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "enabled": self.enabled, "state": self.state, "version": self.version,
            "message": self.words,
        }  # fmt: skip


def load_addons(settings: Settings) -> Plugins:
    """Load only the add-ons: their states do not need the plugins. Raises ConfigError."""
    points = entry_points(group=ADDON_GROUP)
    known = {point.name for point in points}
    sections = {name: section for name, section in settings.plugins.items() if name in known}
    return Plugins(entry_points=points, addons=settings.addons, settings=sections)


def installed(plugins: Plugins) -> list[Found]:
    return [found for found in plugins.found if found.addon]


def check_installed(plugins: Plugins, name: str) -> Found:
    """Raises ConfigError with a suggestion."""
    known = {found.name: found for found in installed(plugins)}
    if name not in known:
        raise ConfigError(f"no add-on is called {name!r}{suggest(name, known)}; there are {', '.join(known)}")
    return known[name]


def states(settings: Settings, plugins: Plugins | None = None) -> list[AddonState]:
    """Every installed add-on."""
    plugins = plugins or load_addons(settings)
    parts: dict[str, list[str]] = {}
    for member in members_of(plugins):
        parts.setdefault(member.plugin, []).append(member.name)
    said = _reports(settings)
    running = effective.recorded(read_state(settings.home))
    return [
        _state(found, parts.get(found.name, []), said, taken_up=running is None or found.name in running.addons)
        for found in installed(plugins)
    ]


def _state(found: Found, parts: list[str], said: dict[str, dict[str, Any]] | None, *, taken_up: bool) -> AddonState:
    state, words = _summed(found, parts, said, taken_up=taken_up)
    return AddonState(found.name, found.enabled, state, found.version, words)


def _summed(
    found: Found, parts: list[str], said: dict[str, dict[str, Any]] | None, *, taken_up: bool
) -> tuple[str, str]:  # fmt: skip
    """``taken_up``: whether the running cluster's settings enable it too."""
    if found.error:
        return NOT_LOADED, found.error
    if found.lacks:
        return UNAVAILABLE, found.lacks
    if not found.enabled:
        return (STOPPING, "") if found.name in (said or {}) else (OFF, "")
    if said is None:
        return STOPPED, ""
    if not parts:
        return RUNS, "it has nothing to run"
    if not taken_up:
        return STOPPED, f"enabled since the cluster was started; `sampan addons enable {found.name}` starts it"
    each = [
        (_WORDS.get(said.get(name, {}).get("state", ""), STARTING), said.get(name, {}).get("words", ""))
        for name in parts
    ]
    return min(each, key=lambda pair: _WORST.index(pair[0]))


def _reports(settings: Settings) -> dict[str, dict[str, Any]] | None:
    """The last report of each component of the running cluster; None if no cluster runs."""
    if not settings.home.exists() or not is_running(settings.home):
        return None
    found: dict[str, dict[str, Any]] = {}
    for process in read_state(settings.home).get("processes", ()):
        if process["name"] == "apiserver":
            continue
        said = inquiry.components(settings.home, process["name"]) if process["pid"] else {}
        for name in process["components"]:
            down = {"state": "failing" if process["exit"] else "starting", "words": process["exit"]}
            found[name] = said.get(name, down)
    return found


def started(settings: Settings, name: str, seconds: float) -> AddonState:
    """Wait until the add-on runs, fails for good, or the time is over. Returns its state."""
    plugins = load_addons(settings)
    return settled(lambda: next(each for each in states(settings, plugins) if each.name == name), seconds)


def settled(
    ask: Callable[[], AddonState], seconds: float, *,
    clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep,
) -> AddonState:  # fmt: skip
    """The first state that is not about to change: it runs, or has failed for FIRM seconds without a break. A component
    that fails while others start is restarted at once, and what it said of its first attempt is no result."""
    deadline, failing = clock() + seconds, 0.0
    while True:
        state, now = ask(), clock()
        failing = (failing or now) if state.state == FAILING else 0.0
        if state.state == RUNS or now >= deadline or (failing and now - failing >= FIRM):
            return state
        sleep(STEP)

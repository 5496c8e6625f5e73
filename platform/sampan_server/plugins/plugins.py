"""Finding plugins by entry points, checking them, asking them.

A plugin is an installed distribution with an entry point in the group ``sampan.plugins`` (or ``sampan.addons``)
that names its ``plugin.py`` module. Everything is decided by ``Plugins``, which a caller builds; importing this
module loads nothing. Must not know any plugin by name.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import pluggy

from sampan.errors import ConfigError, PluginError, SampanError
from sampan.hookspecs import access, api, lifecycle, reconciling, running, storage
from sampan.hookspecs.markers import PROJECT
from sampan_isolation import Broken, Deadlines, FailureLog, Isolation
from sampan_isolation.runners import Runners
from sampan_machinery import records
from sampan_machinery.records import suggest as suggest
from sampan_server.plugins import answers, extras

log = logging.getLogger(__name__)

PLUGIN_GROUP = "sampan.plugins"
ADDON_GROUP = "sampan.addons"
HOOKSPEC_GROUP = "sampan.hookspecs"  # modules with hooks that plugins ask of plugins
DISTRIBUTION = "sampan"  # whose plugins are called without isolation
SPECS = (access, api, lifecycle, reconciling, running, storage)
#: Former names of hooks.
RENAMED = {"contribute_seeds": "contribute_bootstrap_objects"}
#: Answers that decide who may do what. An add-on may not give them: it is left out where it fails to load.
GUARDS = frozenset({
    "contribute_authenticators", "contribute_authorizers", "contribute_admitters", "contribute_chain_steps",
})  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Found:
    """A plugin as discovery saw it, loaded or not."""

    name: str  # rbac, sqlite …: the entry point's name
    module: str
    distribution: str
    version: str
    addon: bool
    enabled: bool
    error: str = ""  # why it could not be loaded
    lacks: str = ""  # which of its libraries are not installed; it is left out, and nothing else is wrong


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows the specs and no plugin."""
    manager = pluggy.PluginManager(PROJECT)
    for spec in SPECS:
        manager.add_hookspecs(spec)
    return manager


class Plugins:
    """The plugins of one process."""

    def __init__(
        self,
        *,
        disabled: Collection[str] = (),
        addons: Collection[str] = (),
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        entry_points: Iterable[importlib.metadata.EntryPoint] | None = None,
        extra: Mapping[str, object] | None = None,
        deadlines: Deadlines | None = None,
        hookspecs: Iterable[importlib.metadata.EntryPoint] | None = None,
    ) -> None:
        """Load every enabled plugin; ``extra`` registers modules or objects directly, for tests.

        ``hookspecs``: where plugins' own hooks are defined, by default those of all installed distributions, whether
        their plugins are enabled or not: a plugin that implements the hook of a disabled one is no fault.
        """
        self.manager = new_manager()
        self._checks = dict(answers.CHECKS)
        self._hook_names = [name for spec in SPECS for name in _hooks_in(spec)]
        self.found: list[Found] = []
        self.failure_log = FailureLog()
        self.deadlines = deadlines or Deadlines()
        self._runners = Runners()
        self._isolations: dict[str, Isolation] = {}
        self._third_party: set[str] = set()
        self._settings: dict[str, Any] = {}
        self._left_out: dict[str, frozenset[str]] = {}  # the hooks of those whose libraries are not installed
        installed: Any = importlib.metadata.entry_points()
        for point in sorted(installed.select(group=HOOKSPEC_GROUP) if hookspecs is None else hookspecs):
            self._add_hookspecs(point)
        points = _installed(installed) if entry_points is None else list(entry_points)
        known = {point.name for point in points} | set(extra or ())
        for name in (*disabled, *(settings or {}), *addons):
            if name not in known:
                raise ConfigError(f"no plugin or add-on is called {name!r}{suggest(name, known)}")
        for point in sorted(points, key=lambda point: (point.group, point.name)):
            addon = point.group == ADDON_GROUP
            enabled = point.name in addons if addon else point.name not in disabled
            if not _is_own(point):
                self._third_party.add(point.name)
            lacks = extras.lacking(point) if enabled else ""
            error = self._load(point, settings or {}, lacks) if enabled else ""
            self.found.append(_found(point, addon=addon, enabled=enabled, error=error, lacks="" if error else lacks))
        ours = _own_packages(installed) if extra else frozenset()
        for name, plugin in (extra or {}).items():
            if str(getattr(plugin, "__name__", "")).partition(".")[0] not in ours:
                self._third_party.add(name)
            self._register(name, plugin, (settings or {}).get(name, {}))
            module = str(getattr(plugin, "__name__", "") or type(plugin).__module__)
            self.found.append(Found(name, module, "", "", addon=False, enabled=True))

    def settings_of(self, name: str) -> Any:
        """The plugin's own settings record, or None if it has none."""
        return self._settings.get(name)

    def hooks_of(self, name: str) -> list[str]:
        """The hooks that a plugin implements, by name; none where it is not loaded."""
        plugin = self.manager.get_plugin(name)
        return sorted(caller.name for caller in self.manager.get_hookcallers(plugin) or ()) if plugin else []

    def implementing(self, hook: str) -> list[str]:
        """The plugins that implement a hook, by name."""
        return [impl.plugin_name for impl in self._impls(hook)]

    def is_third_party(self, name: str) -> bool:
        """Whether a plugin is not of sampan's own distribution, and so behind a isolation."""
        return name in self._third_party

    def isolation(self, name: str) -> Isolation:
        """The plugin's isolation in this process."""
        found = self._isolations.get(name)
        if found is None:
            fresh = Isolation(name, self.failure_log, self._runners, self.deadlines)
            found = self._isolations.setdefault(name, fresh)
        return found

    def left_out(self, hook: str = "") -> list[Found]:
        """Those whose libraries are not installed; with ``hook``, those that would answer it."""
        return [found for found in self.found if found.lacks and (not hook or hook in self._left_out[found.name])]

    def ask(self, hook: str, context: Callable[[str], Any] | None = None, **facts: Any) -> list[tuple[str, Any]]:
        """Ask every plugin; (plugin name, answer) pairs in the order of their names, ``contribute_*`` answers as lists.

        ``context(name)`` builds what the argument ``context`` shall be for that plugin. A plugin that raises, is late
        or answers what the hook does not take is logged, noted in ``found`` and left out.
        """
        found = []
        for impl in self._impls(hook):
            try:
                found.append((impl.plugin_name, self._asked(hook, impl, context, facts)))
            except Broken as error:
                self._note(impl.plugin_name, f"{hook}: {error.why}")
            except Exception as error:
                self.failure_log.note(impl.plugin_name, hook, "raised", f"{type(error).__name__}: {error}", error)
                self._note(impl.plugin_name, f"{hook}: {error}")
        return found

    def demand(self, hook: str, context: Callable[[str], Any] | None = None, **facts: Any) -> list[tuple[str, Any]]:
        """The same where leaving a plugin out would not be safe: the first failure is raised as PluginError."""
        found = []
        for impl in self._impls(hook):
            try:
                found.append((impl.plugin_name, self._asked(hook, impl, context, facts)))
            except Exception as error:
                why = error.why if isinstance(error, Broken) else error
                raise PluginError(impl.plugin_name, f"failed in {hook}: {why}") from error
        return found

    def first(self, hook: str, context: Callable[[str], Any] | None = None, **facts: Any) -> Any:
        """The first answer that is not None, or None. A failure is raised; a third-party plugin's as PluginError."""
        for impl in reversed(getattr(self.manager.hook, hook).get_hookimpls()):  # pluggy's own order: last in, first
            try:
                answer = self._asked(hook, impl, context, facts)
            except Broken as error:
                raise PluginError(impl.plugin_name, f"failed in {hook}: {error.why}") from error
            if answer is not None:
                return answer
        return None

    def _impls(self, hook: str) -> list[Any]:
        return sorted(getattr(self.manager.hook, hook).get_hookimpls(), key=lambda impl: impl.plugin_name)

    def _asked(self, hook: str, impl: Any, context: Callable[[str], Any] | None, facts: Mapping[str, Any]) -> Any:
        name = impl.plugin_name
        given = dict(facts, context=context(name)) if context else facts

        def call() -> Any:
            answer = impl.function(*(given[each] for each in impl.argnames))
            return answers.joined(answer, self._checks.get(hook)) if hook.startswith("contribute_") else answer

        if name not in self._third_party:
            return call()
        return self.isolation(name).call(hook, call, seconds=self.deadlines.boot, passes=(ConfigError,), once=True)

    def tell(self, hook: str, **facts: Any) -> None:
        """Tell every plugin something; one that fails is logged and passed over."""
        self.ask(hook, **facts)

    def failures(self) -> list[Found]:
        return [found for found in self.found if found.error]

    def not_loaded(self) -> list[Found]:
        """Those that are enabled and could not be imported or registered, but for those ``left_out``."""
        return [
            found
            for found in self.found
            if found.enabled and not found.lacks and not self.manager.has_plugin(found.name)
        ]

    def require(self) -> None:
        """Raise PluginError, worded for the operator, where an enabled plugin is not loaded. For servers to call.

        What a plugin would have guarded cannot be told when it cannot be imported, so each one counts as a guard
        unless the operator says otherwise. Add-ons cannot be guards (``GUARDS``) and are only named, and so are plugins
        that were imported without their libraries and implement no such hook (``left_out``).
        """
        failed = [found for found in self.not_loaded() if not found.addon]
        if failed:
            names = ", ".join(found.name for found in failed)
            reasons = "; ".join(f"{found.name}: {found.error}" for found in failed)
            raise PluginError(
                names,
                f"cannot be loaded ({reasons}). It may be what authenticates, authorizes or admits requests, so the "
                f"API server does not start without it: repair or uninstall it, or leave it out with "
                f"`disable: [{names}]` in sampan.yaml",
            )

    def _add_hookspecs(self, point: importlib.metadata.EntryPoint) -> None:
        """Hooks of a plugin's own. Those that cannot be had are logged; plugins that implement them are refused."""
        try:
            if _is_own(point):
                spec = point.load()
            else:
                isolation = self.isolation(point.name)
                spec = isolation.call("import", point.load, seconds=self.deadlines.boot, passes=(), once=True)
            self.manager.add_hookspecs(spec)
        except Broken:
            return
        except Exception as error:
            self.failure_log.note(point.name, "hookspecs", "raised", f"{type(error).__name__}: {error}", error)
            return
        self._checks |= getattr(spec, "CHECKS", {})
        self._hook_names += _hooks_in(spec)

    def _load(
        self, point: importlib.metadata.EntryPoint, settings: Mapping[str, Mapping[str, Any]], lacks: str
    ) -> str:  # fmt: skip
        """Why it could not be loaded, "" where it was, or is left out because it ``lacks`` libraries."""
        try:
            plugin = self._imported(point)
            self._register(point.name, plugin, settings.get(point.name, {}))
            self._check_hooks(point)
            if lacks:
                self._leave_out(point, lacks)
        except ConfigError:
            raise
        except Broken as error:
            return f"{lacks} (import: {error.why})" if lacks else f"import: {error.why}"
        except Exception as error:
            words = error.message if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
            if lacks and isinstance(error, ImportError):
                words = lacks
            self.failure_log.note(
                point.name, "load", "raised", words, None if isinstance(error, SampanError) else error
            )
            return words
        return ""

    def _leave_out(self, point: importlib.metadata.EntryPoint, lacks: str) -> None:
        """Only now it is known which hooks are not answered; raises PluginError where one of them guards the API."""
        hooks = frozenset(self.hooks_of(point.name))
        self.manager.unregister(name=point.name)
        if hooks & GUARDS:
            raise PluginError(point.name, lacks)
        self._left_out[point.name] = hooks

    def _check_hooks(self, point: importlib.metadata.EntryPoint) -> None:
        """Refuse a module without a hook, which pluggy accepts, and an add-on that would guard the API."""
        hooks, wrong = set(self.hooks_of(point.name)), ""
        if not hooks:
            wrong = f"{point.module} implements no hook; does the entry point name the module that has them?"
        elif point.group == ADDON_GROUP and hooks & GUARDS:
            wrong = (
                f"implements {', '.join(sorted(hooks & GUARDS))}, but an add-on is a client of the API: declare it in "
                f"the group {PLUGIN_GROUP}"
            )
        if wrong:
            self.manager.unregister(name=point.name)
            raise PluginError(point.name, wrong)

    def _imported(self, point: importlib.metadata.EntryPoint) -> Any:
        if point.name not in self._third_party:
            return point.load()
        return self.isolation(point.name).call("import", point.load, seconds=self.deadlines.boot, passes=(), once=True)

    def _register(self, name: str, plugin: object, section: Mapping[str, Any]) -> None:
        self._settings[name] = read_settings(name, getattr(plugin, "Settings", None), section)
        try:
            self.manager.register(plugin, name=name)
        except pluggy.PluginValidationError as error:
            if self.manager.has_plugin(name):  # older pluggy keeps half of it
                self.manager.unregister(plugin)
            raise PluginError(name, str(error)) from error
        for impl in self.manager.get_hookcallers(plugin) or ():
            if not hasattr(impl, "spec") or impl.spec is None:
                self.manager.unregister(plugin)
                now = RENAMED.get(impl.name)
                hint = f"; it is called {now} now" if now else suggest(impl.name, self._hook_names)
                raise PluginError(name, f"implements {impl.name}, which is no hook{hint}")

        if wrong := _unmarked(plugin, self.hooks_of(name), self._hook_names):
            self.manager.unregister(plugin)
            raise PluginError(name, wrong)

    def _note(self, name: str, error: str) -> None:
        self.found = [dataclasses.replace(f, error=error) if f.name == name and not f.error else f for f in self.found]


def read_settings(name: str, record: type | None, section: Mapping[str, Any]) -> Any:
    """The plugin's section as its ``Settings`` record; unknown keys and wrong types are refused with a suggestion."""
    if record is None:
        if section:
            raise ConfigError(f"plugin {name} has no settings, but plugins.{name} names {', '.join(section)}")
        return None
    for key, value in section.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"plugins.{name}.{key} must be a number, not {value}")
    try:
        return records.record(record, section, f"plugins.{name}.", a_list="list")
    except ValueError as error:  # of the record's own ``__post_init__``
        raise ConfigError(f"plugins.{name}.{error}") from error


def _is_own(point: importlib.metadata.EntryPoint) -> bool:
    return _origin(point)[0] == DISTRIBUTION


def _installed(points: Any) -> list[importlib.metadata.EntryPoint]:
    return [*points.select(group=PLUGIN_GROUP), *points.select(group=ADDON_GROUP)]


def _own_packages(points: Any) -> frozenset[str]:
    """The packages that sampan's own plugins live in."""
    return frozenset(point.module.partition(".")[0] for point in _installed(points) if _is_own(point))


def _found(
    point: importlib.metadata.EntryPoint, *, addon: bool, enabled: bool, error: str, lacks: str
) -> Found:  # fmt: skip
    return Found(point.name, point.module, *_origin(point), addon, enabled, error, lacks)


def _origin(point: importlib.metadata.EntryPoint) -> tuple[str, str]:
    """Name and version of its distribution, "" for one that is in none."""
    return _named(point.dist) if point.dist else ("", "")


@functools.lru_cache(maxsize=16)
def _named(dist: importlib.metadata.Distribution) -> tuple[str, str]:
    return dist.name, dist.version  # each of them parses the whole metadata: 0.1 ms, for each of 30 plugins


def _unmarked(plugin: object, hooks: Collection[str], known: Collection[str]) -> str:
    """What is wrong with a function that has the name of a hook, or nearly so, and no ``@hookimpl``; "" for nothing."""
    for name, value in getattr(plugin, "__dict__", {}).items():
        here = getattr(value, "__module__", None) == getattr(plugin, "__name__", "")
        if name in hooks or not callable(value) or not here:
            continue
        if name in known:
            return f"{name} is not marked with @hookimpl, so it would never be called"
        if name.startswith(("provide_", "contribute_")):
            return f"{name} is no hook{suggest(name, known)} and not marked with @hookimpl"
    return ""


def _hooks_in(spec: object) -> list[str]:
    return [name for name in vars(spec) if name.startswith(("provide_", "contribute_", "on_"))]

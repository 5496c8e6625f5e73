"""What the plugins bring to the API server: asked once, in the order that counts; third-party answers are isolated."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sampan.contracts.admission import Admitter
from sampan.contracts.chain import ChainStep
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import Route, ServerContext
from sampan.errors import ConfigError, PluginError
from sampan_isolation import Isolation
from sampan_server.extension.declared import EVERYTHING, names_of, subresources_of
from sampan_server.extension.isolated import (
    Guard,
    IsolatedAdmitter,
    IsolatedAuthenticator,
    IsolatedAuthorizer,
    IsolatedKindSource,
    IsolatedStep,
    isolated_kind,
    isolated_route,
    isolated_subresource,
)
from sampan_server.extension.kind_offers import Source
from sampan_server.plugins.plugins import Plugins, suggest


@dataclass(frozen=True)
class Orders:
    """In which order plugins' answers count. Empty: sampan's own first, each by name (admitters: by priority, then
    name)."""

    authentication: Sequence[str] = ()
    authorization: Sequence[str] = ()
    admission: Sequence[str] = ()


class Offer:
    """Everything but the bootstrap objects. Raises PluginError where leaving a plugin out would not be safe."""

    def __init__(self, plugins: Plugins, context: Callable[[str], ServerContext], orders: Orders) -> None:
        self._plugins = plugins
        self._added = [
            (each, plugins.isolation(plugin) if plugins.is_third_party(plugin) else None)
            for plugin, answer in plugins.ask("contribute_subresources", context)
            for each in answer
        ]
        kinds = plugins.ask("contribute_kinds", context)
        self.kinds: list[tuple[str, Kind]] = [
            (plugin, self._with_added(kind)) for plugin, kind in self._isolated(kinds, isolated_kind)
        ]
        self.kind_sources = [
            Source(plugin, each, third_party=plugins.is_third_party(plugin), isolate=self._isolate(plugin))
            for plugin, each in self._isolated(plugins.ask("contribute_kind_sources", context), IsolatedKindSource)
        ]
        self.routes: list[tuple[str, Route]] = self._isolated(plugins.ask("contribute_routes", context), isolated_route)
        authenticators = self._isolated(plugins.demand("contribute_authenticators", context), IsolatedAuthenticator)
        self.authenticators = self._ordered(authenticators, orders.authentication, "authentication")
        authorizers = self._isolated(plugins.demand("contribute_authorizers", context), IsolatedAuthorizer)
        self.authorizers = self._ordered(authorizers, orders.authorization, "authorization")
        admitters = self._isolated(plugins.demand("contribute_admitters", context), IsolatedAdmitter)
        self.admitters: list[Admitter] = self._ordered(admitters, orders.admission, "admission")
        if not orders.admission:
            self.admitters.sort(key=lambda admitter: (admitter.priority, admitter.name))
        self._check_resources(admitters)
        self.chain_steps: list[tuple[str, ChainStep]] = self._isolated(
            plugins.demand("contribute_chain_steps", context), IsolatedStep
        )
        strange = [kind for plugin, kind in self.kinds if plugins.is_third_party(plugin)]
        self.guard = Guard(strange, self.authorizers)

    def _isolated(
        self, answers: Sequence[tuple[str, Sequence[Any]]], wrap: Callable[[Isolation, Any], Any]
    ) -> list[tuple[str, Any]]:
        """Joined answers, each with its plugin's name."""
        return [
            (plugin, wrap(self._plugins.isolation(plugin), each) if self._plugins.is_third_party(plugin) else each)
            for plugin, answer in answers
            for each in answer
        ]

    def _isolate(self, plugin: str) -> Callable[[Kind], Kind]:
        if not self._plugins.is_third_party(plugin):
            return self._with_added
        isolation = self._plugins.isolation(plugin)
        return lambda kind: self._with_added(isolated_kind(isolation, kind))

    def _with_added(self, kind: Kind) -> Kind:
        """The kind with the subresources that other plugins add to it."""
        found = {sub.name: sub for sub in kind.subresources}
        for added, isolation in self._added:
            sub = added.subresource
            if (added.group, added.plural) == (kind.group, kind.plural) and sub.name not in ("status", "scale"):
                found.setdefault(sub.name, isolated_subresource(isolation, kind, sub) if isolation else sub)
        return (
            kind if len(found) == len(kind.subresources) else dataclasses.replace(kind, subresources=(*found.values(),))
        )

    def _check_resources(self, admitters: Sequence[tuple[str, Admitter]]) -> None:
        """Raises PluginError for an admitter that is restricted to what nothing serves: it would never be asked, and
        what it was written to refuse would pass."""
        served: dict[str, set[str]] = {}
        for _, kind in self.kinds:
            for resource in names_of(kind):
                served.setdefault(resource, set()).update((*subresources_of(kind), EVERYTHING))
        for plugin, admitter in admitters:
            if not getattr(admitter, "may_be_absent", False):
                self._check_resource(plugin, admitter, served)

    def _check_resource(self, plugin: str, admitter: Admitter, served: Mapping[str, set[str]]) -> None:
        resources = sorted(getattr(admitter, "resources", None) or {EVERYTHING})
        for name in resources:
            if name not in served and name != EVERYTHING:
                similar = sorted(each for each in served if each.partition(".")[0] == name.partition(".")[0])
                hint = f" (did you mean {similar[0]!r}?)" if similar else suggest(name, served)
                raise _never_asked(plugin, admitter, f"resource {name!r}", hint, "'pods' or 'deployments.apps'")
        below = set().union(*(served.get(name, ()) for name in resources))
        for name in sorted(set(getattr(admitter, "subresources", None) or ()) - below):
            where = f"subresource {name!r} of {', '.join(resources)}"
            raise _never_asked(plugin, admitter, where, suggest(name, below), "'status', and '' for the object itself")

    def _ordered(self, answers: Sequence[tuple[str, Any]], order: Sequence[str], setting: str) -> list[Any]:
        """In the order of a setting, else ours first and by name; raises ConfigError for a name that no plugin offers
        and PluginError for one that two offer, for one of them would fall away."""
        found: dict[str, tuple[bool, Any]] = {}
        for plugin, each in answers:
            if each.name in found:
                raise PluginError(plugin, f"{each.name!r} is the name of another plugin's in {setting} already")
            found[each.name] = (self._plugins.is_third_party(plugin), each)
        for name in order:
            if name not in found:
                raise ConfigError(f"{setting} names {name!r}, which no plugin offers{suggest(name, found)}")
        names = order or sorted(found, key=lambda name: (found[name][0], name))
        return [found[name][1] for name in names]


def _never_asked(plugin: str, admitter: Admitter, what: str, hint: str, forms: str) -> PluginError:
    kind = what.partition(" ")[0]
    return PluginError(
        plugin,
        f"the admitter {admitter.name} names the {what}, which is not served{hint}, so it would never be asked; a "
        f"{kind} is written {forms}. Correct it, or leave the plugin out with `disable: [{plugin}]` in sampan.yaml",
    )

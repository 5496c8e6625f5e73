"""Components with the plugins that contribute them: their settings, and the manifests they ship."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions, ManifestOptions
from sampan_operate.supervisor import election
from sampan_server.plugins.plugins import Plugins


@dataclass(frozen=True)
class Member:
    """One component to run. ``settings``: its plugin's record; ``context``: further settings that it depends on."""

    component: Component
    plugin: str = ""  # the plugin or add-on that contributed it, "" for the platform's own
    version: str = ""
    settings: Any = None
    context: Any = None
    addon: bool = False
    of_node: bool = False  # part of this machine's node, whichever process it runs in

    @property
    def name(self) -> str:
        return self.component.name

    @property
    def is_wanted(self) -> bool:
        """Whether its plugin's settings let `sampan up` run it."""
        return self.component.wanted is None or self.component.wanted(self.settings)

    @property
    def stop_seconds(self) -> float:
        """How much longer than usual it may take to end."""
        return self.component.stop_seconds(self.settings) if self.component.stop_seconds else 0.0

    def suits(self, options: ClusterOptions) -> bool:
        """Whether a cluster with these options has work for it."""
        return self.component.suits is None or self.component.suits(options)


def members_of(plugins: Plugins) -> list[Member]:
    """The components of the plugins, in the order of the plugins' names."""
    known = {found.name: found for found in plugins.found}
    members = []
    for name, answer in plugins.ask("contribute_components"):
        found = known.get(name)
        version, addon = (found.version, found.addon) if found else ("", False)
        settings = plugins.settings_of(name)
        strange = plugins.is_third_party(name)
        for component in answer:
            one = _apart(plugins, name, component) if strange else component
            of_node = component.process == "node"
            members.append(Member(one, name, version, settings, addon=addon, of_node=of_node))
    return members


def _apart(plugins: Plugins, plugin: str, component: Component) -> Component:
    """A third-party component: in its own process, because a busy loop would slow down all components of its process.
    Its failures are recorded under the plugin's name."""

    def run(running: Running) -> None:
        plugins.isolation(plugin).inline(f"component {component.name}", lambda: component.run(running), passes=())

    shared = component.process in ("control", "node")
    return dataclasses.replace(component, run=run, process=component.name if shared else component.process)


def fingerprint(members: Iterable[Member]) -> str:
    """A hash of the members' settings: if it changes, the process must be restarted."""
    told = [(member.name, member.plugin, member.version, member.settings, member.context) for member in members]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def may_ship(members: Iterable[Member]) -> bool:
    """Whether any member ships manifests, perhaps an empty list."""
    return any(m.component.manifests is not None or (m.component.elected and m.addon) for m in members)


def shipped(members: Iterable[Member], options: ClusterOptions) -> list[Object]:
    """The manifests of the components of one add-on, with those for leader election; plugins have their own roles."""
    found: list[Object] = []
    for member in members:
        if member.component.manifests is not None:
            found += member.component.manifests(ManifestOptions(**vars(options), settings=member.settings))
        if member.component.elected and member.addon:
            found += election.manifests(member.component)
    return found

"""The processes of the cluster on this machine, from the settings and the plugins' components."""

from __future__ import annotations

import dataclasses
import logging
import os
import socket
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sampan.contracts.components import Component, Running
from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError
from sampan_operate.supervisor import effective
from sampan_operate.supervisor.components import run_components, supervised
from sampan_operate.supervisor.gateway import serve_api
from sampan_operate.supervisor.identities import write_client_bundle, write_identities
from sampan_operate.supervisor.members import Member, fingerprint, members_of
from sampan_operate.supervisor.processes import Process
from sampan_runtime.offers import AUTO, offers_of
from sampan_server.plugins.plugins import Plugins, suggest
from sampan_settings import reservations
from sampan_settings.options import cluster_options
from sampan_settings.settings import Settings, load

log = logging.getLogger(__name__)

RECONCILER_USER = "system:kube-controller-manager"


def load_plugins(settings: Settings) -> Plugins:
    """Load the plugins and add-ons that these settings enable."""
    return Plugins(
        disabled=settings.disable, addons=settings.addons, settings=settings.plugins, deadlines=settings.deadlines
    )


def require_runtime(settings: Settings, plugins: Plugins) -> None:
    """Raises ConfigError for a runtime that no plugin offers. What a third-party plugin without an offer provides is
    known when the node opens it."""
    asked = settings.node.runtime
    if not settings.node.enabled or asked == AUTO:
        return
    names = sorted(offer.name for offer in offers_of(plugins))
    if asked not in names and not any(plugins.is_third_party(name) for name in plugins.implementing("provide_runtime")):
        left_out = "".join(f"; {found.name} {found.lacks}" for found in plugins.left_out("provide_runtime"))
        raise ConfigError(
            f"node.runtime is {asked!r}, which no plugin provides{suggest(asked, names)}; "
            f"there are {AUTO}, {', '.join(names)}{left_out}"
        )


def all_members(plugins: Plugins, settings: Settings) -> list[Member]:
    """The reconciler and the plugins' components; without those of the node if it is disabled, and those of the node
    alone where this machine has joined another one's cluster."""
    if settings.joined:
        return [member for member in members_of(plugins) if member.of_node]
    reconciler = Component(
        name="reconciler", run=partial(_reconcile, plugins, settings.disable_reconcilers), user=RECONCILER_USER
    )
    everything = {found.name: plugins.settings_of(found.name) for found in plugins.found if not found.addon}
    found = [Member(reconciler, context=everything), *members_of(plugins)]
    return [member for member in found if settings.node.enabled or not member.of_node]


def all_components(plugins: Plugins, settings: Settings) -> list[Component]:
    return [member.component for member in all_members(plugins, settings)]


def _reconcile(plugins: Plugins, without: Sequence[str], running: Running) -> None:
    from sampan_reconciler.main import run

    running.ready("reconciling as soon as elected")
    identity = running.options.identity or f"{running.options.node_name}-{os.getpid()}"
    run(
        plugins, running.client, options=running.options, home=running.home, stop=running.stop, identity=identity,
        without=without,
    )  # fmt: skip


def _served_names(settings: Settings) -> list[str]:
    anywhere = ("0.0.0.0", "::", "")
    return [name for name in (settings.api.host, *settings.api.names) if name not in anywhere]


def prepare(settings: Settings, plugins: Plugins) -> tuple[ClusterOptions, list[Member]]:
    """Create all files that the processes need: keys, certificates, kubeconfigs. Idempotent."""
    import sampan_pki as pki

    require_runtime(settings, plugins)
    with reservations.turn():  # it may choose ranges
        options = cluster_options(settings, plugins)
    members = all_members(plugins, settings)
    wanted = [member for member in members if member.is_wanted and member.suits(options)]
    if settings.joined:
        return options, [member for member in wanted if _has_identity(settings, member)]
    directory = settings.home / "pki"
    pki.ensure(
        directory, node_name=options.node_name, node_ips=[options.node_ip, options.api_endpoint_ip],
        names=_served_names(settings), service_ip=options.service_ip, domain=options.cluster_domain,
    )  # fmt: skip
    write_client_bundle(directory)
    components = [member.component for member in members]
    write_identities(settings.home, settings.server_url, options.node_name, components)
    return options, wanted


def _has_identity(settings: Settings, member: Member) -> bool:
    """Whether the cluster has given this component of a joined node a certificate; one that it does not know may have
    been installed here alone."""
    there = (settings.home / "kubeconfigs" / member.name).exists()
    if not there:
        log.warning("%s does not run on this node: the cluster has given it no certificate", member.name)
    return there


def processes(settings: Settings, plugins: Plugins, options: ClusterOptions, members: list[Member]) -> list[Process]:
    """The API server first, then one process per group of components."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(member.component.process, []).append(member)
    server = Process("apiserver", partial(serve_api, settings, plugins, options), order=0, components=["apiserver"])
    result = [] if settings.joined else [server]
    for order, (name, group) in enumerate(groups.items(), start=1):
        given = dataclasses.replace(options, identity=lasting_identity(settings, options))
        where = supervised(settings.home, name, "" if settings.joined else options.kubeconfig)
        main = partial(run_components, group, plugins, given, where)
        names = [member.name for member in group]
        result.append(
            Process(
                name, main, order=order, components=names, fingerprint=fingerprint(group),
                stop_seconds=max(member.stop_seconds for member in group),
            )
        )  # fmt: skip
    return result


def lasting_identity(settings: Settings, options: ClusterOptions) -> str:
    """Identity in leader election: the same after a restart, so that a restarted leader continues at once."""
    return f"{options.node_name}-{reservations.home_id(settings.home)}"


class Configured:
    """The supervisor's processes and settings. Holds this home's reservation on the machine, if there is one."""

    def __init__(self, settings: Settings, plugins: Plugins, config: str, reservation: socket.socket | None) -> None:
        self._settings, self._plugins, self._reservation = settings, plugins, reservation
        named = config or os.environ.get("SAMPAN_CONFIG", "")
        self._config = str(Path(named).expanduser().absolute()) if named else ""  # the supervisor goes to / later

    def facts(self) -> dict[str, Any]:
        """Facts for the state file, from which commands read the state of a running cluster."""
        file = self._config or str(self._settings.home / "sampan.yaml")
        return {"settings": effective.record(self._settings), "config": file}

    def reload(self) -> list[Process]:
        """For SIGHUP: the processes by the current configuration file, as far as that needs no restart of the
        cluster."""
        fresh = load(config=self._config, home=str(self._settings.home))
        api_only = {
            found.name: bool(hooks := self._plugins.hooks_of(found.name)) and effective.API_HOOKS.issuperset(hooks)
            for found in self._plugins.found
        }
        settings = effective.after_reload(self._settings, fresh, api_only)
        plugins = load_plugins(settings)
        plugins.require()  # a plugin installed since then may not load; then the running processes stay
        wanted = processes(settings, plugins, *prepare(settings, plugins))
        self._settings, self._plugins = settings, plugins
        return wanted


def clean_up(settings: Settings, plugins: Plugins, options: ClusterOptions) -> list[str]:
    """After all processes have stopped: each component removes its leftovers on this machine. Returns error
    messages."""
    return _clean_up(settings, _with_node(plugins, settings), options)


def clean_up_unwanted(settings: Settings, plugins: Plugins, options: ClusterOptions) -> list[str]:
    """Before a start: remove leftovers of components that are no longer enabled. Enabled components take over
    theirs."""
    wanted = {component.name for component in all_components(plugins, settings)}
    gone = [component for component in _with_node(plugins, settings) if component.name not in wanted]
    return _clean_up(settings, gone, options)


def _with_node(plugins: Plugins, settings: Settings) -> list[Component]:
    everything = dataclasses.replace(settings, node=dataclasses.replace(settings.node, enabled=True))
    return all_components(plugins, everything)


def _clean_up(settings: Settings, components: Iterable[Component], options: ClusterOptions) -> list[str]:
    complaints = []
    for component in sorted(components, key=lambda one: one.cleans_up_last):
        if component.cleanup is None:
            continue
        try:
            component.cleanup(str(settings.home / "components" / component.name), options)
        except Exception as error:
            log.exception("cleaning up after %s failed", component.name)
            complaints.append(f"{component.name}: {error}")
    return complaints

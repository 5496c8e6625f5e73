"""Which processes make up the cluster on this machine, from the settings and what the plugins bring."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from sampan.contracts.components import Component, Running
from sampan.options import cluster_options
from sampan.plugins import Plugins
from sampan.settings import Settings, load
from sampan.supervisor.components import run_components
from sampan.supervisor.gateway import serve_api
from sampan.supervisor.identities import write_client_bundle, write_identities
from sampan.supervisor.processes import Process

log = logging.getLogger(__name__)

RECONCILER_USER = "system:kube-controller-manager"


def load_plugins(settings: Settings) -> Plugins:
    """The plugins and add-ons that these settings ask for."""
    return Plugins(
        disabled=settings.disable, addons=settings.addons, settings=settings.plugins, deadlines=settings.deadlines
    )


def all_components(plugins: Plugins, settings: Settings) -> list[Component]:
    """The reconciler, and what the plugins contribute; the node's are left out where no node is wanted."""
    found = [Component(name="reconciler", run=partial(_reconcile, plugins), user=RECONCILER_USER)]
    for plugin, answer in plugins.ask("contribute_components"):
        wanted = [component for component in answer if settings.node.enabled or component.process != "node"]
        strange = plugins.is_stranger(plugin)
        found += [_apart(plugins, plugin, component) if strange else component for component in wanted]
    return found


def _apart(plugins: Plugins, plugin: str, component: Component) -> Component:
    """A stranger's component: in a process of its own, for a busy loop in it would slow down all that share one, and
    its failures are noted under the plugin's name."""

    def run(running: Running) -> None:
        plugins.fence(plugin).inline(f"component {component.name}", lambda: component.run(running), passes=())

    shared = component.process in ("control", "node")
    return dataclasses.replace(component, run=run, process=component.name if shared else component.process)


def _reconcile(plugins: Plugins, running: Running) -> None:
    from sampan.reconciler.main import run

    running.ready("reconciling as soon as elected")
    identity = str(running.options.get("identity") or f"{running.options['node_name']}-{os.getpid()}")
    run(plugins, running.client, options=running.options, home=running.home, stop=running.stop, identity=identity)


def _served_names(settings: Settings) -> list[str]:
    anywhere = ("0.0.0.0", "::", "")
    return [name for name in (settings.api.host, *settings.api.names) if name not in anywhere]


def prepare(settings: Settings, plugins: Plugins) -> tuple[dict[str, Any], list[Component]]:
    """Everything on disk that the processes need: keys, certificates, kubeconfigs. Harmless when repeated."""
    from sampan import pki

    options = cluster_options(settings)
    directory = settings.home / "pki"
    pki.ensure(
        directory, node_name=options["node_name"], node_ips=[options["node_ip"], options["api_endpoint_ip"]],
        names=_served_names(settings), service_ip=options["service_ip"], domain=options["cluster_domain"],
    )  # fmt: skip
    write_client_bundle(directory)
    components = all_components(plugins, settings)
    write_identities(settings.home, settings.server_url, options["node_name"], components)
    return options, components


def processes(
    settings: Settings, plugins: Plugins, options: Mapping[str, Any], components: list[Component]
) -> list[Process]:
    """The API server first, then one process for each group of components."""
    groups: dict[str, list[Component]] = {}
    for component in components:
        groups.setdefault(component.process, []).append(component)
    result = [Process("apiserver", partial(serve_api, settings, plugins, options), order=0, components=["apiserver"])]
    for order, (name, members) in enumerate(groups.items(), start=1):
        given = {**options, "identity": lasting_identity(settings, options)}
        main = partial(run_components, members, plugins, settings.home, given)
        result.append(Process(name, main, order=order, components=[component.name for component in members]))
    return result


def lasting_identity(settings: Settings, options: Mapping[str, Any]) -> str:
    """Who supervised components are in elections: one of a kind a home, so that a restarted one leads on at once."""
    return f"{options['node_name']}-{hashlib.sha256(str(settings.home).encode()).hexdigest()[:12]}"


def reread(config: str, home: str) -> list[Process]:
    """What SIGHUP asks: the processes that the configuration file wants now."""
    settings = load(config=config, home=home)
    plugins = load_plugins(settings)
    options, components = prepare(settings, plugins)
    return processes(settings, plugins, options, components)


def clean_up(settings: Settings, plugins: Plugins, options: Mapping[str, Any]) -> list[str]:
    """After everything has stopped: let each component remove what it left on this machine; returns complaints."""
    complaints = []
    everything = dataclasses.replace(settings, node=dataclasses.replace(settings.node, enabled=True))
    for component in all_components(plugins, everything):
        if component.cleanup is None:
            continue
        try:
            component.cleanup(str(settings.home / "components" / component.name), options)
        except Exception as error:
            log.exception("cleaning up after %s failed", component.name)
            complaints.append(f"{component.name}: {error}")
    return complaints

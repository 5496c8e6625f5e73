"""One add-on as a separate process, on any Kubernetes: with a kubeconfig, or in a pod.

Determines the options that `sampan up` passes to a supervised add-on. Only that add-on's package is loaded, and no home
of a sampan cluster is needed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import os
import socket
import tempfile
from collections.abc import Mapping
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError, PluginError, StatusError
from sampan_client import Client
from sampan_client.kubeconfig import Config, in_cluster, load
from sampan_machinery.resources import SERVICES
from sampan_operate.supervisor.components import ProcessContext, run_components
from sampan_operate.supervisor.inquiry import ALONE
from sampan_operate.supervisor.members import members_of
from sampan_server.plugins.plugins import ADDON_GROUP, Plugins, suggest
from sampan_settings.options import primary_address
from sampan_settings.settings import Settings, Where
from sampan_settings.settings import load as load_settings

log = logging.getLogger(__name__)

STATE = "~/.local/state"  # $XDG_STATE_HOME's default


def run_alone(
    name: str, where: Where, *, kubeconfig: str = "", changes: Mapping[str, Any] | None = None, listen: str = "",
    manifests: bool = True, environ: Mapping[str, str] = os.environ,
) -> None:  # fmt: skip
    """Run until SIGTERM or SIGINT. ``changes`` override the settings file. Raises ConfigError or PluginError."""
    foreign = bool(kubeconfig) or "KUBERNETES_SERVICE_HOST" in environ
    settings = _settings(where, foreign, environ)
    plugins = load_addon(name, {**settings.plugins.get(name, {}), **(changes or {})})
    if not foreign:
        kubeconfig = str(settings.home / "kubeconfigs" / name)
        if not Path(kubeconfig).exists():
            raise ConfigError(f"{name} has no identity in {settings.home}: name a --kubeconfig")
    server = load(kubeconfig) if kubeconfig else in_cluster(environ)
    if foreign and not is_named(where, environ):
        settings = dataclasses.replace(settings, home=_own_home(name, server, environ))
    connect = partial(_connect, kubeconfig, f"sampan-{name}")
    admin = str(settings.home / "kubeconfig")
    ship = partial(_connect, kubeconfig if foreign else admin, "sampan-manifests") if manifests else None
    options = options_for(connect(), server, settings, environ, kubeconfig=kubeconfig if foreign else admin)
    around = ProcessContext(settings.home, f"{ALONE}{name}", lambda member: connect(), ship, listen)
    run_components(members_of(plugins), plugins, options, around)


def load_addon(name: str, section: Mapping[str, Any]) -> Plugins:
    """Load one add-on with these settings. Raises ConfigError or PluginError."""
    points = {point.name: point for point in entry_points(group=ADDON_GROUP)}
    if name not in points:
        raise ConfigError(f"no add-on is called {name!r}{suggest(name, points)}; there are {', '.join(sorted(points))}")
    plugins = Plugins(entry_points=[points[name]], addons=[name], settings={name: section} if section else None)
    for found in plugins.failures():
        raise PluginError(name, found.error)
    for found in plugins.left_out():
        raise PluginError(name, found.lacks)
    return plugins


def options_for(
    client: Client, server: Config, settings: Settings, environ: Mapping[str, str], *, kubeconfig: str
) -> ClusterOptions:
    """The options known of a foreign cluster; "" for an unknown one."""
    dns = _service(client, "kube-system", "kube-dns")
    kubernetes = _service(client, "default", "kubernetes")
    address = environ.get("POD_IP") or primary_address()
    node = environ.get("NODE_NAME") or settings.node.name or socket.gethostname().lower()
    return ClusterOptions(
        home=str(settings.home),
        pki="",
        server_url=server.server,
        api_host="",
        api_port=0,
        api_endpoint_ip=address,
        service_cidr=settings.network.service_cidr,
        service_ip=kubernetes,
        dns_ip=dns,
        dns_reachable=bool(dns),
        pod_cidr=settings.network.pod_cidr,
        cluster_domain=environ.get("CLUSTER_DOMAIN") or settings.network.domain,
        node_port_range=settings.network.node_ports,
        node_name=node,
        node_ip=environ.get("HOST_IP") or settings.node.ip or primary_address(),
        kubelet_port=settings.node.kubelet_port or 10250,
        runtime=settings.node.runtime,
        kubeconfig=kubeconfig,
        identity=environ.get("POD_NAME") or f"{node}-{os.getpid()}",
    )


def is_named(where: Where, environ: Mapping[str, str]) -> bool:
    """Whether the user has named the home."""
    return bool(where["home"] or environ.get("SAMPAN_HOME"))


def _settings(where: Where, foreign: bool, environ: Mapping[str, str]) -> Settings:
    """The settings; not those of the default home if a kubeconfig names another cluster."""
    if foreign and not (is_named(where, environ) or where["config"] or environ.get("SAMPAN_CONFIG")):
        return Settings()
    return load_settings(**where, environ=environ)


def _own_home(name: str, server: Config, environ: Mapping[str, str]) -> Path:
    """A folder for this add-on and server; the same at the next start if the machine has persistent storage."""
    state = Path(environ.get("XDG_STATE_HOME") or STATE).expanduser()
    path = state / "sampan" / "addons" / f"{name}-{hashlib.sha256(server.server.encode()).hexdigest()[:8]}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        path = Path(tempfile.mkdtemp(prefix=f"sampan-{name}-"))
        log.warning("%s cannot be created (%s): state is kept in %s, which is temporary", state, error.strerror, path)
    return path


def _connect(kubeconfig: str, agent: str) -> Client:
    if kubeconfig:
        return Client.from_kubeconfig(kubeconfig, user_agent=agent)
    return Client.in_cluster(user_agent=agent)


def _service(client: Client, namespace: str, name: str) -> str:
    """A Service's address; "" if it has none or reading is forbidden. Raises ConfigError if the server does not
    answer."""
    try:
        found = client.get(SERVICES, name, namespace)
    except StatusError as error:
        log.debug("the Service %s/%s cannot be seen: %s", namespace, name, error)
        return ""
    except ConnectionError as error:
        raise ConfigError(f"the API server does not answer: {error}") from error
    address = str((found.get("spec") or {}).get("clusterIP") or "")
    return "" if address == "None" else address

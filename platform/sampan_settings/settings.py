"""The one configuration file, read once and checked; everything else is handed frozen records.

YAML. Found at ``--config``, else ``$SAMPAN_CONFIG``, else ``$SAMPAN_HOME/sampan.yaml``; a missing default file means
all defaults. Unknown keys are errors with a suggestion. Each field's sentence below it is what docs/settings.md shows.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError
from sampan_isolation.limits import Deadlines
from sampan_machinery import bounds, records


@dataclass(frozen=True)
class Api:
    """Where the API server listens and how it is run."""

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all."""
    port: int = 6443
    """Port to listen on."""
    advertise: str = ""
    """Address at which pods and other machines reach this server; empty: Docker's bridge, else loopback."""
    workers: int = 1
    """Worker processes; more than one wants a store that several processes can share."""
    names: tuple[str, ...] = ()
    """Further host names and addresses that the serving certificate shall carry."""


@dataclass(frozen=True)
class Network:
    """The cluster's addresses."""

    service_cidr: str = ""
    """Addresses of Services, for ever; empty: 10.96.0.0/16 where nftables may be used, else 127.96.0.0/16, or the next
    that no other cluster of this machine uses."""
    pod_cidr: str = "10.244.0.0/16"
    """Addresses of pods, of which each node gets a range (Node.spec.podCIDR)."""
    node_cidr_mask: int = 24
    """Prefix length of the range that each node gets."""
    mode: str = "local"
    """local: pods have addresses that only their own machine reaches (Docker's bridge, loopback). routed: they have
    addresses of their node's range, and nodes route them to each other; wanted for several machines, needs root."""
    domain: str = "cluster.local"
    """The cluster's DNS domain."""
    node_ports: str = ""
    """Ports for Services of type NodePort; empty: 30000-32767, or 1,000 below that no other cluster of this machine
    uses."""


@dataclass(frozen=True)
class Node:
    """The node agent that `sampan up` starts on this machine."""

    enabled: bool = True
    """Whether to run a node agent at all."""
    name: str = ""
    """The node's name; empty: this machine's host name in lower case."""
    runtime: str = "auto"
    """Container runtime: docker, cri (containerd, CRI-O), exec, or auto for the first of them that answers."""
    kubelet_port: int = 0
    """Port of the agent's own HTTPS API; 0: a free one."""
    ip: str = ""
    """The node's address; empty: the address of the default route, or 127.0.0.1."""
    server: str = ""
    """URL of another machine's API server, which this machine has joined as a node: then nothing but the node runs
    here. `sampan join` writes it."""


@dataclass(frozen=True)
class Logs:
    """The file that the cluster's processes log to."""

    megabytes: int = 16
    """Size in MB at which logs/sampan.log is moved to sampan.log.1, and that to .2 …"""
    keep: int = 4
    """How many such older files are kept; 0: none."""


@dataclass(frozen=True)
class Settings:
    """Everything sampan.yaml can say."""

    home: Path = Path("~/.sampan")
    """Where the cluster keeps its data, keys, logs and kubeconfig; also --home and $SAMPAN_HOME."""
    store: str = ""
    """URL of the store: sqlite:///path, etcd://…, postgresql://…, memory:// ; empty: SQLite in home."""
    history: str = "5m"
    """How long earlier revisions of objects can be read, for `sampan history`, `sampan undelete` and `sampan get --at`:
    10m, 1h, 7d; at least 5m. The store grows by every change of that time."""
    api: Api = field(default_factory=Api)
    network: Network = field(default_factory=Network)
    node: Node = field(default_factory=Node)
    logs: Logs = field(default_factory=Logs)
    authentication: tuple[str, ...] = ()
    """Authenticators in the order they are asked; empty: all, sampan's own first, by name."""
    authorization: tuple[str, ...] = ()
    """Authorizers in the order they are asked; empty: all, sampan's own first, by name."""
    admission: tuple[str, ...] = ()
    """Admitters in the order they run; empty: all, by priority and name."""
    addons: tuple[str, ...] = ("dns",)
    """Add-ons to run."""
    disable: tuple[str, ...] = ()
    """Plugins to leave out."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    plugins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Settings of plugins and add-ons, one section each under its name."""

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite://{self.home / 'store.db'}"

    @property
    def history_seconds(self) -> float:
        return bounds.seconds(self.history)

    @property
    def joined(self) -> bool:
        """Whether this machine is a node of a cluster whose API server runs on another one."""
        return bool(self.node.server)

    @property
    def server_url(self) -> str:
        if self.node.server:
            return self.node.server
        host = "127.0.0.1" if self.api.host in ("0.0.0.0", "::", "") else self.api.host
        return f"https://{f'[{host}]' if ':' in host else host}:{self.api.port}"


class Where(typing.TypedDict):
    """The flags that say where the settings are; empty text for one that is not given."""

    home: str
    config: str


def load(*, config: str = "", home: str = "", environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force; flags beat the environment, which beats the file. Raises ConfigError."""
    named = config or environ.get("SAMPAN_CONFIG", "")
    start = Path(home or environ.get("SAMPAN_HOME") or "~/.sampan").expanduser()
    path = Path(named).expanduser() if named else start / "sampan.yaml"
    data: Any = {}
    if path.exists():
        data = read_yaml(path)
    elif named:
        raise ConfigError(f"{path}: no such configuration file")
    if home or "home" not in data:
        data = {**data, "home": home or environ.get("SAMPAN_HOME") or data.get("home") or "~/.sampan"}
    settings = parse(data, where=str(path))
    return dataclasses.replace(settings, home=settings.home.expanduser().resolve())


def home_of(*, config: str = "", home: str = "", environ: Mapping[str, str] = os.environ) -> Path:
    """The home alone, of a configuration that may be wrong everywhere else, for commands that look at what runs."""
    asked = home or environ.get("SAMPAN_HOME") or "~/.sampan"
    named = config or environ.get("SAMPAN_CONFIG", "")
    path = Path(named) if named else Path(asked) / "sampan.yaml"
    found = home or _home_in(path.expanduser()) or asked  # as in ``load``
    return Path(found).expanduser().resolve()


def _home_in(path: Path) -> str:
    """Its ``home:``, "" where it has none or is not to be read."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return ""
    line = re.search(r"^home:[ \t]*(['\"]?)([^#\n]+?)\1[ \t]*(#.*)?$", text, re.MULTILINE)
    return line[2] if line else ""


def read_yaml(path: Path) -> dict[str, Any]:
    """The file's mapping, {} when empty."""
    import yaml  # 25 ms that a start without a file need not pay

    try:
        data = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); name another file with --config") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (at byte {error.start}); write it again as UTF-8 text") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 2001-13-45 as a date, say
        raise ConfigError(f"{path}: not YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: a mapping of settings is expected, not {type(data).__name__}")
    return data


def parse(data: Mapping[str, Any], *, where: str = "sampan.yaml") -> Settings:
    """Settings from a mapping; raises ConfigError naming the key."""
    try:
        sections = {"plugins": _sections(data["plugins"])} if "plugins" in data else {}
        settings = records.record(Settings, {**data, **sections})
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error.__cause__
    _check_network(settings.network, where)
    for key, check in CHECKS.items():
        value: Any = settings
        for part in key.split("."):
            value = getattr(value, part)
        if wrong := check(value):
            raise ConfigError(f"{where}: {key} {wrong}")
    return settings


#: What is looked at beside the types; ``_check_network`` and the plugins' own records do the rest.
CHECKS: Mapping[str, bounds.Check] = {
    "home": lambda value: "" if str(value) != "." and "\0" not in str(value) else "must name a directory",
    "store": bounds.optional(bounds.matching(r"[a-z][a-z0-9+.-]*:\S*", "sqlite:///path or etcd://host:2379")),
    "history": bounds.span("5m", "365d"),
    "api.host": bounds.optional(bounds.host),
    "api.port": bounds.number(1, 65535),
    "api.advertise": bounds.optional(bounds.address),
    "api.workers": lambda value: "" if value >= 1 else "must be at least 1",
    "api.names": bounds.each(bounds.certified),
    "network.domain": bounds.subdomain,
    "network.mode": bounds.one_of("local", "routed"),
    "node.name": bounds.optional(bounds.subdomain),
    "node.runtime": bounds.matching("[a-z0-9][a-z0-9.-]*", "auto, docker or exec"),
    "node.kubelet_port": bounds.PORT,
    "node.ip": bounds.optional(bounds.address),
    "node.server": bounds.optional(bounds.matching(r"https://[^\s/]+:[0-9]+", "https://192.0.2.10:6443")),
    "logs.megabytes": bounds.number(1, 4096),
    "logs.keep": bounds.number(0, 100),
    "authentication": bounds.each(bounds.not_empty),
    "authorization": bounds.each(bounds.not_empty),
    "admission": bounds.each(bounds.not_empty),
    "addons": bounds.each(bounds.not_empty),
    "disable": bounds.each(bounds.not_empty),
    "deadlines.boot": bounds.number(0.1, 3600),
    "deadlines.request": bounds.number(0.01, 3600),
    "deadlines.decide": bounds.number(0.01, 3600),
    "deadlines.misses": bounds.number(1),
    "deadlines.pause": bounds.number(0, 86400),
}
#: Upstream's bounds: a longer range cannot be kept in memory, a shorter one has no room for the cluster's DNS address.
_LEAST_PREFIX, _SPARE_BITS = {4: 12, 6: 108}, 4


def _sections(value: Any) -> dict[str, Mapping[str, Any]]:
    """Plugins' own settings, which the plugins' records check; a section left empty (null) is none."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"plugins must be a mapping, not {value!r}")
    for name, section in value.items():
        if section is not None and not isinstance(section, Mapping):
            raise ConfigError(f"plugins.{name} must be a mapping, not {section!r}")
    return {str(name): section or {} for name, section in value.items()}


def _check_network(network: Network, where: str) -> None:
    for name in ("service_cidr", "pod_cidr"):
        text = getattr(network, name)
        try:
            found = ipaddress.ip_network(text) if text else None
        except ValueError as error:
            raise ConfigError(f"{where}: network.{name}: {error}") from error
        if name == "service_cidr" and found is not None:
            least, most = _LEAST_PREFIX[found.version], found.max_prefixlen - _SPARE_BITS
            if not least <= found.prefixlen <= most:
                raise ConfigError(f"{where}: network.{name} must be a network of /{least} to /{most}, not {text}")
    _check_node_ranges(network, where)
    if network.service_cidr and network.pod_cidr:
        services, pods = ipaddress.ip_network(network.service_cidr), ipaddress.ip_network(network.pod_cidr)
        if services.version == pods.version and services.overlaps(pods):
            raise ConfigError(
                f"{where}: network.service_cidr {services} and network.pod_cidr {pods} overlap; choose others"
            )
    low, dash, high = network.node_ports.partition("-")
    if network.node_ports and not (dash and low.isdigit() and high.isdigit() and 0 < int(low) <= int(high) < 65536):
        raise ConfigError(f"{where}: network.node_ports must look like 30000-32767, not {network.node_ports!r}")


def _check_node_ranges(network: Network, where: str) -> None:
    """Upstream's bound: at most 65,536 ranges."""
    if not network.pod_cidr:
        return
    cluster = ipaddress.ip_network(network.pod_cidr)
    least, most = cluster.prefixlen, min(cluster.prefixlen + 16, cluster.max_prefixlen - 2)
    if not least <= network.node_cidr_mask <= most and network.mode == "routed":
        raise ConfigError(
            f"{where}: network.node_cidr_mask must be {least} to {most}, as network.pod_cidr is {cluster}, "
            f"not {network.node_cidr_mask}"
        )

"""What nginx shall do, as frozen records: no Kubernetes objects, no nginx syntax.

Made by ``building``, turned into directives by ``rendering``. Texts in it are raw: quoting is the renderer's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Match(Enum):
    """How a location's path is compared with a request's, in the order they are tried."""

    EXACT = "exact"
    REGEX = "regex"
    PREFIX = "prefix"  # element by element; the path has no slash at its end, "" is the root


class Endpoint(NamedTuple):
    """An address of a pod and its port."""

    address: str
    port: int


@dataclass(frozen=True)
class Upstream:
    """A Service's port and who is behind it now; with no endpoints, requests are answered 503."""

    name: str  # unique, of [a-z0-9_.-]
    endpoints: tuple[Endpoint, ...] = ()
    balance: str = "round_robin"  # round_robin, least_conn, client_ip


@dataclass(frozen=True)
class LocationOptions:
    """How requests of one Ingress are treated; see ``annotations`` for the words users have for them."""

    protocol: str = "HTTP"  # HTTP, HTTPS, GRPC, GRPCS: what the pods speak
    ssl_redirect: bool = True  # where there is TLS
    force_ssl_redirect: bool = False  # even without
    body_size: int = 1 << 20  # bytes, 0: any
    connect_timeout: int = 5  # seconds
    read_timeout: int = 60
    send_timeout: int = 60
    buffering: bool = False  # of responses; off: they go out as they come
    allow: tuple[str, ...] = ()  # networks of clients, all where empty
    deny: tuple[str, ...] = ()  # networks of clients that are kept out
    rate: int = 0  # requests a second from one address, 0: any number
    connections: int = 0  # at once from one address, 0: any number
    host: str = ""  # that pods are told; "" for the one the client named
    moved_to: str = ""  # a URL that clients are sent to for good
    found_at: str = ""  # or for now
    app_root: str = ""  # where requests for / are sent
    rewrite: str = ""  # the path to ask for instead, with $1 … $9 of a regex
    use_regex: bool = False  # for paths of type ImplementationSpecific
    balance: str = "round_robin"


@dataclass(frozen=True)
class Location:
    """One path of a server."""

    match: Match
    path: str  # decoded; of a regex, the pattern
    upstream: Upstream | None  # None: answered 404
    options: LocationOptions = LocationOptions()
    to_tls: bool = False  # requests without TLS are sent to https
    zone: str = ""  # in which requests of one address are counted, where there is a limit


@dataclass(frozen=True)
class Certificate:
    """PEM, chain first then key, as the files shall hold it; checked to belong together."""

    name: str  # of its file: a digest of the content
    pem: bytes

    def __repr__(self) -> str:
        return f"Certificate({self.name})"  # the key stays out of logs and failed assertions


@dataclass(frozen=True)
class Server:
    """One host. ``*.example.com`` stands for exactly one label; "" is for every host that no Ingress names."""

    host: str
    locations: tuple[Location, ...]
    certificate: Certificate


@dataclass(frozen=True)
class Configuration:
    """All of it. Servers and upstreams are sorted by name, the server "" is always there."""

    servers: tuple[Server, ...]
    upstreams: tuple[Upstream, ...]

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        found = {server.certificate.name: server.certificate for server in self.servers}
        return tuple(found[name] for name in sorted(found))

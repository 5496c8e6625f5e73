"""From the model to nginx's directives. What a location means to Kubernetes is spelled out here in nginx's terms.

Source: nginx's documentation of ngx_http_{core,proxy,grpc,upstream,realip,map,geo}_module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sampan_ingress.directives import Directive, literal, plain
from sampan_ingress.model import Certificate, Configuration, Location, LocationOptions, Match, Server, Upstream

KEEPALIVE = 32  # idle connections a worker keeps to an upstream
KEEPALIVE_SECONDS = 4  # less than the 5 s after which common servers hang up: a request must not meet that moment
TRIES = 3
BURST = 5  # seconds' worth of requests that may come at once
NOT_FOUND = "404 page not found\n"
NO_ENDPOINTS = "503 no endpoints are ready\n"
GENERATION = "/generation"
FIGURES = "/figures"


@dataclass(frozen=True)
class NginxPlace:
    """Where nginx runs and listens: of the settings and the machine, never of an Ingress."""

    folder: str  # what it reads: configuration, certificates; private to the master
    scratch: str  # temporary files and the socket for figures; its workers get in
    listen: tuple[str, ...]  # addresses, [::] among them
    http_port: int
    https_port: int
    public_https_port: int
    user: str = ""  # of the workers; "" where the master is not root
    workers: str = "auto"
    files: int = 1024  # open at once in a worker: two for each connection that is passed on
    shutdown_seconds: int = 3600
    trusted: tuple[str, ...] = ()
    access_log: bool = False

    @property
    def socket(self) -> str:
        return f"{self.scratch}/status.sock"

    def certificate(self, name: str) -> str:
        return f"{self.folder}/certificates/{name}.pem"


def rendered(configuration: Configuration, place: NginxPlace, generation: str) -> list[Directive]:
    """All of nginx.conf. ``generation`` is what the configuration answers when it is asked which one it is."""
    http = [*_basics(place), *_variables(place), *_zones(configuration), *map(_upstream, _peopled(configuration))]
    http.append(_status(place, generation))
    default = next(server.certificate for server in configuration.servers if not server.host)
    http += [_server(server, default, place) for server in configuration.servers]
    return [
        *_main(place),
        plain("events", block=[plain("worker_connections", max(64, place.files // 2))]),
        plain("http", block=http),
    ]


def _peopled(configuration: Configuration) -> Iterator[Upstream]:
    return (one for one in configuration.upstreams if one.endpoints)


def _main(place: NginxPlace) -> Iterator[Directive]:
    yield plain("daemon", "off")
    yield plain("master_process", "on")
    if place.user:
        yield plain("user", place.user)
    yield plain("worker_processes", place.workers)
    yield plain("worker_rlimit_nofile", place.files)
    yield plain("worker_shutdown_timeout", f"{place.shutdown_seconds}s")
    yield plain("pid", f"{place.folder}/nginx.pid")
    yield plain("error_log", "stderr", "error")


def _basics(place: NginxPlace) -> Iterator[Directive]:
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield plain(f"{kind}_temp_path", f"{place.scratch}/{kind}")
    yield plain("access_log", *(("/dev/stdout", "combined") if place.access_log else ("off",)))
    yield plain("default_type", "text/plain")
    yield plain("server_tokens", "off")
    yield plain("tcp_nodelay", "on")
    yield plain("merge_slashes", "on")
    yield plain("keepalive_timeout", "75s")
    yield plain("client_header_timeout", "60s")
    yield plain("client_body_timeout", "60s")
    yield plain("large_client_header_buffers", 4, "32k")
    yield plain("server_names_hash_bucket_size", 512)
    yield plain("server_names_hash_max_size", 65536)
    yield plain("variables_hash_max_size", 2048)
    yield plain("ssl_protocols", "TLSv1.2", "TLSv1.3")
    yield plain("ssl_session_cache", "shared:tls:10m")
    yield plain("ssl_session_tickets", "off")
    yield plain("proxy_http_version", "1.1")
    yield plain("proxy_max_temp_file_size", 0)
    yield plain("proxy_buffer_size", "16k")
    yield plain("proxy_buffers", 8, "16k")
    yield plain("proxy_redirect", "off")
    for name in ("proxy", "grpc"):
        yield plain(f"{name}_ssl_server_name", "on")
        yield plain(f"{name}_ssl_name", "$host")
    yield plain("absolute_redirect", "off")
    yield plain("limit_req_status", 429)
    yield plain("limit_conn_status", 429)
    for name in ("proxy", "grpc"):
        yield plain(f"{name}_next_upstream", "error", "timeout")
        yield plain(f"{name}_next_upstream_tries", TRIES)
        for header, value in _HEADERS:
            if (name, header) not in _NOT_FOR:
                yield plain(f"{name}_set_header", header, value)


#: What pods are told of the client. What the client itself says of these counts only if it is a trusted proxy.
_HEADERS = (
    ("Host", "$sampan_host"),
    ("Connection", "$sampan_connection"),
    ("Upgrade", "$http_upgrade"),
    ("X-Real-IP", "$remote_addr"),
    ("X-Forwarded-For", "$remote_addr"),
    ("X-Forwarded-Host", "$sampan_forwarded_host"),
    ("X-Forwarded-Port", "$sampan_port"),
    ("X-Forwarded-Proto", "$sampan_proto"),
    ("X-Request-ID", "$request_id"),
    ("Forwarded", ""),
    ("Proxy", ""),  # a CGI behind it would take this for its own proxy (CVE-2016-5385)
)
_NOT_FOR = {("grpc", "Connection"), ("grpc", "Upgrade")}


def _map(source: str, target: str, *entries: tuple[str, str]) -> Directive:
    return plain("map", source, target, block=[plain_entry(key, value) for key, value in entries])


def plain_entry(key: str, value: str) -> Directive:
    """An entry of a map or geo block: its key stands where a directive's name does."""
    return Directive("", (key, value))


def _variables(place: NginxPlace) -> Iterator[Directive]:
    for network in place.trusted:
        yield plain("set_real_ip_from", network)
    if place.trusted:
        yield plain("real_ip_header", "X-Forwarded-For")
        yield plain("real_ip_recursive", "on")
    yield plain(
        "geo", "$realip_remote_addr", "$sampan_trusted",
        block=[plain_entry("default", "0"), *(plain_entry(network, "1") for network in place.trusted)],
    )  # fmt: skip
    yield _map("$http_upgrade", "$sampan_connection", ("default", "upgrade"), ("", ""))
    yield _map("$http_host", "$sampan_host", ("default", "$http_host"), ("", "$host"))
    proto, host, port = "$sampan_trusted:$http_x_forwarded_proto", "$sampan_trusted:$http_x_forwarded_host", "$scheme"
    yield _map(proto, "$sampan_proto", ("default", "$scheme"), ("1:https", "https"), ("1:http", "http"))
    yield _map(
        host,
        "$sampan_forwarded_host",
        ("default", "$sampan_host"),
        ("~^1:(?<forwarded>[A-Za-z0-9.:-]+)$", "$forwarded"),
    )
    yield _map(port, "$sampan_port", ("default", "$server_port"), ("https", str(place.public_https_port)))
    yield _map("$sampan_proto", "$sampan_insecure", ("default", "1"), ("https", "0"))


def _zones(configuration: Configuration) -> Iterator[Directive]:
    """One for each Ingress that limits its clients, with a megabyte for some 16,000 addresses."""
    limited = {one.zone: one.options for server in configuration.servers for one in server.locations if one.zone}
    for zone, options in sorted(limited.items()):
        if options.rate:
            yield plain("limit_req_zone", "$binary_remote_addr", f"zone=rate_{zone}:5m", f"rate={options.rate}r/s")
        if options.connections:
            yield plain("limit_conn_zone", "$binary_remote_addr", f"zone=connections_{zone}:5m")


def _upstream(upstream: Upstream) -> Directive:
    # Readiness is the cluster's judgement: nginx counting failures would shut out all pods of one that is slow.
    servers = [plain("server", _address(one.address, one.port), "max_fails=0") for one in upstream.endpoints]
    balance = {"least_conn": [plain("least_conn")], "client_ip": [plain("hash", "$remote_addr", "consistent")]}
    keep = [plain("keepalive", KEEPALIVE), plain("keepalive_timeout", f"{KEEPALIVE_SECONDS}s")]
    return plain("upstream", upstream.name, block=[*balance.get(upstream.balance, []), *servers, *keep])


def _address(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _status(place: NginxPlace, generation: str) -> Directive:
    """What only this machine's add-on asks, over a socket."""
    return plain(
        "server",
        block=[
            plain("listen", f"unix:{place.socket}"),
            plain("server_name", "status"),
            plain("location", "=", GENERATION, block=[plain("return", 200, literal(generation))]),
            plain("location", "=", FIGURES, block=[plain("stub_status")]),
            plain("location", "/", block=[plain("return", 404)]),
        ],
    )


def _server(server: Server, default: Certificate, place: NginxPlace) -> Directive:
    block = [
        *_listens(server, place),
        plain("server_name", _server_name(server.host)),
        *_certificate(server, default, place),
        *_roots(server),
        *(one for location in _in_order(server) for one in _location(location, server, place)),
    ]
    return plain("server", block=block)


def _certificate(server: Server, default: Certificate, place: NginxPlace) -> Iterator[Directive]:
    """Each costs a context of some milliseconds and 50 KB; a server without one has the default server's."""
    if server.certificate != default or not server.host:
        path = place.certificate(server.certificate.name)
        yield plain("ssl_certificate", path)
        yield plain("ssl_certificate_key", path)


def _listens(server: Server, place: NginxPlace) -> Iterator[Directive]:
    default = [] if server.host else ["default_server"]
    for address in place.listen:
        yield plain("listen", f"{address}:{place.http_port}", *default)
        yield plain("listen", f"{address}:{place.https_port}", "ssl", "http2", *default)


def _server_name(host: str) -> str:
    """nginx's own wildcards would take several labels for one star."""
    if host.startswith("*."):
        return rf"~^[^.]+\.{re.escape(host[2:])}$"
    return host or "_"


def _roots(server: Server) -> Iterator[Directive]:
    """Where requests for the root are sent, unless an Ingress serves exactly that path."""
    asked = [one.options.app_root for one in server.locations if one.options.app_root]
    if asked and not any(one.match is Match.EXACT and one.path == "/" for one in server.locations):
        yield plain("location", "=", "/", block=[plain("return", 302, literal(asked[0]))])


def _in_order(server: Server) -> list[Location]:
    """Of expressions nginx takes the first that fits, and an exact path may have become one."""
    return sorted(server.locations, key=lambda one: one.match is Match.REGEX)


def _location(location: Location, server: Server, place: NginxPlace) -> Iterator[Directive]:
    """A prefix is two of them: the path itself, and all below it."""
    block = list(_inside(location, place))
    if location.match is Match.EXACT and location.path.endswith("/") and location.path != "/":
        # nginx answers the path without its slash too, by a redirect, where a location it passes on ends in one
        yield plain("location", "~", f"^{re.escape(location.path)}\\z", block=block)
    elif location.match is Match.EXACT:
        yield plain("location", "=", location.path, block=block)
    elif location.match is Match.REGEX:
        yield plain("location", "~*", f"^{location.path}", block=block)
    else:
        exact = any(one.match is Match.EXACT and one.path == location.path for one in server.locations)
        if location.path and not exact:
            yield plain("location", "=", location.path, block=block)
        yield plain("location", f"{location.path}/", block=block)


def _inside(location: Location, place: NginxPlace) -> Iterator[Directive]:
    options, upstream = location.options, location.upstream
    if location.to_tls:
        port = "" if place.public_https_port == 443 else f":{place.public_https_port}"
        to = f"https://$host{port}$request_uri"
        yield plain("if", "($sampan_insecure)", block=[plain("return", 308, to)])
    if options.moved_to or options.found_at:
        yield plain("return", 301 if options.moved_to else 302, literal(options.moved_to or options.found_at))
        return
    if upstream is None:
        yield plain("return", 404, NOT_FOUND.strip())
        return
    if not upstream.endpoints:
        yield plain("return", 503, NO_ENDPOINTS.strip())
        return
    for network in options.deny:
        yield plain("deny", network)
    for network in options.allow:
        yield plain("allow", network)
    if options.allow:
        yield plain("deny", "all")
    if options.rate:
        yield plain("limit_req", f"zone=rate_{location.zone}", f"burst={options.rate * BURST}", "nodelay")
    if options.connections:
        yield plain("limit_conn", f"connections_{location.zone}", options.connections)
    if options.rewrite:
        pattern = f"(?i)^{location.path}" if location.match is Match.REGEX else "^"
        yield plain("rewrite", pattern, options.rewrite, "break")
    yield from _passing(upstream, options)


def _passing(upstream: Upstream, options: LocationOptions) -> Iterator[Directive]:
    name = "grpc" if options.protocol.startswith("GRPC") else "proxy"
    scheme = {"HTTP": "http", "HTTPS": "https", "GRPC": "grpc", "GRPCS": "grpcs"}[options.protocol]
    yield plain("client_max_body_size", options.body_size)
    yield plain(f"{name}_connect_timeout", f"{options.connect_timeout}s")
    yield plain(f"{name}_read_timeout", f"{options.read_timeout}s")
    yield plain(f"{name}_send_timeout", f"{options.send_timeout}s")
    if name == "proxy":
        yield plain("proxy_buffering", "on" if options.buffering else "off")
    if options.host:
        for header, value in _HEADERS:  # one header of a place of its own hides all that were set outside it
            if (name, header) not in _NOT_FOR:
                yield plain(f"{name}_set_header", header, literal(options.host) if header == "Host" else value)
    yield plain(f"{name}_pass", f"{scheme}://{upstream.name}")

"""From the cluster's objects to the model: pure. Each Ingress is read alone, then all are laid over each other.

What is wrong with one Ingress is an IngressWarning about it and changes nothing for the others: of two that want the
same path of the same host the older one has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_ingress import certificates
from sampan_ingress.annotations import BadAnnotation, read, unknown
from sampan_ingress.backends import upstream_of
from sampan_ingress.directives import Unwritable, word
from sampan_ingress.model import Certificate, Configuration, Location, LocationOptions, Match, Server, Upstream
from sampan_ingress.observed import Key, Observed, key_of
from sampan_ingress.paths import BadPath, covers, read_path


class IngressWarning(NamedTuple):
    """What is told about an Ingress as an Event of type Warning."""

    ingress: Key
    reason: str  # Rejected, Conflict, BackendUnavailable, CertificateUnavailable, AnnotationIgnored
    message: str


@dataclass(frozen=True)
class Fallbacks:
    """What counts where an Ingress says nothing."""

    certificate: Certificate
    options: LocationOptions = field(default_factory=LocationOptions)
    backend: Upstream | None = None  # for hosts and paths that no Ingress names


@dataclass(frozen=True)
class TlsEntry:
    """One entry of spec.tls: hosts as written (all of the Ingress' where empty) and the certificate for them."""

    hosts: tuple[str, ...]
    certificate: Certificate


@dataclass(frozen=True)
class ParsedIngress:
    """One Ingress, read."""

    key: Key
    locations: tuple[tuple[str, Location], ...]  # with their hosts
    hosts: tuple[str, ...]  # all that its rules name, in order
    default: Location | None
    tls: tuple[TlsEntry, ...]


class BuildResult(NamedTuple):
    configuration: Configuration
    complaints: tuple[IngressWarning, ...]


class IngressRefused(ValueError):
    """An Ingress that is not served at all; says why."""


def read_parts(observed: Observed, fallbacks: Fallbacks) -> tuple[list[ParsedIngress], list[IngressWarning]]:
    """Every Ingress alone, in the order in which they have their say."""
    parts, complaints = [], []
    for ingress in observed.ingresses:
        said: list[IngressWarning] = []
        try:
            parts.append(_part(ingress, observed, fallbacks, said))
        except (IngressRefused, BadAnnotation, BadPath, Unwritable) as error:
            complaints.append(IngressWarning(key_of(ingress), "Rejected", f"not served: {error}"))
        else:
            complaints += dict.fromkeys(said)
    return parts, complaints


def _part(ingress: Object, observed: Observed, fallbacks: Fallbacks, said: list[IngressWarning]) -> ParsedIngress:
    key, spec = key_of(ingress), ingress.get("spec") or {}
    annotations = ingress["metadata"].get("annotations") or {}
    options = read(annotations, fallbacks.options)
    said += (
        IngressWarning(key, "AnnotationIgnored", f"{name} is not known and has no effect")
        for name in unknown(annotations)
    )
    zone = f"{key.namespace}_{key.name}" if options.rate or options.connections else ""
    regex = options.use_regex or "$" in options.rewrite

    def location(backend: Object, match: Match, path: str) -> Location:
        word(path)  # refused here, where it is known whose it is
        upstream, wrong = upstream_of(key.namespace, backend, observed, options.balance)
        if wrong:
            said.append(IngressWarning(key, "BackendUnavailable", f"{wrong}; answered 503"))
        return Location(match, path, upstream, options, zone=zone)

    found: list[tuple[str, Location]] = []
    hosts: dict[str, None] = {}
    for rule in spec.get("rules") or ():
        host = _checked_host(rule.get("host") or "")
        hosts[host] = None
        for entry in (rule.get("http") or {}).get("paths") or ():
            match, path = read_path(entry.get("path") or "", entry.get("pathType") or "", regex=regex)
            found.append((host, location(entry.get("backend") or {}, match, path)))
    default = spec.get("defaultBackend")
    return ParsedIngress(
        key,
        tuple(found),
        tuple(hosts) or ("",),
        location(default, Match.PREFIX, "") if default is not None else None,
        tuple(_tls(key, spec.get("tls") or (), observed, fallbacks, said)),
    )


def _checked_host(host: str) -> str:
    """The API server has checked it, another one's may not have: it ends up in a regular expression."""
    plain = host.removeprefix("*.")
    if host and not (plain.isascii() and plain.replace(".", "").replace("-", "").isalnum() and len(host) < 254):
        raise IngressRefused(f"host {host[:100]!r} is no DNS name")
    return host.lower()


def _tls(
    key: Key, entries: Iterable[Object], observed: Observed, fallbacks: Fallbacks, said: list[IngressWarning]
) -> Iterator[TlsEntry]:
    for entry in entries:
        hosts = tuple(host.lower() for host in entry.get("hosts") or ())
        name = entry.get("secretName")
        certificate = fallbacks.certificate
        if name:
            secret = observed.secrets.get(Key(key.namespace, name))
            try:
                if secret is None:
                    raise certificates.BadCertificate("does not exist, or is not of type kubernetes.io/tls")
                certificate = certificates.from_secret(secret)
            except certificates.BadCertificate as error:
                where = f"Secret {key.namespace}/{name}: {error}; the default certificate is used"
                said.append(IngressWarning(key, "CertificateUnavailable", where))
        yield TlsEntry(hosts, certificate)


def lay_over(parts: Sequence[ParsedIngress], fallbacks: Fallbacks, *, without: Collection[Key] = ()) -> BuildResult:
    """One configuration from all parts but those named in ``without``."""
    parts = [part for part in parts if part.key not in without]
    complaints: list[IngressWarning] = []
    taken: dict[str, dict[tuple[Match, str], tuple[Key, Location]]] = {"": {}}
    for part in parts:
        for host in part.hosts:
            taken.setdefault(host, {})
        for host, location in part.locations:
            owner, _ = taken[host].setdefault((location.match, location.path), (part.key, location))
            if owner != part.key:
                where = f"{location.match.value} path {location.path or '/'} of host {host or '*'}"
                complaints.append(
                    IngressWarning(part.key, "Conflict", f"{where} is served for the older Ingress {owner}")
                )
    for part in parts:
        if part.default is not None:
            for host in part.hosts:
                taken[host].setdefault((Match.PREFIX, ""), (part.key, part.default))
    chosen = _certificates(parts)
    servers = tuple(
        _server(host, [one for _, one in found.values()], chosen.get(host), fallbacks)
        for host, found in sorted(taken.items())
    )
    upstreams = {one.upstream.name: one.upstream for server in servers for one in server.locations if one.upstream}
    return BuildResult(Configuration(servers, tuple(upstreams[name] for name in sorted(upstreams))), tuple(complaints))


def _server(host: str, locations: list[Location], chosen: Certificate | None, fallbacks: Fallbacks) -> Server:
    found = [
        replace(one, to_tls=one.options.force_ssl_redirect or (chosen is not None and one.options.ssl_redirect))
        for one in locations
    ]
    if not any(one.match is Match.PREFIX and not one.path for one in found):
        found.append(Location(Match.PREFIX, "", fallbacks.backend, fallbacks.options))
    return Server(host, tuple(sorted(found, key=_order)), chosen or fallbacks.certificate)


def _order(location: Location) -> tuple[int, int, str]:
    """Exact, then regular expressions, then prefixes; the longest first."""
    return list(Match).index(location.match), -len(location.path), location.path


def _certificates(parts: Iterable[ParsedIngress]) -> dict[str, Certificate]:
    """By host: that of the oldest Ingress that names it, before those that only have a wildcard for it."""
    exact: dict[str, Certificate] = {}
    wild: dict[str, Certificate] = {}
    for part in parts:
        for entry in part.tls:
            for host in part.hosts:
                if host in entry.hosts or not entry.hosts:
                    exact.setdefault(host, entry.certificate)
                elif any(covers(pattern, host) for pattern in entry.hosts):
                    wild.setdefault(host, entry.certificate)
    return wild | exact

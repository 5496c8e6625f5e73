"""What an Ingress and an IngressClass must fulfil. Source: API reference networking.k8s.io/v1, upstream's wording."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, problems
from sampan_machinery.addresses import is_address
from sampan_machinery.validation import (
    by_rule,
    validate_absolute_path,
    validate_immutable,
    validate_ip,
    validate_one_of,
    validate_port,
)
from sampan_networking.resources import OLD_CLASS

PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")
SCOPES = ("Cluster", "Namespace")
LONGEST_CONTROLLER = 250
_REFUSED_INSIDE = ("//", "/./", "/../", "%2f", "%2F")
_REFUSED_ENDS = ("/..", "/.")
_CONTROLLER_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_is_controller_path = re.compile(_CONTROLLER_PATH).fullmatch


def validate_ingress(new: Object, old: Object | None) -> Iterator[Problem]:
    """As created or updated, its status too. What an old object was allowed to have wrong it may keep."""
    spec = new.get("spec") or {}
    rules, backend = spec.get("rules") or (), spec.get("defaultBackend")
    if not rules and backend is None:
        yield problems.invalid("spec", spec, "either `defaultBackend` or `rules` must be specified")
    if backend is not None:
        yield from _backend("spec.defaultBackend", backend)
    for index, rule in enumerate(rules):
        yield from _rule(f"spec.rules[{index}]", rule)
    kept = {entry.get("secretName") for entry in ((old or {}).get("spec") or {}).get("tls") or ()}
    for index, entry in enumerate(spec.get("tls") or ()):
        yield from _tls(f"spec.tls[{index}]", entry, known=kept)
    named = spec.get("ingressClassName")
    if named is not None:
        yield from by_rule("spec.ingressClassName", named, names.dns_subdomain)
    annotated = (new["metadata"].get("annotations") or {}).get(OLD_CLASS)
    if old is None and None not in (annotated, named) and annotated != named:
        why = "must match `ingressClassName` when both are specified"
        yield problems.invalid(f"annotations.{OLD_CLASS}", annotated, why)
    yield from _addresses(new)


def _rule(path: str, rule: Object) -> Iterator[Problem]:
    host = rule.get("host") or ""
    if host:
        if is_address(host):
            yield problems.invalid(f"{path}.host", host, "must be a DNS name, not an IP address")
        yield from _host(f"{path}.host", host)
    http = rule.get("http")
    if http is None:
        return
    if not http.get("paths"):
        yield problems.required(f"{path}.http.paths")
    for index, entry in enumerate(http.get("paths") or ()):
        yield from _path(f"{path}.http.paths[{index}]", entry)


def _host(path: str, host: str) -> Iterator[Problem]:
    yield from by_rule(path, host, names.wildcard_subdomain if "*" in host else names.dns_subdomain)


def _tls(path: str, entry: Object, *, known: set[str | None]) -> Iterator[Problem]:
    for index, host in enumerate(entry.get("hosts") or ()):
        yield from _host(f"{path}.hosts[{index}]", host)
    secret = entry.get("secretName")
    if secret and secret not in known:
        yield from by_rule(f"{path}.secretName", secret, names.dns_subdomain)


def _path(where: str, entry: Object) -> Iterator[Problem]:
    kind, path = entry.get("pathType"), entry.get("path") or ""
    if kind is None:
        yield problems.required(f"{where}.pathType", "pathType must be specified")
        return
    if kind in ("Exact", "Prefix"):
        yield from validate_absolute_path(f"{where}.path", path)
        for piece in _REFUSED_INSIDE:
            if piece in path:
                yield problems.invalid(f"{where}.path", path, f"must not contain '{piece}'")
        for end in _REFUSED_ENDS:
            if path.endswith(end):
                yield problems.invalid(f"{where}.path", path, f"cannot end with '{end}'")
    elif kind == "ImplementationSpecific":
        if path:
            yield from validate_absolute_path(f"{where}.path", path)
    else:
        yield problems.unsupported(f"{where}.pathType", kind, PATH_TYPES)
    yield from _backend(f"{where}.backend", entry.get("backend") or {})


def _backend(path: str, backend: Object) -> Iterator[Problem]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        yield problems.invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from _reference(f"{path}.resource", resource)
    elif service is not None:
        yield from _service(path, service)
    else:
        yield problems.invalid(path, "", "resource or service backend is required")


def _service(path: str, service: Object) -> Iterator[Problem]:
    if not service.get("name"):
        yield problems.required(f"{path}.service.name")
    else:
        yield from by_rule(f"{path}.service.name", service["name"], names.dns_label)
    port = service.get("port") or {}
    name, number = port.get("name"), port.get("number")
    if name and number:
        yield problems.invalid(path, "", "cannot set both port name & port number")
    elif name:
        yield from by_rule(f"{path}.service.port.name", name, names.port_name)
    elif number:
        yield from validate_port(f"{path}.service.port.number", number)
    else:
        yield problems.required(path, "port name or number is required")


def _reference(path: str, reference: Object) -> Iterator[Problem]:
    """A TypedLocalObjectReference."""
    if reference.get("apiGroup") is not None:
        yield from by_rule(f"{path}.apiGroup", reference["apiGroup"], names.dns_subdomain)
    for field in ("kind", "name"):
        if not reference.get(field):
            yield problems.required(f"{path}.{field}")
        else:
            yield from by_rule(f"{path}.{field}", reference[field], names.path_segment)


def _addresses(ingress: Object) -> Iterator[Problem]:
    given = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    for index, entry in enumerate(given):
        path = f"status.loadBalancer.ingress[{index}]"
        if entry.get("ip"):
            yield from validate_ip(f"{path}.ip", entry["ip"])
        if entry.get("hostname"):
            yield from by_rule(f"{path}.hostname", entry["hostname"], names.dns_subdomain)
            if is_address(entry["hostname"]):
                yield problems.invalid(f"{path}.hostname", entry["hostname"], "must be a DNS name, not an IP address")


def validate_class(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    controller = spec.get("controller") or ""
    if old is not None:
        before = (old.get("spec") or {}).get("controller") or ""
        yield from validate_immutable("spec.controller", controller, before)
    if len(controller) > LONGEST_CONTROLLER:
        yield problems.too_long("spec.controller", LONGEST_CONTROLLER)
    yield from _domain_path("spec.controller", controller)
    if spec.get("parameters") is not None:
        yield from _parameters("spec.parameters", spec["parameters"])


def _domain_path(path: str, text: str) -> Iterator[Problem]:
    """``example.com/name``."""
    if not text:
        yield problems.required(path)
        return
    domain, slash, rest = text.partition("/")
    if not (slash and domain and rest):
        yield problems.invalid(path, text, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    yield from by_rule(path, domain, names.dns_subdomain)
    if not _is_controller_path(rest):
        yield problems.invalid(path, rest, f"Invalid path (regex used for validation is '{_CONTROLLER_PATH}')")


def _parameters(path: str, parameters: Object) -> Iterator[Problem]:
    yield from _reference(path, parameters)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        yield problems.required(f"{path}.scope")
        return
    if not scope:
        yield problems.unsupported(f"{path}.scope", scope, SCOPES)
        return
    yield from validate_one_of(f"{path}.scope", scope, SCOPES)
    if scope == "Namespace":
        if not namespace:
            yield problems.required(f"{path}.namespace", "`parameters.scope` is set to 'Namespace'")
        else:
            yield from by_rule(f"{path}.namespace", namespace, names.dns_label)
    elif scope == "Cluster" and namespace is not None:
        yield problems.forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'")

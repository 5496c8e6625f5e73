"""An Ingress that answers 404 or 502, or not at all. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import services
from sampan_explain.subjects.said import flag, listed, namespace_of, ref, similar
from sampan_machinery.metadata import annotations_of, get_path, labels_of
from sampan_machinery.resources import ENDPOINT_SLICES, INGRESS_CLASSES, INGRESSES, SECRETS, SERVICES

_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_OLD = "kubernetes.io/ingress.class"


def explain(ingress: Object, objects: Objects) -> Iterator[Cause]:
    yield from _class(ingress, objects)
    yield from _hosts(ingress, objects)
    for service, port, where in dict.fromkeys(_backends(ingress)):
        yield from _backend(ingress, service, port, where, objects)
    yield from _certificates(ingress, objects)
    if not get_path(ingress, "spec", "rules") and not get_path(ingress, "spec", "defaultBackend"):
        yield Cause(
            reason="NoRules", text="It has no rules and no default backend: every request is answered with 404.",
            facts=("spec.rules is empty",), commands=(_edit(ingress),),
        )  # fmt: skip


def _class(ingress: Object, objects: Objects) -> Iterator[Cause]:
    name = ingress["spec"].get("ingressClassName") or annotations_of(ingress).get(_OLD)
    classes = objects.list(INGRESS_CLASSES)
    if not objects.is_known(INGRESS_CLASSES):
        return
    names = [each["metadata"]["name"] for each in classes]
    patch = (
        f"kubectl patch ingress {ingress['metadata']['name']}{flag(namespace_of(ingress))} --type=merge "
        f'-p \'{{"spec":{{"ingressClassName":"{names[0] if names else "NAME"}"}}}}\''
    )
    if not names:
        yield Cause(
            reason="NoIngressController",
            text="There is no IngressClass: no ingress controller is installed, and nothing serves it.",
            facts=("IngressClasses: none",), commands=("sampan addons enable ingress",),
        )  # fmt: skip
    elif not name and not any(annotations_of(each).get(_DEFAULT) == "true" for each in classes):
        yield Cause(
            reason="NoClass", text="It names no IngressClass and none is the default: no controller serves it.",
            facts=("spec.ingressClassName is not set", f"IngressClasses: {listed(names)}, none marked as the default"),
            commands=(patch,),
        )  # fmt: skip
    elif name and name not in names:
        yield Cause(
            reason="NoSuchClass",
            text=f"Its IngressClass {name} does not exist: no controller serves it{similar(names, name) or '.'}",
            facts=(f"spec.ingressClassName is {name}", f"IngressClasses: {listed(names)}"), commands=(patch,),
        )  # fmt: skip
    elif not get_path(ingress, "status", "loadBalancer", "ingress"):
        found = next((each for each in classes if each["metadata"]["name"] == name), classes[0])
        yield Cause(
            reason="NotServed",
            text=f"The controller of its class ({get_path(found, 'spec', 'controller', default='')}) "
            "has published no address for it: it does not run, or has not got to it.",
            facts=("status.loadBalancer.ingress is empty",),
            commands=("sampan addons list", f"kubectl describe ingress {ingress['metadata']['name']}"
                      f"{flag(namespace_of(ingress))}"),
        )  # fmt: skip


def _hosts(ingress: Object, objects: Objects) -> Iterator[Cause]:
    """Hosts and paths that another Ingress has, too: which of them answers is not this one's to say."""
    own = set(_routes(ingress))
    for other in objects.list(INGRESSES):
        if ref(other) == ref(ingress) and namespace_of(other) == namespace_of(ingress):
            continue
        shared = [route for route in _routes(other) if route in own]
        if shared:
            host, path, _ = shared[0]
            yield Cause(
                reason="HostTaken",
                text=f"The Ingress {namespace_of(other)}/{other['metadata']['name']} has the same host and path "
                f"({host or '*'}{path}); only one of them gets the requests.",
                facts=(f"spec.rules of {ref(other)} in {namespace_of(other)}: {host or '*'}{path}",),
                commands=(f"kubectl get ingress {other['metadata']['name']} -n {namespace_of(other)} -o yaml",),
                about=ref(other),
            )  # fmt: skip


def _routes(ingress: Object) -> Iterator[tuple[str, str, str]]:
    for rule in ingress["spec"].get("rules") or ():
        for path in get_path(rule, "http", "paths", default=()) or ():
            yield rule.get("host") or "", path.get("path") or "/", path.get("pathType") or ""


def _backends(ingress: Object) -> Iterator[tuple[str, str | int, str]]:
    """(service, port by name or number, where it is named)"""
    spec = ingress["spec"]
    if get_path(spec, "defaultBackend", "service"):
        yield *_of(spec["defaultBackend"]), "spec.defaultBackend"
    for rule in spec.get("rules") or ():
        for path in get_path(rule, "http", "paths", default=()) or ():
            if get_path(path, "backend", "service"):
                yield *_of(path["backend"]), f"{rule.get('host') or '*'}{path.get('path') or '/'}"


def _of(backend: Object) -> tuple[str, str | int]:
    port = backend["service"].get("port") or {}
    return backend["service"]["name"], port.get("name") or port.get("number") or 0


def _backend(ingress: Object, name: str, port: str | int, where: str, objects: Objects) -> Iterator[Cause]:
    namespace = namespace_of(ingress)
    service = objects.get(SERVICES, name, namespace)
    if service is None:
        if objects.is_known(SERVICES, namespace, name):
            yield Cause(
                reason="NoSuchService",
                text=f"Requests for {where} are answered with an error (503 or 404): its backend, the Service "
                f"{name}, does "
                "not exist.",
                facts=(f"there is no service {name} in namespace {namespace}",),
                commands=(f"kubectl get services{flag(namespace)}", _edit(ingress)), about=f"service/{name}",
            )  # fmt: skip
        return
    ports = service["spec"].get("ports") or []
    if port and not any(port in (each.get("name"), each.get("port")) for each in ports):
        shown = listed(f"{each.get('name') or '-'}:{each['port']}" for each in ports)
        yield Cause(
            reason="NoSuchServicePort", text=f"Requests for {where} fail: the Service {name} has no port {port}.",
            facts=(f"ports of service/{name}: {shown}",), commands=(_edit(ingress),), about=f"service/{name}",
        )  # fmt: skip
    if service["spec"].get("type") == "ExternalName" or has_ready(service, objects):
        return
    yield Cause(
        reason="NoEndpoints",
        text=f"Requests for {where} are answered with 502 or 503: the Service {name} has no ready endpoint.",
        facts=(f"EndpointSlices of service/{name}: no endpoint is ready",),
        commands=(f"sampan why service/{name}{flag(namespace)}",), about=f"service/{name}",
    )  # fmt: skip
    for cause in services.explain(service, objects):
        if not cause.note:
            yield cause.of(ref(service))


def has_ready(service: Object, objects: Objects) -> bool:
    namespace, name = namespace_of(service), service["metadata"]["name"]
    slices = objects.list(ENDPOINT_SLICES, namespace)
    if not objects.is_known(ENDPOINT_SLICES, namespace):
        return True
    return any(
        get_path(endpoint, "conditions", "ready", default=True) is not False
        for each in slices
        if labels_of(each).get("kubernetes.io/service-name") == name
        for endpoint in each.get("endpoints") or ()
    )


def _certificates(ingress: Object, objects: Objects) -> Iterator[Cause]:
    namespace = namespace_of(ingress)
    hosts = {rule.get("host") or "" for rule in ingress["spec"].get("rules") or ()}
    for each in ingress["spec"].get("tls") or ():
        name, listed_hosts = each.get("secretName") or "", each.get("hosts") or []
        stray = [host for host in listed_hosts if host not in hosts]
        if stray:
            yield Cause(
                reason="TLSHostUnused", text=f"Its TLS names hosts that no rule has: {listed(stray)}.",
                facts=(f"hosts of spec.rules: {listed(sorted(filter(None, hosts))) or 'none'}",),
                commands=(_edit(ingress),),
            )  # fmt: skip
        secret = objects.get(SECRETS, name, namespace)
        if secret is None and name and objects.is_known(SECRETS, namespace, name):
            yield Cause(
                reason="TLSSecretMissing",
                text=f"Its TLS Secret {name} does not exist: browsers see the controller's own certificate, or none.",
                facts=(f"spec.tls names secret/{name}",),
                commands=(f"kubectl create secret tls {name}{flag(namespace)} --cert=FILE --key=FILE",),
                about=f"secret/{name}",
            )  # fmt: skip
        elif secret is not None and not {"tls.crt", "tls.key"} <= set(secret.get("data") or {}):
            yield Cause(
                reason="TLSSecretUnusable", text=f"Its TLS Secret {name} lacks tls.crt or tls.key.",
                facts=(f"keys of secret/{name}: {listed(sorted(secret.get('data') or {})) or 'none'}",),
                commands=(f"kubectl create secret tls {name}{flag(namespace)} --cert=FILE --key=FILE",),
                about=f"secret/{name}",
            )  # fmt: skip


def _edit(ingress: Object) -> str:
    return f"kubectl edit ingress {ingress['metadata']['name']}{flag(namespace_of(ingress))}"

"""One container of any sort, and the lists they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.objects import names, problems
from sampan.objects.pods.containers import is_sidecar
from sampan.objects.pods.validation import probes
from sampan.objects.pods.validation.common import named, one_of, port_number
from sampan.objects.pods.validation.resources import container_resources

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
PROTOCOLS = ("TCP", "UDP", "SCTP")
SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def all_containers(path: str, spec: dict[str, Any], volumes: set[str], *, host_network: bool) -> Iterator[Problem]:
    """Every list of containers, with what must be unique across them."""
    if not spec.get("containers"):
        yield problems.required(f"{path}.containers")
    taken: set[str] = set()
    host_ports: set[tuple[Any, ...]] = set()
    for name in ("containers", "initContainers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(name) or ()):
            where = f"{path}.{name}[{index}]"
            if container.get("name") in taken:
                yield problems.duplicate(f"{where}.name", container["name"])
            taken.add(container.get("name") or "")
            yield from one_container(where, container, volumes, host_network=host_network)
            if name == "containers":
                yield from _host_ports(where, container, host_ports)
                if container.get("restartPolicy"):
                    yield problems.forbidden(f"{where}.restartPolicy", "may not be set for non-init containers")
            elif name == "initContainers":
                yield from _init_only(where, container)


def one_container(path: str, container: dict[str, Any], volumes: set[str], *, host_network: bool = False) -> Iterator[Problem]:
    yield from named(f"{path}.name", container.get("name") or "", names.dns_label)
    image = container.get("image") or ""
    if not image:
        yield problems.required(f"{path}.image")
    elif image != image.strip():
        yield problems.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    yield from one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), PULL_POLICIES)
    yield from one_of(f"{path}.terminationMessagePolicy", container.get("terminationMessagePolicy"), MESSAGE_POLICIES)
    if container.get("ports"):
        yield from _ports(f"{path}.ports", container["ports"], host_network=host_network)
    if container.get("env"):
        yield from _env(f"{path}.env", container["env"])
    if container.get("envFrom"):
        yield from _env_from(f"{path}.envFrom", container["envFrom"])
    if container.get("volumeMounts"):
        yield from _mounts(f"{path}.volumeMounts", container["volumeMounts"], volumes)
    if container.get("resources"):
        yield from container_resources(f"{path}.resources", container["resources"])
    for name in PROBES:
        if container.get(name):
            yield from probes.probe(f"{path}.{name}", container[name], only_one_success=name != "readinessProbe")
    for name in ("postStart", "preStop"):
        hook = (container.get("lifecycle") or {}).get(name)
        if hook:
            yield from probes.handler(f"{path}.lifecycle.{name}", hook, probes.HOOK_HANDLERS)
    if container.get("securityContext"):
        yield from _security(f"{path}.securityContext", container["securityContext"])


def _init_only(path: str, container: dict[str, Any]) -> Iterator[Problem]:
    if container.get("restartPolicy") not in (None, "Always"):
        yield problems.unsupported(f"{path}.restartPolicy", container["restartPolicy"], ("Always",))
    if is_sidecar(container):
        return
    for name in (*PROBES, "lifecycle"):
        if container.get(name):
            yield problems.forbidden(f"{path}.{name}", "may not be set for init containers without restartPolicy=Always")


def _ports(path: str, ports: list[dict[str, Any]], *, host_network: bool) -> Iterator[Problem]:
    taken = set()
    for index, port in enumerate(ports):
        where = f"{path}[{index}]"
        if port.get("name"):
            for complaint in names.port_name(port["name"]):
                yield problems.invalid(f"{where}.name", port["name"], complaint)
            if port["name"] in taken:
                yield problems.duplicate(f"{where}.name", port["name"])
            taken.add(port["name"])
        if not port.get("containerPort"):
            yield problems.required(f"{where}.containerPort")
        else:
            yield from port_number(f"{where}.containerPort", port["containerPort"])
        if port.get("hostPort"):
            yield from port_number(f"{where}.hostPort", port["hostPort"])
            if host_network and port["hostPort"] != port.get("containerPort"):
                yield problems.invalid(f"{where}.containerPort", port.get("containerPort"), "must match `hostPort` when `hostNetwork` is true")
        if port.get("protocol") not in PROTOCOLS:
            yield problems.unsupported(f"{where}.protocol", port.get("protocol") or "", PROTOCOLS)


def _host_ports(path: str, container: dict[str, Any], taken: set[tuple[Any, ...]]) -> Iterator[Problem]:
    for index, port in enumerate(container.get("ports") or ()):
        if not port.get("hostPort"):
            continue
        claim = (port.get("protocol"), port.get("hostIP") or "", port["hostPort"])
        if claim in taken:
            yield problems.duplicate(f"{path}.ports[{index}].hostPort", "/".join(str(part) for part in claim))
        taken.add(claim)


def _env(path: str, variables: list[dict[str, Any]]) -> Iterator[Problem]:
    for index, variable in enumerate(variables):
        where = f"{path}[{index}]"
        yield from named(f"{where}.name", variable.get("name") or "", names.relaxed_env_name)
        source = variable.get("valueFrom")
        if source is None:
            continue
        given = [name for name in SOURCES if source.get(name) is not None]
        if len(given) != 1:
            detail = "must specify one of: " + ", ".join(f"`{name}`" for name in SOURCES) if not given else "may not have more than one field specified at a time"
            yield problems.invalid(f"{where}.valueFrom", "", detail)
        elif variable.get("value"):
            yield problems.invalid(f"{where}.valueFrom", "", "may not be specified when `value` is not empty")
        else:
            yield from _source(f"{where}.valueFrom.{given[0]}", given[0], source[given[0]])


def _source(path: str, name: str, source: dict[str, Any]) -> Iterator[Problem]:
    if name == "fieldRef":
        field = source.get("fieldPath") or ""
        if not field:
            yield problems.required(f"{path}.fieldPath")
        elif field not in FIELDS and not (field.startswith(("metadata.labels['", "metadata.annotations['")) and field.endswith("']")):
            yield problems.invalid(f"{path}.fieldPath", field, "error converting fieldPath: field label not supported: " + field)
    elif name == "resourceFieldRef":
        if not source.get("resource"):
            yield problems.required(f"{path}.resource")
    elif not source.get("key"):
        yield problems.required(f"{path}.key")


def _env_from(path: str, sources: list[dict[str, Any]]) -> Iterator[Problem]:
    for index, source in enumerate(sources):
        given = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
        if len(given) != 1:
            yield problems.invalid(f"{path}[{index}]", "", "must specify one of: `configMapRef` or `secretRef`")
        elif not source[given[0]].get("name"):
            yield problems.required(f"{path}[{index}].{given[0]}.name")


def _mounts(path: str, mounts: list[dict[str, Any]], volumes: set[str]) -> Iterator[Problem]:
    taken = set()
    for index, mount in enumerate(mounts):
        where = f"{path}[{index}]"
        name, target = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield problems.required(f"{where}.name")
        elif name not in volumes:
            yield problems.not_found(f"{where}.name", name)
        if not target:
            yield problems.required(f"{where}.mountPath")
        elif target in taken:
            yield problems.invalid(f"{where}.mountPath", target, "must be unique")
        taken.add(target)
        for field in ("subPath", "subPathExpr"):
            text = mount.get(field) or ""
            if text.startswith("/"):
                yield problems.invalid(f"{where}.{field}", text, "must be a relative path")
            elif ".." in text.split("/"):
                yield problems.invalid(f"{where}.{field}", text, "must not contain '..'")
        if mount.get("subPath") and mount.get("subPathExpr"):
            yield problems.invalid(f"{where}.subPathExpr", mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive")


def _security(path: str, context: dict[str, Any]) -> Iterator[Problem]:
    for name in ("runAsUser", "runAsGroup"):
        value = context.get(name)
        if value is not None and not 0 <= value <= 2**31 - 1:
            yield problems.invalid(f"{path}.{name}", value, "must be between 0 and 2147483647, inclusive")
    if context.get("allowPrivilegeEscalation") is False and context.get("privileged"):
        yield problems.invalid(path, "", "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")

"""Validation of containers of any kind, and of the lists of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule
from sampan_podspec.containers import is_sidecar
from sampan_podspec.validation import environment, mounts, ports, probes, security
from sampan_podspec.validation.resources import container_resources

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
RESTART_POLICIES = ("Always", "Never", "OnFailure")
RESTART_ACTIONS = ("Restart", "RestartAllContainers")
RESTART_OPERATORS = ("In", "NotIn")
MOST_RULES, MOST_CODES = 20, 255
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
#: Fields that an ephemeral container may not have. Source: API reference of EphemeralContainer.
NOT_EPHEMERAL = ("ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", *PROBES, "lifecycle")
RESIZED = ("cpu", "memory")
RESIZE_POLICIES = ("NotRequired", "RestartContainer")


class PodFacts(NamedTuple):
    """The parts of the pod that the rules of a container need."""

    volumes: Collection[str]
    claims: Collection[str]  # names in spec.resourceClaims
    host_network: bool
    grace: int | None  # terminationGracePeriodSeconds
    restart_policy: str
    own_users: bool  # spec.hostUsers is false


def all_containers(path: str, spec: dict[str, Any], around: PodFacts) -> Iterator[Problem]:
    """Check every list of containers, and uniqueness across the lists."""
    containers = spec.get("containers") or []
    if not containers:
        yield problems.required(f"{path}.containers")
    taken: set[str] = set()
    for index, container in enumerate(containers):
        where = f"{path}.containers[{index}]"
        yield from one_container(where, container, around)
        yield from _unique(where, container, taken)
        yield from _probes_and_hooks(where, container, around)
        yield from _restarts(where, container)
    yield from ports.host_ports(f"{path}.containers", containers)
    for index, container in enumerate(spec.get("initContainers") or ()):
        where = f"{path}.initContainers[{index}]"
        yield from one_container(where, container, around)
        yield from _unique(where, container, taken)
        yield from _init_only(where, container, around)
    if ephemeral := spec.get("ephemeralContainers"):
        yield from ephemeral_containers(f"{path}.ephemeralContainers", ephemeral, spec, around)


def ephemeral_containers(
    path: str, found: list[dict[str, Any]], spec: dict[str, Any], around: PodFacts
) -> Iterator[Problem]:
    """Check ephemeral containers. Source: KEP-277."""
    others = {c.get("name") for name in ("containers", "initContainers") for c in spec.get(name) or ()}
    taken = {str(name) for name in others}
    for index, container in enumerate(found):
        where = f"{path}[{index}]"
        yield from one_container(where, container, around)
        yield from _unique(where, container, taken)
        target = container.get("targetContainerName")
        if target and target not in others:
            yield problems.not_found(f"{where}.targetContainerName", target)
        for name in NOT_EPHEMERAL:
            value = container.get(name)
            if value is not None and (value or name != "resources"):
                yield problems.forbidden(f"{where}.{name}", "cannot be set for an Ephemeral Container")
        for position, mount in enumerate(container.get("volumeMounts") or ()):
            for name in ("subPath", "subPathExpr"):
                if mount.get(name):
                    detail = "cannot be set for an Ephemeral Container"
                    yield problems.forbidden(f"{where}.volumeMounts[{position}].{name}", detail)


def _unique(path: str, container: dict[str, Any], taken: set[str]) -> Iterator[Problem]:
    name = container.get("name") or ""
    if name in taken:
        yield problems.duplicate(f"{path}.name", name)
    taken.add(name)


def one_container(path: str, container: dict[str, Any], around: PodFacts) -> Iterator[Problem]:
    """Check a container of any kind, except that its name is unique."""
    get = container.get
    if not (name := get("name") or ""):
        yield problems.required(f"{path}.name")
    elif names.dns_label(name):
        yield from by_rule(f"{path}.name", name, names.dns_label)
    image = get("image") or ""
    if not image:
        yield problems.required(f"{path}.image")
    elif image != image.strip():
        yield problems.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    if (policy := get("imagePullPolicy")) and policy not in PULL_POLICIES:
        yield problems.unsupported(f"{path}.imagePullPolicy", policy, PULL_POLICIES)
    if (policy := get("terminationMessagePolicy")) and policy not in MESSAGE_POLICIES:
        yield problems.unsupported_in_order(f"{path}.terminationMessagePolicy", policy, MESSAGE_POLICIES)
    if found := get("ports"):
        yield from ports.container_ports(f"{path}.ports", found, host_network=around.host_network)
    if found := get("env"):
        yield from environment.variables(f"{path}.env", found)
    if found := get("envFrom"):
        yield from environment.sources(f"{path}.envFrom", found)
    if found := get("volumeMounts"):
        yield from mounts.volume_mounts(f"{path}.volumeMounts", found, container, around.volumes)
    if found := get("volumeDevices"):
        yield from mounts.volume_devices(f"{path}.volumeDevices", found, container, around.volumes)
    if found := get("resources"):
        yield from container_resources(f"{path}.resources", found, around.claims)
    if found := get("resizePolicy"):
        yield from _resize_policy(f"{path}.resizePolicy", found, around)
    if found := get("securityContext"):
        yield from security.container_context(f"{path}.securityContext", found, own_users=around.own_users)


def _probes_and_hooks(path: str, container: dict[str, Any], around: PodFacts) -> Iterator[Problem]:
    """Of containers that go on running: those of the pod, and sidecars."""
    if lifecycle := container.get("lifecycle"):
        yield from probes.hooks(f"{path}.lifecycle", lifecycle, around.grace)
    for name in PROBES:
        if (found := container.get(name)) is not None:
            yield from probes.probe(f"{path}.{name}", found, name)


def _resize_policy(path: str, policies: list[dict[str, Any]], around: PodFacts) -> Iterator[Problem]:
    """Source: KEP-1287. Only a duplicate is told with its index, as upstream does."""
    seen: set[str] = set()
    for index, one in enumerate(policies):
        resource, policy = one.get("resourceName") or "", one.get("restartPolicy") or ""
        if resource in seen:
            yield problems.duplicate(f"{path}[{index}]", resource)
        seen.add(resource)
        for word, known in ((resource, RESIZED), (policy, RESIZE_POLICIES)):
            if not word:
                yield problems.required(path)
            elif word not in known:
                yield problems.unsupported(path, word, known)
        if around.restart_policy == "Never" and policy != "NotRequired":
            yield problems.invalid(path, policy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")


def _restarts(path: str, container: dict[str, Any]) -> Iterator[Problem]:
    """Source: KEP-5307."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is None:
        if rules:
            yield problems.required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")
            return
    elif policy not in RESTART_POLICIES:
        yield problems.unsupported(f"{path}.restartPolicy", policy, RESTART_POLICIES)
    if len(rules) > MOST_RULES:
        yield problems.too_many(f"{path}.restartPolicyRules", len(rules), MOST_RULES)
    for index, rule in enumerate(rules):
        where = f"{path}.restartPolicyRules[{index}]"
        if (action := rule.get("action") or "") not in RESTART_ACTIONS:
            yield problems.unsupported(f"{where}.action", action, RESTART_ACTIONS)
        if (codes := rule.get("exitCodes")) is None:
            yield problems.required(f"{where}.exitCodes", "must be specified")
            continue
        if (operator := codes.get("operator") or "") not in RESTART_OPERATORS:
            yield problems.unsupported(f"{where}.exitCodes.operator", operator, RESTART_OPERATORS)
        if len(codes.get("values") or ()) > MOST_CODES:
            yield problems.too_many(f"{where}.exitCodes.values", len(codes["values"]), MOST_CODES)


def _init_only(path: str, container: dict[str, Any], around: PodFacts) -> Iterator[Problem]:
    yield from _restarts(path, container)
    if is_sidecar(container):
        yield from _probes_and_hooks(path, container, around)
        return
    for name in (*PROBES, "lifecycle"):
        if container.get(name) is not None:
            detail = "may not be set for init containers without restartPolicy=Always"
            yield problems.forbidden(f"{path}.{name}", detail)
    for index, policy in enumerate(container.get("resizePolicy") or ()):
        if policy.get("restartPolicy") == "RestartContainer":
            detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
            yield problems.invalid(f"{path}.resizePolicy[{index}].restartPolicy", "RestartContainer", detail)

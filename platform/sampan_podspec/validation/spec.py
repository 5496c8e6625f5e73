"""Validation of a whole PodSpec and of a PodTemplateSpec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import (
    by_rule,
    validate_annotations,
    validate_ip,
    validate_labels,
    validate_range,
)
from sampan_podspec.validation import scheduling, security, systems
from sampan_podspec.validation.annotations import pod_annotations
from sampan_podspec.validation.containers import PodFacts, all_containers
from sampan_podspec.validation.resources import container_resources, pod_resources
from sampan_podspec.validation.volumes import all_volumes

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
LONGEST_DEADLINE = 2**31 - 1
LONGEST_HOSTNAME = 64
MOST_NAMESERVERS = 3
MOST_SEARCHES = 32
LONGEST_SEARCHES = 2048
_NAMED = {
    "hostname": names.dns_label,
    "subdomain": names.dns_label,
    "nodeName": names.dns_subdomain,
    "serviceAccountName": names.dns_subdomain,
    "priorityClassName": names.dns_subdomain,
    "runtimeClassName": names.dns_subdomain,
}


def pod_spec(spec: dict[str, Any], path: str = "spec") -> Iterator[Problem]:
    """All rules that need no other objects."""
    get = spec.get
    grace = get("terminationGracePeriodSeconds")
    volumes = get("volumes") or []
    wrong = list(all_volumes(f"{path}.volumes", volumes)) if volumes else []
    bad = {problem.path[len(path) :].partition("]")[0] for problem in wrong}
    around = PodFacts(  # a volume that is wrong is none that can be mounted, as upstream has it
        {volume.get("name") for index, volume in enumerate(volumes) if f".volumes[{index}" not in bad},
        {claim.get("name") for claim in get("resourceClaims") or ()},
        bool(get("hostNetwork")),
        grace,
        get("restartPolicy") or "",
        get("hostUsers") is False,
    )
    yield from wrong
    if claims := get("resourceClaims"):
        yield from _claims(f"{path}.resourceClaims", claims)
    yield from all_containers(path, spec, around)
    if get("resources") is not None and (get("os") or {}).get("name") == "windows":
        yield problems.forbidden(f"{path}.resources", "may not be set for a windows pod")
    elif get("resources") is not None:
        yield from pod_resources(f"{path}.resources", spec)
    if (policy := get("restartPolicy")) not in RESTART_POLICIES:
        yield from _choice(f"{path}.restartPolicy", policy, RESTART_POLICIES)
    if (policy := get("dnsPolicy")) not in DNS_POLICIES:
        yield from _choice(f"{path}.dnsPolicy", policy, DNS_POLICIES)
    if labels := get("nodeSelector"):
        yield from validate_labels(labels, f"{path}.nodeSelector")
    if (context := get("securityContext")) is not None:
        yield from security.pod_context(f"{path}.securityContext", context, spec)
    is_rare = policy == "None" or not _USUAL.issuperset(spec)
    if is_rare:
        yield from _rare(path, spec)
    yield from security.host_users(path, spec)
    if is_rare and (override := get("hostnameOverride")) is not None:
        yield from _override(f"{path}.hostnameOverride", override, spec)
    yield from _named(path, spec, ("serviceAccountName", "nodeName"))
    if (deadline := get("activeDeadlineSeconds")) is not None:
        yield from validate_range(f"{path}.activeDeadlineSeconds", deadline, 1, LONGEST_DEADLINE)
    yield from _named(path, spec, ("hostname", "subdomain"))
    if tolerations := get("tolerations"):
        yield from scheduling.tolerations(f"{path}.tolerations", tolerations)
    if is_rare:
        yield from _aliases(path, spec)
    yield from _named(path, spec, ("priorityClassName", "runtimeClassName"))
    if is_rare:
        yield from _rare_last(path, spec)


def _named(path: str, spec: dict[str, Any], fields: tuple[str, ...]) -> Iterator[Problem]:
    for field in fields:
        if (name := spec.get(field)) and _NAMED[field](name):
            yield from by_rule(f"{path}.{field}", name, _NAMED[field])


#: Fields that ``pod_spec`` itself checks, or that need no check; any other field needs a call of ``_rare``.
_USUAL = frozenset({
    "activeDeadlineSeconds", "automountServiceAccountToken", "containers", "dnsPolicy", "enableServiceLinks",
    "ephemeralContainers", "hostIPC", "hostNetwork", "hostPID", "hostUsers", "hostname", "initContainers", "nodeName",
    "nodeSelector", "priority", "priorityClassName", "restartPolicy", "runtimeClassName", "schedulerName",
    "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace", "subdomain",
    "terminationGracePeriodSeconds", "tolerations", "volumes",
})  # fmt: skip


def _choice(path: str, value: str | None, allowed: tuple[str, ...]) -> Iterator[Problem]:
    yield problems.unsupported_in_order(path, value, allowed) if value else problems.required(path)


def _rare(path: str, spec: dict[str, Any]) -> Iterator[Problem]:
    if affinity := spec.get("affinity"):
        yield from scheduling.affinity(f"{path}.affinity", affinity)
    yield from _dns(path, spec)
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        where = f"{path}.readinessGates[{index}].conditionType"
        yield from by_rule(where, gate.get("conditionType") or "", names.label_key)
    if gates := spec.get("schedulingGates"):
        yield from scheduling.gates(f"{path}.schedulingGates", gates)
    if constraints := spec.get("topologySpreadConstraints"):
        yield from scheduling.spread(f"{path}.topologySpreadConstraints", constraints)


def _override(path: str, name: str, spec: dict[str, Any]) -> Iterator[Problem]:
    """Source: KEP-4762."""
    for field in ("setHostnameAsFQDN", "hostNetwork"):
        if spec.get(field):
            yield problems.forbidden(path, f"may not be specified when {field} is true")
    if len(name.encode()) > LONGEST_HOSTNAME:
        yield problems.too_long(path, LONGEST_HOSTNAME)
    yield from by_rule(path, name, names.dns_subdomain)


def _rare_last(path: str, spec: dict[str, Any]) -> Iterator[Problem]:
    if (policy := spec.get("preemptionPolicy")) and policy not in PREEMPTION_POLICIES:
        yield problems.unsupported_in_order(f"{path}.preemptionPolicy", policy, PREEMPTION_POLICIES)
    if overhead := spec.get("overhead"):
        yield from container_resources(f"{path}.overhead", {"limits": overhead})
    if spec.get("os") is not None:
        yield from systems.pod_system(path, spec)


def _aliases(path: str, spec: dict[str, Any]) -> Iterator[Problem]:
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        yield from validate_ip(f"{path}.hostAliases[{index}].ip", alias.get("ip") or "")
        for number, name in enumerate(alias.get("hostnames") or ()):
            yield from by_rule(f"{path}.hostAliases[{index}].hostnames[{number}]", name, names.dns_subdomain)


def _dns(path: str, spec: dict[str, Any]) -> Iterator[Problem]:
    config = spec.get("dnsConfig") or {}
    servers, searches = config.get("nameservers") or (), config.get("searches") or ()
    if spec.get("dnsPolicy") == "None" and not servers:  # nothing else is said then
        if spec.get("dnsConfig") is None:
            yield problems.required(f"{path}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
        else:
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield problems.required(f"{path}.dnsConfig.nameservers", detail)
        return
    if len(servers) > MOST_NAMESERVERS:
        detail = f"must not have more than {MOST_NAMESERVERS} nameservers"
        yield problems.invalid(f"{path}.dnsConfig.nameservers", list(servers), detail)
    for index, server in enumerate(servers):
        yield from validate_ip(f"{path}.dnsConfig.nameservers[{index}]", server)
    if len(searches) > MOST_SEARCHES:
        detail = f"must not have more than {MOST_SEARCHES} search paths"
        yield problems.invalid(f"{path}.dnsConfig.searches", list(searches), detail)
    if len(" ".join(searches)) > LONGEST_SEARCHES:
        detail = f"must not have more than {LONGEST_SEARCHES} characters (including spaces) in the search list"
        yield problems.invalid(f"{path}.dnsConfig.searches", list(searches), detail)
    for index, search in enumerate(searches):
        if search != ".":
            yield from by_rule(f"{path}.dnsConfig.searches[{index}]", search.removesuffix("."), names.dns_search)
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            yield problems.required(f"{path}.dnsConfig.options[{index}]", "must not be empty")


def _claims(path: str, claims: list[dict[str, Any]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        at, name = f"{path}[{index}]", claim.get("name") or ""
        if not name:
            yield problems.required(f"{at}.name")
        elif name in seen:
            yield problems.duplicate(f"{at}.name", name)
        else:
            yield from by_rule(f"{at}.name", name, names.dns_label)
            seen.add(name)
        said = [each for each in ("resourceClaimName", "resourceClaimTemplateName") if claim.get(each) is not None]
        if len(said) != 1:
            words = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            missing = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            yield problems.invalid(at, claim, words if said else missing)
        for each in said:
            yield from by_rule(f"{at}.{each}", claim[each], names.dns_subdomain)


def pod_template(
    template: dict[str, Any], path: str, *, restart_policies: tuple[str, ...] = ("Always",)
) -> Iterator[Problem]:
    """A workload's pod template; the caller passes the allowed restart policies."""
    metadata = template.get("metadata") or {}
    yield from validate_labels(metadata.get("labels") or {}, f"{path}.labels")
    yield from validate_annotations(metadata.get("annotations") or {}, f"{path}.annotations")
    spec = template.get("spec") or {}
    yield from pod_annotations(metadata.get("annotations") or {}, spec, f"{path}.annotations")
    yield from pod_spec(spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        yield problems.forbidden(f"{path}.spec.ephemeralContainers", detail)
    policy = spec.get("restartPolicy")
    if policy not in restart_policies and set(restart_policies) < set(RESTART_POLICIES):  # told once more
        yield problems.unsupported(f"{path}.spec.restartPolicy", policy, restart_policies)

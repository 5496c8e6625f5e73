"""A whole PodSpec, and a PodTemplateSpec around one."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.objects import names, problems
from sampan.objects.pods.validation.common import at_least, one_of
from sampan.objects.pods.validation.containers import all_containers
from sampan.objects.pods.validation.volumes import all_volumes

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
NODE_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
SPREAD_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")


def pod_spec(spec: dict[str, Any], path: str = "spec") -> Iterator[Problem]:
    """Everything that can be said without knowing other objects."""
    volumes = spec.get("volumes") or []
    yield from all_volumes(f"{path}.volumes", volumes)
    known = {volume.get("name") for volume in volumes}
    yield from all_containers(path, spec, known, host_network=bool(spec.get("hostNetwork")))
    yield from one_of(f"{path}.restartPolicy", spec.get("restartPolicy"), RESTART_POLICIES)
    yield from one_of(f"{path}.dnsPolicy", spec.get("dnsPolicy"), DNS_POLICIES)
    if spec.get("dnsPolicy") == "None" and not (spec.get("dnsConfig") or {}).get("nameservers"):
        yield problems.required(f"{path}.dnsConfig.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
    yield from at_least(f"{path}.terminationGracePeriodSeconds", spec.get("terminationGracePeriodSeconds"), 0)
    if spec.get("activeDeadlineSeconds") is not None and not 1 <= spec["activeDeadlineSeconds"] <= 2**31 - 1:
        yield problems.invalid(f"{path}.activeDeadlineSeconds", spec["activeDeadlineSeconds"], "must be between 1 and 2147483647, inclusive")
    for field, rule in (("hostname", names.dns_label), ("subdomain", names.dns_label), ("nodeName", names.dns_subdomain),
                        ("serviceAccountName", names.dns_subdomain), ("priorityClassName", names.dns_subdomain)):  # fmt: skip
        for complaint in rule(spec[field]) if spec.get(field) else ():
            yield problems.invalid(f"{path}.{field}", spec[field], complaint)
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        yield from _address(f"{path}.hostAliases[{index}].ip", alias.get("ip") or "")
    for key, value in (spec.get("nodeSelector") or {}).items():
        for complaint in (*names.label_key(key), *names.label_value(value)):
            yield problems.invalid(f"{path}.nodeSelector", key, complaint)
    if spec.get("tolerations"):
        yield from _tolerations(f"{path}.tolerations", spec["tolerations"])
    if spec.get("affinity"):
        yield from _affinity(f"{path}.affinity", spec["affinity"])
    if spec.get("topologySpreadConstraints"):
        yield from _spread(f"{path}.topologySpreadConstraints", spec["topologySpreadConstraints"])


def pod_template(template: dict[str, Any], path: str, *, restart_policies: tuple[str, ...] = ("Always",)) -> Iterator[Problem]:
    """A workload's template; which restart policies are allowed is the workload's to say."""
    metadata = template.get("metadata") or {}
    for key, value in (metadata.get("labels") or {}).items():
        for complaint in names.label_key(key):
            yield problems.invalid(f"{path}.metadata.labels", key, complaint)
        for complaint in names.label_value(value):
            yield problems.invalid(f"{path}.metadata.labels", value, complaint)
    spec = template.get("spec") or {}
    yield from pod_spec(spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        yield problems.forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")
    if spec.get("restartPolicy") not in restart_policies:
        yield problems.unsupported(f"{path}.spec.restartPolicy", spec.get("restartPolicy") or "", restart_policies)


def _address(path: str, text: str) -> Iterator[Problem]:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        yield problems.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")


def _tolerations(path: str, tolerations: list[dict[str, Any]]) -> Iterator[Problem]:
    for index, toleration in enumerate(tolerations):
        where = f"{path}[{index}]"
        operator = toleration.get("operator") or "Equal"
        if toleration.get("key"):
            for complaint in names.label_key(toleration["key"]):
                yield problems.invalid(f"{where}.key", toleration["key"], complaint)
        elif operator != "Exists":
            yield problems.invalid(f"{where}.operator", operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\"")
        if operator not in ("Exists", "Equal", "Lt", "Gt"):
            yield problems.unsupported(f"{where}.operator", operator, ("Equal", "Exists"))
        elif operator == "Exists" and toleration.get("value"):
            yield problems.invalid(f"{where}.operator", toleration, "value must be empty when `operator` is 'Exists'")
        yield from one_of(f"{where}.effect", toleration.get("effect"), EFFECTS)
        if toleration.get("tolerationSeconds") is not None and toleration.get("effect") != "NoExecute":
            yield problems.invalid(f"{where}.effect", toleration.get("effect") or "", "effect must be 'NoExecute' when `tolerationSeconds` is set")


def _affinity(path: str, affinity: dict[str, Any]) -> Iterator[Problem]:
    node = affinity.get("nodeAffinity") or {}
    required = node.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is not None:
        where = f"{path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
        if not required.get("nodeSelectorTerms"):
            yield problems.required(where, "must have at least one node selector term")
        for index, term in enumerate(required.get("nodeSelectorTerms") or ()):
            yield from _node_term(f"{where}[{index}]", term)
    for index, preferred in enumerate(node.get("preferredDuringSchedulingIgnoredDuringExecution") or ()):
        where = f"{path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[{index}]"
        yield from _weight(where, preferred)
        yield from _node_term(f"{where}.preference", preferred.get("preference") or {})
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        for index, term in enumerate(terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ()):
            yield from _pod_term(f"{path}.{kind}.requiredDuringSchedulingIgnoredDuringExecution[{index}]", term)
        for index, preferred in enumerate(terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ()):
            where = f"{path}.{kind}.preferredDuringSchedulingIgnoredDuringExecution[{index}]"
            yield from _weight(where, preferred)
            yield from _pod_term(f"{where}.podAffinityTerm", preferred.get("podAffinityTerm") or {})


def _weight(path: str, preferred: dict[str, Any]) -> Iterator[Problem]:
    if not 1 <= (preferred.get("weight") or 0) <= 100:
        yield problems.invalid(f"{path}.weight", preferred.get("weight") or 0, "must be in the range 1-100")


def _node_term(path: str, term: dict[str, Any]) -> Iterator[Problem]:
    for field in ("matchExpressions", "matchFields"):
        for index, expression in enumerate(term.get(field) or ()):
            where = f"{path}.{field}[{index}]"
            operator, values = expression.get("operator") or "", expression.get("values") or ()
            if operator not in NODE_OPERATORS:
                yield problems.invalid(f"{where}.operator", operator, "not a valid selector operator")
            elif operator in ("In", "NotIn") and not values:
                yield problems.required(f"{where}.values", "must be specified when `operator` is 'In' or 'NotIn'")
            elif operator in ("Exists", "DoesNotExist") and values:
                yield problems.forbidden(f"{where}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
            elif operator in ("Gt", "Lt") and len(values) != 1:
                yield problems.required(f"{where}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
            if field == "matchExpressions":
                for complaint in names.label_key(expression.get("key") or ""):
                    yield problems.invalid(f"{where}.key", expression.get("key") or "", complaint)


def _pod_term(path: str, term: dict[str, Any]) -> Iterator[Problem]:
    if not term.get("topologyKey"):
        yield problems.required(f"{path}.topologyKey", "can not be empty")
        return
    for complaint in names.label_key(term["topologyKey"]):
        yield problems.invalid(f"{path}.topologyKey", term["topologyKey"], complaint)


def _spread(path: str, constraints: list[dict[str, Any]]) -> Iterator[Problem]:
    seen = set()
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        if (constraint.get("maxSkew") or 0) <= 0:
            yield problems.invalid(f"{where}.maxSkew", constraint.get("maxSkew") or 0, "must be greater than zero")
        if not constraint.get("topologyKey"):
            yield problems.required(f"{where}.topologyKey", "can not be empty")
        yield from one_of(f"{where}.whenUnsatisfiable", constraint.get("whenUnsatisfiable"), SPREAD_ACTIONS, optional=False)
        pair = (constraint.get("topologyKey"), constraint.get("whenUnsatisfiable"))
        if pair in seen:
            yield problems.duplicate(f"{where}.{{topologyKey, whenUnsatisfiable}}", f"{{{pair[0]}, {pair[1]}}}")
        seen.add(pair)

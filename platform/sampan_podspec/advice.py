"""Warnings about pods and their templates that are valid and yet not what their writer means: advice, never refusals.

Source: upstream's pod warnings, whose words and order clients see. What it says of the annotations of AppArmor and
seccomp is left out, as nothing here reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery import names, quantities
from sampan_machinery.contentcache import ContentCache
from sampan_machinery.metadata import annotations_of, get_path
from sampan_podspec.containers import LISTS

#: Labels of nodes that no component sets any more, and what to say of them.
NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod":
        'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}  # fmt: skip
_SOURCES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "ephemeral": "",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_SPELT = {"storageos": "storageOS"}  # sic
_NO_POD = "a null labelSelector results in matching no pod"
_MEASURED = ("memory", "ephemeral-storage")
_TERMS = ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution")
_IN_POD_NAMES = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
    "a DNS label is recommended: "
)


def of_template(*path: str, named: bool = True) -> Callable[[Object, Object | None], Iterable[str]]:
    """``Kind.warn`` of a kind that has its template at the path. ``named``: its name is part of its pods' names."""
    where = ".".join(path)

    def warn(new: Object, old: Object | None) -> Iterator[str]:
        if old is not None and old["metadata"].get("generation") == new["metadata"].get("generation"):
            return
        if old is None and named and (why := names.dns_label(new["metadata"].get("name") or "")):
            yield f"{_IN_POD_NAMES}[{' '.join(why)}]"
        template = get_path(new, *path, default=None)
        if template:
            yield from advice(template, where)

    return warn


def of_pod(pod: Object, old: Object | None) -> Iterator[str]:
    """``Kind.warn`` of a Pod: at its creation alone, as changes are seldom made by people."""
    if old is not None:
        return
    if why := names.dns_label(pod["metadata"].get("name") or ""):
        yield (
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
            f"a DNS label is recommended: [{' '.join(why)}]"
        )
    yield from advice(pod)


def advice(template: Object, where: str = "") -> Iterator[str]:
    """All that there is to say of an object with a pod's spec, in upstream's order."""
    spec, path = template.get("spec") or {}, f"{where}.spec" if where else "spec"
    placement, others = _of_specs.of([path, spec], lambda: ([*_of_placement(spec, path)], [*_of_spec(spec, path)]))
    yield from placement
    notes = annotations_of(template)
    for key, why in _ANNOTATIONS.items() if notes else ():
        if key in notes:
            yield f"{path.removesuffix('spec')}metadata.annotations[{key}]: {why}"
    yield from others


#: What there is to say before and after the annotations of equal specs.
_of_specs: ContentCache[tuple[list[str], list[str]]] = ContentCache()


def _of_spec(spec: Object, path: str) -> Iterator[str]:
    """All but the placement."""
    yield from _of_volumes(spec.get("volumes") or (), f"{path}.volumes")
    yield from _twice(spec.get("hostAliases") or (), f"{path}.hostAliases", "ip")
    yield from _twice(spec.get("imagePullSecrets") or (), f"{path}.imagePullSecrets", "name")
    for index, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield f'{path}.imagePullSecrets[{index}].name: invalid empty name ""'
    yield from _fractions(spec.get("overhead") or {}, f"{path}.overhead", _MEASURED)
    containers = [
        (f"{path}.{name}[{index}]", container)
        for name in LISTS if name in spec for index, container in enumerate(spec[name] or ())
    ]  # fmt: skip
    for place, container in containers:
        resources = container.get("resources") or {}
        for name, amounts in product(_MEASURED, ("limits", "requests")) if resources else ():
            yield from _fractions(resources.get(amounts) or {}, f"{place}.resources.{amounts}", (name,))
        yield from _hidden(container.get("env") or (), f"{place}.env")
    if any("ports" in container for _, container in containers):
        yield from _of_ports(containers)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        why = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{path}.terminationGracePeriodSeconds: {why}"
    yield from _of_pod_affinity(spec.get("affinity") or {}, f"{path}.affinity")


def _of_placement(spec: Object, path: str) -> Iterator[str]:
    for key in spec.get("nodeSelector") or ():
        if key in NODE_LABELS:
            yield f"{path}.nodeSelector[{key}]: {NODE_LABELS[key]}"
    affinity = get_path(spec, "affinity", "nodeAffinity", default=None) or {}
    where = f"{path}.affinity.nodeAffinity"
    required, preferred = _TERMS
    for index, term in enumerate((affinity.get(required) or {}).get("nodeSelectorTerms") or ()):
        yield from _of_term(term, f"{where}.{required}.nodeSelectorTerms[{index}]", values=False)
    for index, each in enumerate(affinity.get(preferred) or ()):
        yield from _of_term(each.get("preference") or {}, f"{where}.{preferred}[{index}].preference", values=True)
    for index, spread in enumerate(spec.get("topologySpreadConstraints") or ()):
        place, key = f"{path}.topologySpreadConstraints[{index}]", spread.get("topologyKey")
        if key in NODE_LABELS:
            yield f"{place}.topologyKey: {key} is {NODE_LABELS[key]}"
        if spread.get("labelSelector") is None:
            yield f"{place}.labelSelector: {_NO_POD}"


def _of_term(term: Object, path: str, *, values: bool) -> Iterator[str]:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        where, key = f"{path}.matchExpressions[{index}]", expression.get("key")
        if key in NODE_LABELS:
            yield f"{where}.key: {key} is {NODE_LABELS[key]}"
        for place, value in enumerate(expression.get("values") or ()) if values else ():
            for why in names.label_value(value):
                yield f"{where}.values[{place}]: {value} is invalid, {why}"


def _of_pod_affinity(affinity: Object, path: str) -> Iterator[str]:
    required, preferred = _TERMS
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        for index, term in enumerate(terms.get(required) or ()):
            if term.get("labelSelector") is None:
                yield f"{path}.{kind}.{required}[{index}].labelSelector: {_NO_POD}"
        for index, each in enumerate(terms.get(preferred) or ()):
            if (each.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{path}.{kind}.{preferred}[{index}].podAffinityTerm.labelSelector: {_NO_POD}"


def _of_volumes(volumes: Iterable[Object], path: str) -> Iterator[str]:
    for index, volume in enumerate(volumes):
        for name, why in _SOURCES.items():
            if volume.get(name) is None:
                continue
            if why:
                yield f"{path}[{index}].{_SPELT.get(name, name)}: {why}"
            else:
                claim = get_path(volume, name, "volumeClaimTemplate", "spec", default=None) or {}
                yield from of_claim_spec(claim, f"{path}[{index}].{name}.volumeClaimTemplate.spec")
    for volume in volumes:
        yield from _overlaps(volume)


def of_claim_spec(spec: Object, path: str) -> Iterator[str]:
    for amounts in ("requests", "limits"):
        found = get_path(spec, "resources", amounts, default=None) or {}
        yield from _fractions(found, f"{path}.resources.{amounts}", ("storage",))


def _fractions(amounts: Object, path: str, measured: Iterable[str]) -> Iterator[str]:
    for name in measured:
        text = str(amounts.get(name) or "0")
        whole = text.isdigit() or (text.endswith("i") and text[:-2].isdigit())  # nearly always
        if not whole and quantities.milli(text) % 1000:
            value = f'fractional byte value "{quantities.canonical(text)}" is invalid, must be an integer'
            yield f"{path}[{name}]: {value}"


def _twice(items: Iterable[Object], path: str, field: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        value = item.get(field) or ""
        if value in seen:
            yield f'{path}[{index}].{field}: duplicate {field} "{value}"'
        seen.add(value)


def _hidden(variables: Iterable[Object], path: str) -> Iterator[str]:
    """Variables given twice, but for one that begins from its former value: ``X=$(X)1``."""
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        name, value = variable.get("name") or "", variable.get("value") or ""
        former = f"$({name})"
        if name in seen and (variable.get("valueFrom") is not None or value == former or former not in value):
            yield f'{path}[{index}]: hides previous definition of "{name}", which may be dropped when using apply'
        seen.add(name)


def _of_ports(containers: Iterable[tuple[str, Object]]) -> Iterator[str]:
    ports = [
        (f"{place}.ports[{index}]", port)
        for place, container in containers
        for index, port in enumerate(container.get("ports") or ())
    ]
    seen: dict[tuple[Any, Any], list[tuple[str, Object]]] = {}
    for place, port in ports:
        if port.get("hostIP") and not port.get("hostPort"):
            yield f"{place}: hostIP set without hostPort: {_as_go(port)}"
        others = seen.setdefault((port.get("containerPort"), port.get("protocol")), [])
        for where, other in others:
            if relation := _relation(port, other):
                yield f"{place}: {relation} port definition with {where}"
        others.append((place, port))
    named: dict[str, str] = {}
    for place, port in ports:
        name = port.get("name")
        if name and (first := named.setdefault(name, place)) != place:
            use = f"services and probes that select ports by name will use {first}"
            yield f'{place}: duplicate port name "{name}" with {first}, {use}'


def _relation(port: Object, other: Object) -> str:
    host, others = port.get("hostPort") or 0, other.get("hostPort") or 0
    address, others_address = port.get("hostIP") or "", other.get("hostIP") or ""
    if (host, address) == (others, others_address):
        return "duplicate"
    if not host or not others:
        return "overlapping"
    return "dangerously ambiguous" if host == others and (not address) != (not others_address) else ""


def _as_go(port: Object) -> str:
    """The port as Go prints a struct."""
    fields = {
        "Name": port.get("name") or "", "HostPort": port.get("hostPort") or 0,
        "ContainerPort": port.get("containerPort") or 0, "Protocol": port.get("protocol") or "",
        "HostIP": port.get("hostIP") or "",
    }  # fmt: skip
    return "{" + " ".join(f"{name}:{value}" for name, value in fields.items()) + "}"


def _overlaps(volume: Object) -> Iterator[str]:
    """Files of one volume at the same path, or one below another."""
    name = volume.get("name") or ""
    for kind, title in (("configMap", "ConfigMap"), ("secret", "Secret"), ("downwardAPI", "DownwardAPI")):
        source = volume.get(kind) or {}
        if source.get("items"):
            yield from _colliding(_paths(source["items"], ""), name, _titled(title, source))
    sources = (volume.get("projected") or {}).get("sources") or ()
    found: list[tuple[str, str]] = []
    for source in sources:
        if not any(value is not None for value in source.values()):
            yield f'volume "{name}" (Projected) has no sources provided'
        found += _projected(source)
    yield from _colliding(found, name, "Projected")


def _titled(title: str, source: Object) -> str:
    name = source.get("name") or source.get("secretName") or ""
    return title if title == "DownwardAPI" else f'{title} "{name}"'


def _projected(source: Object) -> list[tuple[str, str]]:
    for kind, title in (("configMap", "ConfigMap"), ("secret", "Secret"), ("downwardAPI", "DownwardAPI")):
        if (source.get(kind) or {}).get("items"):
            return _paths(source[kind]["items"], _titled(title, source[kind]))
    if (token := source.get("serviceAccountToken")) is not None:
        return [(token.get("path") or "", "ServiceAccountToken")]
    if (bundle := source.get("clusterTrustBundle")) is not None:
        name = bundle.get("name") or bundle.get("signerName") or ""
        return [(bundle.get("path") or "", f'ClusterTrustBundle "{name}"')]
    return []


def _paths(items: Iterable[Object], source: str) -> list[tuple[str, str]]:
    return [(item.get("path") or "", source) for item in items]


def _colliding(paths: Iterable[tuple[str, str]], volume: str, source: str) -> Iterator[str]:
    before: list[tuple[str, str]] = []
    for path, origin in paths:
        mine = (path.rstrip("/"), origin)
        for other in before:
            one, two = f"{mine[0]}/", f"{other[0]}/"
            if mine[0] and other[0] and (one.startswith(two) or two.startswith(one)):
                yield f'volume "{volume}" ({source}): overlapping paths: {_told(mine)} with {_told(other)}'
        before.append(mine)


def _told(file: tuple[str, str]) -> str:
    path, source = file
    return f'"{path}" ({source})' if source else f'"{path}"'
